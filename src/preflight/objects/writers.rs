//! Who still writes v1alpha1: by `managedFields`, and by what kubectl's
//! client-side apply keeps in its annotation.
//!
//! Nothing here may grow with the number of objects: it is told by manager.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::preflight::finding::{Check, Finding, Severity};
use crate::untyped::{Applied, Untyped, old};

/// Everybody whose writes in v1alpha1 objects still show.
#[derive(Debug, Default)]
pub(in crate::preflight) struct Writers {
    managers: BTreeMap<Manager, Trace>,
    applied: Trace,
}

/// A manager of fields, as `managedFields` has it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Manager {
    name: String,
    operation: String,
    subresource: String,
}

/// Where it was seen.
#[derive(Debug, Default)]
struct Trace {
    objects: usize,
    /// The last time, in RFC 3339, which orders as text does.
    last: String,
    /// One of the objects.
    example: String,
}

impl Trace {
    fn note(&mut self, object: &Untyped, time: &str) {
        self.objects += 1;
        if self.example.is_empty() || time > self.last.as_str() {
            self.example = object.label();
        }
        if time > self.last.as_str() {
            time.clone_into(&mut self.last);
        }
    }
}

impl Writers {
    /// Notes who wrote an object.
    pub(in crate::preflight) fn note(&mut self, object: &Untyped) {
        let old = old();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        for entry in object.entries() {
            if entry["apiVersion"] == old.as_str() {
                let manager = Manager {
                    name: text(&entry["manager"]),
                    operation: text(&entry["operation"]),
                    subresource: text(&entry["subresource"]),
                };
                let trace = self.managers.entry(manager).or_default();
                trace.note(object, entry["time"].as_str().unwrap_or_default());
            }
        }
        // What cannot be read is told of its object.
        if let Some(Applied::Converted(_)) = Applied::of(&object.value) {
            self.applied.note(object, "");
        }
    }

    /// A finding for each. While the cluster has no other version they are as
    /// they should be.
    pub(in crate::preflight) fn findings(self, serves_hub: bool) -> Vec<Finding> {
        let severity = if serves_hub {
            Severity::Warning
        } else {
            Severity::Note
        };
        let finding = |text: String, advice: &str| {
            Finding::new(severity, Check::Writers, text).advise(advice)
        };
        let managers = self.managers.into_iter().map(|(manager, trace)| {
            let Manager {
                name,
                operation,
                subresource,
            } = manager;
            let of = match subresource.as_str() {
                "" => String::new(),
                part => format!(" of {part}"),
            };
            let last = match trace.last.as_str() {
                "" => String::new(),
                time => format!(", last at {time}"),
            };
            let Trace {
                objects, example, ..
            } = trace;
            finding(
                format!(
                    "Manager {name} wrote v1alpha1 ({operation}{of}) in {objects} objects{last}, \
                     such as {example}"
                ),
                "Have it write v1beta1: `stow convert -f` converts manifests. `stow migrate` then \
                 converts what it left.",
            )
        });
        let mut findings: Vec<_> = managers.collect();
        if self.applied.objects > 0 {
            let Trace {
                objects, example, ..
            } = self.applied;
            findings.push(finding(
                format!(
                    "kubectl's last-applied annotation says v1alpha1 in {objects} objects, such as \
                     {example}"
                ),
                "Convert the manifests with `stow convert -f` before they are applied again; \
                 `stow migrate` converts the annotations.",
            ));
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::untyped::LAST_APPLIED;
    use serde_json::json;

    #[test]
    fn writers_are_counted_by_manager_with_their_last_time() {
        let object = |name: &str, version: &str, time: &str| {
            let applied = json!({
                "apiVersion": format!("myob.com/{version}"), "kind": "PostgresDB", "spec": {},
            });
            Untyped::from(json!({"metadata": {
                "namespace": "shop", "name": name,
                "annotations": {LAST_APPLIED: applied.to_string()},
                "managedFields": [
                    {"manager": "kubectl", "operation": "Update", "time": time,
                     "apiVersion": format!("myob.com/{version}")},
                    {"manager": "stow", "operation": "Update", "subresource": "status",
                     "apiVersion": "myob.com/v1beta1", "time": time},
                ],
            }}))
        };
        let mut writers = Writers::default();
        writers.note(&object("a", "v1alpha1", "2017-11-22T00:00:00Z"));
        writers.note(&object("b", "v1alpha1", "2018-01-01T00:00:00Z"));
        writers.note(&object("c", "v1beta1", "2026-01-01T00:00:00Z"));
        let odd = json!({"metadata": {"annotations": {LAST_APPLIED: "not JSON"}}});
        writers.note(&odd.into());
        let findings = writers.findings(true);
        let told: Vec<_> = findings
            .iter()
            .map(|found| found.message.as_str())
            .collect();
        assert_eq!(
            told,
            [
                "Manager kubectl wrote v1alpha1 (Update) in 2 objects, last at \
                 2018-01-01T00:00:00Z, such as shop/b",
                "kubectl's last-applied annotation says v1alpha1 in 2 objects, such as shop/a",
            ]
        );
        assert!(
            findings
                .iter()
                .all(|found| found.severity == Severity::Warning)
        );
    }
}
