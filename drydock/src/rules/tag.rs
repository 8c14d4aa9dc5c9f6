//! Tags.
//!
//! The characters are those of the API's model (`Tag`), whose Java expression
//! is `^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)$`. RDS enforces it: clients report
//! refused commas and parentheses (cloud-custodian#4674), so `&`, `<` and `%`
//! are refused as well.
//!
//! Must not know what has the tags.

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use super::invalid;
use crate::{fault::Fault, model::Tags, wire::Parameters};

/// How many tags a resource may have.
const MOST: usize = 50;

/// Takes a request's `Tags`.
pub fn take(parameters: &mut Parameters) -> Result<Option<Tags>, Fault> {
    let Some(members) = parameters.members("Tags", "Tag")? else {
        return Ok(None);
    };
    let mut tags = Tags::new();
    for mut member in members {
        let key = member.required("Key")?;
        let value = member.string("Value").unwrap_or_default();
        member.finish()?;
        check(&key, &value)?;
        if tags.insert(key.clone(), value).is_some() {
            return Err(invalid(format!("Duplicate tag key: {key}")));
        }
    }
    count(&tags)?;
    Ok(Some(tags))
}

/// Whether a resource may have that many.
pub fn count(tags: &Tags) -> Result<(), Fault> {
    if tags.len() > MOST {
        return Err(invalid(format!("A resource can have at most {MOST} tags.")));
    }
    Ok(())
}

fn check(key: &str, value: &str) -> Result<(), Fault> {
    if !(1..=128).contains(&key.chars().count()) || !plain(key) {
        return Err(invalid(format!(
            "Tag keys may only contain unicode letters, digits, whitespace, or one of these \
             symbols: _ . : / = + - @, from 1 to 128 of them: {key}"
        )));
    }
    // The model says 1 to 256; RDS takes empty ones, as the CLI sends them.
    if value.chars().count() > 256 || !plain(value) {
        return Err(invalid(format!(
            "Tag values may only contain unicode letters, digits, whitespace, or one of these \
             symbols: _ . : / = + - @, 256 of them at most. The tag {key} has: {value}"
        )));
    }
    for text in [key, value] {
        let lower = text.to_lowercase();
        if lower.starts_with("aws:") || lower.starts_with("rds:") {
            return Err(invalid(format!(
                "Tag keys and values can't begin with aws: or rds:, which are reserved: {text}"
            )));
        }
    }
    Ok(())
}

fn plain(text: &str) -> bool {
    use GeneralCategoryGroup::{Letter, Number, Separator};
    text.chars().all(|each| {
        matches!(each.general_category_group(), Letter | Separator | Number)
            || "_.:/=+-@".contains(each)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values() {
        let long = "k".repeat(129);
        let longest = "ü".repeat(128);
        for (key, value, fine) in [
            ("team", "shop", true),
            ("Created By", "ümläut @ co", true),
            ("stow.myob.com/object", "", true),
            (&longest, "", true),
            (&long, "", false),
            ("", "x", false),
            ("aws:x", "", false),
            ("RDS:x", "", false),
            ("a", "rds:x", false),
            ("a&b", "", false),
            ("a%b", "", false),
            ("a", "<x>", false),
            ("a", "one\ttwo", false),
            ("a", &"v".repeat(257), false),
        ] {
            assert_eq!(check(key, value).is_ok(), fine, "{key}={value}");
        }
    }

    #[test]
    fn a_key_comes_once_and_fifty_are_enough() {
        let take = |body: &str| take(&mut Parameters::parse(body.as_bytes()).unwrap());
        assert!(take("Tags.Tag.1.Key=a&Tags.Tag.2.Key=a").is_err());
        let many = |count: usize| {
            let pairs: Vec<_> = (1..=count)
                .map(|n| format!("Tags.Tag.{n}.Key=k{n}"))
                .collect();
            take(&pairs.join("&"))
        };
        assert_eq!(many(50).unwrap().unwrap().len(), 50);
        assert!(many(51).is_err());
    }
}
