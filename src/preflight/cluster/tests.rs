mod cases;

use k8s_openapi::ByteString;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition as Crd, CustomResourceDefinitionStatus,
};
use serde_json::{Value, json};
use stow_versions::crd::{Webhook, crd};

use self::cases::CASES;
use super::*;
use crate::preflight::finding::Verdict;
use crate::preflight::shipped;
use crate::tls::Authority;

const NOW: i64 = 1_800_000_000;

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

fn later(days: i64) -> Timestamp {
    Timestamp::from_second(NOW + days * 86_400).unwrap()
}

fn slices(addresses: &[&str]) -> Vec<k8s_openapi::api::discovery::v1::EndpointSlice> {
    let endpoints: Vec<_> = addresses
        .iter()
        .map(|address| json!({"addresses": [address]}))
        .collect();
    let slice = json!({"addressType": "IPv4", "metadata": {}, "endpoints": endpoints});
    vec![serde_json::from_value(slice).unwrap()]
}

/// A cluster in which all is in order.
fn sound() -> Installation {
    let authority = Authority::generate(now()).unwrap();
    let pem = authority.certificates().as_bytes().to_vec();
    let mut definition = crd(&Webhook::Service {
        namespace: "stow-system".to_owned(),
        name: "stow".to_owned(),
        port: 8443,
    });
    *bundle(&mut definition) = Some(ByteString(pem.clone()));
    definition.status = Some(CustomResourceDefinitionStatus {
        stored_versions: Some(vec!["v1beta1".to_owned()]),
        ..CustomResourceDefinitionStatus::default()
    });
    let shipped = shipped::manifests("stow-system").unwrap().into_iter();
    Installation {
        namespace: "stow-system".to_owned(),
        definition: Ok(Some(definition)),
        config_map: Ok(Some([].into())),
        shipped: shipped
            .map(|shipped| {
                let mut live = shipped.manifest.clone();
                // What an API server fills in.
                live["metadata"]["uid"] = json!("u");
                live["spec"]["filled"] = json!("in");
                // And what it leaves out.
                if live["spec"]["matchConditions"] == json!([]) {
                    live["spec"]["matchConditions"] = Value::Null;
                }
                (shipped, Ok(Some(live)))
            })
            .collect(),
        slices: Ok(slices(&["10.0.0.1", "10.0.0.2"])),
        certificate: "stow-webhook-tls".to_owned(),
        authority: Ok(Some(pem)),
    }
}

fn bundle(definition: &mut Crd) -> &mut Option<ByteString> {
    let conversion = definition.spec.conversion.as_mut().unwrap();
    let webhook = conversion.webhook.as_mut().unwrap();
    &mut webhook.client_config.as_mut().unwrap().ca_bundle
}

fn definition(installation: &mut Installation) -> &mut Crd {
    installation.definition.as_mut().unwrap().as_mut().unwrap()
}

fn live<'a>(installation: &'a mut Installation, name: &str) -> &'a mut Value {
    let mut shipped = installation.shipped.iter_mut();
    let found = shipped.find(|(shipped, _)| shipped.name() == name);
    found.unwrap().1.as_mut().unwrap().as_mut().unwrap()
}

fn stored_in_v1alpha1(installation: &mut Installation) {
    let status = definition(installation).status.as_mut().unwrap();
    status.stored_versions = Some(vec!["v1alpha1".to_owned(), "v1beta1".to_owned()]);
}

/// As the operator of 2017 left the definition.
fn of_2017(installation: &mut Installation) {
    let spec = &mut definition(installation).spec;
    spec.versions.retain(|version| version.name == "v1alpha1");
    spec.versions[0].storage = true;
    spec.versions[0].subresources = None;
    spec.preserve_unknown_fields = Some(true);
    spec.conversion = None;
    for (_, live) in &mut installation.shipped {
        *live = Ok(None);
    }
    installation.config_map = Ok(None);
    installation.slices = Ok(Vec::new());
    installation.authority = Ok(None);
    stored_in_v1alpha1(installation);
}

#[test]
fn a_sound_cluster_has_a_good_word_for_each_check() {
    let findings = judge(&sound(), now());
    let bad = findings.iter().find(|found| found.severity != Severity::Ok);
    assert_eq!(bad, None);
    let checks: Vec<_> = findings.iter().map(|found| found.check).collect();
    let expected = [
        Check::Definition,
        Check::Migration,
        Check::Policies,
        Check::Rights,
        Check::ConfigMap,
        Check::Webhook,
        Check::Certificate,
    ];
    assert_eq!(checks, expected);
}

#[test]
fn before_anything_is_installed_nothing_is_an_error() {
    let mut installation = sound();
    of_2017(&mut installation);
    let findings = judge(&installation, now());
    assert_eq!(Verdict::of(&findings), Verdict::Clean, "{findings:?}");
    let text = format!("{findings:?}");
    for words in [
        "preserves unknown fields",
        "no status subresource",
        "yaml/crd.yaml",
        "yaml/policies.yaml",
        "yaml/deployment.yaml",
        "yaml/config-map.yaml",
        "before yaml/crd.yaml is applied",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    installation.definition = Ok(None);
    assert_eq!(Verdict::of(&judge(&installation, now())), Verdict::Clean);
}

#[test]
fn what_is_out_of_order_is_named() {
    for (number, (change, severity, check, words)) in CASES.iter().enumerate() {
        let mut installation = sound();
        change(&mut installation);
        let findings = judge(&installation, now());
        let told = findings.iter().filter(|found| found.check == *check);
        let told = told.min_by_key(|found| found.severity).unwrap();
        assert_eq!(told.severity, *severity, "{number}: {findings:#?}");
        let text = told.to_string();
        assert!(text.contains(words), "{number}, {words}: {text}");
        if matches!(severity, Severity::Error | Severity::Warning) {
            assert!(!told.advice.is_empty(), "{number}: {text}");
        }
    }
}

#[test]
fn a_certificate_is_told_of_before_it_ends() {
    let installation = sound();
    let at = |now| {
        let findings = judge(&installation, now).into_iter();
        let mut told = findings.filter(|found| found.check == Check::Certificate);
        told.next().unwrap().severity
    };
    assert_eq!(at(now()), Severity::Ok);
    assert_eq!(at(later(3650 - 31)), Severity::Ok);
    assert_eq!(at(later(3650 - 29)), Severity::Warning);
    assert_eq!(at(later(3651)), Severity::Error);
    assert_eq!(at(later(-2)), Severity::Error);
}
