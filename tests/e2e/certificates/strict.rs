//! A client that connects anew all the time and trusts what the CRD publishes, and
//! another that is some seconds behind: as API servers are whose connections have
//! just ended. One that keeps its connections notices nothing of a rotation.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use harness::Result;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition as Crd;
use kube::Api;
use tokio::task::JoinHandle;

use super::serves;
use crate::load::client;
use crate::stage::Stage;

/// How far the slower one is behind; an API server was not seen to take longer
/// than 281 ms.
const BEHIND: Duration = Duration::from_secs(2);

/// Both clients, until they are stopped.
pub(super) struct Strict {
    stop: Arc<AtomicBool>,
    clients: JoinHandle<(usize, Vec<String>)>,
}

impl Strict {
    /// Connects to each of the replicas that there are.
    pub(super) async fn begin(stage: &Stage) -> Result<Self> {
        let api = Api::<Crd>::all(client(stage).await?);
        let replicas = stage.replicas.iter().map(|replica| replica.webhook);
        let replicas: Vec<_> = replicas.collect();
        let stop = Arc::new(AtomicBool::new(false));
        let clients = tokio::spawn(connect(api, replicas, Arc::clone(&stop)));
        Ok(Self { stop, clients })
    }

    /// How often a replica was connected to, and each time that it was not accepted.
    pub(super) async fn end(self) -> (usize, Vec<String>) {
        self.stop.store(true, Ordering::Relaxed);
        self.clients.await.expect("a client that panics")
    }
}

async fn connect(
    api: Api<Crd>,
    replicas: Vec<SocketAddr>,
    stop: Arc<AtomicBool>,
) -> (usize, Vec<String>) {
    let start = Instant::now();
    let (mut count, mut refusals) = (0, Vec::new());
    let mut seen: Vec<(Instant, String)> = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        match api.get("postgresdbs.myob.com").await {
            Ok(crd) => seen.push((Instant::now(), published(crd))),
            Err(error) => refusals.push(error.to_string()),
        }
        let behind = seen.iter().rposition(|(at, _)| at.elapsed() >= BEHIND);
        seen.drain(..behind.unwrap_or(0));
        let slower = behind.and(seen.first());
        for (at, trusted) in seen.last().into_iter().chain(slower) {
            for (index, replica) in replicas.iter().enumerate() {
                count += 1;
                if !matches!(serves(*replica, trusted).await, Ok(Some(_))) {
                    let (now, age) = (start.elapsed(), at.elapsed());
                    refusals.push(format!(
                        "{now:?}: {index}, trusting what was published {age:?} ago"
                    ));
                }
            }
        }
    }
    (count, refusals)
}

fn published(crd: Crd) -> String {
    let webhook = crd
        .spec
        .conversion
        .and_then(|conversion| conversion.webhook);
    let client = webhook.and_then(|webhook| webhook.client_config);
    let bundle = client.and_then(|client| client.ca_bundle);
    let bundle = bundle.map(|bundle| bundle.0).unwrap_or_default();
    String::from_utf8(bundle).unwrap_or_default()
}
