//! The corpus of manifests, good and bad, before a real API server: every good
//! one is accepted, and every bad one refused in the words that are kept beside
//! it, for a person to read.
//!
//! Nothing here may store an object that admission has not seen, but for those
//! that an update starts from.

mod cases;
mod judge;
mod page;

use std::fmt::Write;

use harness::Result;

use self::cases::{Case, corpus};
use self::judge::Judge;
use crate::stage::{Stage, file};

/// Set, it writes what would be compared.
const REWRITE: &str = "STOW_REWRITE";

/// Words of a rule that failed to be judged, where it should have refused.
const BROKEN: [&str; 5] = [
    "failed rule",
    "failed expression",
    "expression '",
    "no such key",
    "evaluat",
];

/// Compares a file of the repository with what it should be.
fn compare(path: &str, expected: &str) {
    let place = file(path);
    if std::env::var_os(REWRITE).is_some() {
        std::fs::write(&place, expected).unwrap_or_else(|error| panic!("{path}: {error}"));
        return;
    }
    let kept = std::fs::read_to_string(&place).unwrap_or_default();
    let differing = kept
        .lines()
        .zip(expected.lines())
        .find(|(kept, expected)| kept != expected);
    assert!(
        kept == expected,
        "{path} is stale, from {differing:?} on: {REWRITE}=1 writes it anew; read what changes"
    );
}

/// Where the refusals of a version are kept.
fn refusals(version: &str) -> String {
    format!("tests/corpus/{version}.refusals")
}

#[tokio::test]
async fn each_manifest_is_judged_as_it_should_be() -> Result<()> {
    let mut stage = Stage::boot().await?;
    let judge = Judge::of(&mut stage).await?;
    for version in ["v1beta1", "v1alpha1"] {
        let corpus = corpus(version);
        let (good, bad): (Vec<&Case>, Vec<&Case>) = corpus.iter().partition(|case| case.good);
        assert!(good.len() >= 150, "{version}: {} good ones", good.len());
        assert!(bad.len() >= 150, "{version}: {} bad ones", bad.len());

        let mut wrong = Vec::new();
        for case in good {
            if let Some(refusal) = judge.refusal(&stage, version, case).await? {
                wrong.push(format!("refused: {case}\n  {refusal}"));
            }
        }
        let mut refused = String::new();
        for case in bad {
            match judge.refusal(&stage, version, case).await? {
                None => wrong.push(format!("accepted: {case}")),
                Some(refusal) => {
                    if BROKEN.iter().any(|words| refusal.contains(words)) {
                        wrong.push(format!("not judged: {case}\n  {refusal}"));
                    }
                    let _ = writeln!(refused, "{case}\n  {refusal}");
                }
            }
        }
        assert!(wrong.is_empty(), "{version}:\n{}", wrong.join("\n"));
        compare(&refusals(version), &refused);
    }
    Ok(())
}
