//! `docs/configuration.md` and `yaml/config-map.yaml` against the code's table
//! of keys.

use std::collections::BTreeMap;
use std::path::Path;

use k8s_openapi::api::core::v1::ConfigMap;
use stow::config::{Configuration, KEYS, Key};

const PAGE: &str = "docs/configuration.md";
const MANIFEST: &str = "yaml/config-map.yaml";

fn text(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// A row as the page has it.
fn row(key: &Key) -> String {
    let code = |text: &str| match text {
        "" => "empty".to_owned(),
        text => format!("`{text}`"),
    };
    format!(
        "| `{}` | {} | {} | {} | {} |",
        key.name,
        key.takes,
        code(key.default),
        code(key.example),
        key.meaning
    )
}

#[test]
fn the_page_has_every_key_as_the_code_has_it() {
    let page = text(PAGE);
    let rows = page
        .lines()
        .filter(|line| line.starts_with("| `aws.") || line.starts_with("| `policy."));
    let documented: Vec<_> = rows.collect();
    let expected: Vec<_> = KEYS.iter().map(row).collect();
    assert!(
        documented == expected,
        "{PAGE} is stale. Write:\n{}\n",
        expected.join("\n")
    );
}

fn shipped() -> BTreeMap<String, String> {
    let manifest = text(MANIFEST);
    let document = manifest
        .split("\n---\n")
        .find(|document| document.contains("kind: ConfigMap"));
    let config: ConfigMap = serde_saphyr::from_str(document.expect(MANIFEST)).expect(MANIFEST);
    config.data.expect("data")
}

#[test]
fn the_manifest_has_every_key_each_explained() {
    let shipped = shipped();
    let keys: Vec<_> = shipped.keys().map(String::as_str).collect();
    let mut known: Vec<_> = KEYS.iter().map(|key| key.name).collect();
    known.sort_unstable();
    assert_eq!(keys, known);
    let text = text(MANIFEST);
    let lines: Vec<_> = text.lines().map(str::trim_start).collect();
    for pair in lines.windows(2) {
        if pair[1].starts_with("aws.") || pair[1].starts_with("policy.") {
            assert!(pair[0].starts_with('#'), "{}", pair[1]);
        }
    }
}

#[test]
fn what_is_shipped_can_be_used_and_has_the_default_policies() {
    let shipped = Configuration::read(&shipped());
    assert_eq!(shipped.faults, []);
    assert_eq!(shipped.strangers, [""; 0]);
    assert_eq!(shipped.policy, Configuration::read(&BTreeMap::new()).policy);
}
