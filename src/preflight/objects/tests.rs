mod kept;

use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::preflight::finding::{Check, Severity};
use crate::untyped::LAST_APPLIED;

fn standards() -> Standards {
    Standards::new(None, None).unwrap()
}

fn judge(object: &Value, standards: &Standards) -> Judgement {
    super::judge(&object.clone().into(), standards, &[])
}

fn object(version: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": format!("myob.com/{version}"), "kind": "PostgresDB",
        "metadata": {"name": "orders", "namespace": "shop", "uid": "u"},
        "spec": spec,
    })
}

/// The errors of an object, each a check and its field.
fn errors(object: &Value, standards: &Standards) -> Vec<(Check, String)> {
    let findings = judge(object, standards).findings.into_iter();
    let errors = findings.filter(|finding| finding.severity == Severity::Error);
    errors
        .map(|finding| (finding.check, finding.field.unwrap_or_default()))
        .collect()
}

/// The manifests of a version that are new objects of a spec alone, good or bad:
/// an API server accepts and refuses them, as the tests in tests/e2e/corpus.rs show.
fn corpus(version: &str) -> Vec<(bool, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut cases = Vec::new();
    for file in std::fs::read_dir(folder.join(version)).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let lists: Value = serde_saphyr::from_str(&text).unwrap();
        for (list, good) in [("good", true), ("bad", false)] {
            for entry in lists[list].as_array().into_iter().flatten() {
                let parts = ["annotations", "from", "spec", "status"];
                if !parts.iter().any(|part| entry.get(part).is_some()) {
                    cases.push((good, entry.clone()));
                }
            }
        }
    }
    cases
}

/// What the rules of v1beta1 refuse of a new object, and the operator takes of one
/// that is there, since it can be followed.
fn is_tolerated(version: &str, spec: &Value) -> bool {
    let tolerated = [
        json!({"secretName": ""}),
        json!({"storage": "020Gi"}),
        json!({"storage": "+20Gi"}),
        json!({"storage": "20480Mi"}),
        json!({"storageType": "standard"}),
        json!({"storage": "20Gi", "storageType": "standard"}),
        json!({"storage": "19Gi", "storageType": "gp2"}),
        json!({"storage": "5Gi", "storageType": "gp2"}),
    ];
    version == "v1beta1" && tolerated.contains(spec)
}

#[test]
fn property_20_preflight_predicts_what_an_api_server_says_of_each_manifest() {
    let standards = standards();
    for version in ["v1alpha1", "v1beta1"] {
        let corpus = corpus(version);
        assert!(corpus.len() > 100, "{version}: {}", corpus.len());
        let mut wrong = Vec::new();
        for (good, spec) in corpus {
            let errors = errors(&object(version, &spec), &standards);
            let refused = errors
                .iter()
                .any(|(check, _)| matches!(check, Check::Refused | Check::Pruned));
            if refused == good && !is_tolerated(version, &spec) {
                wrong.push(format!("good: {good}, {spec}: {errors:?}"));
            }
        }
        assert!(wrong.is_empty(), "{version}:\n{}", wrong.join("\n"));
    }
}

