//! `stow convert`: manifests from one version to the other, as their writers
//! left them in everything else.
//!
//! Nothing here may decide how a field is said in another version: that is
//! `stow_versions::convert`. Nor may a file change that is not read back as what
//! it should say, or a field leave a spec without a word: a manifest is no stored
//! object, for which annotations keep what the other version cannot say.

mod edit;
mod files;
mod kustomize;

pub use files::{Error, run};

use std::fmt;

use serde_json::Value;
use stow_versions::convert::{self as versions, ConvertError, Unsaid};
use stow_versions::{GROUP, KIND};
use yaml_edit::{Document, YamlFile};

/// Why a text could not be converted. Nothing of it was.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    /// It is not YAML, such as a template.
    #[error("it cannot be read as YAML: {0}")]
    Unreadable(String),
    /// An object of Stow's kind that is of no version that Stow knows.
    #[error("document {document}: {error}")]
    Object {
        /// Which document of the text, from 1.
        document: usize,
        /// What is wrong with it.
        error: ConvertError,
    },
    /// Fields that the other version does not say.
    #[error("{}", lines(.0))]
    Unsaid(Vec<Refusal>),
    /// What was written would not be read as what it should say.
    #[error(
        "document {document} could not be rewritten with its comments and its order: write it \
         without anchors and tags, or convert it by hand"
    )]
    Unfaithful {
        /// Which document of the text, from 1.
        document: usize,
    },
}

/// A field that would leave a spec.
#[derive(Debug)]
pub struct Refusal {
    /// Where: document and object.
    place: Place,
    /// What.
    unsaid: Unsaid,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.unsaid)?;
        if self.unsaid.is_kept() {
            f.write_str(", or have it kept with --keep-in-annotations")?;
        }
        Ok(())
    }
}

fn lines(refusals: &[Refusal]) -> String {
    let lines: Vec<_> = refusals.iter().map(Refusal::to_string).collect();
    lines.join("\n  ")
}

/// Where in a text an object stands.
#[derive(Clone, Debug)]
struct Place {
    /// Which document, from 1.
    document: usize,
    /// The name of the object.
    object: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { document, object } = self;
        write!(f, "document {document}: {KIND} {object}")
    }
}

/// How a text is converted.
#[derive(Clone, Copy, Debug)]
pub struct Manner<'a> {
    /// The version, such as `myob.com/v1beta1`.
    pub desired: &'a str,
    /// Whether annotations keep what that version cannot say. Else a text with
    /// such a field is refused.
    pub keeps: bool,
}

/// What became of a text.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The text; `None` where there is nothing to change.
    pub text: Option<String>,
    /// What its writer should look at.
    pub warnings: Vec<String>,
}

/// Every `PostgresDB` of a text of YAML or JSON in another version; those in a
/// `List` too. All other documents, comments and the order of fields stay as they
/// are.
pub fn text(text: &str, manner: Manner<'_>) -> Result<Outcome, TextError> {
    let before = documents(text)?;
    let mut after = Vec::with_capacity(before.len());
    let mut told = Told::default();
    for (index, document) in before.iter().enumerate() {
        let document = converted(document, index + 1, manner, &mut told).map_err(|error| {
            let document = index + 1;
            TextError::Object { document, error }
        })?;
        after.push(document);
    }
    if !told.refusals.is_empty() {
        return Err(TextError::Unsaid(told.refusals));
    }
    Ok(Outcome {
        text: rewritten(text, &before, &after)?,
        warnings: told.warnings,
    })
}

/// A text that says `before`, made to say `after`.
fn rewritten(text: &str, before: &[Value], after: &[Value]) -> Result<Option<String>, TextError> {
    if before == after {
        return Ok(None);
    }
    let file = YamlFile::parse(text)
        .to_result()
        .map_err(|error| TextError::Unreadable(error.to_string()))?;
    let trees: Vec<_> = file.documents().collect();
    for (index, (before, after)) in before.iter().zip(after).enumerate() {
        if before == after {
            continue;
        }
        let root = trees.get(index).and_then(Document::as_mapping);
        let edited = root.is_some_and(|root| edit::to(&root, before, after));
        if !edited {
            return Err(TextError::Unfaithful {
                document: index + 1,
            });
        }
    }
    let edited = file.to_string();
    let read = documents(&edited)?;
    match (0..after.len().max(read.len())).find(|index| read.get(*index) != after.get(*index)) {
        Some(index) => Err(TextError::Unfaithful {
            document: index + 1,
        }),
        None => Ok(Some(edited)),
    }
}

fn documents(text: &str) -> Result<Vec<Value>, TextError> {
    serde_saphyr::from_multiple(text).map_err(|error| TextError::Unreadable(error.to_string()))
}

/// What is told of the documents of a text.
#[derive(Default)]
struct Told {
    refusals: Vec<Refusal>,
    warnings: Vec<String>,
}

/// A document with what it holds of Stow's kind converted.
fn converted(
    document: &Value,
    number: usize,
    manner: Manner<'_>,
    told: &mut Told,
) -> Result<Value, ConvertError> {
    if is_ours(document) {
        return object(document, number, manner, told);
    }
    let mut document = document.clone();
    if document["kind"] == "List"
        && let Some(items) = document["items"].as_array_mut()
    {
        for item in items.iter_mut().filter(|item| is_ours(item)) {
            *item = object(item, number, manner, told)?;
        }
    }
    Ok(document)
}

/// An object of Stow's kind converted, with a word on what would be lost by it.
fn object(
    before: &Value,
    document: usize,
    manner: Manner<'_>,
    told: &mut Told,
) -> Result<Value, ConvertError> {
    let mut after = versions::convert(before.clone(), manner.desired)?;
    if before["apiVersion"] == after["apiVersion"] {
        return Ok(after);
    }
    let metadata = &before["metadata"];
    let name = metadata["name"].as_str().unwrap_or("(without a name)");
    let object = match metadata["namespace"].as_str() {
        Some(namespace) => format!("{namespace}/{name}"),
        None => name.to_owned(),
    };
    let place = Place { document, object };
    let unsaid = versions::unsaid(before, manner.desired).into_iter();
    let refused = unsaid.filter(|unsaid| !(manner.keeps && unsaid.is_kept()));
    told.refusals.extend(refused.map(|unsaid| Refusal {
        place: place.clone(),
        unsaid,
    }));
    if !manner.keeps {
        // They hold other spellings of the same values, which nobody misses in Git.
        versions::forget(&mut after);
    }
    if let Some(kind) = derived(before, &after) {
        told.warnings.push(format!(
            "{place}: storageType: {kind} was added, as v1alpha1 implies it. The object has no              size: where it is part of another, such as a patch of Kustomize, take storageType              out unless the whole has that type"
        ));
    }
    Ok(after)
}

/// The storage type that an object gains without having said so, where it may be
/// a part alone: what the whole says of storage and IOPS is not known.
fn derived<'a>(before: &Value, after: &'a Value) -> Option<&'a str> {
    let annotation = format!("{}storageType", stow_versions::HUB_PREFIX);
    let said = !before["metadata"]["annotations"][&annotation].is_null();
    let part = before["spec"]["size"].is_null();
    let gained = after["spec"]["storageType"].as_str();
    gained.filter(|_| part && !said && before["spec"]["storageType"].is_null())
}

fn is_ours(document: &Value) -> bool {
    let of_group = |version: &str| version.split('/').next() == Some(GROUP);
    document["kind"] == KIND && document["apiVersion"].as_str().is_some_and(of_group)
}

#[cfg(test)]
mod tests;
