//! One object at a time, from what is observed to what is reported: observe,
//! validate, plan, execute, report, over the traits [`Rds`] and [`Cluster`].
//!
//! Nothing here may read a clock, draw a random number or keep a decision to
//! itself: decisions are the planner's, and time and passwords are handed in.

mod census;
mod events;
mod execute;
mod memory;
mod observe;
mod report;
mod sweep;
pub(crate) mod validate;

pub use census::Census;
pub use memory::Memories;
pub(crate) use observe::judge as judge_secret;
pub use sweep::{Intervals, Phase, Sweep, Sweeper, Sweeps, Wake};

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tracing::{Instrument, debug, info_span, warn};

use crate::cluster::{self, Cluster, Event, Neighbour, PostgresDB, subject_of};
use crate::config::Configuration;
use crate::identity::Guard;
use crate::lead::{Fence, NotLeading};
use crate::plan::{
    Action, BURST, Desired, Goal, MadeFor, Observed, Plan, Presence, Subject, allowed_at, plan,
};
use crate::rds::{Password, Rds};

use events::Happening;
use memory::Memory;
use validate::Surroundings;

/// Each round does what the last one made possible; a database takes five from
/// nothing to its create request, and each change that RDS refuses costs one
/// more. More means that plans do not converge.
const ROUNDS: usize = 5 + BURST;

/// How long an object at rest stays unread. It is how an edit of its Secret is
/// noticed, which nothing watches.
const REST: Duration = Duration::from_mins(10);

/// The first wait after a call to Kubernetes that failed, and the longest.
const RETRY: Duration = Duration::from_millis(500);
const LONGEST_RETRY: Duration = Duration::from_mins(2);

/// What differs from run to run, handed in so that a test can hand in the same.
#[derive(Clone)]
pub struct Ambient {
    /// The time of day.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// A password that nobody has used.
    pub password: Arc<dyn Fn() -> Password + Send + Sync>,
}

/// All that reconciling needs beside the object.
pub struct Context<R, C> {
    /// RDS.
    pub rds: Arc<R>,
    /// Kubernetes.
    pub cluster: Arc<C>,
    /// What the last sweep saw, and who waits for the next.
    pub sweeps: Arc<Sweeps>,
    /// What this process did, while RDS does not show it yet.
    pub memories: Arc<Memories>,
    /// Leadership, checked before every change.
    pub fence: Fence,
    /// Time and randomness.
    pub ambient: Ambient,
    /// The cluster's id, as in the tag `stow.myob.com/cluster`.
    pub cluster_id: String,
    /// Whether this is who the operator was first started for.
    pub guard: Arc<Guard<R, C>>,
    /// Whether everything is observed and reported, and nothing changed.
    pub read_only: bool,
}

/// What became of one pass over an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// When to look again at the latest.
    pub again: Duration,
    /// How it ended.
    pub end: End,
}

impl Outcome {
    /// Nothing is to be done until something changes.
    fn resting(end: End) -> Self {
        Self { again: REST, end }
    }
}

/// How a pass ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The object is as it should be, or waits as the phase says.
    Reported {
        /// What it waits for.
        phase: Phase,
        /// Whether its instance was changed.
        acted: bool,
    },
    /// The object does not exist any more.
    Gone,
    /// The API server did not do its part; the pass is made again.
    Failed,
}

