//! Each form against the pattern of the schema's own rule.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use regex::Regex;
use stow_versions::crd::{Webhook, crd};

use super::*;
use crate::cluster::is_secret_name;
use crate::syntax;

// What the fuzz target holds of any bytes.
#[path = "../../fuzz/src/names.rs"]
#[expect(unreachable_pub, reason = "it is part of a crate elsewhere")]
mod names;

/// The pattern that the rules of a field of v1beta1 match its text by.
fn pattern(path: &str) -> Regex {
    let webhook = Webhook::Url("https://127.0.0.1/convert".into());
    let crd = serde_json::to_value(crd(&webhook)).unwrap();
    let versions = crd["spec"]["versions"].as_array().unwrap();
    let hub = versions.iter().find(|v| v["name"] == "v1beta1").unwrap();
    let mut schema = &hub["schema"]["openAPIV3Schema"]["properties"]["spec"];
    for name in path.split('.') {
        schema = &schema["properties"][name];
    }
    let rules = schema["x-kubernetes-validations"].as_array().unwrap();
    let texts = rules.iter().filter_map(|rule| rule["rule"].as_str());
    let found = texts.filter(|rule| !rule.contains('!')).find_map(|rule| {
        let (_, rest) = rule.split_once("matches('")?;
        Some(rest.split_once("')")?.0.to_owned())
    });
    Regex::new(&found.unwrap_or_else(|| panic!("{path} has no pattern"))).unwrap()
}

/// A field, its form, and texts that nearly have it.
type Row = (&'static str, fn(&str) -> bool, &'static str);

const ROWS: [Row; 11] = [
    (
        "size",
        is_class,
        "(db|DB)?[.]?[a-z0-9-]{0,3}[.]?[a-zA-Z0-9-]{0,3}[.]?",
    ),
    (
        "databaseName",
        |text| is_database_name(text, 63),
        "[a-z0-9_A-]{0,4}",
    ),
    (
        "masterUsername",
        |text| is_database_name(text, 16),
        "[a-z0-9_A-]{0,4}",
    ),
    ("adopt.identifier", is_identifier, "[a-z0-9-]{0,5}"),
    (
        "restoreFrom.snapshot",
        is_snapshot,
        "((rds|awsbackup|x):)?[a-z0-9-]{0,4}",
    ),
    (
        "parameterGroup",
        is_parameter_group,
        "(default[.])?(postgres)?[a-z0-9-]{0,4}",
    ),
    (
        "network.subnetGroup",
        is_subnet_group,
        "[a-zA-Z0-9._ /-]{0,4}",
    ),
    (
        "network.securityGroups",
        is_security_group,
        "(sg|gs)-[0-9a-g]{7,9}|sg-[0-9a-f]{16,18}",
    ),
    (
        "encryption.kmsKey",
        is_kms_key,
        "arn:aws(-cn)?:(kms|iam):[a-z1-]{0,3}:[0-9]{11,12}:(key|alias|x)/[a-z/_-]{0,2}|alias/[a-z]{0,2}|mrk-[0-9a-f]{31,32}|[0-9a-f]{8}(-[0-9a-f]{4}){2,3}-[0-9a-f]{12}",
    ),
    (
        "engineVersion",
        is_engine_version,
        "[0-9]{1,3}([.][0-9]{0,3})?(-rds[.][0-9]{7,8})?",
    ),
    (
        "restoreFrom.pointInTime.time",
        is_time,
        "20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9]Z?",
    ),
];

#[test]
fn every_form_is_that_of_the_schema() {
    for (path, form, near) in ROWS {
        // A runner counts its successes over all that it runs.
        let mut runner = TestRunner::deterministic();
        let pattern = pattern(path);
        let seen = [Cell::new(false), Cell::new(false)];
        let texts = prop_oneof![9 => near.prop_map(|text: String| text), 1 => any::<String>()];
        runner
            .run(&texts, |text| {
                let expected = pattern.is_match(&text);
                prop_assert_eq!(form(&text), expected, "{} {:?}", path, text);
                seen[usize::from(expected)].set(true);
                Ok(())
            })
            .unwrap_or_else(|error| panic!("{path}: {error}"));
        assert!(
            seen.iter().all(Cell::get),
            "{path} was seen on one side alone"
        );
    }
}

#[test]
fn names_of_secrets_are_those_of_the_schema() {
    let pattern = pattern("secretName");
    proptest!(|(name in "[a-zA0-9._-]{0,6}")| {
        prop_assert_eq!(is_secret_name(&name), pattern.is_match(&name), "{}", name);
    });
}

#[test]
fn reserved_users_and_roles_are_known() {
    for name in ["admin", "RdsAdmin", "pg_monitor", "PG_x"] {
        assert!(is_reserved_user(name), "{name}");
    }
    assert!(!is_reserved_user("administrator"));
    assert!(is_role("arn:aws:iam::123456789012:role/rds-monitoring"));
    assert!(is_role(
        "arn:aws-cn:iam::123456789012:role/service-role/rds"
    ));
    for text in [
        "",
        "rds-monitoring",
        "arn:aws:iam::123456789012:user/root",
        "arn:aws:iam:eu-west-1:123456789012:role/a",
        "arn:aws:iam::12345678901:role/a",
        "arn:aws:iam::123456789012:role/",
        "arn:aws:iam::123456789012:role/a b",
    ] {
        assert!(!is_role(text), "{text}");
    }
}

#[test]
fn names_of_the_corpus_are_read() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/names");
    let files = std::fs::read_dir(folder).unwrap();
    let files: Vec<_> = files
        .map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect();
    assert!(files.len() >= 10, "no corpus worth the name");
    for bytes in files {
        names::names(&bytes);
        for at in 0..bytes.len() {
            names::names(&bytes[..at]);
            for other in [b'-', b'0', b'/', b'\n', 0xff] {
                let mut spoilt = bytes.clone();
                spoilt[at] = other;
                names::names(&spoilt);
            }
        }
    }
}
