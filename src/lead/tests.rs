use super::*;
use crate::fake_api::FakeApi;
use http::Method;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

const PATH: &str = "/apis/coordination.k8s.io/v1/namespaces/stow-system/leases/stow";
const SECOND: Duration = Duration::from_secs(1);

/// One replica: its connection, what it logs of its terms, and how to stop it.
struct Replica {
    cut: watch::Sender<bool>,
    terms: Arc<Mutex<Vec<Fence>>>,
    metrics: Metrics,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

fn start(api: &FakeApi, identity: &str) -> Replica {
    start_with(api, identity, Timing::default())
}

fn start_with(api: &FakeApi, identity: &str, timing: Timing) -> Replica {
    let (client, cut) = api.client();
    let terms: Arc<Mutex<Vec<Fence>>> = Arc::default();
    let metrics = Metrics::new();
    let shutdown = CancellationToken::new();
    let candidate = Candidate::new(client, "stow-system", identity, timing, metrics.clone());
    let (log, token) = (terms.clone(), shutdown.clone());
    let task = tokio::spawn(async move {
        let work = |fence: Fence| {
            log.lock().unwrap().push(fence);
            std::future::pending()
        };
        candidate.run(token, work).await;
    });
    Replica {
        cut,
        terms,
        metrics,
        shutdown,
        task,
    }
}

impl Replica {
    fn fence(&self) -> Option<Fence> {
        self.terms.lock().unwrap().last().cloned()
    }

    fn may_act(&self) -> bool {
        self.fence().is_some_and(|fence| fence.check().is_ok())
    }

    /// Virtual time until it may act.
    async fn leads(&self) -> Duration {
        let start = Instant::now();
        until(|| self.may_act()).await;
        start.elapsed()
    }
}

async fn until(condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(120 * SECOND, wait)
        .await
        .expect("it never happened");
}

fn spec(api: &FakeApi) -> Value {
    api.get(PATH).unwrap()["spec"].clone()
}

fn held_by(identity: &str) -> Value {
    json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "stow"},
        "spec": {"holderIdentity": identity, "leaseDurationSeconds": 15, "leaseTransitions": 2,
                 "acquireTime": "2001-01-01T00:00:00.000000Z", "renewTime": "2001-01-01T00:00:00.000000Z"},
    })
}

#[tokio::test(start_paused = true)]
async fn the_first_replica_creates_the_lease_and_keeps_it() {
    let api = FakeApi::new();
    let a = start(&api, "a");
    a.leads().await;
    let b = start(&api, "b");
    for _ in 0..300 {
        sleep(SECOND).await;
        assert!(a.may_act() && !b.may_act());
    }
    assert_eq!(spec(&api)["holderIdentity"], "a");
    assert_eq!(spec(&api)["leaseTransitions"], 0);
    assert!(a.metrics.is_leading() && !b.metrics.is_leading());
    assert_eq!(
        a.terms.lock().unwrap().len(),
        1,
        "one term, never interrupted"
    );
}