/// Why a pass over an object could not be completed. What RDS or the spec
/// stands in the way of is no such error: the object's conditions say it.
#[derive(Debug, thiserror::Error)]
enum Error {
    /// The API server did not do its part.
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    /// Another replica leads now.
    #[error(transparent)]
    NotLeading(#[from] NotLeading),
}

/// Reconciles one object.
pub async fn reconcile<R: Rds, C: Cluster>(
    context: &Context<R, C>,
    object: &PostgresDB,
) -> Outcome {
    let Some(subject) = subject_of(&context.cluster_id, object) else {
        return Outcome::resting(End::Gone);
    };
    let span = info_span!(
        "reconcile",
        namespace = subject.namespace,
        name = subject.name
    );
    async {
        let uid = subject.uid.clone();
        let pass = Pass {
            context,
            subject,
            object: object.clone(),
            prepared: false,
            asks: false,
            absent: false,
            happenings: Vec::new(),
        };
        match pass.run().await {
            Ok(outcome) => {
                if outcome.end != End::Gone {
                    context.memories.with(&uid, Memory::completed);
                }
                outcome
            }
            Err(error) => {
                let attempts = context.memories.with(&uid, Memory::interrupted);
                match &error {
                    // Somebody wrote meanwhile: an everyday matter.
                    Error::Cluster(cluster::Error::Conflict { .. }) | Error::NotLeading(_) => {
                        debug!(%error, "starting over");
                    }
                    Error::Cluster(_) => {
                        warn!(%error, attempts, "could not be reconciled; trying again");
                    }
                }
                let wait = RETRY.saturating_mul(1 << attempts.min(10));
                Outcome {
                    again: wait.min(LONGEST_RETRY),
                    end: End::Failed,
                }
            }
        }
    }
    .instrument(span)
    .await
}

/// One pass over one object.
struct Pass<'a, R, C> {
    context: &'a Context<R, C>,
    subject: Subject,
    object: PostgresDB,
    /// Whether the object was read past every cache in this pass.
    prepared: bool,
    /// Whether something is to be done, so that RDS itself is asked first.
    asks: bool,
    /// Whether RDS answered in this pass that the instance does not exist.
    absent: bool,
    happenings: Vec<Happening>,
}

