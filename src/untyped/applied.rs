//! What `kubectl apply` keeps of an object: the manifest that it was last given.
//!
//! Nothing here may judge whether it should be there.

use serde_json::Value;
use stow_versions::KIND;
use stow_versions::convert::convert;

use super::{new, old};

/// Where `kubectl apply` keeps the manifest, to see what the next one does not say
/// any more.
pub(crate) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What the text that kubectl keeps turns out to be, where it names the old version.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Applied {
    /// A manifest of the old version, in the new one.
    Converted(String),
    /// A manifest of the new version, in which a text names the old one.
    New,
    /// No manifest.
    Unreadable,
}

impl Applied {
    /// Of an object; nothing where it has no such text, or one that does not name the
    /// old version.
    pub(crate) fn of(object: &Value) -> Option<Self> {
        let text = object["metadata"]["annotations"][LAST_APPLIED].as_str()?;
        text.contains(&old()).then(|| Self::read(text))
    }

    fn read(text: &str) -> Self {
        let new = new();
        let manifest = serde_json::from_str(text).unwrap_or(Value::Null);
        if manifest["kind"] != KIND {
            return Self::Unreadable;
        }
        if manifest["apiVersion"] == *new {
            return Self::New;
        }
        match convert(manifest, &new) {
            // As kubectl writes it.
            Ok(converted) => Self::Converted(format!("{converted}\n")),
            Err(_) => Self::Unreadable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_text_that_names_the_old_version_is_a_manifest_or_for_a_person() {
        let of =
            |text: &str| Applied::of(&json!({"metadata": {"annotations": {LAST_APPLIED: text}}}));
        let manifest = |version: &str, rest: &str| {
            format!(r#"{{"apiVersion":"myob.com/{version}","kind":"PostgresDB"{rest}}}"#)
        };
        for silent in ["", "not JSON", &manifest("v1beta1", "")] {
            assert_eq!(of(silent), None, "{silent}");
        }
        let converted =
            manifest("v1beta1", r#","metadata":{},"spec":{"size":"db.t3.small"}"#) + "\n";
        let old = manifest("v1alpha1", r#","spec":{"size":"db.t3.small"}"#);
        assert_eq!(of(&old), Some(Applied::Converted(converted)));
        let note = manifest("v1beta1", r#","note":"was myob.com/v1alpha1""#);
        assert_eq!(of(&note), Some(Applied::New));
        for odd in [
            "myob.com/v1alpha1".to_owned(),
            old.replace("PostgresDB", "Other"),
            manifest("v2", r#","note":"was myob.com/v1alpha1""#),
            r#"{"apiVersion":"myob.com/v1alpha1","spec":{}}"#.to_owned(),
        ] {
            assert_eq!(of(&odd), Some(Applied::Unreadable), "{odd}");
        }
        assert_eq!(Applied::of(&json!({"metadata": {}})), None);
        assert_eq!(Applied::of(&json!("text")), None);
    }
}
