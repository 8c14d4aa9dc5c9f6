//! Carries out one action of a plan.
//!
//! Nothing here may choose: an action is done as it is planned, once, while
//! this replica leads; what came of it is remembered for the next plan.

use stow_versions::status::{Reason, Upgrade};
use tracing::{info, warn};

use crate::cluster::{self, Cluster};
use crate::plan::{Action, Desired, Obstacle};
use crate::rds::{self, Decision, Instance, Rds};

use super::events::Happening;
use super::memory::Memory;
use super::{Error, Pass};

/// What an action changed, as far as it shows.
enum Effect {
    /// Something in Kubernetes.
    Cluster,
    /// The instance; with RDS's answer, where it shows the instance.
    Instance(Option<Box<Instance>>),
}

enum Failure {
    Cluster(cluster::Error),
    Rds(rds::Error),
}

impl<R: Rds, C: Cluster> Pass<'_, R, C> {
    /// Executes an action. Says whether the plan goes on after it; where not,
    /// the next observation shows why.
    pub(super) async fn execute(
        &mut self,
        desired: &Desired,
        action: Action,
    ) -> Result<bool, Error> {
        let fence = self.context.fence.clone();
        let now = self.now();
        self.remember(|memory| memory.ask(&action, now));
        let attempt = fence.bound(self.attempt(&action)).await;
        if attempt.is_err() && changes_instance(&action) {
            // Cut off in the middle: what became of it is unknown.
            self.remember_change(None);
            self.remember(|memory| memory.supersede(&action));
        }
        match attempt? {
            Ok(effect) => {
                self.remember(|memory| memory.succeed(&action));
                if let Effect::Instance(answer) = effect {
                    self.remember_change(answer.map(|answer| *answer));
                    self.remember(|memory| memory.accept(&action, now));
                }
                if let Some(happening) = Happening::of(&action, desired) {
                    info!(action = happening.action, "{}", happening.note);
                    self.happenings.push(happening);
                }
                if matches!(action, Action::RemoveFinalizer | Action::Release { .. }) {
                    self.tell_the_last().await?;
                }
                Ok(true)
            }
            Err(failure) => {
                self.failed(action, failure)?;
                Ok(false)
            }
        }
    }

    async fn attempt(&mut self, action: &Action) -> Result<Effect, Failure> {
        let Self {
            context,
            object,
            subject,
            ..
        } = self;
        let cluster = &context.cluster;
        let rds = &context.rds;
        let namespace = &subject.namespace;
        match action {
            Action::AddFinalizer => *object = cluster.set_finalizer(object, true).await?,
            Action::RemoveFinalizer | Action::Release { .. } => {
                *object = cluster.set_finalizer(object, false).await?;
            }
            Action::NoteUpgrade { version } => {
                let mut status = object.status.clone();
                status.upgrade = Some(Upgrade {
                    version: Some(version.clone()),
                    generation: object.metadata.generation,
                });
                *object = cluster.set_status(object, &status).await?;
            }
            Action::NoteInherited(inherited) => {
                let mut status = object.status.clone();
                status.inherited = Some(inherited.clone());
                *object = cluster.set_status(object, &status).await?;
                // Of what a definition does not know, the API server keeps nothing,
                // and says so in a warning alone. What follows relies on it.
                if object.status.inherited.as_ref() != Some(inherited) {
                    return Err(cluster::Error::Invalid {
                        what: format!(
                            "noting status.inherited of postgresdb {namespace}/{}",
                            subject.name
                        ),
                        message: "the CustomResourceDefinition has no such field: apply \
                                  yaml/crd.yaml of this release"
                            .to_owned(),
                    }
                    .into());
                }
            }
            Action::CreateSecret(content) => cluster.create_secret(object, content).await?,
            Action::UpdateSecret { held, content } => {
                cluster.update_secret(namespace, held, content).await?;
            }
            Action::DeleteSecret(held) => cluster.delete_secret(namespace, held).await?,
            Action::Create(request) => {
                return Ok(Effect::Instance(Some(Box::new(rds.create(request).await?))));
            }
            Action::Modify(request) => {
                return Ok(Effect::Instance(Some(Box::new(rds.modify(request).await?))));
            }
            Action::Delete(request) => {
                rds.delete(request).await?;
                return Ok(Effect::Instance(None));
            }
            Action::AddTags { arn, tags } => {
                rds.add_tags(arn, tags).await?;
                return Ok(Effect::Instance(None));
            }
        }
        Ok(Effect::Cluster)
    }

    fn failed(&self, action: Action, failure: Failure) -> Result<(), Error> {
        let (obstacle, decision) = match failure {
            // Stale or unreachable: the whole pass starts over.
            Failure::Cluster(
                error @ (cluster::Error::Conflict { .. }
                | cluster::Error::NotFound { .. }
                | cluster::Error::Unavailable { .. }),
            ) => return Err(error.into()),
            // Nobody tells when a right was granted.
            Failure::Cluster(error) => (refused_by_the_cluster(&error), Decision::Slowly),
            Failure::Rds(error) => {
                if may_have_changed(&error) {
                    self.remember_change(None);
                }
                if matches!(error, rds::Error::Unknown { .. }) {
                    self.remember(|memory| memory.supersede(&action));
                }
                let decision = error.decision();
                if decision == Decision::Stop {
                    return Ok(());
                }
                (Obstacle::from(&error), decision)
            }
        };
        warn!(reason = %obstacle.reason, "{}", obstacle.message);
        let now = self.now();
        self.remember(|memory| memory.fail(action, obstacle, decision, now));
        Ok(())
    }

    fn remember(&self, note: impl FnOnce(&mut Memory)) {
        self.context.memories.with(&self.subject.uid, note);
    }

    fn remember_change(&self, answer: Option<Instance>) {
        let tick = self.context.sweeps.tick();
        self.remember(|memory| memory.change(tick, answer));
    }

    /// The object goes with its finalizer, and no report follows.
    async fn tell_the_last(&self) -> Result<(), Error> {
        for happening in &self.happenings {
            self.publish(&happening.event()).await?;
        }
        Ok(())
    }
}

