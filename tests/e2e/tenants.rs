//! Tenants stay in their lane: whoever may write databases in a namespace gets
//! at nothing else. Each abuse is a test named after it, before a real API
//! server and drydock.
//!
//! | abuse | where |
//! |---|---|
//! | adopt or restore from another team's data | [`origin`] |
//! | the conversion annotation forged | [`forgery`]; the policies that catch it, `admission_policies` |
//! | a secretName of a Secret that serves something else | [`secret`]; of 2017, `secrets::since_2017` |
//! | a Secret that seems missing | [`secret`] |
//! | public access, security groups, subnets, KMS keys, parameter groups, monitoring role | [`settings`] |
//! | weaker protection: policy Delete, retention 0, encryption off | [`settings`] |
//! | tags that imitate ours, or cost and ABAC tags | [`tags`] |
//! | hundreds of large databases | [`ceilings`] |
//! | values that reach messages | [`canary`] |
//! | a policy that is narrowed or misspelt later | [`later`] |
//!
//! What their roles let them do, `rights` tests.
//!
//! Nothing here may count on a tenant who errs: each means to get through.

mod canary;
mod ceilings;
mod forgery;
mod later;
mod origin;
mod secret;
mod settings;
mod tags;

use harness::Result;
use serde_json::{Value, json};

use crate::stage::Stage;

/// Sets keys of the operator's ConfigMap.
async fn set(stage: &Stage, entries: &Value) -> Result<String> {
    let patch = json!({"data": entries}).to_string();
    let object = ["patch", "configmap", "stow", "-n", "stow-system"];
    let patch = ["--type=merge", "-p", patch.as_str()];
    stage.kubectl(&[&object[..], &patch].concat()).await
}

async fn apply(stage: &Stage, name: &str, spec: &Value) -> Result<String> {
    let object = json!({
        "apiVersion": "myob.com/v1beta1", "kind": "PostgresDB",
        "metadata": {"name": name}, "spec": spec,
    });
    stage.apply(&object.to_string(), &[]).await
}

/// Asserts that the API server refuses, in these words.
#[track_caller]
fn turned_away<T>(outcome: Result<T>, words: &[&str]) {
    let refusal = match outcome {
        Ok(_) => panic!("it was accepted, wanting {words:?}"),
        Err(error) => error.to_string(),
    };
    for word in words {
        assert!(refusal.contains(word), "{word:?} is missing: {refusal}");
    }
}

/// Applies each spec, and checks that it is refused by that key.
async fn refused(stage: &Stage, rows: &[(&str, Value, &str)]) -> Result<()> {
    for (name, spec, _) in rows {
        apply(stage, name, spec).await?;
    }
    for (name, _, key) in rows {
        let told = stage.stalled(name, "NotAllowed").await?;
        assert!(told.contains(key), "{name} does not name {key}: {told}");
    }
    let asked = stage.only().rds.mutations();
    assert_eq!(asked.len(), 0, "{asked:?}");
    Ok(())
}

/// Asks the same of a database that runs: it is refused by those keys, and the
/// database stays as it is.
async fn refused_while_it_runs(stage: &Stage, spec: &Value, keys: &[&str]) -> Result<()> {
    apply(stage, "orders", &json!({})).await?;
    stage.ready("orders").await?;
    let rds = &stage.only().rds;
    rds.forget();
    stage.edit("orders", &spec.to_string()).await?;
    let told = stage.stalled("orders", "NotAllowed").await?;
    for key in keys {
        assert!(told.contains(key), "{key} is missing: {told}");
    }
    stage.ready("orders").await?;
    stage.sweeps(2).await?;
    assert_eq!(rds.mutations().len(), 0, "{:?}", rds.mutations());
    Ok(())
}
