//! The names that follow from an object: its instance's identifier, its tags,
//! its final snapshot.
//!
//! Nothing here may look at RDS: a name never proves whose an instance is.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The tag that names the cluster.
pub const TAG_CLUSTER: &str = "stow.myob.com/cluster";
/// The tag that holds the object's uid.
pub const TAG_UID: &str = "stow.myob.com/uid";
/// The tag that names the object, `<namespace>/<name>`.
pub const TAG_OBJECT: &str = "stow.myob.com/object";
/// The tag that repeats the instance's own identifier: AWS copies tags to
/// restored instances, and there this one is wrong.
pub const TAG_IDENTIFIER: &str = "stow.myob.com/identifier";

/// The three tags of the 2017 operator, kept for whoever filters by them.
pub(super) const TAG_2017_NAMESPACE: &str = "Namespace";
pub(super) const TAG_2017_RESOURCE: &str = "Resource";
const TAG_2017_CREATED_BY: &str = "Created By";

/// RDS: `DBInstanceIdentifier` has at most 63 characters.
const IDENTIFIER_LIMIT: usize = 63;

/// Whether a tag key is Stow's or AWS's own, and not for a spec to set.
pub fn is_reserved_tag(key: &str) -> bool {
    let lower = key.to_ascii_lowercase();
    ["aws:", "rds:", "stow.myob.com/"]
        .iter()
        .any(|prefix| lower.starts_with(prefix))
        || [TAG_2017_NAMESPACE, TAG_2017_RESOURCE, TAG_2017_CREATED_BY].contains(&key)
}

/// One object of one cluster, and the names that follow from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The cluster's id.
    pub cluster: String,
    /// `metadata.namespace`.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
    /// `metadata.uid`.
    pub uid: String,
}

impl Subject {
    /// The identifier of the object's instance: `<name>-<uid>` within RDS's
    /// rules. The name is cut to fit, never the uid, which makes it unique.
    pub fn identifier(&self) -> String {
        let mut name = String::with_capacity(self.name.len());
        for c in self.name.chars() {
            let c = if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            };
            if c != '-' || !name.ends_with('-') {
                name.push(c);
            }
        }
        if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
            name.insert_str(0, "db-");
        }
        let uid = self.uid.to_ascii_lowercase();
        name.truncate(IDENTIFIER_LIMIT.saturating_sub(uid.len() + 1));
        format!("{}-{uid}", name.trim_end_matches('-'))
    }

    /// `<namespace>/<name>`.
    pub fn object(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// The tags that the object's instance carries.
    pub fn tags(&self) -> BTreeMap<String, String> {
        BTreeMap::from([
            (TAG_CLUSTER.to_owned(), self.cluster.clone()),
            (TAG_UID.to_owned(), self.uid.clone()),
            (TAG_OBJECT.to_owned(), self.object()),
            (TAG_IDENTIFIER.to_owned(), self.identifier()),
            (TAG_2017_NAMESPACE.to_owned(), self.namespace.clone()),
            (TAG_2017_RESOURCE.to_owned(), self.name.clone()),
            (TAG_2017_CREATED_BY.to_owned(), "stow".to_owned()),
        ])
    }

    /// The name of the final snapshot, from `metadata.deletionTimestamp`: a
    /// retry names the same one.
    pub fn final_snapshot(&self, deletion: Timestamp) -> String {
        let time = deletion.to_zoned(TimeZone::UTC).strftime("%Y%m%d%H%M%S");
        format!("{}-{time}", self.identifier())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(name: &str) -> Subject {
        Subject {
            cluster: "c".into(),
            namespace: "shop".into(),
            name: name.into(),
            uid: "0b5a8c6e-6c1e-4b7a-9f0d-1f2e3d4c5b6a".into(),
        }
    }

    #[test]
    fn identifiers_keep_to_rds_rules() {
        let uid = "0b5a8c6e-6c1e-4b7a-9f0d-1f2e3d4c5b6a";
        for (name, want) in [
            ("orders", "orders"),
            ("orders.v2", "orders-v2"),
            ("a--b", "a-b"),
            ("a.-b", "a-b"),
            ("2fast", "db-2fast"),
            ("a-name-of-exactly-26-letter", "a-name-of-exactly-26-lette"),
            // Cut just after a hyphen: no double hyphen in front of the uid.
            ("abcdefghijklmnopqrstuvwxy-z", "abcdefghijklmnopqrstuvwxy"),
        ] {
            let identifier = subject(name).identifier();
            assert_eq!(identifier, format!("{want}-{uid}"), "{name}");
            assert!(identifier.len() <= IDENTIFIER_LIMIT, "{name}");
            assert!(!identifier.contains("--"), "{name}");
        }
    }

    #[test]
    fn a_final_snapshot_is_named_by_the_deletion_in_utc() {
        let snapshot = subject("orders").final_snapshot("2026-11-22T01:02:03Z".parse().unwrap());
        assert_eq!(
            snapshot,
            "orders-0b5a8c6e-6c1e-4b7a-9f0d-1f2e3d4c5b6a-20261122010203"
        );
    }

    #[test]
    fn reserved_tags() {
        for key in [
            "aws:x",
            "RDS:y",
            "stow.myob.com/uid",
            "Namespace",
            "Resource",
            "Created By",
        ] {
            assert!(is_reserved_tag(key), "{key}");
        }
        for key in ["team", "namespace", "rds", "stow"] {
            assert!(!is_reserved_tag(key), "{key}");
        }
    }
}
