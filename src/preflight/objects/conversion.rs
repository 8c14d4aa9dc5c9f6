//! An object in both versions, and what does not come back.
//!
//! Nothing here may say how a field is converted: that is `stow_versions`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use stow_versions::convert::{ConvertError, ObjectText};
use stow_versions::{GROUP, SPOKE_PREFIX};

use super::{HUB, SPOKE, Seen, Standards};
use crate::preflight::finding::{Check, Finding, Severity};
use crate::preflight::schema::differences;

/// How many bytes the annotations of an object may have, names and values: the API
/// server's own number.
const MOST: usize = 256 << 10;

/// An object in the version that it was not read in.
pub(super) enum Other {
    Tree(Value),
    /// As text: v1alpha1 alone, where it says again what is nested deeper than a
    /// tree.
    Text(String),
}

/// An object in both versions, as the API server would keep them.
pub(super) struct Views {
    /// The version that it was read in.
    pub(super) version: &'static str,
    /// It in that version.
    pub(super) own: Value,
    /// It in the other.
    pub(super) other: Other,
    /// What the API server drops before it converts.
    dropped: Vec<String>,
    /// What differs once it was converted there and back.
    lost: Vec<String>,
    /// Annotations of Stow's that do not come back either, and mean nothing.
    outdated: Vec<String>,
}

impl Views {
    /// Converts an object both ways, pruned at each step as an API server does.
    pub(super) fn of(object: &Value, standards: &Standards) -> Result<Self, Finding> {
        let api_version = object["apiVersion"].as_str().unwrap_or_default();
        let (version, to) = if api_version == format!("{GROUP}/{HUB}") {
            (HUB, SPOKE)
        } else {
            (SPOKE, HUB)
        };
        let lost = |error: ConvertError| {
            let text = format!("It cannot be converted: {error}");
            Finding::new(Severity::Error, Check::Lost, text)
        };
        let unreadable =
            |error: serde_json::Error| lost(ConvertError::Unreadable(error.to_string()));
        let (own, dropped) = standards.shipped(version).pruned(object);
        let there = converted(&own.to_string(), to).map_err(lost)?;
        // What is too deep for a tree is in a field of v1alpha1 that its schema
        // leaves untyped: there is nothing to prune.
        let other = match serde_json::from_str(&there) {
            Ok(tree) => Other::Tree(standards.shipped(to).pruned(&tree).0),
            Err(_) if to == SPOKE => Other::Text(there.clone()),
            Err(error) => return Err(unreadable(error)),
        };
        let back = converted(&other.text(), version).map_err(lost)?;
        let back = serde_json::from_str(&back).map_err(unreadable)?;
        let (back, _) = standards.shipped(version).pruned(&back);
        let (without, outdated) = if version == HUB {
            without_outdated(&own, &back, &there)
        } else {
            (None, Vec::new())
        };
        let lost = differences(without.as_ref().unwrap_or(&own), &back);
        Ok(Self {
            version,
            own,
            other,
            dropped,
            lost,
            outdated,
        })
    }

    /// The object as the operator reads it.
    pub(super) fn hub(&self) -> &Value {
        match &self.other {
            Other::Tree(other) if self.version == SPOKE => other,
            Other::Tree(_) | Other::Text(_) => &self.own,
        }
    }
}

/// An object in another version, by the code that the webhook converts it with.
fn converted(object: &str, to: &str) -> Result<String, ConvertError> {
    let mut text = Vec::new();
    ObjectText::parse(object)?.convert(&format!("{GROUP}/{to}"), &mut text)?;
    String::from_utf8(text).map_err(|error| ConvertError::Unreadable(error.to_string()))
}

/// A hub object without what it remembers in vain of v1alpha1, and the names of that: a
/// field was edited since, and `there`, the object in v1alpha1, is the same without.
fn without_outdated(own: &Value, back: &Value, there: &str) -> (Option<Value>, Vec<String>) {
    let mut without = own.clone();
    let annotations = without.pointer_mut("/metadata/annotations");
    let Some(annotations) = annotations.and_then(Value::as_object_mut) else {
        return (None, Vec::new());
    };
    let kept = &back["metadata"]["annotations"];
    let mut outdated = Vec::new();
    annotations.retain(|name, _| {
        let goes = name.starts_with(SPOKE_PREFIX) && kept.get(name).is_none();
        if goes {
            outdated.push(name.clone());
        }
        !goes
    });
    if annotations.is_empty()
        && let Some(metadata) = without.get_mut("metadata").and_then(Value::as_object_mut)
    {
        metadata.remove("annotations");
    }
    match converted(&without.to_string(), SPOKE) {
        Ok(text) if text == there && !outdated.is_empty() => (Some(without), outdated),
        _ => (None, Vec::new()),
    }
}

