//! docs/versions.md names tests: each is there, and each of the twenty properties
//! has its own.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

const DOCUMENT: &str = include_str!("../docs/versions.md");

/// Every Rust file of the repository.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() {
            if name != "target" && !name.to_string_lossy().starts_with('.') {
                sources(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The names of every function.
fn functions() -> BTreeSet<String> {
    let mut files = Vec::new();
    sources(Path::new(env!("CARGO_MANIFEST_DIR")), &mut files);
    let function = Regex::new(r"\bfn ([a-z0-9_]+)").expect("an expression");
    let mut found = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("a source");
        found.extend(function.captures_iter(&text).map(|name| name[1].to_owned()));
    }
    found
}

/// What stands in backquotes and reads like a test.
fn named(text: &str) -> BTreeSet<String> {
    let names = Regex::new("`([a-z0-9]+(?:_[a-z0-9]+){2,})`").expect("an expression");
    names
        .captures_iter(text)
        .map(|name| name[1].to_owned())
        .collect()
}

/// The tests of each row of the document's last table.
fn listed() -> BTreeMap<u8, BTreeSet<String>> {
    let (_, table) = DOCUMENT
        .split_once("## The twenty properties")
        .expect("a table");
    let row = Regex::new(r"(?m)^\| (\d+) \|(.*)$").expect("an expression");
    let rows = row.captures_iter(table);
    rows.map(|row| (row[1].parse().expect("a number"), named(&row[2])))
        .collect()
}

#[test]
fn every_test_that_the_document_names_is_there() {
    let functions = functions();
    let missing: Vec<_> = named(DOCUMENT).difference(&functions).cloned().collect();
    assert!(
        missing.is_empty(),
        "docs/versions.md names no test: {missing:?}"
    );
}

#[test]
fn every_property_has_its_tests_and_its_row() {
    let number = Regex::new("^property_([0-9]{2})_").expect("an expression");
    let mut there: BTreeMap<u8, BTreeSet<String>> = BTreeMap::new();
    for name in functions() {
        if let Some(found) = number.captures(&name) {
            let number = found[1].parse().expect("a number");
            there.entry(number).or_default().insert(name);
        }
    }
    let listed = listed();
    assert!(listed.keys().copied().eq(1..=20), "{:?}", listed.keys());
    for (number, named) in &listed {
        let there = there.get(number).cloned().unwrap_or_default();
        assert_eq!(*named, there, "property {number}: its row, and the tests");
        assert!(!there.is_empty(), "property {number} has no test");
    }
    assert!(there.keys().all(|number| listed.contains_key(number)));
}
