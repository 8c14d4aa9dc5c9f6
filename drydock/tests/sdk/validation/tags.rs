//! Tags. Origin of every row: the model's `Tag` (lengths, prefixes, and the
//! expression of their characters) and the guide's "at most 50"; refused commas
//! and parentheses are reported in cloud-custodian#4674.

use aws_sdk_rds::types::Tag;

use super::{ACCEPTED, VALUE, outcome, send};
use crate::berth::{describe, request};

const ROWS: [(&str, &str, super::Outcome); 29] = [
    ("team", "shop", ACCEPTED),
    ("k*128", "v*256", ACCEPTED),
    ("ü*128", "ß*256", ACCEPTED),
    ("Created By", "one two", ACCEPTED),
    ("a_.:/=+-@1", "a_.:/=+-@1", ACCEPTED),
    ("empty", "", ACCEPTED),
    ("日本", "東京", ACCEPTED),
    ("awsome", "rdsome", ACCEPTED),
    ("", "x", VALUE),
    ("k*129", "x", VALUE),
    ("ü*129", "x", VALUE),
    ("long", "v*257", VALUE),
    ("aws:x", "x", VALUE),
    ("AWS:x", "x", VALUE),
    ("rds:x", "x", VALUE),
    ("prefixed", "aws:x", VALUE),
    ("prefixed", "rds:x", VALUE),
    ("a&b", "x", VALUE),
    ("a<b", "x", VALUE),
    ("a%b", "x", VALUE),
    ("x", "a&b", VALUE),
    ("x", "<b>", VALUE),
    ("x", "a,b", VALUE),
    ("x", "off(M-F,18)", VALUE),
    ("x", "a\"b", VALUE),
    ("x", "100%", VALUE),
    ("x", "a\tb", VALUE),
    ("x", "a\nb", VALUE),
    ("x", "🐘", VALUE),
];

fn tag(key: &str, value: &str) -> Tag {
    Tag::builder()
        .key(send::expanded(key))
        .value(send::expanded(value))
        .build()
}

fn tags(count: usize) -> Vec<Tag> {
    (0..count).map(|n| tag(&format!("key-{n}"), "")).collect()
}

#[tokio::test]
async fn characters_and_lengths() {
    let berth = super::berth().await;
    let rds = berth.rds();
    request(&rds, "a").send().await.unwrap();
    let arn = "arn:aws:rds:eu-west-1:123456789012:db:a";
    for (key, value, expected) in ROWS {
        let add = rds.add_tags_to_resource().resource_name(arn);
        let added = outcome(add.tags(tag(key, value)).send().await);
        assert_eq!(added.as_deref(), expected, "{key}={value} added");
        let shown = describe(&rds, "a").await;
        let there = shown.tag_list().contains(&tag(key, value));
        assert_eq!(there, expected.is_none(), "{key}={value}");
        let create = request(&rds, "b").tags(tag(key, value)).send().await;
        assert_eq!(
            outcome(create).as_deref(),
            expected,
            "{key}={value} created"
        );
        super::forget(&rds, "b").await;
    }
}

#[tokio::test]
async fn fifty_and_no_more() {
    let berth = super::berth().await;
    let rds = berth.rds();
    let create = |count| request(&rds, "a").set_tags(Some(tags(count))).send();
    assert_eq!(outcome(create(51).await).as_deref(), VALUE);
    assert_eq!(outcome(create(50).await), None);
    let arn = "arn:aws:rds:eu-west-1:123456789012:db:a";
    let add = async |key: &str| {
        let add = rds.add_tags_to_resource().resource_name(arn);
        outcome(add.tags(tag(key, "new")).send().await)
    };
    assert_eq!(add("one-more").await.as_deref(), VALUE);
    assert_eq!(add("key-0").await, None, "it replaces one");
    let shown = describe(&rds, "a").await;
    assert_eq!(shown.tag_list().len(), 50);
    assert!(shown.tag_list().contains(&tag("key-0", "new")));
}
