//! docs/validation.md: the rules as the schema has them, each with a manifest of
//! the corpus that it refuses, in the words of a real API server.
//!
//! Nothing here may add a rule, or an example that was not judged.

use std::fmt::Write;

use serde_json::Value;
use stow_versions::crd::{Webhook, crd};

use super::cases::{Case, corpus};
use super::{compare, refusals};
use crate::stage::file;

const DOCUMENT: &str = "docs/validation.md";

const HEAD: &str = "\
<!-- Generated from the schema and tests/corpus; `make manifests` writes it anew. -->

# What is refused, and what to write instead

`kubectl apply --dry-run=server` asks the API server what it thinks of a manifest, and
changes nothing. Each example here is judged by a real API server in the tests.

What an update leaves as it is, is not judged again. So an object that was stored before
a rule was there still takes labels, finalizers and its deletion, and can be mended field
by field. Stow judges every object once more, by the same numbers, and says in its
condition `Stalled` all that is wrong with it.

## v1beta1
";

const V1ALPHA1: &str = "
## v1alpha1

Its own fields are judged by its schema, and their types by a policy of
`yaml/policies.yaml`: a schema with types would hold up what a cluster of 2017 stored.

| field | takes |
|---|---|
| `size` | text: an instance class such as `db.t3.small` |
| `storage` | a whole number of GiB, or its text: `20` or `\"20\"`, without a unit |
| `iops` | a whole number, or its text: `1000` or `\"1000\"` |
| `ha` | `true` or `false` |
| `tags` | a map of texts; a number in quotes |

Further policies there do the rest. What the object says in v1beta1, by its
fields or by the annotations under `hub.stow.myob.com/`, must keep the rules of v1beta1
above; gp2 alone may have 5Gi and more, as in 2017, and gets the 20Gi that RDS takes. And
an update must leave those annotations as they are, since they stand for fields that
v1alpha1 does not have: `kubectl apply`, `edit` and `patch` keep them, `kubectl replace`
of an older manifest does not.

Refused, for example:
";

/// A rule of the schema.
struct Rule {
    /// The field that it is about.
    field: String,
    /// The texts that its message is made of, in their order.
    pieces: Vec<String>,
}

impl Rule {
    /// The message of this rule in a refusal, if it is there.
    fn said<'a>(&self, refusal: &'a str) -> Option<&'a str> {
        let start = refusal.find(self.pieces.first()?)?;
        let mut end = start;
        for piece in &self.pieces {
            end += refusal[end..].find(piece)? + piece.len();
        }
        Some(&refusal[start..end])
    }
}

fn schema() -> Value {
    let webhook = Webhook::Url("https://localhost/convert".to_owned());
    let crd = serde_json::to_value(crd(&webhook)).expect("a CRD serializes");
    crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone()
}

/// Every rule, sorted by the field that it blames.
fn rules() -> Vec<Rule> {
    let mut rules = Vec::new();
    let mut schema = schema();
    schema["properties"]["status"].take();
    collect(&schema, "", &mut rules);
    rules.sort_by(|a, b| a.field.cmp(&b.field));
    rules
}

fn collect(schema: &Value, place: &str, rules: &mut Vec<Rule>) {
    for rule in schema["x-kubernetes-validations"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let blamed = rule["fieldPath"].as_str().unwrap_or_default();
        let field = format!("{place}{blamed}");
        let pieces = match rule["messageExpression"].as_str() {
            // What stands between quotes.
            Some(expression) => {
                let texts = expression.split('\'').skip(1).step_by(2);
                // A value of the field is no part of the message.
                texts
                    .filter(|text| !matches!(*text, "true" | "false"))
                    .collect()
            }
            None => vec![rule["message"].as_str().unwrap_or_default()],
        };
        rules.push(Rule {
            field: field
                .trim_start_matches(".spec")
                .trim_matches('.')
                .to_owned(),
            pieces: pieces.into_iter().map(str::to_owned).collect(),
        });
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        collect(property, &format!("{place}.{name}"), rules);
    }
}

/// The cases that a version refuses, each with what is said.
fn refused(version: &str) -> Vec<(Case, String)> {
    let text = std::fs::read_to_string(file(&refusals(version))).expect("refusals");
    let lines: Vec<&str> = text.lines().collect();
    let bad: Vec<Case> = corpus(version)
        .into_iter()
        .filter(|case| !case.good)
        .collect();
    assert_eq!(
        bad.len() * 2,
        lines.len(),
        "{version}: the refusals are stale"
    );
    let pairs = bad.into_iter().zip(lines.chunks(2));
    pairs
        .map(|(case, lines)| {
            assert_eq!(
                case.to_string(),
                lines[0],
                "{version}: the refusals are stale"
            );
            (case, lines[1].trim_start().to_owned())
        })
        .collect()
}

/// A case as the page shows it.
fn example(case: &Case) -> String {
    let part = |name: &str| case.part(name).unwrap_or(&Value::Null).to_string();
    let mut text = format!("`{}`", part("spec"));
    if case.part("annotations").is_some() {
        let _ = write!(text, " with the annotations `{}`", part("annotations"));
    }
    if case.part("from").is_some() {
        let _ = write!(text, ", where it was `{}`", part("from"));
    }
    if case.part("status").is_some() {
        let _ = write!(text, " and in effect is `{}`", part("status"));
    }
    text
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    let (refused_now, good) = (refused("v1beta1"), corpus("v1beta1"));
    let mut field = None;
    for rule in rules() {
        if field.as_ref() != Some(&rule.field) {
            let _ = write!(page, "\n### {}\n\n", rule.field);
            let pointer = format!("/{}", rule.field.replace('.', "/"));
            let has = |case: &&Case| {
                let spec = case
                    .part("spec")
                    .filter(|_| case.good && case.part("from").is_none());
                spec.is_some_and(|spec| spec.pointer(&pointer).is_some())
            };
            if let Some(case) = good.iter().find(has) {
                let _ = writeln!(page, "Accepted: {}.\n", example(case));
            }
            field = Some(rule.field.clone());
        }
        let found = refused_now
            .iter()
            .find_map(|(case, refusal)| Some((case, rule.said(refusal)?)));
        let (case, said) = found.unwrap_or_else(|| {
            panic!(
                "no case of the corpus is refused by {}: {:?}",
                rule.field, rule.pieces
            )
        });
        let _ = writeln!(page, "- {said}\n  - refused: {}", example(case));
    }
    page += V1ALPHA1;
    let mut shown = Vec::new();
    for (case, refusal) in refused("v1alpha1") {
        let said = refusal
            .rsplit_once("denied request: ")
            .map_or(&*refusal, |(_, said)| said);
        let kind = said.rsplit(": ").next().unwrap_or_default().to_owned();
        let forged = case.part("annotations").is_some() && case.part("from").is_none();
        // The rules of v1beta1 stand above; one forgery stands for all.
        let kind = if forged { "forged".to_owned() } else { kind };
        if !shown.contains(&kind) {
            let _ = write!(page, "\n- {}\n  - {said}", example(&case));
            shown.push(kind);
        }
    }
    page.push('\n');
    page
}

#[test]
fn the_page_on_validation_is_what_the_rules_say() {
    compare(DOCUMENT, &page());
}

/// A message without these helps nobody.
#[test]
fn each_rule_names_its_field_and_says_what_to_write() {
    for rule in rules() {
        let message = rule.pieces.join("…");
        let name = rule.field.rsplit('.').next().unwrap_or_default();
        assert!(message.contains(name), "{}: {message}", rule.field);
        assert!(message.contains("write "), "{}: {message}", rule.field);
    }
    assert!(rules().len() > 50);
}
