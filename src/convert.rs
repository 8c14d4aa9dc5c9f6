//! `stow convert`: manifests from one version to the other, as their writers
//! left them in everything else.
//!
//! Nothing here may decide how a field is said in another version: that is
//! `stow_versions::convert`. Nor may a file change that is not read back as what
//! it should say.

mod edit;
mod files;

pub use files::{Error, convert};

use serde_json::Value;
use stow_versions::convert::{self as versions, ConvertError};
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

/// Every `PostgresDB` of a text of YAML or JSON in the version `desired`, such as
/// `myob.com/v1beta1`; those in a `List` too. All other documents, comments and
/// the order of fields stay as they are. `None` where there is nothing to change.
pub fn text(text: &str, desired: &str) -> Result<Option<String>, TextError> {
    let before = documents(text)?;
    let mut after = Vec::with_capacity(before.len());
    for (index, document) in before.iter().enumerate() {
        let converted = converted(document, desired).map_err(|error| TextError::Object {
            document: index + 1,
            error,
        })?;
        after.push(converted);
    }
    if before == after {
        return Ok(None);
    }
    let file = YamlFile::parse(text)
        .to_result()
        .map_err(|error| TextError::Unreadable(error.to_string()))?;
    let trees: Vec<_> = file.documents().collect();
    for (index, (before, after)) in before.iter().zip(&after).enumerate() {
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

/// A document with what it holds of Stow's kind converted.
fn converted(document: &Value, desired: &str) -> Result<Value, ConvertError> {
    if is_ours(document) {
        return versions::convert(document.clone(), desired);
    }
    let mut document = document.clone();
    if document["kind"] == "List"
        && let Some(items) = document["items"].as_array_mut()
    {
        for item in items {
            if is_ours(item) {
                *item = versions::convert(item.take(), desired)?;
            }
        }
    }
    Ok(document)
}

fn is_ours(document: &Value) -> bool {
    let of_group = |version: &str| version.split('/').next() == Some(GROUP);
    document["kind"] == KIND && document["apiVersion"].as_str().is_some_and(of_group)
}

#[cfg(test)]
mod tests;
