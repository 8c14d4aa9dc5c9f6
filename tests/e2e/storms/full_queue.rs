//! An API server that turns most calls away, or answers as if it had, and one
//! that waits long for each conversion.

use std::time::Duration;

use harness::proxy::Rule;
use harness::{Answer, Call, Proxy, Result, eventually};
use http::StatusCode;

use super::{SPEC, assert_rest, is_upkeep, note};
use crate::looks::{database, text_at};
use crate::stage::{NAMESPACE, PATIENCE, Stage, decoded};

/// Objects that are created meanwhile: more than are reconciled at once.
const NEW: usize = 20;

/// How many calls are turned away before the queue is empty again.
const REFUSALS: u64 = 150;

/// A generous bound of the calls for one object that nothing hinders. Each
/// refusal leads to one call more.
const CALLS_FOR_ONE: u64 = 30;

/// How long each piece of a webhook's answers takes; a handshake has several.
const SLOW: Duration = Duration::from_millis(500);

fn answer(status: StatusCode, reason: &str) -> Answer {
    Answer::kubernetes_failure(status, reason, "too many requests, please try again later")
}

/// Of six calls one or two pass as they are; watches, leases and Events too.
fn fill_the_queue(api: &Proxy) -> [Rule; 3] {
    let some = |rests: &'static [u64]| move |call: &Call| rests.contains(&(call.sequence % 6));
    let late = move |call: &Call| call.sequence % 6 == 4 && call.query("watch").is_none();
    let busy = answer(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests").retry_after(1);
    let down = answer(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable");
    let timeout = answer(StatusCode::GATEWAY_TIMEOUT, "Timeout");
    [
        api.when(some(&[0, 2])).answer(busy),
        api.when(some(&[3])).answer(down),
        // It took effect, for all that.
        api.when(late).misreport(timeout),
    ]
}

#[tokio::test]
async fn a_full_queue_and_slow_webhooks_only_delay() -> Result<()> {
    let stage = Stage::with_states_alone().await?;
    let (rds, api) = (&stage.only().rds, &stage.only().api);
    let before = ["changes", "leaves"];
    let all: String = before.iter().map(|name| database(name, &SPEC)).collect();
    stage.apply(&all, &[]).await?;
    stage.fleet(before.len()).await?;
    rds.forget();
    api.forget();

    let refusing = fill_the_queue(api);
    let refused = || refusing.iter().map(Rule::hits).sum::<u64>();
    let names: Vec<_> = (0..NEW).map(|index| format!("new-{index:02}")).collect();
    let all: String = names.iter().map(|name| database(name, &SPEC)).collect();
    stage.apply(&all, &[]).await?;
    stage.edit("changes", r#"{"size":"db.t4g.large"}"#).await?;
    stage.delete("postgresdb/leaves").await?;
    eventually("enough refusals", PATIENCE, || async {
        refused() >= REFUSALS
    })
    .await?;
    let hits = refusing.each_ref().map(Rule::hits);
    assert!(hits.iter().all(|hits| *hits > 0), "{hits:?}");
    api.clear_rules();
    stage.gone("postgresdb/leaves").await?;
    let objects = stage.fleet(NEW + 1).await?;

    let refused = hits.iter().sum::<u64>();
    let calls = api.count(|call| !is_upkeep(call)) as u64;
    note(&format!(
        "{refused} of {calls} calls refused, for {NEW} new objects"
    ));
    let most = refused + CALLS_FOR_ONE * (NEW as u64 + 2);
    assert!(calls <= most, "{calls} calls, {refused} of them refused");
    for name in &names {
        let creates = stage.sent("CreateDBInstance", name);
        assert_eq!(creates.len(), 1, "{name}");
        let secret = stage.get(&format!("secret/{name}")).await?;
        let password = decoded(&secret, "DB_PASSWORD")?;
        let told = creates[0].parameter("MasterUserPassword");
        assert_eq!(told, Some(&*password), "{name}: the password is RDS's");
    }
    assert_eq!(stage.sent("ModifyDBInstance", "changes").len(), 1);
    assert_eq!(stage.sent("DeleteDBInstance", "leaves").len(), 1);
    assert_eq!(rds.mutations().len(), NEW + 2, "{:?}", rds.mutations());
    let changed = objects
        .iter()
        .find(|object| object["metadata"]["name"] == "changes");
    assert_eq!(
        text_at(changed.expect("it"), "/status/size"),
        "db.t4g.large"
    );
    assert_rest(&stage).await?;

    both_versions_through_slow_webhooks(&stage).await
}

/// An object in the version of 2017, which each write and read of it converts.
fn since_2017(name: &str) -> String {
    format!(
        "apiVersion: myob.com/v1alpha1\nkind: PostgresDB\nmetadata: {{name: {name}}}\nspec: {{size: db.t4g.small, storage: \"20\"}}\n---\n"
    )
}

async fn both_versions_through_slow_webhooks(stage: &Stage) -> Result<()> {
    let there = stage.objects().await?.len();
    let names = |version| (0..6).map(move |index| format!("{version}-{index}"));
    let (old, new): (Vec<_>, Vec<_>) = (names("old").collect(), names("hub").collect());
    let olds: String = old.iter().map(|name| since_2017(name)).collect();
    let hubs: String = new.iter().map(|name| database(name, &SPEC)).collect();
    stage.webhooks().slow(SLOW);
    let (applied, others) = tokio::join!(stage.apply(&olds, &[]), stage.apply(&hubs, &[]));
    applied.and(others)?;
    stage.fleet(there + old.len() + new.len()).await?;
    for name in old.iter().chain(&new) {
        assert_eq!(stage.sent("CreateDBInstance", name).len(), 1, "{name}");
    }
    let (hub, spoke) = tokio::join!(
        stage.get("postgresdbs.v1beta1.myob.com/old-0"),
        stage.get("postgresdbs.v1alpha1.myob.com/hub-0"),
    );
    assert_eq!(text_at(&hub?, "/spec/storage"), "20Gi");
    assert_eq!(text_at(&spoke?, "/spec/storage"), "20");
    let get = [
        "get",
        "postgresdbs.v1alpha1.myob.com",
        "-n",
        NAMESPACE,
        "-o",
        "name",
    ];
    let listed = stage.kubectl(&get).await?.lines().count();
    assert_eq!(listed, there + old.len() + new.len());
    let slowed = stage.webhooks().slowed();
    note(&format!("{slowed} pieces of answers were slow"));
    assert!(slowed > 0, "no webhook was slow");
    stage.webhooks().slow(Duration::ZERO);
    assert_rest(stage).await
}
