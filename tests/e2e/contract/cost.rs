//! How many conversion calls each verb costs.

use std::collections::BTreeMap;

use harness::{Error, Result, eventually};
use serde_json::{Value, json};
use stow_versions::convert::convert;

use super::{V1ALPHA1, V1BETA1, manifest};
use crate::stage::{NAMESPACE, PATIENCE, Stage};
use crate::twin::converting;

const CALLS: &str = "stow_conversion_reviews_total{result=\"Success\"}";

/// Objects in a cold cache, each of which takes a call.
const COLD: usize = 300;
const COLD_CALLS: u32 = 300;

/// Objects that are listed: one call each or one for all.
const OBJECTS: usize = 3;

/// How many calls were made, once no more are: the watch cache of the version
/// that is not stored follows a write.
async fn settled(stage: &Stage) -> Result<f64> {
    let last = std::cell::Cell::new((-1.0, 0));
    let last = &last;
    eventually("an end of calls", PATIENCE, || async {
        let now = stage.only().metric(CALLS).await?;
        let (before, same) = last.get();
        let same = if (now - before).abs() < 0.5 {
            same + 1
        } else {
            0
        };
        last.set((now, same));
        if same >= 3 {
            Ok(now)
        } else {
            Err(Error::Unexpected(format!("{now} calls")))
        }
    })
    .await
}

/// What is done, in the words of the document, by kubectl.
fn verbs() -> Vec<(&'static str, Vec<String>, Option<Value>)> {
    let kubectl = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let raw = |version: &str, rest: &str| {
        kubectl(&format!(
            "get --raw /apis/myob.com/{version}/namespaces/{NAMESPACE}/postgresdbs{rest}"
        ))
    };
    let merge = |what: &str, patch: &str| {
        kubectl(&format!(
            "patch -n {NAMESPACE} {what} --type=merge -p {patch}"
        ))
    };
    let apply = |version: &str, manager: &str, spec: Value| {
        let line = format!("apply --server-side --force-conflicts --field-manager {manager} -f -");
        (kubectl(&line), Some(manifest(version, "both", &spec)))
    };
    let (apply_new, new) = apply("v1beta1", "new", json!({"secretName": "later"}));
    let (apply_old, old) = apply("v1alpha1", "old", json!({"size": "db.t3.large"}));
    vec![
        ("get in v1beta1", raw("v1beta1", "/plain-0"), None),
        ("get in v1alpha1", raw("v1alpha1", "/plain-0"), None),
        ("list in v1beta1, of 4 objects", raw("v1beta1", ""), None),
        ("list in v1alpha1, of 4 objects", raw("v1alpha1", ""), None),
        (
            "list in v1beta1, by pages",
            raw("v1beta1", "?limit=10"),
            None,
        ),
        (
            "list in v1alpha1, by pages",
            raw("v1alpha1", "?limit=10"),
            None,
        ),
        (
            "watch in v1beta1",
            raw("v1beta1", "?watch=1&timeoutSeconds=1"),
            None,
        ),
        (
            "watch in v1alpha1",
            raw("v1alpha1", "?watch=1&timeoutSeconds=1"),
            None,
        ),
        (
            "merge patch in v1beta1",
            merge(
                &format!("{V1BETA1}/plain-0"),
                r#"{"spec":{"size":"db.t3.large"}}"#,
            ),
            None,
        ),
        (
            "merge patch in v1alpha1",
            merge(
                &format!("{V1ALPHA1}/plain-1"),
                r#"{"spec":{"size":"db.t3.large"}}"#,
            ),
            None,
        ),
        ("apply in v1beta1, managers of both", apply_new, new),
        ("apply in v1alpha1, managers of both", apply_old, old),
        (
            "delete in v1beta1",
            kubectl(&format!("delete -n {NAMESPACE} {V1BETA1}/plain-2")),
            None,
        ),
    ]
}

