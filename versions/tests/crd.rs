//! The facts of the CRD that others rely on.

use serde_json::{Value, json};
use stow_versions::crd::{Webhook, crd};
use stow_versions::{GROUP, KIND, PLURAL, v1beta1};

fn service() -> Value {
    let webhook = Webhook::Service {
        namespace: "stow-system".to_owned(),
        name: "stow".to_owned(),
        port: 8443,
    };
    serde_json::to_value(crd(&webhook)).expect("a CRD serializes")
}

fn version(name: &str) -> Value {
    let crd = service();
    let versions = crd["spec"]["versions"].as_array().expect("a list");
    let found = versions.iter().find(|version| version["name"] == name);
    found.expect("the version is there").clone()
}

fn schema(name: &str) -> Value {
    version(name)["schema"]["openAPIV3Schema"].clone()
}

/// Visits each schema in a schema with its path.
fn walk(schema: &Value, path: &str, visit: &mut dyn FnMut(&str, &Value)) {
    visit(path, schema);
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        walk(property, &format!("{path}.{name}"), visit);
    }
    for inner in ["items", "additionalProperties"] {
        if schema[inner].is_object() {
            walk(&schema[inner], &format!("{path}[]"), visit);
        }
    }
}

#[test]
fn the_names_are_those_that_are_settled() {
    let crd = service();
    assert_eq!(crd["metadata"]["name"], format!("{PLURAL}.{GROUP}"));
    assert_eq!(crd["spec"]["group"], GROUP);
    assert_eq!(crd["spec"]["scope"], "Namespaced");
    let names = json!({
        "kind": KIND, "plural": PLURAL, "singular": "postgresdb", "shortNames": ["pgdb"],
    });
    assert_eq!(crd["spec"]["names"], names);
}

#[test]
fn both_versions_are_served_and_the_hub_is_stored() {
    for (name, storage) in [("v1beta1", true), ("v1alpha1", false)] {
        let version = version(name);
        assert_eq!(version["served"], true);
        assert_eq!(version["storage"], storage);
        assert_eq!(version["subresources"], json!({"status": {}}));
    }
    assert_eq!(
        service()["spec"]["versions"].as_array().map(Vec::len),
        Some(2)
    );
}

#[test]
fn the_old_version_is_deprecated_with_a_word_on_what_to_use() {
    let old = version("v1alpha1");
    assert_eq!(old["deprecated"], true);
    let warning = old["deprecationWarning"].as_str().expect("a text");
    assert!(warning.contains("use myob.com/v1beta1"), "{warning}");
    // The API server refuses a longer one.
    assert!(warning.len() <= 256 && warning.is_ascii());
    assert!(version("v1beta1").get("deprecated").is_none());
}

#[test]
fn conversion_is_by_webhook_and_names_no_ca() {
    let conversion = |client_config: Value| {
        json!({
            "strategy": "Webhook",
            "webhook": {"clientConfig": client_config, "conversionReviewVersions": ["v1"]},
        })
    };
    let crd_of_service = service();
    let service = json!({"service": {
        "namespace": "stow-system", "name": "stow", "port": 8443, "path": "/convert",
    }});
    assert_eq!(crd_of_service["spec"]["conversion"], conversion(service));
    assert_eq!(crd_of_service["spec"]["preserveUnknownFields"], false);

    let url = "https://127.0.0.1:9443/convert";
    let crd_of_url = serde_json::to_value(crd(&Webhook::Url(url.to_owned()))).unwrap();
    assert_eq!(
        crd_of_url["spec"]["conversion"],
        conversion(json!({"url": url}))
    );
}

#[test]
fn nothing_is_required_defaulted_or_nullable() {
    for name in ["v1beta1", "v1alpha1"] {
        walk(&schema(name), "", &mut |path, schema| {
            assert!(schema.get("default").is_none(), "{name}{path}");
            assert!(schema.get("nullable").is_none(), "{name}{path}");
            // A condition is Kubernetes' own type.
            if !path.ends_with(".conditions[]") {
                assert!(schema.get("required").is_none(), "{name}{path}");
            }
        });
    }
}

#[test]
fn status_is_the_same_in_both_versions() {
    let (old, new) = (schema("v1alpha1"), schema("v1beta1"));
    assert_eq!(old["properties"]["status"], new["properties"]["status"]);
    let conditions = &new["properties"]["status"]["properties"]["conditions"];
    assert_eq!(conditions["x-kubernetes-list-type"], "map");
    assert_eq!(conditions["x-kubernetes-list-map-keys"], json!(["type"]));
    let columns = "additionalPrinterColumns";
    assert_eq!(version("v1alpha1")[columns], version("v1beta1")[columns]);
}