#[test]
fn what_no_version_knows_is_pruned_by_its_path() {
    let standards = standards();
    let mut known = object("v1alpha1", &json!({"size": "db.t2.small", "storage": "20"}));
    known["metadata"]["annotations"] = json!({"anybody": "may"});
    known["status"] = json!({"arn": "a", "ready": "available"});
    assert_eq!(errors(&known, &standards), []);
    let mut odd = known.clone();
    odd["spec"]["password"] = json!("hunter2");
    odd["notes"] = json!({"by": "me"});
    odd["status"]["phase"] = json!("old");
    let expected = ["notes", "spec.password", "status.phase"];
    let expected = expected.map(|path| (Check::Pruned, path.to_owned()));
    let mut found = errors(&odd, &standards);
    found.sort();
    assert_eq!(found, expected);
    let text = format!("{:?}", judge(&odd, &standards).findings);
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn what_does_not_come_back_is_lost_by_its_path() {
    let standards = standards();
    let mut forged = object("v1alpha1", &json!({"size": "db.t2.small"}));
    // Taken for what conversion remembers, and dropped.
    forged["metadata"]["annotations"] = json!({"spoke.stow.myob.com/size": "x", "mine": "y"});
    let path = "metadata.annotations.spoke.stow.myob.com/size";
    assert_eq!(
        errors(&forged, &standards),
        [(Check::Lost, path.to_owned())]
    );
    let mut other = forged.clone();
    other["kind"] = json!("Else");
    assert_eq!(errors(&other, &standards), [(Check::Lost, String::new())]);
}

#[test]
fn wrong_types_are_told_by_whose_schema_they_are_wrong() {
    let severities = |object: &Value, standards: &Standards| -> Vec<_> {
        let findings = judge(object, standards).findings.into_iter();
        let of = findings.filter(|finding| finding.check == Check::WrongType);
        of.map(|finding| (finding.severity, finding.field.unwrap_or_default()))
            .collect()
    };
    let at = |severity, field: &str| (severity, field.to_owned());
    let spec = json!({"size": 5, "ha": "yes", "storage": "ten", "iops": [1], "tags": {"a": 1}});
    let garbage = object("v1alpha1", &spec);
    let fields = ["spec.size", "spec.iops", "spec.ha", "spec.tags"];
    // Stow's v1alpha1 states none of these types, and `ten` has the right one.
    let expected = fields.map(|field| at(Severity::Warning, field));
    assert_eq!(severities(&garbage, &standards()), expected);
    assert_eq!(
        severities(&object("v1alpha1", &json!("text")), &standards()),
        [at(Severity::Error, "spec")]
    );
    let mut status = object("v1alpha1", &json!({}));
    status["status"] = json!({"ready": 5});
    assert_eq!(
        severities(&status, &standards()),
        [at(Severity::Error, "status.ready")]
    );

    // The cluster has a schema of its own, which does.
    let mut typed = crd(&Webhook::Url(String::new()));
    for version in &mut typed.spec.versions {
        let schema = json!({"openAPIV3Schema": {"type": "object", "properties": {"spec": {
            "type": "object", "properties": {"size": {"type": "string"}},
        }}}});
        version.schema = Some(serde_json::from_value(schema).unwrap());
    }
    let typed = Standards::new(Some(&typed), None).unwrap();
    let found = severities(&garbage, &typed);
    assert!(
        found.contains(&at(Severity::Error, "spec.size")),
        "{found:?}"
    );
    assert!(
        !found.contains(&at(Severity::Warning, "spec.size")),
        "{found:?}"
    );
}

#[test]
fn what_the_platform_does_not_allow_is_told_as_the_operator_would() {
    let data = [("policy.classes".to_owned(), "db.t4g.*".to_owned())];
    let configuration = Configuration::read(&data.into());
    let standards = Standards::new(None, Some(configuration)).unwrap();
    let stalled = |object: &Value| {
        let findings = judge(object, &standards).findings.into_iter();
        let mut of = findings.filter(|finding| finding.check == Check::Stalled);
        of.next().map(|finding| finding.message)
    };
    let large = json!({"size": "db.m7g.large", "storage": "100"});
    let told = stalled(&object("v1alpha1", &large)).unwrap_or_default();
    assert!(told.contains("NotAllowed"), "{told}");
    assert!(told.contains("policy.classes"), "{told}");
    let small = json!({"size": "db.t4g.small", "storage": "100"});
    assert_eq!(stalled(&object("v1alpha1", &small)), None);

    // How a database is made matters while there is none.
    let mut nameless = object("v1alpha1", &json!({"storage": "100"}));
    let told = stalled(&nameless).unwrap_or_default();
    assert!(told.contains("size"), "{told}");
    nameless["status"] = json!({"id": "orders-u"});
    assert_eq!(stalled(&nameless), None);
}

#[test]
fn an_object_in_the_hub_is_judged_with_what_it_remembers_of_v1alpha1() {
    let standards = standards();
    let old = object("v1alpha1", &json!({"size": 5, "storage": "ten"}));
    let hub = stow_versions::convert::convert(old.clone(), "myob.com/v1beta1").unwrap();
    let checks = |object: &Value| -> Vec<_> {
        let findings = judge(object, &standards).findings.into_iter();
        findings
            .map(|found| (found.severity, found.check))
            .collect()
    };
    assert_eq!(checks(&hub), checks(&old));
    assert!(checks(&hub).contains(&(Severity::Error, Check::Stalled)));
}

#[test]
fn what_kubectl_remembers_and_nobody_can_convert_is_foretold_of_a_migration() {
    let standards = standards();
    let judged = |applied: &str| {
        let mut object = object(
            "v1alpha1",
            &json!({"size": "db.t4g.small", "storage": "20"}),
        );
        object["metadata"]["annotations"] = json!({LAST_APPLIED: applied});
        errors(&object, &standards)
    };
    let said = object("v1alpha1", &json!({"size": "db.t4g.small"})).to_string();
    for fine in [said.as_str(), "{}", "not JSON", ""] {
        assert_eq!(judged(fine), [], "{fine}");
    }
    let field = format!("metadata.annotations.{LAST_APPLIED}");
    let expected = [(Check::Migration, field)];
    let cut = &said[..said.len() - 1];
    for odd in [
        cut,
        "myob.com/v1alpha1",
        &said.replace("PostgresDB", "Else"),
    ] {
        assert_eq!(judged(odd), expected, "{odd}");
    }
}

#[test]
fn partial_and_strange_objects_are_judged_all_the_same() {
    let standards = standards();
    for (version, spec) in [
        ("v1alpha1", Value::Null),
        ("v1beta1", Value::Null),
        ("v1alpha1", json!({})),
        ("v1beta1", json!({})),
        ("v1alpha1", json!({"iops": null, "tags": {}})),
    ] {
        assert_eq!(errors(&object(version, &spec), &standards), [], "{spec}");
    }
    let named = |metadata: Value| json!({"apiVersion": "myob.com/v1beta1", "metadata": metadata});
    let odd = [json!(5), json!({"annotations": "none"}), Value::Null].map(named);
    let strange = [json!(5), json!([]), json!({"spec": [[[]]]}), Value::Null];
    for strange in strange.into_iter().chain(odd) {
        let _ = judge(&strange, &standards);
    }
}