impl Other {
    fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Tree(object) => object.to_string().into(),
            Self::Text(text) => text.into(),
        }
    }

    /// How many bytes its annotations have, names and values.
    fn annotated(&self) -> usize {
        #[derive(Deserialize)]
        struct Object {
            metadata: Metadata,
        }
        #[derive(Deserialize)]
        struct Metadata {
            annotations: BTreeMap<String, String>,
        }
        // Where they are none of texts, no API server has ever taken them.
        let object = match self {
            Self::Tree(object) => Object::deserialize(object),
            Self::Text(text) => serde_json::from_str(text),
        };
        let annotations = object.map(|object| object.metadata.annotations);
        let sizes = annotations.into_iter().flatten();
        sizes.map(|(name, text)| name.len() + text.len()).sum()
    }
}

/// What conversion does not bring back.
pub(super) fn lost(seen: &Seen<'_>) -> Vec<Finding> {
    let lost = seen.views.lost.iter();
    lost.map(|path| {
        Finding::new(
            Severity::Error,
            Check::Lost,
            format!("{path} does not come back as it is from a conversion"),
        )
        .at(path)
        .advise(
            "Keep a copy of the object. An annotation under hub.stow.myob.com/ or \
             spoke.stow.myob.com/ that somebody wrote by hand is to be taken off; of anything \
             else, please tell those who write Stow.",
        )
    })
    .collect()
}

/// What is remembered in vain: whoever corrects a field in v1beta1 leaves it behind.
pub(super) fn outdated(seen: &Seen<'_>) -> Vec<Finding> {
    let outdated = seen.views.outdated.iter();
    outdated
        .map(|name| {
            let text = format!(
                "Its annotation {name} means nothing: the field was written in v1beta1 since, or \
                 the annotation by hand"
            );
            Finding::new(Severity::Note, Check::Lost, text)
                .at(format!("metadata.annotations.{name}"))
                .advise("Nothing is to be done: the next write in v1alpha1 drops it.")
        })
        .collect()
}

/// What the API server drops, since no schema has it.
pub(super) fn pruned(seen: &Seen<'_>) -> Vec<Finding> {
    let Views {
        version, dropped, ..
    } = &seen.views;
    let findings = dropped.iter().map(|path| {
        let finding = Finding::new(
            Severity::Error,
            Check::Pruned,
            format!(
                "{path} is no field of {version}: reads drop it once Stow's definition is \
                 applied, and the next write of the object erases it"
            ),
        );
        let advice = if path.starts_with("status") {
            "Nothing of Stow's reads it: keep a copy if anybody else does, and go on."
        } else {
            "Take it out, or keep what it says in an annotation of your own."
        };
        finding.at(path).advise(advice)
    });
    findings.collect()
}

/// What the API server would not take of a conversion: what one version cannot say
/// is kept in annotations, of which there may be only so much.
pub(super) fn overfull(seen: &Seen<'_>) -> Vec<Finding> {
    let views = &seen.views;
    let to = if views.version == HUB { SPOKE } else { HUB };
    let size = views.other.annotated();
    if size <= MOST {
        return Vec::new();
    }
    let text = format!(
        "In {to} its annotations would have {size} bytes, of {MOST} that the API server allows: it \
         refuses the conversion, and with it every list of all objects in {to}"
    );
    let advice = "Take out what is so large, of the spec or of the annotations, before \
                  yaml/crd.yaml is applied.";
    vec![Finding::new(Severity::Error, Check::Unreadable, text).advise(advice)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_counts_is_never_taken_for_outdated() {
        let name = "spoke.stow.myob.com/ha";
        let object = |spec: Value| {
            json!({"apiVersion": "myob.com/v1beta1", "kind": "PostgresDB", "spec": spec,
                "metadata": {"annotations": {name: r#"{"value":"yes"}"#}}})
        };
        let outdated = |spec: Value| {
            let own = object(spec);
            let there = converted(&own.to_string(), SPOKE).unwrap();
            // As a conversion that forgets it would have it.
            without_outdated(&own, &json!({}), &there).1
        };
        assert_eq!(outdated(json!({})), [""; 0]);
        assert_eq!(outdated(json!({"multiAZ": true})), [name]);
    }
}
