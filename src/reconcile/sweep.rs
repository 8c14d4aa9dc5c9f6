//! One view of every instance, shared by every object: the cost in AWS calls
//! grows with instances, not with objects.
//!
//! Nothing here may look at what an object wants: it says what RDS shows, and
//! wakes the objects for which that is news.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep_until};
use tracing::{debug, info, warn};

use super::memory::Memories;
use crate::cluster::Cluster;
use crate::identity::Guard;
use crate::plan::{Obstacle, Subject};
use crate::rds::{Instance, Rds};

/// How many sweeps fail in a row before the last one that did not is too old.
const FAILURES: u32 = 3;

/// How often RDS is swept.
#[derive(Clone, Copy, Debug)]
pub struct Intervals {
    /// While nothing is in progress.
    pub rest: Duration,
    /// While something is.
    pub progress: Duration,
}

/// Every instance of the region, as one complete sweep saw it.
#[derive(Debug)]
pub struct Sweep {
    /// When it began, in ticks.
    pub tick: u64,
    /// By identifier.
    pub instances: BTreeMap<String, Instance>,
}

/// What an object waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// For a change of its instance.
    Rest,
    /// For somebody to act, perhaps on another instance than its own.
    Blocked,
    /// For RDS.
    Progress,
}

#[derive(Debug)]
struct Tracked {
    namespace: String,
    name: String,
    identifier: String,
    phase: Phase,
}

/// The last sweep, and who waits for the next.
#[derive(Debug, Default)]
pub struct Sweeps {
    ticks: AtomicU64,
    latest: ArcSwapOption<Sweep>,
    obstruction: ArcSwapOption<Obstacle>,
    /// Whether the obstruction may be over before anybody has to know of it.
    passing: AtomicBool,
    tracked: Mutex<HashMap<String, Tracked>>,
    changed: Notify,
}

impl Sweeps {
    /// The last complete sweep.
    pub fn latest(&self) -> Option<Arc<Sweep>> {
        self.latest.load_full()
    }

    /// Why RDS cannot be swept, or why what it shows does not count, where time
    /// alone does not mend it.
    pub fn obstruction(&self) -> Option<Obstacle> {
        self.obstruction
            .load_full()
            .map(|obstacle| (*obstacle).clone())
    }

    /// Has nothing that RDS shows count until the next sweep that does.
    pub fn obstruct(&self, obstacle: Obstacle) {
        self.obstruction.store(Some(Arc::new(obstacle)));
        self.passing.store(false, Ordering::SeqCst);
    }

    /// Whether RDS was swept, or refused to be: before that there is nothing to
    /// go by. The first sweep follows the first object that is tracked. Where it
    /// fails, and the next may not, an object of which something was `reported`
    /// keeps that for a while; others have nothing else to say.
    pub(super) fn has_looked(&self, reported: bool) -> bool {
        let obstructed = || self.obstruction.load().is_some();
        let passing = || self.passing.load(Ordering::SeqCst);
        self.latest.load().is_some() || (obstructed() && !(reported && passing()))
    }