fn changes_instance(action: &Action) -> bool {
    match action {
        Action::Create(_) | Action::Modify(_) | Action::Delete(_) | Action::AddTags { .. } => true,
        Action::AddFinalizer
        | Action::RemoveFinalizer
        | Action::Release { .. }
        | Action::NoteUpgrade { .. }
        | Action::NoteInherited(_)
        | Action::CreateSecret(_)
        | Action::UpdateSecret { .. }
        | Action::DeleteSecret(_) => false,
    }
}

/// Whether the instance may be another than was observed. A refusal for what
/// was asked says that it is not.
fn may_have_changed(error: &rds::Error) -> bool {
    match error {
        rds::Error::Unknown { .. } => true,
        rds::Error::Throttled { .. } | rds::Error::Unconfigured { .. } => false,
        rds::Error::Refused { refusal, .. } => match refusal {
            rds::Refusal::AlreadyExists
            | rds::Refusal::NotFound
            | rds::Refusal::AlreadyDeleting
            | rds::Refusal::State => true,
            rds::Refusal::Denied
            | rds::Refusal::Quota
            | rds::Refusal::SnapshotExists
            | rds::Refusal::Unmet
            | rds::Refusal::Invalid => false,
        },
    }
}

fn refused_by_the_cluster(error: &cluster::Error) -> Obstacle {
    match error {
        cluster::Error::Forbidden { .. } => {
            Obstacle::new(Reason::AccessDenied, format!("{error}."))
        }
        error => Obstacle::new(Reason::Refused, error.to_string()),
    }
}

impl From<cluster::Error> for Failure {
    fn from(error: cluster::Error) -> Self {
        Self::Cluster(error)
    }
}

impl From<rds::Error> for Failure {
    fn from(error: rds::Error) -> Self {
        Self::Rds(error)
    }
}
