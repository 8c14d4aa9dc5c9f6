//! What Stow ships beside the definition: rights, policies, the Service.
//!
//! Nothing here may complain of what a cluster has besides, or of what an API
//! server fills in.

use std::collections::BTreeMap;

use k8s_openapi::api::rbac::v1::PolicyRule;
use serde_json::Value;

use super::{absence, unread};
use crate::preflight::finding::{Check, Finding, Severity};
use crate::preflight::read::Installation;
use crate::preflight::shipped::Shipped;

/// Whether each shipped manifest is in the cluster as it is shipped.
pub(super) fn as_shipped(installation: &Installation) -> Vec<Finding> {
    let mut findings = Vec::new();
    // What is missing together is told together.
    let mut missing: BTreeMap<(Check, &str), Vec<String>> = BTreeMap::new();
    let mut wrong: Vec<Check> = Vec::new();
    for (shipped, live) in &installation.shipped {
        let (check, file) = (shipped.check, shipped.file);
        match live {
            Ok(Some(live)) => {
                let Some(path) = difference(shipped, live) else {
                    continue;
                };
                let text = format!("{} differs from {file} in {path}", shipped.name());
                findings.push(
                    Finding::new(severity(shipped, installation), check, text)
                        .advise(format!("kubectl apply -f {file}.")),
                );
            }
            Ok(None) => missing
                .entry((check, file))
                .or_default()
                .push(shipped.name()),
            Err(error) => findings.push(unread(check, error)),
        }
        wrong.push(check);
    }
    for ((check, file), names) in missing {
        let text = format!("Not there: {}", names.join(", "));
        findings.push(
            Finding::new(absence(installation), check, text)
                .advise(format!("kubectl apply -f {file}.")),
        );
    }
    let in_order = [Check::Policies, Check::Rights]
        .into_iter()
        .filter(|check| !wrong.contains(check))
        .map(|check| Finding::new(Severity::Ok, check, "As shipped."));
    findings.extend(in_order);
    findings
}

/// What a user may have changed on purpose is a warning alone.
fn severity(shipped: &Shipped, installation: &Installation) -> Severity {
    if shipped.check == Check::Webhook && installation.serves_hub() {
        Severity::Warning
    } else {
        absence(installation)
    }
}

/// Where a live manifest does not say what the shipped one does.
fn difference(shipped: &Shipped, live: &Value) -> Option<String> {
    let manifest = &shipped.manifest;
    let is_role = manifest["kind"] == "ClusterRole" || manifest["kind"] == "Role";
    if is_role && let Some(lacks) = right_lacking(&manifest["rules"], &live["rules"]) {
        return Some(format!("rules, which lack {lacks}"));
    }
    let Value::Object(fields) = manifest else {
        return None;
    };
    let mut fields = fields.iter().filter(|(name, _)| {
        // Rights are compared as such, and what is only about the manifest itself
        // has no effect.
        !matches!(name.as_str(), "rules" | "metadata" | "apiVersion" | "kind")
    });
    fields
        .find_map(|(name, value)| lacking(value, &live[name], name))
        .or_else(|| labels_lacking(manifest, live))
}

/// Labels by which Kubernetes adds a role to others have an effect.
fn labels_lacking(manifest: &Value, live: &Value) -> Option<String> {
    let labels = manifest["metadata"]["labels"].as_object()?;
    let mut labels = labels.iter().filter(|(key, _)| key.starts_with("rbac."));
    labels.find_map(|(key, value)| {
        let differs = live["metadata"]["labels"].get(key) != Some(value);
        differs.then(|| format!("the label {key}"))
    })
}

/// The first path at which `live` does not say what `shipped` says.
fn lacking(shipped: &Value, live: &Value, path: &str) -> Option<String> {
    match (shipped, live) {
        (Value::Object(shipped), Value::Object(live)) => {
            shipped.iter().find_map(|(name, value)| {
                let live = live.get(name).unwrap_or(&Value::Null);
                lacking(value, live, &format!("{path}.{name}"))
            })
        }
        (Value::Array(shipped), Value::Array(live)) if shipped.len() == live.len() => {
            let pairs = shipped.iter().zip(live).enumerate();
            let mut pairs = pairs.map(|(index, (shipped, live))| {
                lacking(shipped, live, &format!("{path}[{index}]"))
            });
            pairs.find_map(|found| found)
        }
        // An API server does not keep an empty list.
        (Value::Array(shipped), Value::Null) if shipped.is_empty() => None,
        _ => (shipped != live).then(|| path.to_owned()),
    }
}

/// The first right of `shipped` that no rule of `live` gives, as `get secrets`.
fn right_lacking(shipped: &Value, live: &Value) -> Option<String> {
    let rules = |value: &Value| {
        serde_json::from_value::<Option<Vec<PolicyRule>>>(value.clone())
            .ok()
            .flatten()
            .unwrap_or_default()
    };
    let live = rules(live);
    let all = |list: &Option<Vec<String>>| list.clone().unwrap_or_default();
    for rule in rules(shipped) {
        for group in all(&rule.api_groups) {
            for resource in all(&rule.resources) {
                for verb in &rule.verbs {
                    let gives = |live: &PolicyRule| {
                        has(live.api_groups.as_ref(), &group)
                            && has(live.resources.as_ref(), &resource)
                            && has(Some(&live.verbs), verb)
                            && names(live, &rule)
                    };
                    if !live.iter().any(gives) {
                        return Some(format!("{verb} {resource}"));
                    }
                }
            }
        }
    }
    None
}

fn has(list: Option<&Vec<String>>, wanted: &str) -> bool {
    let mut list = list.into_iter().flatten();
    list.any(|entry| entry == wanted || entry == "*")
}

/// Whether a live rule is about every name that the shipped one is about. One
/// without names is about all.
fn names(live: &PolicyRule, shipped: &PolicyRule) -> bool {
    let of = |rule: &PolicyRule| rule.resource_names.clone().unwrap_or_default();
    let (live, shipped) = (of(live), of(shipped));
    live.is_empty() || (!shipped.is_empty() && shipped.iter().all(|name| live.contains(name)))
}