#[test]
fn the_columns_tell_a_person_what_runs() {
    let version = version("v1beta1");
    let columns = version["additionalPrinterColumns"]
        .as_array()
        .expect("a list");
    let shown = columns.iter().map(|column| {
        let text = |key: &str| column[key].as_str().unwrap_or_default().to_owned();
        (
            text("name"),
            text("jsonPath"),
            column["priority"].as_i64().unwrap_or(0),
        )
    });
    let column = |name: &str, path: &str, wide| (name.to_owned(), path.to_owned(), wide);
    assert_eq!(
        shown.collect::<Vec<_>>(),
        [
            column("Ready", ".status.ready", 0),
            column("Size", ".status.size", 0),
            column("Storage", ".status.storage", 0),
            column("Type", ".status.storageType", 0),
            column(
                "Stalled",
                ".status.conditions[?(@.type==\"Stalled\")].reason",
                0
            ),
            column("Age", ".metadata.creationTimestamp", 0),
            column("Endpoint", ".status.endpoint.address", 1),
        ]
    );
}

#[test]
fn the_old_versions_fields_are_untyped() {
    let spec = schema("v1alpha1")["properties"]["spec"].clone();
    let fields = spec["properties"].as_object().expect("fields");
    let names: Vec<_> = fields.keys().map(String::as_str).collect();
    assert_eq!(names, ["ha", "iops", "size", "storage", "tags"]);
    walk(&spec, "spec", &mut |path, schema| {
        assert!(schema.get("x-kubernetes-validations").is_none(), "{path}");
        if path != "spec" {
            assert!(schema.get("type").is_none(), "{path}");
            assert_eq!(
                schema["x-kubernetes-preserve-unknown-fields"], true,
                "{path}"
            );
        }
    });
}

#[test]
fn the_hubs_fields_are_those_of_the_api_with_their_types() {
    let spec = schema("v1beta1")["properties"]["spec"].clone();
    let fields = spec["properties"].as_object().expect("fields");
    let types = fields
        .iter()
        .map(|(name, schema)| (name.as_str(), schema["type"].as_str()));
    assert_eq!(
        types.collect::<Vec<_>>(),
        [
            ("adopt", Some("object")),
            ("allowMajorVersionUpgrade", Some("boolean")),
            ("applyChanges", Some("string")),
            ("autoMinorVersionUpgrade", Some("boolean")),
            ("backup", Some("object")),
            ("databaseName", Some("string")),
            ("deletionPolicy", Some("string")),
            ("deletionProtection", Some("boolean")),
            ("encryption", Some("object")),
            ("engineVersion", Some("string")),
            ("extendedSupport", Some("boolean")),
            ("iamAuthentication", Some("boolean")),
            ("iops", Some("integer")),
            ("maintenanceWindow", Some("string")),
            ("masterUsername", Some("string")),
            ("maxStorage", Some("string")),
            ("monitoring", Some("object")),
            ("multiAZ", Some("boolean")),
            ("network", Some("object")),
            ("parameterGroup", Some("string")),
            ("port", Some("integer")),
            ("restoreFrom", Some("object")),
            ("secretName", Some("string")),
            ("size", Some("string")),
            ("storage", Some("string")),
            ("storageType", Some("string")),
            ("tags", Some("object")),
            ("throughput", Some("integer")),
        ]
    );
    assert_eq!(spec["properties"]["tags"]["maxProperties"], 43);
    assert_eq!(
        spec["properties"]["storageType"]["enum"],
        json!(["gp2", "gp3", "io1", "io2", "standard"])
    );
}

#[test]
fn every_text_that_a_rule_reads_has_a_bound() {
    let spec = schema("v1beta1")["properties"]["spec"].clone();
    walk(&spec, "spec", &mut |path, schema| {
        if schema["type"] == "string" {
            assert!(schema["maxLength"].is_u64(), "{path}");
        }
    });
    let status = schema("v1beta1")["properties"]["status"].clone();
    assert!(status["properties"]["storage"]["maxLength"].is_u64());
}

