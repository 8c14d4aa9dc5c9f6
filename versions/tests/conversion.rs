//! Properties of conversion, each over 10,000 objects, schema-valid and
//! malformed.

#[path = "conversion/deep.rs"]
mod deep;
#[path = "conversion/edit.rs"]
mod edit;
#[path = "conversion/generate.rs"]
mod generate;
#[path = "conversion/objects.rs"]
mod objects;
#[path = "conversion/ownership.rs"]
mod ownership;
#[path = "conversion/text.rs"]
mod text;
#[path = "conversion/unsaid.rs"]
mod unsaid;

use edit::{Field, hub_edit, spoke_edit};
use generate::{hub, json, malformed_hub, malformed_spoke, spoke};
use objects::{HUB, SPOKE, clean_hub_spec, derived, down, foreign, has_iops, known_spoke_spec, up};
use proptest::prelude::*;
use serde_json::Value;
use stow_versions::convert::{convert, unusable};

fn cases() -> ProptestConfig {
    ProptestConfig {
        cases: 10_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// All but the spec and Stow's annotations is as it was.
fn assert_rest_untouched(before: &Value, after: &Value) -> Result<(), TestCaseError> {
    prop_assert_eq!(foreign(before), foreign(after));
    Ok(())
}

/// The spec came back as it was. Where there was none, what is remembered can
/// have called for one on the other side; then it comes back empty.
fn assert_spec(before: Option<&Value>, there: &Value, back: &Value) -> Result<(), TestCaseError> {
    let after = back.get("spec").map(Value::to_string);
    match before {
        None if after.is_some() => {
            prop_assert_eq!(after.as_deref(), Some("{}"));
            let fields = there.get("spec").and_then(Value::as_object);
            prop_assert!(fields.is_none_or(|fields| !fields.is_empty()));
            prop_assert!(there.get("spec").is_some());
        }
        before => prop_assert_eq!(after, before.map(Value::to_string)),
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn property_01_hub_to_spoke_and_back_loses_nothing(x in hub()) {
        let back = up(&down(&x));
        prop_assert_eq!(back.get("spec"), x.get("spec"));
        assert_rest_untouched(&x, &back)?;
    }

    #[test]
    fn property_01_a_malformed_hub_keeps_all_that_has_its_type(x in malformed_hub()) {
        let y = down(&x);
        assert_rest_untouched(&x, &y)?;
        let back = up(&y);
        assert_rest_untouched(&x, &back)?;
        assert_spec(clean_hub_spec(&x).as_ref(), &y, &back)?;
    }

    #[test]
    fn property_01_spoke_to_hub_and_back_loses_no_byte(y in spoke()) {
        let back = down(&up(&y));
        prop_assert_eq!(back.to_string(), y.to_string());
    }

    #[test]
    fn property_01_a_malformed_spoke_comes_back_byte_for_byte(y in malformed_spoke()) {
        let x = up(&y);
        assert_rest_untouched(&y, &x)?;
        let back = down(&x);
        assert_rest_untouched(&y, &back)?;
        assert_spec(known_spoke_spec(&y).as_ref(), &x, &back)?;
    }

    #[test]
    fn the_hub_is_type_clean(y in malformed_spoke()) {
        let x = up(&y);
        prop_assert_eq!(x.get("spec").cloned(), clean_hub_spec(&x));
    }

    #[test]
    fn property_05_conversion_is_deterministic_and_settles(y in malformed_spoke(), x in malformed_hub()) {
        prop_assert_eq!(up(&y).to_string(), up(&y).to_string());
        prop_assert_eq!(down(&x).to_string(), down(&x).to_string());
        // Once there and back, nothing moves any more, annotations included.
        let (above, below) = (up(&y), down(&x));
        prop_assert_eq!(up(&down(&above)), above.clone());
        prop_assert_eq!(down(&up(&below)), below.clone());
        prop_assert_eq!(convert(above.clone(), HUB), Ok(above));
        prop_assert_eq!(convert(below.clone(), SPOKE), Ok(below));
    }

    #[test]
    fn property_04_an_edit_of_the_hub_wins_and_touches_nothing_else(
        y in spoke(),
        (field, value) in hub_edit(),
    ) {
        assert_hub_edit_wins(&y, field, value)?;
    }

    #[test]
    fn an_edit_of_a_malformed_objects_hub_wins_as_well(
        y in malformed_spoke(),
        (field, value) in hub_edit(),
    ) {
        assert_hub_edit_wins(&y, field, value)?;
    }

    #[test]
    fn property_04_an_edit_of_the_spoke_wins_and_touches_nothing_else(
        x in hub(),
        (field, value) in spoke_edit(),
    ) {
        let mut y = down(&x);
        let before = y.clone();
        objects::edit(&mut y, field.spoke, value.clone());
        let after = up(&y);
        for (name, old) in objects::HUB_FIELDS.map(|(name, _)| (name, x.pointer(&format!("/spec/{name}")))) {
            let new = after.pointer(&format!("/spec/{name}"));
            if name == field.hub && before.pointer(&field.spoke_path()) != value.as_ref() {
                let expected = field.natural_up(value.as_ref());
                prop_assert_eq!(new, expected.as_ref(), "{}", name);
            } else if name == "storageType" {
                // That IOPS are gone contradicts only a type that needs them.
                let needs_iops = old.is_some_and(|kind| kind == "io1" || kind == "io2");
                let stands = has_iops(&y) == has_iops(&before) || (!has_iops(&y) && !needs_iops);
                let kept = stands && derived(&before).as_ref() != old;
                let expected = if kept { old.cloned() } else { derived(&y) };
                prop_assert_eq!(new, expected.as_ref());
            } else {
                prop_assert_eq!(new, old, "{}", name);
            }
        }
        // And the edit itself comes back as it was written.
        let back = down(&after);
        prop_assert_eq!(back.pointer(&field.spoke_path()), value.as_ref());
    }

    #[test]
    fn property_08_any_value_at_all_is_answered(value in json(), version in "[a-z./0-9]{0,20}") {
        let _ = convert(value.clone(), &version);
        let _ = convert(value.clone(), HUB);
        let _ = unusable(&value);
    }

    #[test]
    fn what_means_nothing_is_reported_and_nothing_else(y in malformed_spoke()) {
        let y = objects::without_own_annotations(y);
        let reported: Vec<_> = unusable(&up(&y)).into_iter().map(|u| (u.field, u.text)).collect();
        prop_assert_eq!(reported, objects::meaningless(&y));
    }
}

fn assert_hub_edit_wins(
    y: &Value,
    field: Field,
    value: Option<Value>,
) -> Result<(), TestCaseError> {
    let mut x = up(y);
    let before = x.clone();
    let was_object = y.get("spec").is_some_and(Value::is_object);
    objects::edit(&mut x, field.hub, value);
    let after = down(&x);
    // The hub says what it was edited to, also seen through the spoke.
    let seen = up(&after);
    prop_assert_eq!(seen.get("spec"), x.get("spec"));
    if !was_object {
        return Ok(());
    }
    for name in objects::SPOKE_FIELDS {
        let path = format!("/spec/{name}");
        let (old, new) = (y.pointer(&path), after.pointer(&path));
        let edited = name == field.spoke
            && before.pointer(&field.hub_path()) != x.pointer(&field.hub_path());
        if edited {
            let expected = field.natural_down(x.pointer(&field.hub_path()));
            prop_assert_eq!(new, expected.as_ref(), "{}", name);
        } else {
            prop_assert_eq!(
                new.map(Value::to_string),
                old.map(Value::to_string),
                "{}",
                name
            );
        }
    }
    Ok(())
}
