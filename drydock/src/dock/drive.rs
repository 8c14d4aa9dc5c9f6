//! Goes through the steps of instances, one task for each instance.
//!
//! A request may replace an instance's steps at any time (a delete does): then
//! the outcome of the step that was under way counts for nothing.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, Weak},
    time::Duration,
};

use jiff::Timestamp;

use super::Dock;
use crate::{
    machine::{self, Step, Work},
    model::{Instance, ParameterGroup, Region, Scope},
    servers::{Job, Outcome},
};

/// How often the clock is asked whether a window has opened.
const TICK: Duration = Duration::from_secs(1);

/// Begins what the clock alone begins, for as long as there is a dock.
pub(super) async fn tick(dock: Weak<Dock>) {
    loop {
        tokio::time::sleep(TICK).await;
        let Some(dock) = dock.upgrade() else {
            return;
        };
        dock.begin_what_is_due();
    }
}

/// Goes through an instance's steps until there are none.
pub(super) async fn drive(dock: Weak<Dock>, scope: Scope, resource: String) {
    while let Some(dock) = dock.upgrade() {
        let Some((job, step)) = dock.begin(&scope, &resource) else {
            return;
        };
        let done = dock.servers.perform(&step.work, &job).await;
        if done.is_ok() {
            dock.wait(&scope, &resource, &step).await;
        }
        if let Err(error) = &done {
            let instance = &job.instance.identifier;
            tracing::warn!(instance, status = step.status, %error, "the step failed");
        }
        dock.end(&scope, &resource, &step, done.ok());
    }
}

impl Dock {
    /// The current step, begun; or nothing, and then nobody drives it any more.
    fn begin(&self, scope: &Scope, resource: &str) -> Option<(Job, Step)> {
        let now = self.clock.now();
        let settings = self.settings();
        let mut world = self.lock();
        let begun = world.regions.get_mut(&scope.key()).and_then(|region| {
            let instance = find(region, resource)?;
            let step = instance.steps.front_mut()?;
            if step.due.is_none() {
                step.due = Some(now + settings.delay(&step.status));
                let identifier = instance.identifier.clone();
                machine::begin(region, &identifier, now);
            }
            let instance = find(region, resource)?.clone();
            let step = instance.steps.front()?.clone();
            Some((self.job(region, instance, &step, now), step))
        });
        if begun.is_none() {
            // Under the same lock as the look, or a new step could fall between.
            self.driven
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(resource);
        }
        begun
    }

    fn job(&self, region: &Region, instance: Instance, step: &Step, now: Timestamp) -> Job {
        // An upgrade comes with a group of its own.
        let next = instance.pending.parameter_group.as_ref();
        let group = next
            .filter(|_| step.work == Work::Apply)
            .unwrap_or(&instance.configuration.parameter_group);
        let group = region.parameter_groups.get(group);
        Job {
            parameters: group.map_or_else(BTreeMap::new, ParameterGroup::values),
            snapshot: match &step.work {
                Work::Snapshot { snapshot }
                | Work::BackUp {
                    snapshot: Some(snapshot),
                } => region
                    .snapshots
                    .get(snapshot)
                    .map(|snapshot| snapshot.folder.clone()),
                _ => None,
            },
            time: match &step.work {
                Work::RestoreToTime { time, .. } => Some(self.clock.to_machine(*time)),
                Work::BackUp { .. } => {
                    let retention = instance.configuration.backup_retention;
                    Some(self.clock.to_machine(machine::kept_since(retention, now)))
                }
                _ => None,
            },
            instance,
        }
    }

    /// Waits until the step may end, or is no longer the current one.
    async fn wait(&self, scope: &Scope, resource: &str, step: &Step) {
        let due = step.due.unwrap_or(Timestamp::MIN);
        let reached = self.clock.until(due);
        tokio::pin!(reached);
        loop {
            let stirred = self.stirred.notified();
            let current = self
                .lock()
                .regions
                .get_mut(&scope.key())
                .and_then(|region| find(region, resource))
                .is_some_and(|instance| is_current(instance, step));
            if !current {
                return;
            }
            tokio::select! {
                () = &mut reached => return,
                () = stirred => {}
            }
        }
    }

    fn end(self: &Arc<Self>, scope: &Scope, resource: &str, step: &Step, done: Option<Outcome>) {
        let mut world = self.lock();
        let copies = super::copies(&world);
        let Some(region) = world.regions.get_mut(&scope.key()) else {
            return;
        };
        let Some(instance) = find(region, resource) else {
            return;
        };
        if !is_current(instance, step) {
            return;
        }
        let identifier = instance.identifier.clone();
        match done {
            Some(outcome) => {
                machine::complete(region, scope, &identifier, outcome, self.clock.now());
            }
            None => machine::fail(region, &identifier),
        }
        tracing::debug!(
            instance = identifier,
            status = step.status,
            done = done.is_some(),
            "step over"
        );
        if let Err(error) = self.store.save(&world) {
            tracing::error!(%error, "the state cannot be kept");
        }
        let fewer = super::copies(&world) < copies;
        drop(world);
        if fewer {
            self.sweep();
        }
    }
}

fn find<'a>(region: &'a mut Region, resource: &str) -> Option<&'a mut Instance> {
    region
        .instances
        .values_mut()
        .find(|instance| instance.resource_id == resource)
}

fn is_current(instance: &Instance, step: &Step) -> bool {
    instance
        .steps
        .front()
        .is_some_and(|current| current.id == step.id)
}