#[test]
fn a_rule_across_fields_sees_the_old_object_and_every_rule_says_what_to_write() {
    let root = schema("v1beta1");
    let mut rules = 0;
    walk(&root, "", &mut |path, schema| {
        for rule in schema["x-kubernetes-validations"]
            .as_array()
            .into_iter()
            .flatten()
        {
            rules += 1;
            let text = rule["rule"].as_str().expect("a text");
            // A transition alone is not judged where there was nothing before.
            let across = schema["properties"].is_object() && text != "self == oldSelf";
            assert_eq!(rule["optionalOldSelf"] == true, across, "{path}: {text}");
            assert_eq!(
                text.contains("oldSelf.hasValue()"),
                across,
                "{path}: {text}"
            );
            assert!(!text.contains("orValue"), "{path}: {text}");
            let message = rule.get("message").or(rule.get("messageExpression"));
            let message = message.and_then(Value::as_str).expect("a message");
            assert!(message.contains("write"), "{message}");
            let field = rule["fieldPath"].as_str().unwrap_or(path);
            let field = field.rsplit('.').next().unwrap_or_default();
            assert!(message.contains(field), "{field}: {message}");
        }
    });
    assert_eq!(rules, 62);
}

#[test]
fn everything_is_explained() {
    for name in ["v1beta1", "v1alpha1"] {
        let schema = schema(name);
        assert!(
            schema["description"]
                .as_str()
                .is_some_and(|text| text.contains("Amazon RDS"))
        );
        walk(
            &schema["properties"]["spec"],
            "spec",
            &mut |path, schema| {
                let explained = schema["description"]
                    .as_str()
                    .is_some_and(|text| text.len() > 20);
                assert!(explained || path.ends_with("[]"), "{name} {path}");
            },
        );
        walk(
            &schema["properties"]["status"],
            "status",
            &mut |path, schema| {
                let explained = schema["description"]
                    .as_str()
                    .is_some_and(|text| text.len() > 10);
                assert!(explained || path.ends_with("[]"), "{name} {path}");
            },
        );
    }
}

/// The paths of all members, apart from the sample's own keys of a map.
fn names(value: &Value, path: &str, members: fn(&Value) -> &Value, all: &mut Vec<String>) {
    for (name, inner) in members(value).as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        if name != "a" {
            all.push(path.clone());
            names(inner, &path, members, all);
        }
    }
}

#[test]
fn the_types_speak_the_names_of_the_schema() {
    let spec = json!({
        "size": "db.t3.small", "storage": "20Gi", "storageType": "gp3", "iops": 12000,
        "throughput": 500, "maxStorage": "30Gi", "engineVersion": "17.4",
        "allowMajorVersionUpgrade": true, "multiAZ": true, "port": 5432,
        "backup": {"retentionDays": 7, "window": "03:00-03:30"},
        "maintenanceWindow": "sun:05:00-sun:05:30", "autoMinorVersionUpgrade": false,
        "applyChanges": "MaintenanceWindow", "parameterGroup": "p",
        "network": {"subnetGroup": "s", "securityGroups": ["sg-1"], "publiclyAccessible": false},
        "encryption": {"enabled": true, "kmsKey": "k"}, "iamAuthentication": true,
        "monitoring": {
            "performanceInsights": true, "enhancedInterval": 60,
            "logExports": ["postgresql", "upgrade"],
        },
        "extendedSupport": false, "tags": {"a": "b"}, "databaseName": "d",
        "masterUsername": "m", "deletionPolicy": "Retain", "deletionProtection": true,
        "restoreFrom": {"snapshot": "s", "pointInTime": {"object": "o", "time": "t"}},
        "adopt": {"identifier": "i"}, "secretName": "s",
    });
    let read: v1beta1::PostgresDBSpec = serde_json::from_value(spec.clone()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), spec);
    // The sample has every field of the schema, in every group.
    let (mut said, mut known) = (Vec::new(), Vec::new());
    names(&spec, "", |value| value, &mut said);
    let schema = schema("v1beta1")["properties"]["spec"].clone();
    names(&schema, "", |schema| &schema["properties"], &mut known);
    said.sort();
    known.sort();
    assert_eq!(said, known);
    for storage_type in v1beta1::StorageType::ALL {
        assert_eq!(
            serde_json::to_value(storage_type).unwrap(),
            storage_type.as_str()
        );
    }
    let nothing = v1beta1::PostgresDBSpec::default();
    assert_eq!(serde_json::to_value(nothing).unwrap(), json!({}));
    let nothing = stow_versions::status::PostgresDBStatus::default();
    assert_eq!(serde_json::to_value(nothing).unwrap(), json!({}));
}
