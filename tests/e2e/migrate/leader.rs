//! The leader says that a migration is due, and carries it out where it was told to.

use harness::proxy::{Held, Holds};
use harness::{Call, Error, Result, eventually};
use http::Method;
use serde_json::{Value, json};

use super::yard::{CRD, NEW, Yard, manifest};
use crate::stage::PATIENCE;

async fn is_due(yard: &Yard, due: bool) -> Result<()> {
    eventually(format!("stow_migration_due {due}"), PATIENCE, || async {
        let value = yard.stage.only().metric("stow_migration_due").await?;
        if (value > 0.5) == due {
            return Ok(());
        }
        Err(Error::Unexpected(value.to_string()))
    })
    .await
}

async fn event(yard: &Yard) -> Result<Value> {
    eventually("the Event", PATIENCE, || async {
        let events = yard
            .stage
            .kubectl(&["get", "events", "-A", "-o", "json"])
            .await?;
        let events: Value = serde_json::from_str(&events).unwrap_or_default();
        let mut events = events["items"].as_array().into_iter().flatten();
        let due = events.find(|event| event["reason"] == "MigrationDue");
        due.cloned()
            .ok_or_else(|| Error::Unexpected("there is none".to_owned()))
    })
    .await
}

#[tokio::test]
async fn the_leader_migrates_only_where_it_was_told_to() -> Result<()> {
    let mut yard = Yard::open().await?;
    let spec = json!({"size": "db.t3.small", "storage": "10"});
    yard.stage
        .apply(&manifest("v1alpha1", "orders", &spec), &[])
        .await?;
    yard.store("v1beta1").await?;
    let specs = yard.specs().await?;

    yard.stage.only().api.unblock();
    is_due(&yard, true).await?;
    let event = event(&yard).await?;
    let note = event["message"].as_str().unwrap_or_default();
    assert!(
        note.contains("stow migrate") && note.contains("v1alpha1"),
        "{event}"
    );
    assert_eq!(event["involvedObject"]["name"], CRD, "{event}");
    yard.stage.usable("orders").await?;
    assert_eq!(
        yard.stage.stored_versions().await?,
        json!(["v1beta1", "v1alpha1"])
    );

    // Told to, it says what right it lacks.
    yard.stage.kill().await?;
    yard.stage.replicas.clear();
    yard.stage.start(&["--migrate-storage"]).await?;
    yard.stage
        .said(0, "apply yaml/migrate-storage.yaml")
        .await?;
    is_due(&yard, true).await?;
    yard.stage.manifest("yaml/migrate-storage.yaml").await?;
    // Nobody should wait for its next try here: a change of the CRD brings it on.
    let note = ["annotate", "crd", CRD, "test=now"];
    yard.stage.kubectl(&note).await?;
    is_due(&yard, false).await?;
    assert_eq!(yard.stage.stored_versions().await?, json!(["v1beta1"]));
    assert_eq!(yard.stage.old_at_rest().await?, <[&str; 0]>::default());
    let after = yard.specs().await?;
    assert_eq!(after["orders"], specs["orders"]);
    assert_eq!(yard.migrate(&["--verify"]).await?.code, 0);
    Ok(())
}

/// What a migration writes, and not the operator beside it.
fn is_step(call: &Call) -> bool {
    let by = call.query("fieldManager").unwrap_or_default();
    call.method == Method::PATCH && ["stow-migrate", "kubectl-client-side-apply"].contains(&by)
}

/// Waits until a leader has migrated all.
async fn all_is_done(yard: &Yard) -> Result<()> {
    eventually("the migration", PATIENCE, || async {
        let versions = yard.stage.stored_versions().await?;
        if versions == json!(["v1beta1"]) {
            return Ok(());
        }
        Err(Error::Unexpected(versions.to_string()))
    })
    .await
}

/// Whichever replica makes the call that is held. Nothing where the migration ends
/// without one.
async fn struck(yard: &Yard, [first, second]: &mut [Holds; 2]) -> Result<Option<(usize, Held)>> {
    tokio::select! {
        biased;
        call = first.next(PATIENCE) => return Ok(Some((0, call?))),
        call = second.next(PATIENCE) => return Ok(Some((1, call?))),
        done = all_is_done(yard) => done?,
    }
    if first.rule().hits() + second.rule().hits() == 0 {
        return Ok(None);
    }
    // The very last step has taken effect, and is about to be held.
    Ok(Some(tokio::select! {
        call = first.next(PATIENCE) => (0, call?),
        call = second.next(PATIENCE) => (1, call?),
    }))
}

/// Two replicas that migrate by themselves. Whoever leads is killed when one of its
/// writes has taken effect and is not answered yet: the other finishes.
#[tokio::test]
async fn property_18_the_leader_may_be_killed_at_each_step() -> Result<()> {
    let mut yard = Yard::open().await?;
    for name in ["db-0", "db-1"] {
        let spec = json!({"size": "db.t3.small", "storage": "10", "ha": true});
        let manifest = manifest("v1alpha1", name, &spec);
        yard.stage.apply(&manifest, &[]).await?;
        // It writes no more than conditions.
        let pause = ["annotate", "-n", "shop", NEW, name];
        let pause = [&pause[..], &["stow.myob.com/paused=true"]].concat();
        yard.stage.kubectl(&pause).await?;
    }
    yard.store("v1beta1").await?;
    yard.remember().await?;
    let specs = yard.specs().await?;

    yard.stage.kill().await?;
    yard.stage.replicas.clear();
    yard.stage.manifest("yaml/migrate-storage.yaml").await?;
    for _ in 0..2 {
        yard.stage.start(&["--migrate-storage"]).await?;
    }
    all_is_done(&yard).await?;
    for step in 0_u64.. {
        let what = format!("killed at write {step}");
        let holds = |index: usize| {
            let api = &yard.stage.replicas[index].api;
            api.when(is_step).skip(step).once().hold()
        };
        let mut held = [holds(0), holds(1)];
        yard.rewind().await?;
        let Some((leader, call)) = struck(&yard, &mut held).await? else {
            // What there is to rewrite and to drop.
            assert!(step > 2, "{step} writes");
            return Ok(());
        };
        let operator = &mut yard.stage.replicas[leader].operator;
        operator.kill()?;
        operator.wait(PATIENCE).await?;
        drop(call);
        for replica in &yard.stage.replicas {
            replica.api.clear_rules();
        }
        // It gave nothing back; that a Lease runs out is for other tests.
        let lease = ["delete", "lease", "stow", "-n", "stow-system"];
        yard.stage.kubectl(&lease).await?;
        all_is_done(&yard).await?;
        assert_eq!(
            yard.stage.old_at_rest().await?,
            <[&str; 0]>::default(),
            "{what}"
        );
        assert_eq!(yard.specs().await?, specs, "{what}");
        yard.stage.restart(leader)?;
        yard.stage.serving(leader).await?;
    }
    Ok(())
}