/// The objects, as they are stored: in v1beta1, or as before a migration.
async fn stored(stage: &Stage, old: bool) -> Result<()> {
    let spec = json!({"size": "db.t3.small", "storage": "20Gi", "storageType": "gp3"});
    let mut names: Vec<_> = (0..OBJECTS).map(|index| format!("plain-{index}")).collect();
    for name in &names {
        let apply = ["--server-side", "--field-manager=new"];
        stage
            .apply(&manifest("v1beta1", name, &spec).to_string(), &apply)
            .await?;
    }
    let both = [
        ("v1alpha1", "old", json!({"size": "db.t3.small"})),
        ("v1beta1", "new", json!({"secretName": "one"})),
    ];
    for (version, manager, spec) in both {
        let manager = format!("--field-manager={manager}");
        stage
            .apply(
                &manifest(version, "both", &spec).to_string(),
                &["--server-side", &manager],
            )
            .await?;
    }
    names.push("both".to_owned());
    for name in names.iter().filter(|_| old) {
        let wrong = |error: &dyn std::error::Error| Error::Unexpected(error.to_string());
        let object = stage.stored(name).await?;
        let object = convert(object, "myob.com/v1alpha1").map_err(|error| wrong(&error))?;
        stage.plant(name, &object).await?;
    }
    Ok(())
}

/// The calls of each verb.
async fn counted(stage: &Stage, old: bool) -> Result<BTreeMap<&'static str, String>> {
    stored(stage, old).await?;
    let mut counted = BTreeMap::new();
    for (name, arguments, input) in verbs() {
        let before = settled(stage).await?;
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let input = input.map(|input| input.to_string()).unwrap_or_default();
        stage.cluster.kubectl_in(&input, &arguments).await?.ok()?;
        let calls = settled(stage).await? - before;
        counted.insert(name, format!("{calls}"));
    }
    let clean = ["delete", "postgresdb", "--all", "-n", NAMESPACE];
    stage.kubectl(&clean).await?;
    Ok(counted)
}

/// A changed definition has the API server build its caches anew, as a restart
/// does. What is stored in the old version passes through the webhook once.
#[tokio::test]
async fn property_11_a_cold_cache_fills_through_conversion() -> Result<()> {
    let stage = converting().await?;
    let name = |index: usize| format!("cold-{index:03}");
    let one = manifest(
        "v1beta1",
        &name(0),
        &json!({"size": "db.t3.small", "storageType": "gp3"}),
    );
    stage.apply(&one.to_string(), &[]).await?;
    let stored = stage.stored(&name(0)).await?;
    let old = convert(stored, "myob.com/v1alpha1")
        .map_err(|error| Error::Unexpected(error.to_string()))?;
    for index in 0..COLD {
        let mut old = old.clone();
        old["metadata"]["name"] = json!(name(index));
        old["metadata"]["uid"] = json!(format!("00000000-0000-4000-8000-{index:012}"));
        stage.plant(&name(index), &old).await?;
    }
    let before = settled(&stage).await?;
    let patch = r#"{"spec":{"names":{"categories":["cold"]}}}"#;
    let patch = [
        "patch",
        "crd",
        "postgresdbs.myob.com",
        "--type=merge",
        "-p",
        patch,
    ];
    stage.kubectl(&patch).await?;

    // The cache alone answers this, and the operator's watch fills it too.
    let cached =
        format!("/apis/myob.com/v1beta1/namespaces/{NAMESPACE}/postgresdbs?resourceVersion=0");
    eventually("the cache of v1beta1", PATIENCE, || async {
        let calls = stage.only().metric(CALLS).await? - before;
        let list = stage.kubectl(&["get", "--raw", &cached]).await?;
        let list: Value =
            serde_json::from_str(&list).map_err(|error| Error::Unexpected(error.to_string()))?;
        let items = list["items"].as_array().into_iter().flatten();
        let whole = items
            .filter(|item| item["spec"]["storageType"] == "gp3")
            .count();
        let enough = whole == COLD && calls >= f64::from(COLD_CALLS);
        let seen = || Error::Unexpected(format!("{whole} of {COLD} objects, {calls} calls"));
        if enough { Ok(()) } else { Err(seen()) }
    })
    .await
}

/// The document's table is what is counted.
#[tokio::test]
async fn property_12_each_verb_costs_the_calls_that_are_documented() -> Result<()> {
    let stage = converting().await?;
    let old = counted(&stage, true).await?;
    let new = counted(&stage, false).await?;
    let rows = verbs()
        .into_iter()
        .map(|(name, ..)| format!("| {name} | {} | {} |\n", old[name], new[name]));
    let rows: String = rows.collect();
    let document = include_str!("../../../docs/versions.md");
    assert!(
        document.contains(&rows),
        "docs/versions.md has not:\n{rows}"
    );
    Ok(())
}
