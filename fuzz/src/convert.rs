//! Conversion of any JSON value, there and back.
//!
//! Nothing here may judge a value: it holds conversion to what it promises of all.

use serde_json::Value;
use stow_versions::convert::unusable;

const HUB: &str = "myob.com/v1beta1";
const SPOKE: &str = "myob.com/v1alpha1";

/// The fields of v1alpha1: what else stands in its spec the API server prunes.
const FIELDS: [&str; 5] = ["size", "storage", "iops", "ha", "tags"];

/// Converts JSON both ways, if it is any.
///
/// # Panics
/// Where an object fails to convert for what it holds, where converting twice
/// differs, or where something is lost on the way there and back.
pub fn convert(bytes: &[u8]) {
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else {
        return;
    };
    let _ = unusable(&value);
    for (desired, other) in [(HUB, SPOKE), (SPOKE, HUB)] {
        let Ok(there) = stow_versions::convert::convert(value.clone(), desired) else {
            let own = value["apiVersion"].as_str();
            let ours = own == Some(HUB) || own == Some(SPOKE);
            let kind = value.get("kind").is_none_or(|kind| kind == "PostgresDB");
            assert!(
                !(ours && kind),
                "it holds something that does not convert: {value}"
            );
            continue;
        };
        assert_eq!(there["apiVersion"], desired);
        assert!(
            there
                .get("metadata")
                .is_some_and(|metadata| !metadata.is_null())
        );
        assert_eq!(there.get("status"), value.get("status"));
        let again = sure(&value, desired);
        assert_eq!(again.to_string(), there.to_string(), "not the same twice");

        if value["apiVersion"] == desired {
            assert_eq!(there.get("spec"), value.get("spec"), "it is so already");
            continue;
        }
        assert_ne!(there.get("spec"), Some(&Value::Null));
        let back = sure(&there, other);
        let settled = sure(&back, desired);
        if !remembers(&value) {
            continue;
        }
        assert_eq!(settled, there, "it does not settle");
        if value["apiVersion"] == SPOKE && desired == HUB {
            for field in FIELDS {
                let (was, is) = (&value["spec"][field], &back["spec"][field]);
                assert_eq!(is.to_string(), was.to_string(), "{field} is lost");
            }
        }
    }
}

/// What has converted once converts again.
fn sure(value: &Value, desired: &str) -> Value {
    stow_versions::convert::convert(value.clone(), desired).expect("it converted before")
}

/// Whether there is a place for annotations.
fn remembers(object: &Value) -> bool {
    let place =
        |value: Option<&Value>| value.is_none_or(|value| value.is_object() || value.is_null());
    let metadata = object.get("metadata");
    place(metadata) && place(metadata.and_then(|metadata| metadata.get("annotations")))
}
