//! What can be out of order in a cluster, and what is said of it.

use Severity::{Error, Ok as Fine, Unknown, Warning};

use super::*;

/// What is done to a cluster, and what is said then.
pub(super) type Case = (fn(&mut Installation), Severity, Check, &'static str);

pub(super) const CASES: &[Case] = &[
    (
        |it| definition(it).spec.conversion = None,
        Error,
        Check::Definition,
        "strategy None",
    ),
    (
        |it| {
            let conversion = definition(it).spec.conversion.as_mut().unwrap();
            conversion.strategy = "None".to_owned();
        },
        Error,
        Check::Definition,
        "strategy None",
    ),
    (
        |it| {
            let version = &mut definition(it).spec.versions[0];
            let schema = version.schema.as_mut().unwrap();
            let schema = schema.open_api_v3_schema.as_mut().unwrap();
            schema.properties.as_mut().unwrap().remove("spec");
        },
        Error,
        Check::Definition,
        "The schema of v1beta1",
    ),
    (
        |it| definition(it).spec.versions[1].subresources = None,
        Error,
        Check::Definition,
        "The status subresource of v1alpha1",
    ),
    (
        |it| definition(it).spec.versions[1].name = "v1beta2".to_owned(),
        Error,
        Check::Definition,
        "Version v1beta2",
    ),
    (
        |it| {
            let versions = &mut definition(it).spec.versions;
            versions[0].storage = false;
            versions[1].storage = true;
        },
        Error,
        Check::Definition,
        "v1alpha1 is the storage version",
    ),
    (
        // Unserved, v1alpha1 is on its way out.
        |it| definition(it).spec.versions[1].served = false,
        Fine,
        Check::Definition,
        "Stow's",
    ),
    (
        |it| {
            let condition = json!({"type": "Established", "status": "False", "message": "m"});
            let status = definition(it).status.as_mut().unwrap();
            status.conditions = Some(vec![serde_json::from_value(condition).unwrap()]);
        },
        Error,
        Check::Definition,
        "Established=False: m",
    ),
    (
        stored_in_v1alpha1,
        Warning,
        Check::Migration,
        "the deletion of any namespace",
    ),
    (
        |it| live(it, "ClusterRole stow")["rules"][4]["verbs"] = json!(["get"]),
        Error,
        Check::Rights,
        "create secrets",
    ),
    (
        |it| live(it, "Role stow")["rules"] = Value::Null,
        Error,
        Check::Rights,
        "create leases",
    ),
    (
        |it| {
            live(it, "ClusterRole stow")["rules"] =
                json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]);
        },
        Fine,
        Check::Rights,
        "As shipped",
    ),
    (
        |it| {
            // A right for one other name is none.
            let rules = &mut live(it, "ClusterRole stow")["rules"];
            rules[3]["resourceNames"] = json!(["others.myob.com"]);
        },
        Error,
        Check::Rights,
        "list customresourcedefinitions",
    ),
    (
        |it| live(it, "ClusterRoleBinding stow")["subjects"][0]["namespace"] = json!("other"),
        Error,
        Check::Rights,
        "subjects[0].namespace",
    ),
    (
        |it| live(it, "ClusterRole stow-view")["metadata"]["labels"] = json!({}),
        Error,
        Check::Rights,
        "aggregate-to",
    ),
    (
        |it| it.shipped[0].1 = Ok(None),
        Error,
        Check::Rights,
        "Not there: ServiceAccount stow",
    ),
    (
        |it| {
            let policy = live(it, "ValidatingAdmissionPolicy stow-hub-rules");
            policy["spec"]["failurePolicy"] = json!("Ignore");
        },
        Error,
        Check::Policies,
        "spec.failurePolicy",
    ),
    (
        |it| {
            let policy = live(it, "ValidatingAdmissionPolicy stow-types");
            policy["spec"]["validations"] = json!([]);
        },
        Error,
        Check::Policies,
        "spec.validations",
    ),
    (
        |it| live(it, "PodDisruptionBudget stow")["spec"]["maxUnavailable"] = json!(2),
        Warning,
        Check::Webhook,
        "spec.maxUnavailable",
    ),
    (
        |it| it.slices = Ok(slices(&["10.0.0.1"])),
        Warning,
        Check::Webhook,
        "One replica alone",
    ),
    (
        |it| it.slices = Ok(Vec::new()),
        Error,
        Check::Webhook,
        "No replica is ready",
    ),
    (
        |it| {
            let slices = it.slices.as_mut().unwrap();
            for endpoint in &mut slices[0].endpoints {
                let not_ready = json!({"ready": false});
                endpoint.conditions = serde_json::from_value(not_ready).unwrap();
            }
        },
        Error,
        Check::Webhook,
        "No replica is ready",
    ),
    (
        |it| it.config_map = Ok(None),
        Error,
        Check::ConfigMap,
        "yaml/config-map.yaml",
    ),
    (
        |it| {
            let key = "aws.rds.postgres.default.port".to_owned();
            it.config_map = Ok(Some([(key, "many".to_owned())].into()));
        },
        Error,
        Check::ConfigMap,
        "aws.rds.postgres.default.port",
    ),
    (
        |it| it.config_map = Ok(Some([("mine".to_owned(), String::new())].into())),
        Warning,
        Check::ConfigMap,
        "mine",
    ),
    (
        |it| *bundle(definition(it)) = None,
        Error,
        Check::Certificate,
        "no caBundle",
    ),
    (
        |it| *bundle(definition(it)) = Some(ByteString(b"nonsense".to_vec())),
        Error,
        Check::Certificate,
        "no certificate that can be read",
    ),
    (
        |it| {
            let other = Authority::generate(now()).unwrap();
            it.authority = Ok(Some(other.certificates().as_bytes().to_vec()));
        },
        Error,
        Check::Certificate,
        "no certificate of Secret stow-webhook-tls",
    ),
    (
        |it| it.slices = Err(Unread::for_test("endpointslices", "forbidden")),
        Unknown,
        Check::Webhook,
        "endpointslices: forbidden",
    ),
    (
        |it| it.definition = Err(Unread::for_test("the definition", "forbidden")),
        Unknown,
        Check::Definition,
        "the definition: forbidden",
    ),
    (
        |it| it.shipped[0].1 = Err(Unread::for_test("serviceaccount", "forbidden")),
        Unknown,
        Check::Rights,
        "serviceaccount: forbidden",
    ),
];
