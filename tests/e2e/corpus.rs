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

use harness::{Error, Result, eventually};
use regex::{Captures, Regex};
use serde_json::{Value, json};
use stow_versions::v1beta1::PostgresDBSpec;

use self::cases::{Case, corpus};
use self::judge::Judge;
use crate::stage::{NAMESPACE, PATIENCE, Stage, condition, file};

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

/// A refusal with the names in its lists in order: CEL's maps have none.
fn in_order(refusal: &str) -> String {
    let name = r"hub\.stow\.myob\.com/[A-Za-z.]+";
    let list = Regex::new(&format!("{name}(?:, {name})+")).expect("it is one");
    let sorted = |found: &Captures<'_>| {
        let mut names: Vec<_> = found[0].split(", ").collect();
        names.sort_unstable();
        names.join(", ")
    };
    list.replace_all(refusal, sorted).into_owned()
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
                    let _ = writeln!(refused, "{case}\n  {}", in_order(&refusal));
                }
            }
        }
        assert!(wrong.is_empty(), "{version}:\n{}", wrong.join("\n"));
        compare(&refusals(version), &refused);
    }
    Ok(())
}

/// What admission accepts RDS takes: nothing is found out there that could have
/// been known before.
#[tokio::test]
async fn nothing_that_is_accepted_is_refused_by_rds() -> Result<()> {
    let stage = Stage::with_states_alone().await?;
    let roomy = json!({"instances": 10_000, "storage": 1_000_000_000});
    stage.drydock.set(roomy).await?;
    // Whether it may restore or adopt, and what, is the platform's word; which
    // versions and groups there are is RDS's.
    let fresh = |case: &&Case| {
        let is = |field: &str| {
            case.part("spec")
                .is_some_and(|spec| spec.get(field).is_some())
        };
        let unknowable = ["restoreFrom", "adopt", "engineVersion", "parameterGroup"];
        case.good && case.part("from").is_none() && !unknowable.into_iter().any(is)
    };
    let cases = corpus("v1beta1");
    let objects = cases
        .iter()
        .filter(fresh)
        .enumerate()
        .map(|(number, case)| {
            json!({"apiVersion": "myob.com/v1beta1", "kind": "PostgresDB",
            "metadata": {"name": format!("good-{number}")}, "spec": case.part("spec")})
        });
    let objects: Vec<Value> = objects.collect();
    let open = json!({"data": {
        "policy.publicAccess": "true", "policy.encryption": "optional",
        "policy.minimumDeletionPolicy": "Delete", "policy.minimumBackupRetention": "0",
    }});
    let open = open.to_string();
    let patch = ["patch", "configmap", "stow", "-n", "stow-system"];
    let patch = [&patch[..], &["--type=merge", "-p", &open]].concat();
    stage.kubectl(&patch).await?;
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
    let create = ["create", "-n", NAMESPACE, "-f", "-"];
    stage
        .cluster
        .kubectl_in(&list.to_string(), &create)
        .await?
        .ok()?;

    let decided = |object: &Value| {
        let is = |kind| condition(object, kind).is_some_and(|found| found["status"] == "True");
        is("Ready") || is("Stalled")
    };
    eventually("every object to be decided", 3 * PATIENCE, || async {
        let list = stage.get("postgresdbs.v1beta1.myob.com").await?;
        let items = list["items"].as_array().into_iter().flatten();
        match items.filter(|object| !decided(object)).count() {
            0 => Ok(()),
            open => Err(Error::Unexpected(format!("{open} are open"))),
        }
    })
    .await
    .map_err(|error| stage.explain(&error))?;
    let list = stage.get("postgresdbs.v1beta1.myob.com").await?;
    for object in list["items"].as_array().into_iter().flatten() {
        let stalled = condition(object, "Stalled");
        let invalid = stalled.is_some_and(|found| found["reason"] == "InvalidSpec");
        // What a spec leaves out of its volume is the platform's, which admission
        // does not know.
        let whole = ["storage", "storageType"].map(|field| object["spec"].get(field).is_some());
        assert!(
            !(invalid && whole == [true; 2]),
            "{stalled:?} of {}",
            object["spec"]
        );
    }
    let rds = &stage.only().rds;
    let created = rds.count(|call| call.action() == Some("CreateDBInstance"));
    assert!(created > 100, "{created} instances");
    for call in stage.only().rds.mutations() {
        let refused = call.status.is_some_and(|status| status.is_client_error());
        assert!(!refused, "{:?}: {:?}", call.status, call.form);
    }
    Ok(())
}

/// Conversion judges nothing: what every rule refuses converts all the same, and
/// comes back.
#[test]
fn property_08_what_admission_refuses_still_converts() {
    for (version, other) in [("v1alpha1", "v1beta1"), ("v1beta1", "v1alpha1")] {
        let refused = corpus(version);
        for case in refused.into_iter().filter(|case| !case.good) {
            let mut object = case.written();
            object["apiVersion"] = format!("myob.com/{version}").into();
            object["kind"] = "PostgresDB".into();
            let to = |object: Value, version: &str| {
                stow_versions::convert::convert(object, &format!("myob.com/{version}"))
                    .unwrap_or_else(|error| panic!("{case}: {error}"))
            };
            let there = to(object.clone(), other);
            let back = to(there, version);
            let spec = &object["spec"];
            // What has a wrong type, or no field, is not the hub's to keep.
            let typed = serde_json::from_value::<PostgresDBSpec>(spec.clone())
                .is_ok_and(|typed| json!(typed) == *spec);
            if version == "v1alpha1" {
                for field in ["size", "storage", "iops", "ha", "tags"] {
                    assert_eq!(back["spec"][field], spec[field], "{case}");
                }
            } else if typed && case.part("annotations").is_none() {
                assert_eq!(back["spec"], *spec, "{case}");
            }
        }
    }
}