#[tokio::test(start_paused = true)]
async fn a_dead_holder_is_waited_for_by_our_own_clock() {
    let api = FakeApi::new();
    api.put(PATH, held_by("dead"));
    let a = start(&api, "a");
    let waited = a.leads().await;
    assert!((15 * SECOND..18 * SECOND).contains(&waited), "{waited:?}");
    assert_eq!(spec(&api)["leaseTransitions"], 3);
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_is_cut_off_stops_before_another_starts() {
    let api = FakeApi::new();
    let a = start(&api, "a");
    a.leads().await;
    let b = start(&api, "b");
    sleep(7 * SECOND).await;
    a.cut.send_replace(true);
    let began = Instant::now();
    until(|| {
        assert!(!(a.may_act() && b.may_act()), "two leaders");
        b.may_act()
    })
    .await;
    let took = began.elapsed();
    assert!(took <= 20 * SECOND, "{took:?}");
    assert!(!a.metrics.is_leading());
    // Back on the network it sees that it lost, and stands by.
    a.cut.send_replace(false);
    for _ in 0..60 {
        sleep(SECOND).await;
        assert!(b.may_act() && !a.may_act());
    }
    assert_eq!(spec(&api)["holderIdentity"], "b");
}

#[tokio::test(start_paused = true)]
async fn a_frozen_api_server_shuts_the_fence_and_the_lease_comes_back() {
    let api = FakeApi::new();
    let a = start(&api, "a");
    a.leads().await;
    sleep(6 * SECOND).await;
    api.freeze(true);
    let fence = a.fence().unwrap();
    let start = Instant::now();
    assert_eq!(
        fence.bound(std::future::pending::<()>()).await,
        Err(NotLeading)
    );
    let timing = Timing::default();
    assert!(start.elapsed() <= timing.lease.saturating_sub(timing.margin));
    until(|| !a.metrics.is_leading()).await;
    api.freeze(false);
    a.leads().await;
    assert_eq!(fence.check(), Err(NotLeading), "an old fence stays shut");
    assert_eq!(spec(&api)["leaseTransitions"], 0, "nobody else had it");
}

#[tokio::test(start_paused = true)]
async fn whatever_the_lease_it_is_renewed_in_time() {
    for seconds in [5, 6, 15, 60, 600] {
        let timing = Timing::of(Duration::from_secs(seconds));
        let renewed_twice = timing.renew_every + 2 * timing.attempt;
        assert!(
            renewed_twice <= timing.lease.saturating_sub(timing.margin),
            "{timing:?}"
        );
        assert!(timing.retry_every <= Timing::default().retry_every);

        let api = FakeApi::new();
        let a = start_with(&api, "a", timing);
        a.leads().await;
        sleep(3 * timing.lease).await;
        assert_eq!(a.terms.lock().unwrap().len(), 1, "one term: {timing:?}");
        assert!(a.may_act());
    }
}

#[tokio::test(start_paused = true)]
async fn shutdown_drops_the_work_and_then_hands_over_at_once() {
    let api = FakeApi::new();
    let a = start(&api, "a");
    a.leads().await;
    let b = start(&api, "b");
    sleep(30 * SECOND).await;
    a.shutdown.cancel();
    a.task.await.unwrap();
    assert!(!a.metrics.is_leading());
    assert_eq!(spec(&api)["holderIdentity"], Value::Null);
    let waited = b.leads().await;
    // One look away, and the step by which this test polls.
    assert!(
        waited <= Timing::default().retry_every + SECOND / 10,
        "{waited:?}"
    );
    assert_eq!(spec(&api)["leaseTransitions"], 1);
}

/// Runs its function when the work that holds it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[tokio::test(start_paused = true)]
async fn the_work_is_gone_before_the_lease_is() {
    let api = FakeApi::new();
    let (client, _cut) = api.client();
    let metrics = Metrics::new();
    let held_when_dropped: Arc<Mutex<Vec<Value>>> = Arc::default();
    let candidate = Candidate::new(client, "stow-system", "a", Timing::default(), metrics);
    let shutdown = CancellationToken::new();
    let stop = shutdown.clone();
    candidate
        .run(shutdown, |_fence| {
            let (api, log, stop) = (api.clone(), held_when_dropped.clone(), stop.clone());
            async move {
                let _guard = OnDrop(move || {
                    log.lock()
                        .unwrap()
                        .push(spec(&api)["holderIdentity"].clone());
                });
                stop.cancel();
                std::future::pending::<()>().await;
            }
        })
        .await;
    assert_eq!(*held_when_dropped.lock().unwrap(), [json!("a")]);
    assert_eq!(spec(&api)["holderIdentity"], Value::Null);
}

#[tokio::test(start_paused = true)]
async fn a_stolen_lease_ends_the_term_and_is_not_fought_over() {
    let api = FakeApi::new();
    let a = start(&api, "a");
    a.leads().await;
    api.put(PATH, held_by("thief"));
    until(|| !a.may_act()).await;
    assert_eq!(spec(&api)["holderIdentity"], "thief");
    let writes = api
        .calls()
        .iter()
        .filter(|call| call.method == Method::PUT)
        .count();
    let waited = a.leads().await;
    assert!(waited >= 10 * SECOND, "{waited:?}");
    assert!(writes <= 2, "{writes} writes");
}

#[tokio::test(start_paused = true)]
async fn a_foreign_edit_of_the_lease_does_not_cost_the_lead() {
    let api = FakeApi::new();
    let a = start(&api, "a");
    a.leads().await;
    let mut lease = api.get(PATH).unwrap();
    lease["metadata"]["labels"] = json!({"team": "data"});
    api.put(PATH, lease);
    sleep(60 * SECOND).await;
    assert!(a.may_act());
    assert_eq!(a.terms.lock().unwrap().len(), 1);
    assert_eq!(api.get(PATH).unwrap()["metadata"]["labels"]["team"], "data");
}

#[tokio::test(start_paused = true)]
async fn a_deleted_lease_ends_the_term() {
    let api = FakeApi::new();
    let a = start(&api, "a");
    a.leads().await;
    let first = a.fence().unwrap();
    api.delete(PATH);
    until(|| first.check().is_err()).await;
    a.leads().await;
}

#[tokio::test(start_paused = true)]
async fn errors_are_backed_off_from_and_healed_from() {
    let api = FakeApi::new();
    api.refuse(Some((Method::GET, 403)));
    let a = start(&api, "a");
    sleep(300 * SECOND).await;
    let calls = api.calls().len();
    assert!((10..=40).contains(&calls), "{calls} calls in five minutes");
    api.refuse(None);
    let waited = a.leads().await;
    assert!(waited <= 2 * Timing::default().lease, "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_lost_renewal_is_no_lost_lead() {
    let api = FakeApi::new();
    let a = start(&api, "a");
    a.leads().await;
    for _ in 0..10 {
        api.refuse(Some((Method::PUT, 500)));
        sleep(6 * SECOND).await;
        api.refuse(None);
        sleep(6 * SECOND).await;
        assert!(a.may_act());
    }
    assert_eq!(a.terms.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn two_that_start_at_once_have_one_leader() {
    let api = FakeApi::new();
    let replicas: Vec<Replica> = ["a", "b", "c"].map(|name| start(&api, name)).into();
    until(|| replicas.iter().any(Replica::may_act)).await;
    for _ in 0..60 {
        sleep(SECOND).await;
        assert_eq!(
            replicas.iter().filter(|replica| replica.may_act()).count(),
            1
        );
    }
}

#[tokio::test(start_paused = true)]
async fn work_that_ends_gives_the_lead_back() {
    let api = FakeApi::new();
    let (client, _cut) = api.client();
    let candidate = Candidate::new(
        client,
        "stow-system",
        "a",
        Timing::default(),
        Metrics::new(),
    );
    let shutdown = CancellationToken::new();
    let task = candidate.run(shutdown.clone(), async |_fence| {});
    let watch = async {
        until(|| {
            api.get(PATH)
                .is_some_and(|lease| lease["spec"]["holderIdentity"].is_null())
        })
        .await;
        shutdown.cancel();
    };
    tokio::join!(task, watch);
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_hangs_is_sent_again_in_time() {
    let api = FakeApi::new();
    let a = start(&api, "a");
    a.leads().await;
    for _ in 0..10 {
        api.lose(1);
        sleep(20 * SECOND).await;
    }
    assert!(a.may_act());
    assert_eq!(a.terms.lock().unwrap().len(), 1);
}
