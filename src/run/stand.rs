//! Standing for election, and the leader's work with all that it needs.
//!
//! Nothing here may keep the webhook from serving: it goes on whoever leads.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client};
use rand::distr::{Alphanumeric, SampleString};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::cli::Run;
use crate::complaint::{Attempt, Complaint};
use crate::controller::Leader;
use crate::lead::{Candidate, Fence, Timing};
use crate::metrics::Metrics;
use crate::migrate::Due;
use crate::probes::Component;
use crate::rds::{AwsRds, Observer};
use crate::reconcile::{Ambient, Intervals};
use crate::tls::Bundle;

/// How soon the cluster's id is asked for again.
const IDENTIFY_AGAIN: Duration = Duration::from_secs(5);

/// Stands for election, and does the leader's work whenever it leads.
pub(super) async fn stand(
    settings: Run,
    client: Client,
    metrics: Metrics,
    ambient: Ambient,
    bundle: Bundle,
    component: Component,
    shutdown: CancellationToken,
) {
    let rds = Arc::new(AwsRds::connect(counting(metrics.clone())).await);
    if let Err(error) = rds.check().await {
        // Each object says so too, and it is tried again with each sweep.
        error!("{error}");
    }
    let identity = identity();
    let timing = Timing::of(settings.lease_duration);
    let candidate = Candidate::new(
        client.clone(),
        &settings.namespace,
        &identity,
        timing,
        metrics.clone(),
    );
    metrics.read_only(settings.read_only);
    // Nothing is written in a cluster that is only looked at.
    let migrates = settings.migrate_storage && !settings.read_only;
    let due = Due::new(client.clone(), &identity, metrics.clone(), migrates);
    let given = settings.cluster_id.clone();
    let work = |fence: Fence| {
        let (client, metrics, ambient) = (client.clone(), metrics.clone(), ambient.clone());
        let (rds, bundle, identity) = (rds.clone(), bundle.clone(), identity.clone());
        let (given, namespace) = (given.clone(), settings.namespace.clone());
        let due = due.clone();
        let read_only = settings.read_only;
        let intervals = Intervals {
            rest: settings.sweep_interval,
            progress: settings.progress_interval,
        };
        async move {
            let reconciling = async {
                let cluster_id = match given {
                    Some(id) => id,
                    None => cluster_id(client.clone()).await,
                };
                info!(cluster_id, region = rds.region(), read_only, "reconciling");
                let leader = Leader {
                    client,
                    namespace,
                    rds,
                    intervals,
                    ambient,
                    cluster_id,
                    instance: identity,
                    metrics,
                    read_only,
                };
                Box::pin(leader.run(fence.clone())).await;
            };
            tokio::select! {
                () = reconciling => {}
                _ = bundle.keep(fence.clone()) => {}
                _ = due.watch(fence.clone()) => {}
            }
        }
    };
    Box::pin(candidate.run(shutdown, work)).await;
    drop(component);
}

/// The uid of kube-system: nobody deletes that namespace, so it is the cluster's.
async fn cluster_id(client: Client) -> String {
    const GET: Attempt<'static> = Attempt {
        verb: "get",
        resource: "namespaces \"kube-system\"",
        manifest: "yaml/deployment.yaml",
    };
    let namespaces = Api::<Namespace>::all(client);
    let mut complaint = Complaint::default();
    loop {
        match namespaces.get("kube-system").await {
            Ok(namespace) => {
                if let Some(uid) = namespace.metadata.uid {
                    return uid;
                }
                error!("the namespace kube-system has no uid: set --cluster-id");
            }
            Err(error) => {
                let text = GET.explain(&error);
                if complaint.is_new(&text) {
                    error!("{text}; or set --cluster-id");
                }
            }
        }
        tokio::time::sleep(IDENTIFY_AGAIN).await;
    }
}

fn counting(metrics: Metrics) -> Observer {
    Arc::new(move |action, outcome| metrics.aws_call(action, outcome.label()))
}

/// The Pod's name.
pub(super) fn host() -> String {
    std::env::var("HOSTNAME").unwrap_or_else(|_| "stow".to_owned())
}

/// The Pod's name, and something that a restarted container does not share.
fn identity() -> String {
    format!(
        "{}-{}",
        host(),
        Alphanumeric
            .sample_string(&mut rand::rng(), 8)
            .to_lowercase()
    )
}
