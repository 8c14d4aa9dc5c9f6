//! What a spec says, value by value, as text that can be kept and compared.
//!
//! Nothing here may judge a value, or know a field.

use std::collections::BTreeMap;

use serde_json::Value;

/// Every value of a spec by its path. A list is one value.
pub(super) fn all(spec: &Value) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    collect(spec, "", &mut found);
    found
}

fn collect(value: &Value, path: &str, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                collect(value, &path, found);
            }
        }
        Value::Null => {}
        Value::String(text) => drop(found.insert(path.to_owned(), text.clone())),
        other => drop(found.insert(path.to_owned(), other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_told_by_their_paths() {
        let spec = json!({
            "size": "db.t3.small", "multiAZ": true, "iops": null, "tags": {"a.b": "c"},
            "backup": {"retentionDays": 7}, "network": {"securityGroups": ["sg-1", "sg-2"]},
        });
        let all = all(&spec);
        let all = all.iter().map(|(path, text)| format!("{path}={text}"));
        let all: Vec<_> = all.collect();
        let want = [
            "backup.retentionDays=7",
            "multiAZ=true",
            r#"network.securityGroups=["sg-1","sg-2"]"#,
            "size=db.t3.small",
            "tags.a.b=c",
        ];
        assert_eq!(all, want);
        for odd in [json!(null), json!({})] {
            assert_eq!(super::all(&odd), [].into(), "{odd}");
        }
    }
}
