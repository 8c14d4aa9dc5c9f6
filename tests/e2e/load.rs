//! Readers and writers of v1alpha1 that never pause, and remember every failure.
//!
//! Nothing here may try again what failed: one that a caller sees is one too many.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures::future::join_all;
use harness::{Error, Result, eventually};
use kube::api::{ApiResource, DynamicObject, Patch, PatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::GroupVersionKind;
use kube::{Api, Client, Config};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::stage::{NAMESPACE, PATIENCE, Stage};

/// Each has an object of its own, so that no write of one conflicts with another's.
const WORKERS: usize = 4;

/// Calls that each makes at once.
const BURST: usize = 12;

/// How long a piece of an answer takes: some review is under way at any time, and
/// the API server needs more than a few connections.
const SLOW: Duration = Duration::from_millis(50);

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) calls: usize,
    pub(crate) failures: Vec<String>,
}

/// Calls that go on until they are stopped.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    workers: JoinSet<Tally>,
}

impl Load {
    /// Begins once the objects that it reads and writes are there.
    pub(crate) async fn begin(stage: &Stage) -> Result<Self> {
        let client = client(stage).await?;
        stage.webhooks().slow(SLOW);
        let stop = Arc::new(AtomicBool::new(false));
        let start = Instant::now();
        let mut workers = JoinSet::new();
        for index in 0..WORKERS {
            let name = format!("load-{index}");
            let manifest = format!(
                "apiVersion: myob.com/v1alpha1\nkind: PostgresDB\nmetadata:\n  name: {name}\n\
                 spec:\n  storage: \"20\"\n  ha: true\n"
            );
            stage.apply(&manifest, &[]).await?;
            let (api, stop) = (api(&client, "v1alpha1"), Arc::clone(&stop));
            workers.spawn(async move {
                let mut tally = Tally::default();
                while !stop.load(Ordering::Relaxed) {
                    let round = tally.calls / (BURST + 1);
                    let body = json!({"metadata": {"labels": {"round": round.to_string()}}});
                    let written = api
                        .patch(&name, &PatchParams::default(), &Patch::Merge(body))
                        .await;
                    tally.count(start, "patch", written.as_ref(), |object| {
                        object.data["spec"]["ha"] == true
                    });
                    for read in join_all((0..BURST).map(|_| api.get(&name))).await {
                        tally.count(start, "get", read.as_ref(), |object| {
                            object.data["spec"]["storage"] == "20"
                        });
                    }
                }
                tally
            });
        }
        Ok(Self { stop, workers })
    }

    /// Ends it.
    pub(crate) async fn end(mut self) -> Tally {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Tally::default();
        while let Some(tally) = self.workers.join_next().await {
            let tally = tally.expect("a worker that panics");
            all.calls += tally.calls;
            all.failures.extend(tally.failures);
        }
        all
    }
}

impl Tally {
    fn count(
        &mut self,
        start: Instant,
        what: &str,
        outcome: std::result::Result<&DynamicObject, &kube::Error>,
        is_whole: impl Fn(&DynamicObject) -> bool,
    ) {
        self.calls += 1;
        let at = start.elapsed();
        match outcome {
            Ok(object) if is_whole(object) => {}
            Ok(object) => {
                let spec = &object.data["spec"];
                self.failures.push(format!("{at:?} {what} gave {spec}"));
            }
            Err(error) => self.failures.push(format!("{at:?} {what}: {error}")),
        }
    }
}

/// A client with an administrator's rights.
pub(crate) async fn client(stage: &Stage) -> Result<Client> {
    let unexpected = |error: &dyn std::error::Error| Error::Unexpected(error.to_string());
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let file = Kubeconfig::read_from(stage.cluster.admin_kubeconfig());
    let file = file.map_err(|error| unexpected(&error))?;
    let config = Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await;
    let config = config.map_err(|error| unexpected(&error))?;
    Client::try_from(config).map_err(|error| unexpected(&error))
}

/// The databases of the tests' namespace, in one version.
pub(crate) fn api(client: &Client, version: &str) -> Api<DynamicObject> {
    let kind = GroupVersionKind::gvk("myob.com", version, "PostgresDB");
    let resource = ApiResource::from_gvk_with_plural(&kind, "postgresdbs");
    Api::namespaced_with(client.clone(), NAMESPACE, &resource)
}

/// Waits until each replica has converted, and more than before where that is told.
pub(crate) async fn all_convert(stage: &Stage, before: &[f64]) -> Result<Vec<f64>> {
    eventually("conversions by all replicas", PATIENCE, || async {
        let mut counts = Vec::new();
        for replica in &stage.replicas {
            let metric = "stow_conversion_reviews_total{result=\"Success\"}";
            counts.push(replica.metric(metric).await?);
        }
        let less =
            |(index, count): (usize, &f64)| *count <= before.get(index).copied().unwrap_or(0.0);
        if counts.iter().enumerate().any(less) {
            return Err(Error::Unexpected(format!(
                "{counts:?}, and {before:?} before"
            )));
        }
        Ok(counts)
    })
    .await
}

/// The CRD's `caBundle`, as text; empty where it has none.
pub(crate) async fn ca_bundle(stage: &Stage) -> Result<String> {
    let crd: Value = stage.get("crd/postgresdbs.myob.com").await?;
    let client = json!({"data": crd["spec"]["conversion"]["webhook"]["clientConfig"]});
    crate::stage::decoded(&client, "caBundle")
}
