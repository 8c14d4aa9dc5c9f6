//! How long a status says that a takeover has begun.

use std::collections::BTreeMap;

use super::*;
use crate::plan::TAG_UID;

/// Nothing inherited is told as long as the tags are missing, and not for ever.
#[test]
fn that_nothing_was_inherited_is_told_until_the_tags_are_set() {
    let ours = instance("available");
    let mut since_2017 = ours.clone();
    since_2017
        .tags
        .retain(|key, _| !key.starts_with("stow.myob.com/"));
    let mut foreign = ours.clone();
    foreign.tags.insert(TAG_UID.into(), "another".into());
    let nothing = BTreeMap::new();
    let something = BTreeMap::from([("size".to_owned(), "db.t3.large".to_owned())]);
    for (instance, noted, stays) in [
        (&ours, Some(&nothing), false),
        (&ours, Some(&something), true),
        (&ours, None, false),
        (&since_2017, Some(&nothing), true),
        (&since_2017, Some(&something), true),
        (&foreign, Some(&nothing), true),
    ] {
        let before = PostgresDBStatus {
            inherited: noted.cloned(),
            ..PostgresDBStatus::default()
        };
        let present = observed(Presence::Present(Box::new(instance.clone())));
        let after = told(&object(before), &exists(), &present, &Plan::default());
        assert_eq!(after.inherited.as_ref(), noted.filter(|_| stays));
    }
}
