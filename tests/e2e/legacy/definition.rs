//! The `CustomResourceDefinition` of 2017, and the Deployment of its operator.
//!
//! Nothing here may be what Stow ships.

use harness::{Error, Result};
use serde_json::{Value, json};

use super::OPERATOR;
use crate::stage::Stage;

const NAME: &str = "postgresdbs.myob.com";

/// How the definition keeps fields that no schema names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unknown {
    /// As apiextensions v1 says it: `x-kubernetes-preserve-unknown-fields`.
    BySchema,
    /// As v1beta1 said it, with no schema at all: `preserveUnknownFields: true`.
    /// No API server takes that any more, and etcd has it where one once did.
    ByDefinition,
}

/// Defines the kind, and runs the operator's Deployment.
pub(super) async fn leave(stage: &Stage, unknown: Unknown) -> Result<()> {
    let create = ["create", "-f", "-"];
    let manifests = json!({
        "apiVersion": "v1", "kind": "List", "items": [definition(), account(), role(), binding(), deployment()],
    });
    let create = stage
        .cluster
        .kubectl_in(&manifests.to_string(), &create)
        .await?;
    create.ok()?;
    if unknown == Unknown::ByDefinition {
        plant(stage).await?;
    }
    let wait = ["wait", "--for=condition=Established", "crd", NAME];
    stage.kubectl(&wait).await?;
    harness::eventually("the kind to be served", crate::stage::PATIENCE, || async {
        stage.kubectl(&["get", "postgresdbs", "-A"]).await
    })
    .await
    .map(drop)
}

fn definition() -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": NAME},
        "spec": {
            "group": "myob.com",
            "names": {"kind": "PostgresDB", "plural": "postgresdbs"},
            "scope": "Namespaced",
            "versions": [{
                "name": "v1alpha1",
                "served": true,
                "storage": true,
                "schema": {"openAPIV3Schema": {
                    "type": "object",
                    "x-kubernetes-preserve-unknown-fields": true,
                }},
            }],
        },
    })
}

fn account() -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": OPERATOR, "namespace": "kube-system"},
    })
}

/// What it was allowed: more than it needed, as it was then.
fn role() -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": OPERATOR},
        "rules": [{
            "apiGroups": ["myob.com", ""],
            "resources": ["postgresdbs", "namespaces", "configmaps", "secrets"],
            "verbs": ["get", "list", "watch", "update"],
        }],
    })
}

fn binding() -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": OPERATOR},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": OPERATOR,
        },
        "subjects": [{
            "kind": "ServiceAccount", "name": OPERATOR, "namespace": "kube-system",
        }],
    })
}

fn deployment() -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": OPERATOR, "namespace": "kube-system"},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"name": OPERATOR}},
            "template": {
                "metadata": {"labels": {"name": OPERATOR}},
                "spec": {
                    "serviceAccountName": OPERATOR,
                    "containers": [{
                        "name": OPERATOR,
                        "image": "myobplatform/ops-kube-db-operator:latest",
                        "env": [{"name": "AWS_REGION", "value": "ap-southeast-2"}],
                    }],
                },
            },
        },
    })
}

/// Has etcd say what an API server of then stored.
async fn plant(stage: &Stage) -> Result<()> {
    let key = format!("/registry/apiextensions.k8s.io/customresourcedefinitions/{NAME}");
    let etcd = stage.cluster.etcd();
    // Its status is written soon after it is made, over what would be planted.
    let wait = ["wait", "--for=condition=Established", "crd", NAME];
    stage.kubectl(&wait).await?;
    let stored = etcd.get(&key).await?.unwrap_or_default();
    let mut stored: Value = serde_json::from_slice(&stored)
        .map_err(|error| Error::Unexpected(format!("{key}: {error}")))?;
    stored["spec"]["preserveUnknownFields"] = json!(true);
    if let Some(version) = stored["spec"]["versions"][0].as_object_mut() {
        version.remove("schema");
    }
    etcd.put(&key, stored.to_string()).await?;
    harness::eventually("the planted definition", crate::stage::PATIENCE, || async {
        let get = ["get", "crd", NAME, "-o", "jsonpath={.spec}"];
        let spec = stage.kubectl(&get).await?;
        if spec.contains(r#""preserveUnknownFields":true"#) {
            Ok(())
        } else {
            Err(Error::Unexpected(spec))
        }
    })
    .await
}
