//! What a migration needs is late, busy or gone: it waits, and goes on.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use harness::{Answer, Call, Kubectl, Result, eventually};
use http::StatusCode;
use serde_json::json;

use super::{Races, is_write};
use crate::migrate::yard::{Ended, NEW, OLD, ended, start_through};
use crate::stage::{NAMESPACE, PATIENCE};

/// The API server says that it has too much to do; it is gone; the webhook is
/// gone, or late.
pub(super) async fn passing(races: &Races) -> Result<()> {
    races.begin().await?;
    let busy = StatusCode::TOO_MANY_REQUESTS;
    let busy = Answer::kubernetes_failure(busy, "TooManyRequests", "later").retry_after(1);
    races.proxy.when(is_write).times(4).answer(busy);
    let mut command = start_through(&races.way, &[])?;
    eventually("the migration to be pushed back", PATIENCE, || async {
        match races.proxy.count(is_write) {
            0 => Err("no write yet"),
            _ => Ok(()),
        }
    })
    .await?;
    races.proxy.block();
    // Not the words of the answers above.
    let is_cut_off = |line: &str| line.contains("trying again") && !line.contains("later");
    eventually("the migration to be cut off", PATIENCE, || async {
        let noticed = command.output().lines().any(is_cut_off);
        noticed.then_some(()).ok_or("it was not")
    })
    .await?;
    assert_eq!(command.exited()?, None, "{}", command.output());
    races.proxy.unblock();
    let done = ended(command).await?;
    races.is_done("the API server away", &done).await?;

    races.begin().await?;
    let webhooks = races.yard.stage.webhooks();
    webhooks.set_backends(&[]);
    webhooks.cut();
    let command = start_through(&races.way, &[])?;
    eventually("the migration to wait", PATIENCE, || async {
        let said = command.output();
        if said.contains("trying again") {
            Ok(())
        } else {
            Err(said)
        }
    })
    .await?;
    let backends = [races.yard.stage.only().webhook];
    webhooks.slow(Duration::from_millis(300));
    webhooks.set_backends(&backends);
    let done = ended(command).await?;
    webhooks.slow(Duration::ZERO);
    races.is_done("the webhook away, and late", &done).await
}

/// Where the webhook stays away, it ends, and says so.
pub(super) async fn lasting(races: &Races) -> Result<()> {
    races.begin().await?;
    let webhooks = races.yard.stage.webhooks();
    webhooks.set_backends(&[]);
    webhooks.cut();
    let given_up = races.migrate(&["--patience", "1s"]).await?;
    assert_eq!(given_up.code, 3, "{}", given_up.said);
    assert!(given_up.said.contains("webhook"), "{}", given_up.said);
    assert_eq!(
        races.yard.stage.stored_versions().await?,
        json!(["v1alpha1", "v1beta1"])
    );
    webhooks.set_backends(&[races.yard.stage.only().webhook]);
    let done = races.migrate(&[]).await?;
    races.is_done("begun again", &done).await
}

/// Writes labels of one object until it is told to stop, each until it is accepted,
/// and returns the last.
async fn insists(kubectl: &Kubectl, what: &str, label: &str, stop: &AtomicBool) -> Result<u32> {
    let mut last = 0;
    for number in 1.. {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        let patch = json!({"metadata": {"labels": {label: number.to_string()}}}).to_string();
        let merge = ["--type=merge", "-p", &patch];
        let patch = [&["patch", what, "db-1", "-n", NAMESPACE], &merge[..]].concat();
        eventually("a label to be accepted", PATIENCE, || async {
            kubectl.run(&patch).await?.ok()
        })
        .await?;
        last = number;
    }
    Ok(last)
}

/// Ends the API server by SIGKILL when it has carried out a call and not answered
/// it yet, and starts it again: so at each step of one migration, beside clients of
/// both versions. Steps are told apart by one object of several.
pub(super) async fn the_api_server_killed_at_each_step(races: &mut Races) -> Result<()> {
    races.begin().await?;
    let cluster = &races.yard.stage.cluster;
    let kubectl = cluster.kubectl_as(cluster.admin_kubeconfig());
    let stop = AtomicBool::new(false);
    let migration = async {
        let ended = struck(races).await;
        stop.store(true, Ordering::SeqCst);
        ended
    };
    let (ended, old, new) = tokio::join!(
        migration,
        insists(&kubectl, OLD, "old", &stop),
        insists(&kubectl, NEW, "new", &stop)
    );
    let ((ended, steps), old, new) = (ended?, old?, new?);
    assert_eq!(ended.code, 0, "{steps:?}: {}", ended.said);
    for step in [
        "GET customresourcedefinitions",
        "LIST postgresdbs",
        "GET db-0",
        "PATCH db-0",
        "PATCH customresourcedefinitions",
    ] {
        assert!(steps.contains_key(step), "{step}: {steps:?}");
    }
    assert!(steps["LIST postgresdbs"] > 1, "{steps:?}");
    assert!(steps["PATCH db-0"] > 1, "{steps:?}");
    let labels = races.yard.stage.get(&format!("{NEW}/db-1")).await?["metadata"]["labels"].clone();
    assert_eq!(
        labels,
        json!({"old": old.to_string(), "new": new.to_string()})
    );
    // A client of v1alpha1 that wrote last left its name; now none does.
    races.proxy.clear_rules();
    let done = races.migrate(&[]).await?;
    races.is_done("the API server killed", &done).await
}

/// Runs a migration whose every step costs an API server its life, and returns how
/// often each step did.
async fn struck(races: &mut Races) -> Result<(Ended, BTreeMap<String, u32>)> {
    let mut held = races.proxy.when(|call| step(call).is_some()).hold();
    let mut command = start_through(&races.way, &["--concurrency", "1"])?;
    let mut steps: BTreeMap<String, u32> = BTreeMap::new();
    let mut last = String::new();
    loop {
        let call = tokio::select! {
            call = held.next(PATIENCE) => call?,
            code = command.wait(PATIENCE) => {
                let code = code?;
                return Ok((Ended { code, said: command.output() }, steps));
            }
        };
        let step = step(&call.call).unwrap_or_default();
        // Made again, it is let through.
        if step == last {
            call.release();
            continue;
        }
        races.yard.stage.cluster.kill_api_server().await?;
        drop(call);
        races.yard.stage.cluster.start_api_server().await?;
        *steps.entry(step.clone()).or_default() += 1;
        last = step;
    }
}

/// What a call is for; nothing of the objects that are not struck for.
fn step(call: &Call) -> Option<String> {
    let path = call.kubernetes()?;
    Some(match (path.resource.as_str(), path.name.as_deref()) {
        ("postgresdbs", None) => "LIST postgresdbs".to_owned(),
        ("postgresdbs", Some("db-0")) => format!("{} db-0", call.method),
        ("customresourcedefinitions", _) => format!("{} customresourcedefinitions", call.method),
        _ => return None,
    })
}
