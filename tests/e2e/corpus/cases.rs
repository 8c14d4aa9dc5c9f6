//! The corpus as it is written: one file for each subject of a version.
//!
//! Nothing here may know what a case comes to.

use std::fmt;

use serde_json::{Value, json};

use crate::stage::file;

/// A manifest, or an update of one.
pub(super) struct Case {
    /// The name of its file.
    subject: String,
    /// Whether it is to be accepted.
    pub(super) good: bool,
    /// As it is written: a spec, or the parts below.
    entry: Value,
}

/// What an entry has beside a spec, or around it.
const PARTS: [&str; 4] = ["annotations", "from", "spec", "status"];

impl Case {
    /// The part of that name, if it is there.
    pub(super) fn part(&self, name: &str) -> Option<&Value> {
        let parts = PARTS.iter().any(|part| self.entry.get(part).is_some());
        match (parts, name) {
            (true, name) => self.entry.get(name),
            (false, "spec") => Some(&self.entry),
            (false, _) => None,
        }
    }

    /// Its spec and its annotations, for a new object or as a merge patch.
    pub(super) fn written(&self) -> Value {
        let mut written = json!({"spec": self.part("spec")});
        if let Some(annotations) = self.part("annotations") {
            written["metadata"] = json!({"annotations": annotations});
        }
        written
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.subject, self.entry)
    }
}

/// Every case of a version, by subject and in the order of the files.
pub(super) fn corpus(version: &str) -> Vec<Case> {
    let folder = file("tests/corpus").join(version);
    let entries = std::fs::read_dir(&folder).expect("a folder for each version");
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    let mut cases = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(&path).expect("a file that can be read");
        let mut lists: Value = serde_saphyr::from_str(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let subject = path.file_stem().unwrap_or_default().display().to_string();
        for (list, good) in [("good", true), ("bad", false)] {
            let Value::Array(entries) = lists[list].take() else {
                panic!("{} has no list named {list}", path.display());
            };
            cases.extend(entries.into_iter().map(|entry| Case {
                subject: subject.clone(),
                good,
                entry,
            }));
        }
    }
    cases
}