impl<R: Rds, C: Cluster> Pass<'_, R, C> {
    async fn run(mut self) -> Result<Outcome, Error> {
        self.context.sweeps.notice(&self.subject);
        let reported = self.object.status.ready.is_some();
        if !self.context.sweeps.has_looked(reported) {
            // Nothing is known that could be done or said. A database at rest
            // shows nothing of an operator that started anew.
            return Ok(Outcome::resting(End::Reported {
                phase: Phase::Progress,
                acted: false,
            }));
        }
        for _ in 0..ROUNDS {
            let seen = self.context.sweeps.latest().map(|sweep| sweep.tick);
            let desired = self.desired();
            // Nothing is done on the word of a sweep alone.
            let confirm = self.asks && !self.absent;
            let observed = observe::observe(self.context, &desired, &self.object, confirm).await?;
            self.absent |= confirm && matches!(observed.instance, Presence::Absent { .. });
            let plan = plan(&desired, &observed, self.now());
            let rests = plan.actions.is_empty();
            if rests && (self.prepared || !self.has_news(&desired, &observed, &plan)) {
                return self.conclude(&desired, &observed, &plan, seen).await;
            }
            if !self.prepared {
                // The watch may lag: nothing is changed on its word alone, the
                // status neither, or what was told would be told again.
                self.prepared = true;
                if !self.refresh().await? {
                    return Ok(Outcome::resting(End::Gone));
                }
                if !rests {
                    self.ask().await;
                }
                continue;
            }
            if !self.asks {
                self.ask().await;
                continue;
            }
            for action in plan.actions {
                let last = matches!(action, Action::RemoveFinalizer | Action::Release { .. });
                if !self.execute(&desired, action).await? {
                    break;
                }
                if last {
                    self.forget();
                    return Ok(Outcome::resting(End::Gone));
                }
            }
        }
        warn!("the plans of this object do not come to rest; it is looked at again later");
        Ok(Outcome {
            again: LONGEST_RETRY,
            end: End::Failed,
        })
    }

    /// Has RDS itself asked from now on, having made sure that it is the right
    /// one: something is about to be done there.
    async fn ask(&mut self) {
        self.asks = true;
        let latest = self.context.sweeps.latest();
        let listed = latest.iter().flat_map(|sweep| sweep.instances.values());
        if let Err(obstacle) = self.context.guard.vouch(listed).await {
            warn!(reason = %obstacle.reason, "nothing is changed: {}", obstacle.message);
            self.context.sweeps.obstruct(obstacle);
        }
    }

    fn now(&self) -> Timestamp {
        (self.context.ambient.now)()
    }

    fn desired(&self) -> Desired {
        let configuration = self
            .context
            .cluster
            .config_map()
            .map(|data| Configuration::read(&data));
        let counts = configuration
            .as_ref()
            .is_some_and(|configuration| configuration.policy.max_per_namespace.is_some());
        let (neighbours, left_behind) = if counts {
            let Subject { namespace, uid, .. } = &self.subject;
            let neighbours = self.context.cluster.neighbours(namespace, uid);
            let left_behind = self.left_behind(&neighbours);
            (neighbours, left_behind)
        } else {
            (Vec::new(), Vec::new())
        };
        let surroundings = Surroundings {
            configuration: configuration.as_ref(),
            neighbours: &neighbours,
            left_behind: &left_behind,
        };
        validate::desired(&self.subject, &self.object, surroundings)
    }

    /// The instances that deleted objects of the namespace left behind.
    fn left_behind(&self, neighbours: &[Neighbour]) -> Vec<String> {
        let latest = self.context.sweeps.latest();
        let instances = latest.iter().flat_map(|sweep| sweep.instances.values());
        let elsewhere_or_there = |object: MadeFor<'_>| {
            object.namespace != self.subject.namespace
                || object.uid == self.subject.uid
                || neighbours.iter().any(|other| other.age.1 == object.uid)
        };
        census::left_behind(&self.context.cluster_id, instances, elsewhere_or_there)
            .map(|instance| instance.identifier.clone())
            .collect()
    }

    /// Reads the object itself. Says whether it is still there.
    async fn refresh(&mut self) -> Result<bool, Error> {
        let fresh = self
            .context
            .cluster
            .fetch(&self.subject.namespace, &self.subject.name)
            .await?;
        let fresh = fresh.filter(|fresh| fresh.metadata.uid.as_ref() == Some(&self.subject.uid));
        let Some(fresh) = fresh else {
            debug!("the object is gone");
            self.forget();
            return Ok(false);
        };
        self.object = fresh;
        Ok(true)
    }

    fn forget(&self) {
        self.context.memories.forget(&self.subject.uid);
        self.context.sweeps.untrack(&self.subject.uid);
    }

    /// Whether the object's status says something else than was found.
    fn has_news(&self, desired: &Desired, observed: &Observed, plan: &Plan) -> bool {
        report::status(&self.object, desired, observed, plan, self.now()) != self.object.status
    }

    /// Writes what was found, and says when to look again.
    async fn conclude(
        self,
        desired: &Desired,
        observed: &Observed,
        plan: &Plan,
        seen: Option<u64>,
    ) -> Result<Outcome, Error> {
        let now = self.now();
        let leaving = matches!(desired.goal, Goal::Gone { .. }) && !observed.finalizer;
        if leaving {
            self.forget();
            return Ok(Outcome::resting(End::Gone));
        }
        let status = report::status(&self.object, desired, observed, plan, now);
        let phase = report::phase(observed, plan);
        self.context.sweeps.track(&self.subject, phase);
        for event in events::events(&self.object.status, &status, &self.happenings) {
            self.publish(&event).await?;
        }
        if status != self.object.status {
            let write = self.context.cluster.set_status(&self.object, &status);
            self.context.fence.bound(write).await??;
        }
        let retry = observed
            .failed
            .iter()
            .map(|failed| failed.retry_at)
            .chain(allowed_at(observed, now))
            .map(|at| at.duration_since(now))
            .filter(SignedDuration::is_positive)
            .min();
        let retry = retry.and_then(|retry| Duration::try_from(retry).ok());
        let again = retry.map_or(REST, |retry| retry.clamp(RETRY, REST));
        // A sweep that ended before this object was tracked did not wake it.
        let latest = self.context.sweeps.latest().map(|sweep| sweep.tick);
        let again = if latest == seen { again } else { RETRY };
        let acted = !self.happenings.is_empty();
        Ok(Outcome {
            again,
            end: End::Reported { phase, acted },
        })
    }

    /// Events are a courtesy: where one is refused, as in a namespace that is
    /// being deleted, the log has it.
    async fn publish(&self, event: &Event) -> Result<(), NotLeading> {
        let publishing = self.context.cluster.publish(&self.object, event);
        if let Err(error) = self.context.fence.bound(publishing).await? {
            debug!(%error, reason = event.reason, note = event.note, "an Event could not be published");
        }
        Ok(())
    }
}
