//! What a user applies, as far as it can be judged without a cluster.

use std::path::PathBuf;

use k8s_openapi::api::admissionregistration::v1::{
    ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding,
};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Service, ServiceAccount};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, from_value, json, to_value};
use stow::cli::{Crd, Only, Policies};

fn text(path: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn documents(path: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(&text(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// The one document of that kind.
#[track_caller]
fn one<T: DeserializeOwned>(path: &str, kind: &str) -> T {
    let mut found: Vec<Value> = documents(path)
        .into_iter()
        .filter(|document| document["kind"] == kind)
        .collect();
    assert_eq!(found.len(), 1, "{kind} in {path}");
    from_value(found.remove(0)).expect("of its kind")
}

/// Whether the type knows every field: what it drops is a typing error.
fn same<T: DeserializeOwned + Serialize>(document: &Value) -> bool {
    from_value::<T>(document.clone())
        .and_then(to_value)
        .is_ok_and(|typed| typed == *document)
}

#[test]
fn every_field_is_one_that_kubernetes_knows() {
    for path in [
        "yaml/config-map.yaml",
        "yaml/policies.yaml",
        "yaml/deployment.yaml",
    ] {
        for document in documents(path) {
            let known = match document["kind"].as_str().expect("a kind") {
                "Namespace" => same::<Namespace>(&document),
                "ConfigMap" => same::<ConfigMap>(&document),
                "ServiceAccount" => same::<ServiceAccount>(&document),
                "ClusterRole" => same::<ClusterRole>(&document),
                "ClusterRoleBinding" => same::<ClusterRoleBinding>(&document),
                "Role" => same::<Role>(&document),
                "RoleBinding" => same::<RoleBinding>(&document),
                "Service" => same::<Service>(&document),
                "Deployment" => same::<Deployment>(&document),
                "PodDisruptionBudget" => same::<PodDisruptionBudget>(&document),
                "ValidatingAdmissionPolicy" => same::<ValidatingAdmissionPolicy>(&document),
                "ValidatingAdmissionPolicyBinding" => {
                    same::<ValidatingAdmissionPolicyBinding>(&document)
                }
                kind => panic!("{kind} in {path}"),
            };
            assert!(known, "{path}: {document:#}");
        }
    }
}

#[test]
fn the_definition_is_the_one_that_stow_prints() {
    assert!(
        printed(None) == text("yaml/crd.yaml"),
        "yaml/crd.yaml is stale: run `make manifests`"
    );
}

#[test]
fn the_definition_of_one_version_differs_in_that_alone() {
    let read = |text: &str| serde_saphyr::from_str::<Value>(text).expect("YAML");
    let mut both = read(&printed(None));
    let versions = both["spec"]["versions"].as_array_mut().expect("versions");
    versions.retain(|version| version["name"] == "v1beta1");
    assert_eq!(versions.len(), 1);
    assert_eq!(read(&printed(Some(Only::V1beta1))), both);
}

fn printed(only: Option<Only>) -> String {
    let settings = Crd {
        webhook_url: None,
        namespace: "stow-system".to_owned(),
        only,
    };
    stow::manifest::crd(&settings).expect("YAML")
}

#[test]
fn the_policies_are_those_that_stow_prints() {
    let settings = Policies {
        namespace: "stow-system".to_owned(),
    };
    let printed = stow::manifest::policies(&settings).expect("YAML");
    assert!(
        printed == text("yaml/policies.yaml"),
        "yaml/policies.yaml is stale: run `make manifests`"
    );
}

/// A policy without a binding is not in force.
#[test]
fn every_policy_is_bound_and_denies() {
    let documents = documents("yaml/policies.yaml");
    let named = |kind: &str| -> Vec<&Value> {
        let all = documents.iter().filter(|document| document["kind"] == kind);
        all.collect()
    };
    let policies = named("ValidatingAdmissionPolicy");
    assert_eq!(policies.len(), 5);
    for policy in policies {
        assert_eq!(policy["spec"]["failurePolicy"], "Fail");
        let bound = named("ValidatingAdmissionPolicyBinding")
            .into_iter()
            .find(|binding| binding["spec"]["policyName"] == policy["metadata"]["name"]);
        let actions = bound.map(|binding| &binding["spec"]["validationActions"]);
        assert_eq!(actions, Some(&json!(["Deny"])), "{policy:#}");
    }
}

#[test]
fn the_definition_converts_by_webhook_from_the_first_second() {
    let crd = documents("yaml/crd.yaml").remove(0);
    // A CRD of 2017 holds `true`, with which no webhook is accepted.
    assert_eq!(crd["spec"]["preserveUnknownFields"], false);
    let conversion = &crd["spec"]["conversion"];
    assert_eq!(conversion["strategy"], "Webhook");
    // An empty caBundle would drop the operator's with every re-apply.
    let client = conversion["webhook"]["clientConfig"].as_object();
    let keys: Vec<_> = client.expect("a client").keys().collect();
    assert_eq!(keys, ["service"]);
    assert_eq!(
        conversion["webhook"]["conversionReviewVersions"],
        json!(["v1"])
    );
}

#[test]
fn the_example_of_2017_is_as_it_was() {
    assert_eq!(
        text("yaml/example.yaml"),
        "apiVersion: myob.com/v1alpha1\nkind: PostgresDB\nmetadata:\n  name: example-db\nspec:\n  \
         size: \"db.t2.small\"\n  storage: \"10\"\n"
    );
}

/// Each rule as `(group, resources, names, verbs)`.
fn rules(role: &Value) -> Vec<Value> {
    role["rules"]
        .as_array()
        .expect("rules")
        .iter()
        .map(|rule| {
            json!([
                rule["apiGroups"],
                rule["resources"],
                rule.get("resourceNames").cloned().unwrap_or(json!([])),
                rule["verbs"]
            ])
        })
        .collect()
}

#[test]
fn the_permissions_are_these_and_no_more() {
    let roles: Vec<Value> = documents("yaml/deployment.yaml")
        .into_iter()
        .filter(|document| document["kind"] == "ClusterRole")
        .collect();
    let [cluster, view, edit] = roles.as_slice() else {
        panic!("{roles:#?}")
    };
    assert_eq!(
        rules(cluster),
        [
            json!([
                ["myob.com"],
                ["postgresdbs"],
                [],
                ["get", "list", "watch", "patch"]
            ]),
            json!([["myob.com"], ["postgresdbs/status"], [], ["patch"]]),
            json!([["events.k8s.io"], ["events"], [], ["create", "patch"]]),
            json!([
                ["apiextensions.k8s.io"],
                ["customresourcedefinitions"],
                ["postgresdbs.myob.com"],
                ["list", "watch", "patch"]
            ]),
            json!([[""], ["secrets"], [], ["get", "create", "patch", "delete"]]),
            json!([[""], ["namespaces"], ["kube-system"], ["get"]]),
        ]
    );
    let own: Value = one("yaml/deployment.yaml", "Role");
    assert_eq!(
        rules(&own),
        [
            json!([["coordination.k8s.io"], ["leases"], [], ["create"]]),
            json!([
                ["coordination.k8s.io"],
                ["leases"],
                ["stow"],
                ["get", "update"]
            ]),
            json!([[""], ["configmaps"], ["stow"], ["list", "watch"]]),
            json!([[""], ["configmaps"], [], ["create"]]),
            json!([[""], ["configmaps"], ["stow-identity"], ["get", "patch"]]),
            json!([[""], ["secrets"], [], ["create"]]),
            json!([[""], ["secrets"], ["stow-webhook"], ["get", "update"]]),
        ]
    );
    let databases = |verbs: &[&str]| [json!([["myob.com"], ["postgresdbs"], [], verbs])];
    assert_eq!(rules(view), databases(&["get", "list", "watch"]));
    assert_eq!(
        rules(edit),
        databases(&["create", "update", "patch", "delete"])
    );
}

#[test]
fn names_that_refer_to_each_other_agree() {
    let deployment: Deployment = one("yaml/deployment.yaml", "Deployment");
    let service: Service = one("yaml/deployment.yaml", "Service");
    let budget: PodDisruptionBudget = one("yaml/deployment.yaml", "PodDisruptionBudget");
    let binding: ClusterRoleBinding = one("yaml/deployment.yaml", "ClusterRoleBinding");
    let spec = deployment.spec.expect("spec");
    let labels = spec.template.metadata.expect("metadata").labels;
    assert_eq!(service.spec.as_ref().expect("spec").selector, labels);
    assert_eq!(spec.selector.match_labels, labels);
    assert_eq!(
        budget
            .spec
            .expect("spec")
            .selector
            .expect("selector")
            .match_labels,
        labels
    );
    let pod = spec.template.spec.expect("spec");
    let account = pod.service_account_name.expect("an account");
    assert_eq!(binding.subjects.expect("subjects")[0].name, account);

    let container = &pod.containers[0];
    let ports: Vec<_> = container
        .ports
        .iter()
        .flatten()
        .filter_map(|p| p.name.clone())
        .collect();
    assert_eq!(ports, ["webhook", "metrics"]);
    let called = &documents("yaml/crd.yaml")[0]["spec"]["conversion"]["webhook"]["clientConfig"];
    let target = to_value(&service.spec.expect("spec").ports.expect("ports")[0]).expect("JSON");
    assert_eq!(
        (&target["port"], &target["targetPort"]),
        (&called["service"]["port"], &json!("webhook"))
    );
    let image = container.image.as_deref().expect("an image");
    assert_eq!(image, concat!("stow:", env!("CARGO_PKG_VERSION")));
}

/// The operator's calls, and what AWS asks for behind them; nothing that takes
/// away a backup or shows a snapshot to another account.
#[test]
fn the_iam_policy_allows_what_the_operator_does_and_no_more() {
    let policy: serde_json::Value =
        serde_json::from_str(&text("docs/iam-policy.json")).expect("JSON");
    let mut allowed = std::collections::BTreeSet::new();
    for statement in policy["Statement"].as_array().expect("statements") {
        assert_eq!(statement["Effect"], "Allow", "{statement}");
        let actions = match &statement["Action"] {
            serde_json::Value::Array(actions) => actions.clone(),
            one => vec![one.clone()],
        };
        let observes = actions
            .iter()
            .all(|action| action == "rds:DescribeDBInstances");
        assert!(observes || statement["Resource"] != "*", "{statement}");
        allowed.extend(
            actions
                .iter()
                .filter_map(|it| it.as_str())
                .map(str::to_owned),
        );
    }
    let want = [
        "iam:CreateServiceLinkedRole",
        "iam:PassRole",
        "kms:CreateGrant",
        "kms:DescribeKey",
        "rds:AddTagsToResource",
        "rds:CreateDBInstance",
        "rds:CreateDBSnapshot",
        "rds:DeleteDBInstance",
        "rds:DescribeDBInstances",
        "rds:ModifyDBInstance",
    ];
    assert_eq!(allowed.iter().map(String::as_str).collect::<Vec<_>>(), want);
}
