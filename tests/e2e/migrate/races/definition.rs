//! Somebody edits the definition while objects are rewritten.

use harness::{Call, Result};
use serde_json::json;

use super::Races;
use crate::migrate::yard::{CRD, Ended, ended, start_through};
use crate::stage::PATIENCE;

/// Waits until all objects are rewritten and read back, then changes the CRD.
async fn midway(races: &Races, edit: impl Future<Output = Result<()>>) -> Result<Ended> {
    let is_list = |call: &Call| {
        let path = call.kubernetes();
        path.is_some_and(|path| path.resource == "postgresdbs" && path.name.is_none())
    };
    // One looks whether the webhook answers, one is for what to rewrite.
    let mut held = races.proxy.when(is_list).skip(2).once().hold();
    let command = start_through(&races.way, &["--concurrency", "1"])?;
    let call = held.next(PATIENCE).await?;
    edit.await?;
    call.release();
    ended(command).await
}

pub(super) async fn edited_midway(races: &Races) -> Result<()> {
    races.begin().await?;
    let crd = races.yard.definition().await?;
    let edit = async {
        let patch = r#"{"spec": {"names": {"shortNames": ["pgdb", "edited"]}}}"#;
        let patch = ["patch", "crd", CRD, "--type=merge", "-p", patch];
        races.yard.stage.kubectl(&patch).await.map(drop)
    };
    let done = midway(races, edit).await?;
    assert!(
        done.said.contains("going over the objects again"),
        "{}",
        done.said
    );
    let after = races.yard.definition().await?;
    assert_ne!(
        after["metadata"]["generation"],
        crd["metadata"]["generation"]
    );
    races.is_done("edited midway", &done).await
}

/// Somebody goes back to the old release: what was proven counts for nothing.
pub(super) async fn turned_back_midway(races: &Races) -> Result<()> {
    races.begin().await?;
    let ended = midway(races, races.yard.store("v1alpha1")).await?;
    assert_eq!(ended.code, 3, "{}", ended.said);
    assert!(
        ended.said.contains("v1beta1 is not the storage version"),
        "{}",
        ended.said
    );
    assert_eq!(
        races.yard.stage.stored_versions().await?,
        json!(["v1alpha1", "v1beta1"])
    );
    races.yard.store("v1beta1").await?;
    let done = races.migrate(&[]).await?;
    races.is_done("turned back and forth", &done).await
}
