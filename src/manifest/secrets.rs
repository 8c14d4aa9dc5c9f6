//! What the operator's ServiceAccount may write of Secrets, as a policy: RBAC
//! can only say that it may write any.
//!
//! Nothing here may be wider than what the planner writes.

use kube::core::Message;
use stow_versions::policy::{Policy, Scope, validation};
use stow_versions::{GROUP, KIND};

/// The Secret of the webhook's certificate authority, in the operator's own
/// namespace.
const WEBHOOK: &str = "stow-webhook";

/// Whether a Secret is one that the operator made for a database.
fn managed(secret: &str) -> String {
    format!(
        "(has({secret}.type) && {secret}.type == 'Opaque' && has({secret}.metadata.labels) && \
         'app.kubernetes.io/managed-by' in {secret}.metadata.labels && \
         {secret}.metadata.labels['app.kubernetes.io/managed-by'] == 'stow' && \
         has({secret}.metadata.ownerReferences) && {secret}.metadata.ownerReferences.exists(owner, \
         owner.kind == '{KIND}' && owner.apiVersion.startsWith('{GROUP}/')))"
    )
}

/// Whether an update leaves a part of a Secret as it is.
fn as_it_was(part: &str) -> String {
    let (new, old) = (format!("object.{part}"), format!("oldObject.{part}"));
    format!("(has({new}) == has({old}) && (!has({new}) || {new} == {old}))")
}

/// Whether an update completes a Secret that an older release left, which
/// carries no mark: it may gain keys, and change in nothing else.
fn completes() -> String {
    format!(
        "(has(oldObject.type) && oldObject.type == 'Opaque' && has(oldObject.data) && \
         'DB_HOST' in oldObject.data && !has(oldObject.metadata.ownerReferences) && \
         !has(object.metadata.ownerReferences) && {labels} && {annotations} && has(object.data) && \
         oldObject.data.all(key, key in object.data && object.data[key] == oldObject.data[key]))",
        labels = as_it_was("metadata.labels"),
        annotations = as_it_was("metadata.annotations"),
    )
}

/// The policy for the ServiceAccount `stow` of a namespace.
pub(super) fn policy(namespace: &str) -> Policy {
    let own = |secret: &str| {
        format!("(request.namespace == '{namespace}' && {secret}.metadata.name == '{WEBHOOK}')")
    };
    let on =
        |operation: &str, holds: String| format!("request.operation != '{operation}' || {holds}");
    let says = |what: &str| {
        Message::Message(format!(
            "Stow {what} of type Opaque with the label app.kubernetes.io/managed-by: stow and an \
             ownerReference to a {KIND}, and {WEBHOOK} of its own namespace: give the {KIND} \
             another spec.secretName, or delete the Secret that stands in its way"
        ))
    };
    let (new, old) = (managed("object"), managed("oldObject"));
    Policy {
        scope: Scope {
            group: "",
            version: "v1",
            resource: "secrets",
            reach: "Namespaced",
            operations: &["CREATE", "UPDATE", "DELETE"],
            match_policy: "Equivalent",
        },
        conditions: vec![(
            "by-stow",
            format!("request.userInfo.username == 'system:serviceaccount:{namespace}:stow'"),
        )],
        variables: Vec::new(),
        validations: vec![
            validation(
                on("CREATE", format!("{} || {new}", own("object"))),
                says("creates only Secrets"),
            ),
            validation(
                on(
                    "UPDATE",
                    format!("{} || ({old} && {new}) || {}", own("object"), completes()),
                ),
                says("writes only Secrets"),
            ),
            validation(on("DELETE", old), says("deletes only Secrets")),
        ],
    }
}
