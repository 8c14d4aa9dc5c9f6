//! The leader's eye on the CRD: whether objects may still be stored in another
//! version than the storage version, which a metric and an Event say; and the
//! migration itself, where the operator was told to.
//!
//! Nothing here may migrate without that word: it writes every object of the
//! cluster, and when is the platform's to choose.

use std::pin::pin;
use std::time::Duration;

use futures::StreamExt;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition as Crd;
use kube::runtime::WatchStreamExt;
use kube::runtime::events::{Event, EventType, Recorder};
use kube::runtime::watcher::watch_object;
use kube::{Client, Resource};
use serde_json::Value;
use stow_versions::CRD;
use tokio::time::sleep;
use tracing::{info, warn};

use super::calls::Calls;
use super::definition::{is_due, stored};
use super::object::{Fate, Outcome};
use super::walk::Tally;
use super::{Error, Stage, Task};
use crate::chain::Chain;
use crate::complaint::Complaint;
use crate::events::recorder;
use crate::lead::{Fence, NotLeading};
use crate::metrics::Metrics;

/// Fewer at once than a person would have: nobody waits for it.
const CONCURRENCY: usize = 8;

/// How long one call is tried while the API server is away.
const PATIENCE: Duration = Duration::from_mins(5);

/// How soon a migration that was cut short is begun again. What somebody has to
/// mend first takes a while.
const AGAIN: Duration = Duration::from_mins(2);

/// How many objects are named in the log that cannot be migrated.
const NAMED: usize = 20;

/// Watches the CRD for the leader.
#[derive(Clone)]
pub struct Due {
    client: Client,
    recorder: Recorder,
    metrics: Metrics,
    migrates: bool,
}

impl Due {
    /// `migrates` says whether to migrate as well; `instance` names this replica in
    /// Events.
    pub fn new(client: Client, instance: &str, metrics: Metrics, migrates: bool) -> Self {
        Self {
            recorder: recorder(client.clone(), instance),
            client,
            metrics,
            migrates,
        }
    }

    /// Watches until the fence shuts.
    pub async fn watch(self, fence: Fence) -> NotLeading {
        match fence.bound(Box::pin(self.follow())).await {
            Ok(never) => match never {},
            Err(lost) => lost,
        }
    }

    async fn follow(&self) -> std::convert::Infallible {
        let crds = kube::Api::<Crd>::all(self.client.clone());
        let mut crds = pin!(watch_object(crds, CRD).default_backoff());
        let mut told = false;
        let mut complaint = Complaint::default();
        let mut latest: Option<Crd> = None;
        let mut retry = None;
        loop {
            tokio::select! {
                event = crds.next() => match event {
                    Some(Ok(crd)) => latest = crd,
                    // Who keeps its caBundle says what is wrong with the watch.
                    Some(Err(_)) | None => continue,
                },
                () = sleep(retry.unwrap_or_default()), if retry.is_some() => {}
            }
            retry = None;
            let seen = latest.as_ref().map(serde_json::to_value);
            let (Some(crd), Some(Ok(value))) = (&latest, seen) else {
                self.metrics.migration_due(false);
                continue;
            };
            let due = is_due(&value);
            self.metrics.migration_due(due);
            if due && !told {
                self.tell(crd, &value).await;
            }
            told = due;
            if due && self.migrates {
                retry = self.migrate(&mut complaint).await;
            }
        }
    }

    /// Says once that a migration is due.
    async fn tell(&self, crd: &Crd, value: &Value) {
        let note = format!(
            "Objects may be stored as any of {}: run `stow migrate` before a version is removed.",
            stored(value).join(", ")
        );
        info!("{note}");
        let event = Event {
            type_: EventType::Normal,
            reason: "MigrationDue".to_owned(),
            note: Some(note),
            action: "Migrate".to_owned(),
            secondary: None,
        };
        // The metric says it too, and an Event is gone in an hour anyway.
        if let Err(error) = self.recorder.publish(&event, &crd.object_ref(&())).await {
            warn!("cannot publish an Event: {}", Chain(&error));
        }
    }

    /// Migrates, and says when to try again, if at all.
    async fn migrate(&self, complaint: &mut Complaint) -> Option<Duration> {
        let stage = Log;
        let calls = Calls::new(self.client.clone(), PATIENCE, CONCURRENCY, &stage);
        let trouble = match super::migrated(&calls).await {
            Ok(tally) if tally.remaining.is_empty() => {
                complaint.settle();
                return None;
            }
            Ok(tally) => remaining(&tally),
            Err(error) => explained(&error),
        };
        if complaint.is_new(&trouble) {
            warn!("{trouble}");
        }
        Some(AGAIN)
    }
}

fn remaining(tally: &Tally) -> String {
    let named = tally.remaining.iter().take(NAMED);
    let lines: Vec<_> = named
        .map(|(object, why)| format!("{object}: {why}"))
        .collect();
    let count = tally.remaining.len();
    format!(
        "{count} objects could not be migrated: {}",
        lines.join("; ")
    )
}

fn explained(error: &Error) -> String {
    match error {
        Error::Denied(words) => format!(
            "cannot migrate: the API server forbids it ({words}): apply \
             yaml/migrate-storage.yaml, which grants it"
        ),
        error => format!("cannot migrate: {}", Chain(error)),
    }
}

/// The operator's log.
struct Log;

impl Stage for Log {
    fn begins(&self, task: Task, objects: u64) {
        info!(?task, objects, "going over every object");
    }

    fn outcome(&self, _: Task, outcome: &Outcome) {
        if let Fate::Rewritten(what) = &outcome.fate {
            tracing::debug!(object = outcome.object, ?what, "rewritten");
        }
    }

    fn say(&self, line: &str) {
        info!("{line}");
    }
}