    /// A tick that is later than every sweep that has begun.
    pub(super) fn tick(&self) -> u64 {
        self.ticks.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Notes what an object waits for.
    pub(super) fn track(&self, subject: &Subject, phase: Phase) {
        let tracked = Tracked {
            namespace: subject.namespace.clone(),
            name: subject.name.clone(),
            identifier: subject.identifier(),
            phase,
        };
        let before = self.lock().insert(subject.uid.clone(), tracked);
        if before.is_none_or(|before| before.phase < phase) {
            self.changed.notify_one();
        }
    }

    /// Notes that an object is being looked at, if it is not known yet.
    pub(super) fn notice(&self, subject: &Subject) {
        if !self.lock().contains_key(&subject.uid) {
            self.track(subject, Phase::Progress);
        }
    }

    pub(super) fn untrack(&self, uid: &str) {
        self.lock().remove(uid);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Tracked>> {
        self.tracked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The namespace and name of an object to look at again.
pub type Wake = (String, String);

/// Sweeps RDS for as long as it is polled.
pub struct Sweeper<R, C> {
    guard: Arc<Guard<R, C>>,
    sweeps: Arc<Sweeps>,
    memories: Arc<Memories>,
    intervals: Intervals,
    wake: mpsc::UnboundedSender<Wake>,
    exists: Box<Exists>,
    observe: Box<Observe>,
}

type Exists = dyn Fn(&str, &str, &str) -> bool + Send + Sync;
type Observe = dyn FnMut(&Result<Arc<Sweep>, Obstacle>, Duration) + Send + Sync;

impl<R: Rds, C: Cluster> Sweeper<R, C> {
    /// `exists` says whether an object of that namespace, name and uid is
    /// still there; `observe` is told of each sweep's outcome and duration.
    pub fn new(
        guard: Arc<Guard<R, C>>,
        sweeps: Arc<Sweeps>,
        memories: Arc<Memories>,
        intervals: Intervals,
        wake: mpsc::UnboundedSender<Wake>,
        exists: impl Fn(&str, &str, &str) -> bool + Send + Sync + 'static,
        observe: impl FnMut(&Result<Arc<Sweep>, Obstacle>, Duration) + Send + Sync + 'static,
    ) -> Self {
        Self {
            guard,
            sweeps,
            memories,
            intervals,
            wake,
            exists: Box::new(exists),
            observe: Box::new(observe),
        }
    }

    /// Sweeps until it is dropped.
    pub async fn run(mut self) {
        let mut last: Option<Instant> = None;
        let mut failures = 0;
        loop {
            let Some(interval) = self.interval(failures) else {
                // By the time that an object comes, what was seen is old.
                self.sweeps.latest.store(None);
                last = None;
                self.sweeps.changed.notified().await;
                continue;
            };
            if let Some(due) = last.map(|last| last + interval)
                && due > Instant::now()
            {
                tokio::select! {
                    () = sleep_until(due) => {}
                    () = self.sweeps.changed.notified() => continue,
                }
            }
            let started = Instant::now();
            last = Some(started);
            let outcome = self.sweep(failures).await;
            failures = if outcome.is_ok() { 0 } else { failures + 1 };
            (self.observe)(&outcome, started.elapsed());
        }
    }

    /// How long after the last sweep the next one is due; never, while no
    /// object needs it and nothing stands in the way. Failures in a row stretch
    /// it, up to the one at rest.
    fn interval(&self, failures: u32) -> Option<Duration> {
        let Intervals { rest, progress } = self.intervals;
        let mut tracked = self.sweeps.lock();
        tracked.retain(|uid, tracked| (self.exists)(&tracked.namespace, &tracked.name, uid));
        self.memories.keep(|uid| tracked.contains_key(uid));
        let Some(phase) = tracked.values().map(|tracked| tracked.phase).max() else {
            // What stood in the way is looked at until it is gone, or a metric
            // and the first object to come would still tell of it.
            return self.sweeps.obstruction().map(|_| rest);
        };
        Some(match phase {
            Phase::Progress => progress
                .saturating_mul(1 << failures.min(10))
                .min(rest.max(progress)),
            Phase::Rest | Phase::Blocked => rest,
        })
    }

    async fn sweep(&self, failures: u32) -> Result<Arc<Sweep>, Obstacle> {
        let tick = self.sweeps.tick();
        let instances = match self.guard.sweep().await {
            Ok(instances) => instances,
            Err(obstacle) => {
                self.obstructed(&obstacle, failures);
                return Err(obstacle);
            }
        };
        let instances: BTreeMap<_, _> = instances
            .into_iter()
            .map(|instance| (instance.identifier.clone(), instance))
            .collect();
        let latest = Arc::new(Sweep { tick, instances });
        let before = self.sweeps.latest.swap(Some(latest.clone()));
        let healed = self.sweeps.obstruction.swap(None).is_some();
        if healed {
            info!("RDS can be observed again");
        }
        let shows = |sweep: Option<&Arc<Sweep>>, identifier: &str| {
            sweep.and_then(|sweep| sweep.instances.get(identifier).cloned())
        };
        self.wake(|tracked| {
            let now = shows(Some(&latest), &tracked.identifier);
            healed
                || tracked.phase != Phase::Rest
                // Missed by one sweep after another is no news, and no rest.
                || now.is_none()
                || shows(before.as_ref(), &tracked.identifier) != now
        });
        debug!(instances = latest.instances.len(), "swept RDS");
        Ok(latest)
    }

    /// A failure that time does not mend, or has not mended, is each object's to
    /// report; and nothing is changed by what was seen before it.
    fn obstructed(&self, obstacle: &Obstacle, failures: u32) {
        let known = self.sweeps.obstruction().as_ref() == Some(obstacle);
        if !known {
            warn!(reason = %obstacle.reason, "RDS could not be observed: {}", obstacle.message);
        }
        let lasting = obstacle.needs_somebody() || failures >= FAILURES;
        let passed = !self.sweeps.passing.swap(!lasting, Ordering::SeqCst);
        // Before the first sweep there is nothing else to report.
        let tell = lasting || self.sweeps.latest().is_none();
        if tell && !(known && (passed || !lasting)) {
            self.sweeps
                .obstruction
                .store(Some(Arc::new(obstacle.clone())));
            self.wake(|_| true);
        }
    }

    fn wake(&self, news: impl Fn(&Tracked) -> bool) {
        for tracked in self.sweeps.lock().values().filter(|tracked| news(tracked)) {
            // The receiver is gone only when the operator is shutting down.
            let _ = self
                .wake
                .send((tracked.namespace.clone(), tracked.name.clone()));
        }
    }
}
