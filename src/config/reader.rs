//! Values of the ConfigMap, one by one, and what is wrong with them.
//!
//! Nothing here may know what a value is for, or take one that is not whole: a
//! list of which one entry cannot be read is a fault.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::keys::{KEYS, Key, seems_policy};

/// The name under which a fault of no known key is counted.
pub(super) const UNKNOWN: &str = "unknown";

/// What is wrong with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The key; `unknown` for one that Stow does not know.
    pub key: &'static str,
    /// Whether it leaves open what objects may ask for.
    pub(super) policy: bool,
    text: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Reads values, and collects what is wrong with them.
pub(super) struct Reader<'a> {
    data: &'a BTreeMap<String, String>,
    pub(super) faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(data: &'a BTreeMap<String, String>) -> Self {
        Self {
            data,
            faults: Vec::new(),
        }
    }

    /// The keys that nobody knows: those that seem meant as a policy are faults,
    /// and the others are returned.
    pub(super) fn strangers(&mut self) -> Vec<String> {
        let mut others = Vec::new();
        for name in self.data.keys() {
            if KEYS.iter().any(|key| key.name == name) {
                continue;
            }
            if seems_policy(name) {
                self.faults.push(Fault {
                    key: UNKNOWN,
                    policy: true,
                    text: format!("{name} is no policy that Stow knows"),
                });
            } else {
                others.push(name.clone());
            }
        }
        others
    }

    /// A value without the spaces around it; `None` where it is missing or empty.
    pub(super) fn text(&self, key: &Key) -> Option<String> {
        self.data
            .get(key.name)
            .map(|text| text.trim())
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    }

    /// A value of that form.
    pub(super) fn formed(&mut self, key: &Key, form: impl Fn(&str) -> bool) -> Option<String> {
        self.read(key, |text| form(text).then(|| text.to_owned()))
    }

    /// A value that can be parsed, and is in bounds.
    pub(super) fn parsed<T: FromStr>(
        &mut self,
        key: &Key,
        accept: impl Fn(&T) -> bool,
    ) -> Option<T> {
        self.read(key, |text| text.parse().ok().filter(|value| accept(value)))
    }

    /// Values with commas between them, each of which can be read.
    pub(super) fn list<T>(&mut self, key: &Key, entry: impl Fn(&str) -> Option<T>) -> Vec<T> {
        let read = self.read(key, |text| {
            text.split(',').map(|part| entry(part.trim())).collect()
        });
        read.unwrap_or_default()
    }

    /// A value as a function reads it.
    pub(super) fn read<T>(&mut self, key: &Key, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let text = self.text(key)?;
        let value = read(&text);
        if value.is_none() {
            self.faults.push(Fault {
                key: key.name,
                policy: key.is_policy(),
                text: format!("{}: {text:?} is not {}", key.name, key.takes),
            });
        }
        value
    }
}
