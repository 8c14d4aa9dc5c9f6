//! docs/versions.md names tests: each is there and is one, and each of the twenty
//! properties has its own.

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

/// What shows a property and is no test: a latency is one of a machine at rest, and
/// a test that measures fails where others run beside it. `make bench` runs it.
const BENCHES: [&str; 1] = ["property_10_latency_is_within_its_budget"];

/// What libtest runs of a source: functions that say so of themselves, and are not
/// left out.
fn tests_of(text: &str) -> BTreeSet<String> {
    let function = Regex::new(r"\bfn ([a-z0-9_]+)").expect("an expression");
    let mut found = BTreeSet::new();
    let (mut is_test, mut ignored) = (false, false);
    for line in text.lines().map(str::trim) {
        is_test |= line == "#[test]" || line.starts_with("#[tokio::test");
        ignored |= line.starts_with("#[ignore");
        let name = function.captures(line).filter(|_| !line.starts_with("//"));
        if is_test
            && !ignored
            && let Some(name) = &name
        {
            found.insert(name[1].to_owned());
        }
        // What an attribute is of follows it at once.
        if name.is_some() || line.is_empty() || line.ends_with(['}', ';']) {
            (is_test, ignored) = (false, false);
        }
    }
    found
}

/// Every test, and every bench that stands for one.
fn shown() -> BTreeSet<String> {
    let mut files = Vec::new();
    sources(Path::new(env!("CARGO_MANIFEST_DIR")), &mut files);
    let mut found = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("a source");
        found.extend(tests_of(&text));
        if file.components().any(|part| part.as_os_str() == "benches") {
            let called = |name: &&str| text.contains(&format!(".{name}();"));
            let benches = BENCHES.iter().filter(|name| called(name));
            found.extend(benches.map(|name| (*name).to_owned()));
        }
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
fn a_test_is_what_libtest_runs() {
    let source = "
        #[test]
        fn one() {}

        /// Words.
        #[tokio::test(start_paused = true)]
        #[expect(
            clippy::too_many_lines,
            reason = \"a table\"
        )]
        async fn two() -> Result<()> {
            fn inner() {}
        }
        fn three() {}
        #[test]
        #[ignore]
        fn four() {}
        // #[test]
        fn five() {}
        proptest! {
            #[test]
            fn six(x in 1..2) {}
        }
        #[cfg(test)]
        mod tests;
        fn seven() {}
    ";
    let expected = ["one", "two", "six"].map(str::to_owned);
    assert_eq!(tests_of(source), expected.into());
}

#[test]
fn every_test_that_the_document_names_is_there() {
    let missing: Vec<_> = named(DOCUMENT).difference(&shown()).cloned().collect();
    assert!(
        missing.is_empty(),
        "docs/versions.md names no test: {missing:?}"
    );
}

#[test]
fn every_property_has_its_tests_and_its_row() {
    let number = Regex::new("^property_([0-9]{2})_").expect("an expression");
    let mut there: BTreeMap<u8, BTreeSet<String>> = BTreeMap::new();
    for name in shown() {
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
