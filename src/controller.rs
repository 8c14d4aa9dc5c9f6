//! The leader's work: watches feed reconcile, the sweep wakes it, and all of
//! it ends when the lead is lost.
//!
//! Nothing here may decide anything about a database.

mod pace;

use std::collections::hash_map::DefaultHasher;
use std::convert::Infallible;
use std::future::ready;
use std::hash::{Hash, Hasher};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::{Stream, StreamExt};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::runtime::controller::{Action, Config};
use kube::runtime::reflector::{self, ObjectRef, Store};
use kube::runtime::utils::PredicateConfig;
use kube::runtime::{Controller, WatchStreamExt, watcher};
use kube::{Api, Client, Resource};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tracing::{error, warn};

use self::pace::Pace;
use crate::cluster::{KubeCluster, PostgresDB};
use crate::complaint::{Attempt, Complaint};
use crate::config::Notice;
use crate::identity::{Guard, Own};
use crate::lead::Fence;
use crate::metrics::{Metrics, Reconcile};
use crate::rds::AwsRds;
use crate::reconcile::{
    Ambient, Census, Context, End, Intervals, Memories, Outcome, Phase, Sweeper, Sweeps, Wake,
    reconcile,
};

/// Objects reconciled at once: enough that one slow AWS call holds up few
/// others, few enough to stay far from AWS's rate limits.
const CONCURRENCY: u16 = 16;

/// How long the first objects wait for the operator's settings.
const SETTINGS: Duration = Duration::from_secs(10);

/// The name of the operator's ConfigMap.
const CONFIG_MAP: &str = "stow";

const WATCH: Attempt<'static> = Attempt {
    verb: "list and watch",
    resource: "postgresdbs.myob.com",
    manifest: "yaml/deployment.yaml",
};
const WATCH_CONFIG_MAP: Attempt<'static> = Attempt {
    verb: "list and watch",
    resource: "configmaps \"stow\"",
    manifest: "yaml/deployment.yaml",
};

/// What the leader works with.
#[derive(Clone)]
pub struct Leader {
    /// Kubernetes.
    pub client: Client,
    /// The operator's namespace.
    pub namespace: String,
    /// RDS.
    pub rds: Arc<AwsRds>,
    /// How often RDS is swept.
    pub intervals: Intervals,
    /// Time and randomness.
    pub ambient: Ambient,
    /// The cluster's id.
    pub cluster_id: String,
    /// This replica's name in Events.
    pub instance: String,
    /// What is counted.
    pub metrics: Metrics,
    /// Whether everything is observed and reported, and nothing changed.
    pub read_only: bool,
}

