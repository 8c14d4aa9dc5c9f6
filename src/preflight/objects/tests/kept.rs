//! What annotations keep of the other version.

use super::*;

/// A v1alpha1 object as the webhook converts it, whose size is nested so deep that no
/// tree holds it.
fn deep_in_the_hub() -> Value {
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let old = object("v1alpha1", &json!({"size": "deep", "storage": "20"}));
    let old = old.to_string().replace(r#""deep""#, &deep);
    let mut hub = Vec::new();
    let read = stow_versions::convert::ObjectText::parse(&old).unwrap();
    read.convert("myob.com/v1beta1", &mut hub).unwrap();
    let hub = serde_json::from_slice::<Value>(&hub).unwrap();
    let kept = &hub["metadata"]["annotations"]["spoke.stow.myob.com/size"];
    assert_eq!(
        *kept,
        json!({"value": "deep"})
            .to_string()
            .replace(r#""deep""#, &deep)
    );
    hub
}

#[test]
fn what_is_nested_deeper_than_a_tree_is_not_lost() {
    let standards = standards();
    let mut hub = deep_in_the_hub();
    let judgement = judge(&hub, &standards);
    let of_type: Vec<_> = judgement.findings.iter().map(|found| found.check).collect();
    assert!(!of_type.contains(&Check::Lost), "{judgement:?}");
    let told = (Check::WrongType, Some("spec.size"));
    let mut all = judgement.findings.iter();
    assert!(
        all.any(|found| (found.check, found.field.as_deref()) == told),
        "{judgement:?}"
    );

    // What the other version keeps of it all the same is measured.
    let large = "x".repeat(256 << 10);
    let overfull =
        |hub: &Value| errors(hub, &standards).contains(&(Check::Unreadable, String::new()));
    assert!(!overfull(&hub));
    hub["spec"]["deletionPolicy"] = json!(large);
    assert!(overfull(&hub));
}

/// A person corrects in v1beta1 what v1alpha1 said: the annotation stays behind.
#[test]
fn what_an_edit_has_outdated_is_not_lost() {
    let standards = standards();
    let mut hub = deep_in_the_hub();
    let told = |hub: &Value| -> Vec<_> {
        let findings = judge(hub, &standards).findings.into_iter();
        let lost = findings.filter(|finding| finding.check == Check::Lost);
        lost.map(|finding| (finding.severity, finding.field.unwrap_or_default()))
            .collect()
    };
    let annotation = |name: &str| format!("metadata.annotations.spoke.stow.myob.com/{name}");
    assert_eq!(told(&hub), []);
    hub["spec"]["size"] = json!("db.t4g.small");
    let expected = [(Severity::Note, annotation("size"))];
    assert_eq!(told(&hub), expected);
    // Beside it, one that still counts, and one of somebody else's.
    hub["metadata"]["annotations"]["spoke.stow.myob.com/ha"] = json!(r#"{"value":"yes"}"#);
    hub["metadata"]["annotations"]["mine"] = json!("y");
    assert_eq!(told(&hub), expected);
}

#[test]
fn what_the_other_version_has_no_room_for_is_foretold() {
    let standards = standards();
    let sized = |length: usize| {
        let spec = json!({"size": {"a": "x".repeat(length)}});
        let found = errors(&object("v1alpha1", &spec), &standards);
        found.iter().any(|(check, _)| *check == Check::Unreadable)
    };
    let name = "spoke.stow.myob.com/size".len();
    let text = |length: usize| {
        let hub = stow_versions::convert::convert(
            object("v1alpha1", &json!({"size": {"a": "x".repeat(length)}})),
            "myob.com/v1beta1",
        );
        let annotations = hub.unwrap()["metadata"]["annotations"].clone();
        annotations["spoke.stow.myob.com/size"]
            .as_str()
            .unwrap()
            .len()
    };
    let room = (256 << 10) - name - (text(10) - 10);
    assert_eq!(text(room) + name, 256 << 10);
    assert!(!sized(room));
    assert!(sized(room + 1));
}
