//! The manifests that Stow ships, as what a cluster is compared with.
//!
//! Nothing here may look at a cluster.

use serde_json::Value;

use super::Error;
use super::finding::Check;
use crate::manifest;

/// Who the operator is, what it may do, and how it is reached.
const DEPLOYMENT: &str = include_str!("../../yaml/deployment.yaml");

/// The namespace that the file is written for.
const WRITTEN_FOR: &str = "stow-system";

/// A manifest that has to be in the cluster.
#[derive(Clone, Debug)]
pub(super) struct Shipped {
    /// What it is for.
    pub(super) check: Check,
    /// What brings it.
    pub(super) file: &'static str,
    /// The manifest.
    pub(super) manifest: Value,
}

impl Shipped {
    /// As `kubectl` names it: `clusterrole stow`.
    pub(super) fn name(&self) -> String {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let name = text(&self.manifest["metadata"]["name"]);
        format!("{} {name}", text(&self.manifest["kind"]))
    }
}

/// Every manifest that a cluster is compared with, for an operator of that
/// namespace. The Deployment is not among them: its replicas and its image are
/// its users' own.
pub(super) fn manifests(namespace: &str) -> Result<Vec<Shipped>, Error> {
    let unreadable = |error: &dyn std::error::Error| Error::Shipped(error.to_string());
    let documents: Vec<Value> =
        serde_saphyr::from_multiple(DEPLOYMENT).map_err(|error| unreadable(&error))?;
    let mut shipped: Vec<_> = documents
        .into_iter()
        .filter_map(|mut manifest| {
            let check = check_of(manifest["kind"].as_str()?)?;
            settle(&mut manifest, namespace);
            Some(Shipped {
                check,
                file: "yaml/deployment.yaml",
                manifest,
            })
        })
        .collect();
    for (name, _, policy) in manifest::all_policies(namespace) {
        let (policy, binding) = policy.named(name);
        let policy = serde_json::to_value(policy).map_err(|error| unreadable(&error))?;
        let binding = serde_json::to_value(binding).map_err(|error| unreadable(&error))?;
        shipped.extend([policy, binding].map(|manifest| Shipped {
            check: Check::Policies,
            file: "yaml/policies.yaml",
            manifest,
        }));
    }
    Ok(shipped)
}

fn check_of(kind: &str) -> Option<Check> {
    match kind {
        "ServiceAccount" | "ClusterRole" | "ClusterRoleBinding" | "Role" | "RoleBinding" => {
            Some(Check::Rights)
        }
        "Service" | "PodDisruptionBudget" => Some(Check::Webhook),
        _ => None,
    }
}

/// Puts a manifest into another namespace, wherever it names its own.
fn settle(manifest: &mut Value, namespace: &str) {
    match manifest {
        Value::Object(fields) => {
            for (name, value) in fields {
                if name == "namespace" && *value == WRITTEN_FOR {
                    *value = namespace.into();
                } else {
                    settle(value, namespace);
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                settle(item, namespace);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_it_moves_with_the_namespace() {
        let here = manifests(WRITTEN_FOR).unwrap();
        let names: Vec<_> = here.iter().map(Shipped::name).collect();
        for name in [
            "ServiceAccount stow",
            "ClusterRole stow",
            "ClusterRoleBinding stow",
            "Role stow",
            "RoleBinding stow",
            "ClusterRole stow-view",
            "ClusterRole stow-edit",
            "Service stow",
            "PodDisruptionBudget stow",
            "ValidatingAdmissionPolicy stow-hub-rules",
            "ValidatingAdmissionPolicyBinding stow-secrets",
        ] {
            assert!(names.iter().any(|found| found == name), "{name}: {names:?}");
        }
        let elsewhere = manifests("databases").unwrap();
        assert_eq!(elsewhere.len(), here.len());
        for shipped in elsewhere {
            let text = shipped.manifest.to_string();
            assert!(!text.contains(WRITTEN_FOR), "{text}");
        }
    }
}
