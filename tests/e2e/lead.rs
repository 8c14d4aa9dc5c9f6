//! Two replicas: one leads and both convert; whatever ends the lead, the other
//! goes on, and nothing is done twice.

use std::process::Command;

use harness::proxy::Held;
use harness::{Call, Error, Result, eventually};
use jiff::{SignedDuration, Timestamp};

use crate::crash::outcome::{created, manifest};
use crate::crash::strike::label;
use crate::stage::{PATIENCE, Replica, Stage};

/// Short, so that taking over is soon over.
const SHORT: [&str; 2] = ["--lease-duration", "5s"];

/// Longer than any test waits: whoever leads after another was given the Lease.
const LONG: [&str; 2] = ["--lease-duration", "600s"];

/// A database that is another than [`manifest`]'s in two ways, each of which
/// takes a call of its own.
const CHANGES: &str = "{size: db.t3.small, storage: 20Gi, tags: {team: shop}}";
const SIZE: &str = "db.t3.small";

async fn two(arguments: &[&str]) -> Result<Stage> {
    let mut stage = Stage::boot().await?;
    stage.start(arguments).await?;
    stage.start(arguments).await?;
    Ok(stage)
}

#[tokio::test]
async fn one_leads_and_both_convert() -> Result<()> {
    let mut stage = two(&SHORT).await?;
    let first = leader(&stage).await?;
    let second = 1 - first;
    stage.apply(&manifest("orders"), &[]).await?;
    stage.ready("orders").await?;
    created(&stage, "orders", &told(&stage), "by two").await?;
    let idle = mutations(&stage.replicas[second]);
    assert_eq!(idle, [""; 0], "the other one writes nothing");

    // The API server keeps connections, and uses them in turn.
    let metric = "stow_conversion_reviews_total{result=\"Success\"}";
    eventually("both to convert", PATIENCE, || async {
        let get = || stage.get("postgresdbs.v1alpha1.myob.com/orders");
        tokio::try_join!(get(), get(), get(), get())?;
        for replica in &stage.replicas {
            if replica.metric(metric).await? == 0.0 {
                return Err(Error::Unexpected("not both".to_owned()));
            }
        }
        Ok(())
    })
    .await?;

    forget(&stage);
    let operator = &mut stage.replicas[first].operator;
    operator.kill()?;
    operator.wait(PATIENCE).await?;
    stage.get("postgresdbs.v1alpha1.myob.com/orders").await?;
    stage.apply(&manifest("payments"), &[]).await?;
    stage.ready("payments").await?;
    created(&stage, "payments", &told(&stage), "by the second").await?;
    for mutation in stage.replicas[second].api.mutations() {
        let path = &mutation.path;
        assert!(!path.contains("orders"), "what is done stays so: {path}");
    }

    stage.restart(first)?;
    stage.serving(first).await?;
    stands_by(&stage, first).await?;
    assert_eq!(leader(&stage).await?, second);
    Ok(())
}

/// Cut off from the API server alone, in the middle of two changes at RDS.
#[tokio::test]
async fn a_leader_that_is_cut_off_stops_changing_rds() -> Result<()> {
    let stage = two(&SHORT).await?;
    let (first, held) = in_the_middle(&stage, "orders", "ModifyDBInstance").await?;
    let [cut_off, other] = sides(&stage, first);
    cut_off.api.block();
    succeeded(&stage, first).await?;
    modified(&stage, "orders").await?;
    held.release();
    cut_off.api.unblock();
    stands_by(&stage, first).await?;
    assert_eq!(mutations(cut_off), [""; 0]);
    assert_eq!(changes(other), ["AddTagsToResource"]);
    Ok(())
}

