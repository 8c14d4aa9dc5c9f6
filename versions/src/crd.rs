//! The `CustomResourceDefinition`: both versions, the webhook between them, and
//! what `kubectl get` prints.
//!
//! Nothing here may be applied to a cluster, or know its certificates:
//! `caBundle` belongs to the operator, and an empty one here would drop its.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceColumnDefinition, CustomResourceConversion, CustomResourceDefinition,
    JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool, ServiceReference,
    WebhookClientConfig, WebhookConversion,
};
use kube::CustomResourceExt;

use crate::{CONVERT_PATH, v1alpha1, v1beta1};

/// Where the API server reaches the conversion webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Webhook {
    /// A Service of the cluster.
    Service {
        /// The namespace of the Service.
        namespace: String,
        /// The name of the Service.
        name: String,
        /// The port of the Service.
        port: u16,
    },
    /// A URL outside any Service, verbatim: `https://host:port/convert`.
    Url(String),
}

/// The `CustomResourceDefinition` of `PostgresDB`, as a user applies it.
pub fn crd(webhook: &Webhook) -> CustomResourceDefinition {
    let mut crd = v1beta1::PostgresDB::crd();
    // Both derives state the same group, scope and names, so this is all that
    // merging them takes.
    let spoke = v1alpha1::PostgresDB::crd();
    crd.spec.versions.extend(spoke.spec.versions);
    for version in &mut crd.spec.versions {
        version.additional_printer_columns = Some(columns());
        let schema = version.schema.as_mut();
        if let Some(schema) = schema.and_then(|s| s.open_api_v3_schema.as_mut()) {
            // An object without a spec must still take a label and a finalizer.
            schema.required = None;
            forbid_null(schema);
        }
    }
    crd.spec.conversion = Some(CustomResourceConversion {
        strategy: "Webhook".to_owned(),
        webhook: Some(WebhookConversion {
            client_config: Some(client_config(webhook)),
            conversion_review_versions: vec!["v1".to_owned()],
        }),
    });
    // A CRD of 2017 holds `true`, with which no webhook is accepted, and an
    // apply leaves alone what it does not name.
    crd.spec.preserve_unknown_fields = Some(false);
    crd
}

fn client_config(webhook: &Webhook) -> WebhookClientConfig {
    match webhook {
        Webhook::Service {
            namespace,
            name,
            port,
        } => WebhookClientConfig {
            service: Some(ServiceReference {
                namespace: namespace.clone(),
                name: name.clone(),
                path: Some(CONVERT_PATH.to_owned()),
                port: Some(i32::from(*port)),
            }),
            ..WebhookClientConfig::default()
        },
        Webhook::Url(url) => WebhookClientConfig {
            url: Some(url.clone()),
            ..WebhookClientConfig::default()
        },
    }
}

/// What `kubectl get postgresdb` prints: what is in effect, not what was asked
/// for, so that the line never claims a change that has not happened.
fn columns() -> Vec<CustomResourceColumnDefinition> {
    let column = |name: &str, path: &str, description: &str| CustomResourceColumnDefinition {
        name: name.to_owned(),
        json_path: path.to_owned(),
        type_: "string".to_owned(),
        description: Some(description.to_owned()),
        ..CustomResourceColumnDefinition::default()
    };
    vec![
        column(
            "Ready",
            ".status.ready",
            "The status of the RDS instance; available when usable.",
        ),
        column("Size", ".status.size", "The instance class in effect."),
        column("Storage", ".status.storage", "The storage in effect."),
        column("Type", ".status.storageType", "The storage type in effect."),
        column(
            "Stalled",
            ".status.conditions[?(@.type==\"Stalled\")].reason",
            "Why nothing goes on until somebody acts; docs/troubleshooting.md has each reason.",
        ),
        CustomResourceColumnDefinition {
            type_: "date".to_owned(),
            ..column(
                "Age",
                ".metadata.creationTimestamp",
                "How long the object has existed.",
            )
        },
        CustomResourceColumnDefinition {
            priority: Some(1),
            ..column(
                "Endpoint",
                ".status.endpoint.address",
                "Where the database listens.",
            )
        },
    ]
}

/// Takes `nullable` out everywhere: the derive sets it on each optional field,
/// and the API server would then keep a null where it otherwise drops it.
fn forbid_null(schema: &mut JSONSchemaProps) {
    schema.nullable = None;
    for property in schema.properties.iter_mut().flat_map(|p| p.values_mut()) {
        forbid_null(property);
    }
    match &mut schema.items {
        Some(JSONSchemaPropsOrArray::Schema(items)) => forbid_null(items),
        Some(JSONSchemaPropsOrArray::Schemas(items)) => items.iter_mut().for_each(forbid_null),
        None => {}
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = &mut schema.additional_properties {
        forbid_null(values);
    }
}