impl Leader {
    /// Leads until it is dropped.
    pub async fn run(self, fence: Fence) {
        let (config_map, config_map_ref, config_map_changes) = self.config_map();
        let (objects, changes) = self.objects();
        let cluster = KubeCluster::new(
            self.client.clone(),
            config_map.clone(),
            config_map_ref.clone(),
            objects.clone(),
            &self.instance,
        );
        let sweeps = Arc::new(Sweeps::default());
        let memories = Arc::new(Memories::default());
        let (wake, woken) = mpsc::unbounded_channel();
        let (reconfigured, reconfigurations) = mpsc::unbounded_channel();
        let mut notice = Notice::new(self.metrics.clone());
        let (read, at) = (config_map.clone(), config_map_ref.clone());
        let configuring = config_map_changes.for_each(move |()| {
            let found = read.get(&at);
            notice.read(
                found
                    .map(|found| found.data.clone().unwrap_or_default())
                    .as_ref(),
            );
            // The receiver lives as long as this does.
            let _ = reconfigured.send(());
            ready(())
        });

        let cluster = Arc::new(cluster);
        let guard = Arc::new(self.guard(cluster.clone(), fence.clone()));
        // Compared before anything is looked at. What is only uncertain yet, the
        // first sweep may settle.
        if let Err(obstacle) = guard.compare(&[]).await
            && obstacle.needs_somebody()
        {
            error!(reason = %obstacle.reason, "{}", obstacle.message);
            sweeps.obstruct(obstacle);
        }
        let context = Arc::new(Context {
            rds: self.rds.clone(),
            cluster,
            sweeps: sweeps.clone(),
            memories: memories.clone(),
            fence,
            ambient: self.ambient.clone(),
            cluster_id: self.cluster_id.clone(),
            guard: guard.clone(),
            read_only: self.read_only,
        });
        let metrics = self.metrics.clone();
        let pace = Arc::new(Pace::default());
        let reconciling = async {
            // Reading it first spares every object a pass without settings; where
            // it cannot be read, they are told so.
            let _ = timeout(SETTINGS, config_map.wait_until_ready()).await;
            Controller::for_stream(changes, objects.clone())
                .with_config(Config::default().concurrency(CONCURRENCY))
                .reconcile_on(refs(woken))
                .reconcile_all_on(stream(reconfigurations))
                .run(
                    move |object, context| {
                        reconciled(object, context, metrics.clone(), pace.clone())
                    },
                    |_, error: &Infallible, _| match *error {},
                    context,
                )
                .for_each(|_| async {})
                .await;
        };
        let sweeping = self
            .sweeper(guard, sweeps, memories, wake, objects.clone())
            .run();
        tokio::select! {
            () = reconciling => {}
            () = sweeping => {}
            () = configuring => {}
        }
    }

    fn guard(&self, cluster: Arc<KubeCluster>, fence: Fence) -> Guard<AwsRds, KubeCluster> {
        let own = Own {
            namespace: self.namespace.clone(),
            cluster: self.cluster_id.clone(),
            region: self.rds.region(),
        };
        Guard::new(
            self.rds.clone(),
            cluster,
            own,
            fence,
            !self.read_only,
            self.metrics.clone(),
        )
    }

    fn sweeper(
        &self,
        guard: Arc<Guard<AwsRds, KubeCluster>>,
        sweeps: Arc<Sweeps>,
        memories: Arc<Memories>,
        wake: mpsc::UnboundedSender<Wake>,
        objects: Store<PostgresDB>,
    ) -> Sweeper<AwsRds, KubeCluster> {
        let metrics = self.metrics.clone();
        let now = self.ambient.now.clone();
        let exists = move |namespace: &str, name: &str, uid: &str| {
            objects
                .get(&ObjectRef::new(name).within(namespace))
                .is_some_and(|object| object.metadata.uid.as_deref() == Some(uid))
        };
        let mut census = Census::new(self.cluster_id.clone(), exists.clone());
        Sweeper::new(
            guard,
            sweeps,
            memories,
            self.intervals,
            wake,
            exists,
            move |outcome, took| {
                if let Ok(sweep) = outcome {
                    metrics.sweep(sweep.instances.len(), took, now());
                    metrics.left_behind(census.take(sweep));
                }
            },
        )
    }

    /// Every object of the hub version, and the changes of what reconcile acts
    /// on. Not by generation: a v1alpha1 write that changes an annotation alone
    /// changes the hub's spec and leaves the generation.
    fn objects(
        &self,
    ) -> (
        Store<PostgresDB>,
        impl Stream<Item = Result<PostgresDB, watcher::Error>> + Send + use<>,
    ) {
        let (store, writer) = reflector::store();
        let api = Api::<PostgresDB>::all(self.client.clone());
        let changes = watcher(api, watcher::Config::default())
            .default_backoff()
            .reflect(writer)
            .inspect(complain(WATCH))
            .applied_objects()
            .predicate_filter(substance, PredicateConfig::default());
        (store, changes)
    }