/// A process that was frozen does not know how long: what it meant to do next
/// is not its to do.
#[tokio::test]
async fn a_leader_that_was_frozen_changes_nothing() -> Result<()> {
    let stage = two(&SHORT).await?;
    for (name, step) in [("orders", "ModifyDBInstance"), ("payments", "events")] {
        let (first, held) = in_the_middle(&stage, name, step).await?;
        let [frozen, other] = sides(&stage, first);
        signal("-STOP", frozen)?;
        succeeded(&stage, first).await?;
        modified(&stage, name).await?;
        // The answer is there when it wakes.
        held.release();
        signal("-CONT", frozen)?;
        stands_by(&stage, first).await?;
        assert_eq!(mutations(frozen), [""; 0], "after {step}");
        if step == "ModifyDBInstance" {
            assert_eq!(changes(other), ["AddTagsToResource"]);
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_leader_that_is_told_to_stop_gives_the_lease_back() -> Result<()> {
    let mut stage = two(&LONG).await?;
    let first = leader(&stage).await?;
    let before = lease(&stage).await?;
    let mut creates = stage.replicas[first]
        .rds
        .when(|call| call.action() == Some("CreateDBInstance"))
        .once()
        .hold();
    stage.apply(&manifest("orders"), &[]).await?;
    let held = creates.next(PATIENCE).await?;
    let operator = &mut stage.replicas[first].operator;
    operator.terminate()?;
    assert_eq!(operator.wait(PATIENCE).await?, 0);
    drop(held);
    succeeded(&stage, first).await?;
    let after = lease(&stage).await?;
    assert_ne!(after.0, before.0, "the holder");
    let runs_out = before.1 + SignedDuration::from_secs(600);
    assert!(after.1 < runs_out, "it had not run out");
    stage.ready("orders").await?;
    created(
        &stage,
        "orders",
        &told(&stage),
        "begun by one, ended by the other",
    )
    .await?;
    Ok(())
}

/// An object whose leader waits for the answer to one step of a change.
/// Everything before it is forgotten.
async fn in_the_middle(stage: &Stage, name: &str, step: &'static str) -> Result<(usize, Held)> {
    let first = leader(stage).await?;
    stage.apply(&manifest(name), &[]).await?;
    stage.ready(name).await?;
    let replica = &stage.replicas[first];
    let is_step =
        move |call: &Call| call.is_mutation() && (call.action() == Some(step) || call.is_for(step));
    let mut at_rds = replica.rds.when(is_step).once().hold();
    let mut at_api = replica.api.when(is_step).once().hold();
    let changed = manifest(name).replace("{size: db.t3.micro, storage: 20Gi}", CHANGES);
    stage.apply(&changed, &[]).await?;
    let held = tokio::select! {
        held = at_rds.next(PATIENCE) => held?,
        held = at_api.next(PATIENCE) => held?,
    };
    forget(stage);
    Ok((first, held))
}

/// Waits until the change of [`in_the_middle`] is made and reported.
async fn modified(stage: &Stage, name: &str) -> Result<()> {
    let what = format!("postgresdb/{name}");
    let seen = eventually(format!("the change of {what}"), PATIENCE, || async {
        let object = stage.get(&what).await?;
        match object["status"]["size"].as_str() {
            Some(SIZE) => Ok(()),
            _ => Err(Error::Unexpected(object["status"].to_string())),
        }
    });
    seen.await.map_err(|error| stage.explain(&error))
}

/// The only replica that says that it leads.
async fn leader(stage: &Stage) -> Result<usize> {
    eventually("one leader", PATIENCE, || async {
        let mut leaders = Vec::new();
        for (index, replica) in stage.replicas.iter().enumerate() {
            if leads(replica).await? {
                leaders.push(index);
            }
        }
        match leaders.as_slice() {
            &[index] => Ok(index),
            _ => Err(Error::Unexpected(format!("{leaders:?} lead"))),
        }
    })
    .await
}

/// Waits until the other replica leads.
async fn succeeded(stage: &Stage, first: usize) -> Result<()> {
    let [_, other] = sides(stage, first);
    let led = eventually("the other to lead", PATIENCE, || async {
        let leads = leads(other).await?.then_some(());
        leads.ok_or(Error::Unexpected("it does not".to_owned()))
    });
    led.await.map_err(|error| stage.explain(&error))
}

/// Waits until a replica has looked twice, from now, at a Lease that is not its.
async fn stands_by(stage: &Stage, index: usize) -> Result<()> {
    let replica = &stage.replicas[index];
    let looks = || {
        let is_look = |call: &Call| call.is_for("leases") && call.method == "GET" && call.answered;
        replica.api.count(is_look)
    };
    let before = looks();
    eventually("a candidate", PATIENCE, || async {
        match (leads(replica).await?, looks() - before) {
            (false, 2..) => Ok(()),
            seen => Err(Error::Unexpected(format!("(leads, looks) are {seen:?}"))),
        }
    })
    .await
}

/// Whether a replica says that it leads.
async fn leads(replica: &Replica) -> Result<bool> {
    Ok(replica.metric("stow_leader").await? > 0.0)
}

/// A replica, and the other one.
fn sides(stage: &Stage, first: usize) -> [&Replica; 2] {
    [&stage.replicas[first], &stage.replicas[1 - first]]
}

/// Who holds the Lease, and since when it is renewed.
async fn lease(stage: &Stage) -> Result<(String, Timestamp)> {
    let template = "{.spec.holderIdentity} {.spec.renewTime}";
    let output = format!("jsonpath={template}");
    let get = ["get", "lease", "stow", "-n", "stow-system", "-o", &output];
    let text = stage.kubectl(&get).await?;
    let (holder, renewed) = text.split_once(' ').unwrap_or_default();
    let renewed = renewed.parse();
    let renewed = renewed.map_err(|error| Error::Unexpected(format!("{text}: {error}")))?;
    Ok((holder.to_owned(), renewed))
}

fn signal(name: &str, replica: &Replica) -> Result<()> {
    let pid = replica.operator.pid().to_string();
    let status = Command::new("kill").args([name, &pid]).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        outcome => Err(Error::Unexpected(format!("kill {name}: {outcome:?}"))),
    }
}

fn forget(stage: &Stage) {
    for replica in &stage.replicas {
        replica.rds.forget();
        replica.api.forget();
    }
}

/// All that RDS was told, by either.
fn told(stage: &Stage) -> Vec<Call> {
    let calls = stage.replicas.iter().map(|replica| replica.rds.calls());
    calls.flatten().collect()
}

/// What a replica changed at RDS.
fn changes(replica: &Replica) -> Vec<String> {
    replica.rds.mutations().iter().map(label).collect()
}

/// What a replica changed anywhere.
fn mutations(replica: &Replica) -> Vec<String> {
    let calls = [replica.rds.mutations(), replica.api.mutations()].concat();
    calls.iter().map(label).collect()
}
