//! v1beta1's rules for writes in another version, read off its schema: so they
//! cannot say anything else.
//!
//! Nothing here may state a rule of its own. One is different: gp2 may have the
//! least storage of 2017, because v1alpha1 says `storage: "10"` to this day, and
//! gets what RDS takes.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool, ValidationRule,
};
use kube::CustomResourceExt;
use kube::core::Message;

use super::expression::{at, is, placed, quoted, was};
use super::{Policy, Scope, Validation, validation};
use crate::v1beta1::rules;
use crate::{GROUP, HUB, HUB_PREFIX, PLURAL, v1beta1};

/// The fields that v1alpha1 says in its own way, and how.
const SAID_OTHERWISE: [&str; 3] = ["storage", "storageType", "iops"];
const OTHERWISE: &str = "in v1alpha1, storage: \"20\" is 20Gi, and the type is io1 where iops is \
                         set, else gp2";

/// The fields that v1alpha1 says alike.
const SAID_ALIKE: [&str; 2] = ["size", "tags"];

/// The rules of v1beta1 for whoever writes another version.
pub fn hub_rules() -> Policy {
    let crd = v1beta1::PostgresDB::crd();
    let schema = crd.spec.versions.into_iter().next();
    let schema = schema.and_then(|version| version.schema?.open_api_v3_schema);
    let mut validations = Vec::new();
    if let Some(mut schema) = schema {
        // The operator alone writes a status, in v1beta1.
        if let Some(properties) = &mut schema.properties {
            properties.remove("status");
        }
        judge(&schema, "", &mut validations);
    }
    Policy {
        scope: Scope {
            group: GROUP,
            version: HUB,
            resource: PLURAL,
            reach: "Namespaced",
            operations: &["CREATE", "UPDATE"],
            match_policy: "Equivalent",
        },
        conditions: vec![
            // The schema judges those in v1beta1, and ratchets better.
            (
                "written-in-another-version",
                "request.requestKind.version != 'v1beta1'".to_owned(),
            ),
            (
                "changes-the-spec",
                format!(
                    "has(object.spec) && !({} && oldObject.spec == object.spec)",
                    was("spec")
                ),
            ),
        ],
        variables: Vec::new(),
        validations,
    }
}

fn judge(schema: &JSONSchemaProps, place: &str, validations: &mut Vec<Validation>) {
    let field = place.strip_prefix("spec.").unwrap_or(place);
    for (bound, says) in bounds(schema, place, field) {
        let expression = format!("!({}) || {} || ({bound})", is(place), unchanged(place));
        validations.push(validation(
            expression,
            Message::Message(format!("{says}{}", note(field))),
        ));
    }
    for rule in schema.x_kubernetes_validations.iter().flatten() {
        validations.push(repeated(&of_2017(rule), place));
    }
    for (name, property) in schema.properties.iter().flatten() {
        if place.is_empty() && name != "spec" {
            continue;
        }
        let inner = format!("{place}.{name}");
        judge(property, inner.trim_start_matches('.'), validations);
    }
}

/// The rule on storage with the least of 2017, or else the rule as it is.
fn of_2017(rule: &ValidationRule) -> ValidationRule {
    let (today, then) = rules::storage_fits_its_type_since_2017();
    let mut rule = rule.clone();
    if rule.rule == today.rule {
        rule.rule = then.rule;
        if let Some(Message::Message(text)) = then.message {
            rule.message = Some(text);
        }
    }
    rule
}

/// Whether a field is there as it was.
fn unchanged(place: &str) -> String {
    let (new, old) = (at("object", place), at("oldObject", place));
    format!("({} && {old} == {new})", was(place))
}

/// A rule of the schema.
fn repeated(rule: &ValidationRule, place: &str) -> Validation {
    let holds = placed(&rule.rule, place);
    let expression = if rule.optional_old_self == Some(true) {
        match place {
            "" => holds,
            place => format!("!({}) || ({holds})", is(place)),
        }
    } else if rule.rule.contains("oldSelf") {
        // The schema judges a transition where there are both.
        format!("!({}) || !{} || ({holds})", is(place), was(place))
    } else {
        format!("!({}) || {} || ({holds})", is(place), unchanged(place))
    };
    let blamed = format!("{place}{}", rule.field_path.as_deref().unwrap_or_default());
    let blamed = blamed.trim_start_matches('.').trim_start_matches("spec.");
    let note = note(blamed);
    let text = |message: &Option<String>| message.clone().unwrap_or_default();
    let message = rule.message_expression.as_ref().map_or_else(
        || Message::Message(format!("{}{note}", text(&rule.message))),
        |made| Message::Expression(format!("{} + {}", placed(made, place), quoted(&note))),
    );
    validation(expression, message)
}

/// What a writer of v1alpha1 has to know besides, about a field of v1beta1.
fn note(field: &str) -> String {
    if SAID_ALIKE.contains(&field) {
        String::new()
    } else if SAID_OTHERWISE.contains(&field) {
        format!(" ({OTHERWISE})")
    } else {
        format!(
            " (v1alpha1 cannot say it: leave out the annotation {HUB_PREFIX}{field}, or write the \
             object in v1beta1)"
        )
    }
}

/// What a schema bounds without a rule, each as an expression and what it says.
fn bounds(schema: &JSONSchemaProps, place: &str, field: &str) -> Vec<(String, String)> {
    let value = at("object", place);
    let mut bounds = Vec::new();
    let words = |schema: &JSONSchemaProps| {
        let words = schema.enum_.as_ref()?.iter();
        let words: Vec<_> = words.filter_map(|word| word.0.as_str()).collect();
        let literals: Vec<_> = words.iter().map(|word| quoted(word)).collect();
        Some((format!("[{}]", literals.join(", ")), words.join(", ")))
    };
    if let Some((literals, words)) = words(schema) {
        bounds.push((
            format!("{value} in {literals}"),
            format!("{field} must be one of {words}: write one of them, or leave {field} out"),
        ));
    } else if let Some(most) = schema.max_length {
        bounds.push((
            format!("size({value}) <= {most}"),
            format!("{field} must have at most {most} characters: write a shorter one"),
        ));
    }
    if let Some(most) = schema.max_properties {
        bounds.push((
            format!("size({value}) <= {most}"),
            format!("{field} must have at most {most} keys: take some out"),
        ));
    }
    if let Some(most) = schema.max_items {
        bounds.push((
            format!("size({value}) <= {most}"),
            format!("{field} must have at most {most} items: take some out"),
        ));
    }
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &schema.items {
        if let Some((literals, words)) = words(items) {
            bounds.push((
                format!("{value}.all(item, item in {literals})"),
                format!("{field} must hold nothing but {words}: write one or more of them"),
            ));
        } else if let Some(most) = items.max_length {
            bounds.push((
                format!("{value}.all(item, size(item) <= {most})"),
                format!("{field} must have items of at most {most} characters: write shorter ones"),
            ));
        }
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = &schema.additional_properties
        && let Some(most) = values.max_length
    {
        bounds.push((
            format!("{value}.all(key, size({value}[key]) <= {most})"),
            format!("{field} must have values of at most {most} characters: write shorter ones"),
        ));
    }
    bounds
}
