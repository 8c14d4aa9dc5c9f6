//! The instances whose objects exist no more: somebody pays for them, and nobody
//! asks for them.
//!
//! Nothing here may touch one: that they are kept may be somebody's will.

use tracing::{info, warn};

use super::Sweep;
use crate::complaint::Complaint;
use crate::plan::{MadeFor, is_going, made_for};
use crate::rds::Instance;

/// Takes the number of such instances, and tells of them once.
pub struct Census<E> {
    cluster: String,
    exists: E,
    told: Complaint,
}

impl<E: Fn(&str, &str, &str) -> bool> Census<E> {
    /// `exists` says whether an object of that namespace, name and uid is there.
    pub fn new(cluster: String, exists: E) -> Self {
        Self {
            cluster,
            exists,
            told: Complaint::default(),
        }
    }

    /// How many a sweep shows.
    pub fn take(&mut self, sweep: &Sweep) -> usize {
        let instances = sweep.instances.values();
        let left: Vec<_> = left_behind(&self.cluster, instances, |object| {
            (self.exists)(object.namespace, object.name, object.uid)
        })
        .map(|instance| instance.identifier.as_str())
        .collect();
        let all = left.join(", ");
        if left.is_empty() {
            if self.told.settle() {
                info!("no instance is left whose object exists no more");
            }
        } else if self.told.is_new(&all) {
            warn!(
                "the objects of these RDS instances exist no more: {all}. deletionPolicy: Retain \
                 kept them, or somebody removed a finalizer. They cost until somebody deletes \
                 them at AWS; without their stow.myob.com tags nothing is said of them"
            );
        }
        left.len()
    }
}

/// The instances of this cluster that were made for an object of which `exists`
/// is false, unless they are going already.
pub(super) fn left_behind<'a>(
    cluster: &str,
    instances: impl Iterator<Item = &'a Instance>,
    exists: impl Fn(MadeFor<'_>) -> bool,
) -> impl Iterator<Item = &'a Instance> {
    instances.filter(move |instance| {
        !is_going(&instance.status)
            && made_for(cluster, instance).is_some_and(|object| !exists(object))
    })
}
