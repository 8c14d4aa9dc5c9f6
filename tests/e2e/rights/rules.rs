//! The rules of `yaml/deployment.yaml`, each taken apart into single rights, and
//! the requests that they are judged by.

use std::path::Path;

use harness::{Audited, Target};
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The name of the operator's account, and of its roles.
const STOW: &str = "stow";

/// One verb on one resource of one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    /// The role that has it.
    pub(super) role: &'static str,
    /// The namespace in which it holds; none for all.
    namespace: Option<String>,
    group: String,
    resource: String,
    verb: String,
    /// None for any.
    name: Option<String>,
}

/// A request for a resource.
#[derive(Clone, Debug)]
pub(super) struct Use {
    verb: String,
    group: String,
    resource: String,
    namespace: String,
    name: String,
    /// Whether it was let through.
    pub(super) allowed: bool,
}

impl Use {
    /// Of what is no resource everybody who is known may read what there is.
    pub(super) fn of(request: Audited) -> Option<Self> {
        match request.target {
            Target::Resource {
                group,
                resource,
                namespace,
                name,
            } => Some(Self {
                verb: request.verb,
                group,
                resource,
                namespace,
                name,
                allowed: request.allowed && request.code != 403,
            }),
            Target::Path(_) => None,
        }
    }
}

impl Rule {
    /// Whether it allows a request.
    pub(super) fn allows(&self, request: &Use) -> bool {
        let Use {
            verb,
            group,
            resource,
            namespace,
            name,
            allowed: _,
        } = request;
        let within = |wanted: &Option<String>, found: &String| {
            wanted.as_ref().is_none_or(|wanted| wanted == found)
        };
        (&self.verb, &self.group, &self.resource) == (verb, group, resource)
            && within(&self.namespace, namespace)
            && within(&self.name, name)
    }
}

/// The documents of `yaml/deployment.yaml`.
pub(super) fn documents() -> impl Iterator<Item = Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("yaml/deployment.yaml");
    let text = std::fs::read_to_string(path).expect("yaml/deployment.yaml");
    let documents: Vec<Value> = serde_saphyr::from_multiple(&text).expect("YAML");
    documents.into_iter()
}

fn all<T: DeserializeOwned>(kind: &str) -> impl Iterator<Item = T> {
    documents()
        .filter(move |document| document["kind"] == kind)
        .map(|document| serde_json::from_value(document).expect("of its kind"))
}

/// Every right that the operator's account is given.
pub(super) fn shipped() -> Vec<Rule> {
    let mut bindings = all::<ClusterRoleBinding>("ClusterRoleBinding");
    let bound = bindings.all(|binding| binding.role_ref.name == STOW);
    let local = all::<RoleBinding>("RoleBinding").all(|binding| binding.role_ref.name == STOW);
    assert!(
        bound && local,
        "a binding to a role that is not judged here"
    );
    let mut rules = Vec::new();
    for role in all::<ClusterRole>("ClusterRole") {
        if role.metadata.name.as_deref() == Some(STOW) {
            let of_role = role.rules.iter().flatten();
            rules.extend(of_role.flat_map(|rule| apart("ClusterRole", None, rule)));
        }
    }
    for role in all::<Role>("Role") {
        let of_role = role.rules.iter().flatten();
        let namespace = role.metadata.namespace.as_ref();
        rules.extend(of_role.flat_map(|rule| apart("Role", namespace, rule)));
    }
    rules
}

/// The single rights of a rule.
fn apart(role: &'static str, namespace: Option<&String>, of: &PolicyRule) -> Vec<Rule> {
    let names: Vec<_> = match of.resource_names.as_deref() {
        None | Some([]) => vec![None],
        Some(names) => names.iter().cloned().map(Some).collect(),
    };
    let mut rules = Vec::new();
    for group in of.api_groups.iter().flatten() {
        for resource in of.resources.iter().flatten() {
            for verb in &of.verbs {
                for name in &names {
                    rules.push(Rule {
                        role,
                        namespace: namespace.cloned(),
                        group: group.clone(),
                        resource: resource.clone(),
                        verb: verb.clone(),
                        name: name.clone(),
                    });
                }
            }
        }
    }
    rules
}