    fn config_map(
        &self,
    ) -> (
        Store<ConfigMap>,
        ObjectRef<ConfigMap>,
        impl Stream<Item = ()> + Send + use<>,
    ) {
        let (store, writer) = reflector::store();
        let api = Api::<ConfigMap>::namespaced(self.client.clone(), &self.namespace);
        let only = watcher::Config::default().fields(&format!("metadata.name={CONFIG_MAP}"));
        let changes = watcher(api, only)
            .default_backoff()
            .reflect(writer)
            .inspect(complain(WATCH_CONFIG_MAP))
            .filter_map(|event| ready(event.ok().and_then(|event| settles(&event))));
        (
            store,
            ObjectRef::new(CONFIG_MAP).within(&self.namespace),
            changes,
        )
    }
}

/// Whether the store holds what is there, once it has seen this event.
fn settles(event: &watcher::Event<ConfigMap>) -> Option<()> {
    match event {
        // A list under way: what it brings is seen at its end.
        watcher::Event::Init | watcher::Event::InitApply(_) => None,
        watcher::Event::InitDone | watcher::Event::Apply(_) | watcher::Event::Delete(_) => Some(()),
    }
}

/// What of an object reconcile acts on: all but what the operator writes.
#[expect(clippy::unnecessary_wraps, reason = "a predicate may have no answer")]
fn substance(object: &PostgresDB) -> Option<u64> {
    let metadata = object.meta();
    let mut hasher = DefaultHasher::new();
    metadata.uid.hash(&mut hasher);
    metadata.annotations.hash(&mut hasher);
    metadata.finalizers.hash(&mut hasher);
    metadata
        .deletion_timestamp
        .as_ref()
        .map(|time| time.0)
        .hash(&mut hasher);
    object.spec.to_string().hash(&mut hasher);
    Some(hasher.finish())
}

/// Logs each distinct failure of a watch once: it is retried for ever.
fn complain<K>(
    attempt: Attempt<'static>,
) -> impl FnMut(&Result<watcher::Event<K>, watcher::Error>) + Send {
    let mut complaint = Complaint::default();
    move |event| match event {
        Ok(_) => {
            complaint.settle();
        }
        // Etcd was compacted, or the kind changed: the list follows by itself.
        Err(watcher::Error::WatchError(status)) if status.code == 410 => {}
        Err(error) => {
            let text = match error {
                watcher::Error::InitialListFailed(error)
                | watcher::Error::WatchStartFailed(error)
                | watcher::Error::WatchFailed(error) => attempt.explain(error),
                error => error.to_string(),
            };
            if complaint.is_new(&text) {
                warn!("{text}");
            }
        }
    }
}

fn refs(woken: mpsc::UnboundedReceiver<Wake>) -> impl Stream<Item = ObjectRef<PostgresDB>> + Send {
    stream(woken).map(|(namespace, name)| ObjectRef::new(&name).within(&namespace))
}

fn stream<T: Send>(receiver: mpsc::UnboundedReceiver<T>) -> impl Stream<Item = T> + Send {
    futures::stream::unfold(receiver, |mut receiver| async {
        Some((receiver.recv().await?, receiver))
    })
}

async fn reconciled(
    object: Arc<PostgresDB>,
    context: Arc<Context<AwsRds, KubeCluster>>,
    metrics: Metrics,
    pace: Arc<Pace>,
) -> Result<Action, Infallible> {
    let started = Instant::now();
    let uid = object.metadata.uid.as_deref().unwrap_or_default();
    if let Err(wait) = pace.admit(uid, started) {
        return Ok(Action::requeue(wait));
    }
    let pass = pin!(reconcile(&context, &object));
    let Outcome { again, end } = pass.await;
    let outcome = match end {
        End::Reported { acted: true, .. } => Reconcile::Acted,
        End::Reported {
            phase: Phase::Rest, ..
        }
        | End::Gone => Reconcile::Settled,
        End::Reported {
            phase: Phase::Progress,
            ..
        } => Reconcile::Waiting,
        End::Reported {
            phase: Phase::Blocked,
            ..
        } => Reconcile::Blocked,
        End::Failed => Reconcile::Failed,
    };
    metrics.reconcile(outcome, started.elapsed());
    Ok(if end == End::Gone {
        Action::await_change()
    } else {
        Action::requeue(again)
    })
}
