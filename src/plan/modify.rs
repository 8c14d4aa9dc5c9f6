//! What of an instance differs from its spec, as the one request that RDS
//! accepts for it.
//!
//! Nothing here may shrink storage, or undo what RDS does by itself:
//! autoscaled storage and rounded IOPS are not drift.

use stow_versions::status::{PendingChange, Reason};

use crate::rds::{Instance, ModifyInstance, Pending};

use super::{Database, Obstacle};

/// gp3 takes IOPS of its own from this size on, and refuses them below. In GiB.
const GP3_OWN_IOPS: i32 = 400;
/// The least that a gp3 volume of that size can have.
const GP3_MINIMUM_IOPS: i32 = 12_000;

/// The modification that makes an instance what its spec says, in two parts:
/// RDS refuses the storage part for a while after the last one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Changes {
    pub(super) compute: ModifyInstance,
    pub(super) storage: ModifyInstance,
}

impl Changes {
    pub(super) fn between(database: &Database, instance: &Instance) -> Self {
        let blank = || ModifyInstance {
            identifier: instance.identifier.clone(),
            apply_immediately: true,
            ..ModifyInstance::default()
        };
        Self {
            compute: compute(database, instance, blank()),
            storage: volume(database, instance, blank()),
        }
    }
}

/// Both parts in one request.
pub(super) fn merge(compute: ModifyInstance, storage: ModifyInstance) -> ModifyInstance {
    ModifyInstance {
        storage: storage.storage,
        storage_type: storage.storage_type,
        iops: storage.iops,
        ..compute
    }
}

fn compute(database: &Database, instance: &Instance, request: ModifyInstance) -> ModifyInstance {
    let class = instance.pending.class.as_ref().unwrap_or(&instance.class);
    let multi_az = instance.pending.multi_az.unwrap_or(instance.multi_az);
    ModifyInstance {
        class: database.class.clone().filter(|wanted| wanted != class),
        multi_az: database.multi_az.filter(|wanted| *wanted != multi_az),
        ..request
    }
}

fn volume(database: &Database, instance: &Instance, request: ModifyInstance) -> ModifyInstance {
    let size = instance
        .pending
        .storage
        .unwrap_or_default()
        .max(instance.storage);
    let kind = instance
        .pending
        .storage_type
        .as_ref()
        .or(instance.storage_type.as_ref());
    let iops = instance.pending.iops.or(instance.iops);

    let new_kind = database
        .storage_type
        .as_ref()
        .filter(|wanted| Some(*wanted) != kind)
        // AWS turns `standard` into gp3, and takes nothing back to it.
        .filter(|wanted| !(*wanted == "standard" && kind.is_some_and(|kind| kind == "gp3")));
    let kind_after = new_kind.or(kind).map_or("", String::as_str);
    let size_after = match database.storage {
        Some(wanted) if wanted > size => wanted.max(least_growth(instance.storage)),
        _ => size,
    };
    let iops_after = takes_iops(kind_after, size_after).then(|| {
        let kept = iops.filter(|_| new_kind.is_none());
        let least = (kind_after == "gp3").then_some(GP3_MINIMUM_IOPS);
        match database.iops {
            Some(wanted) => Some(
                kept.filter(|kept| is_rounded(wanted, *kept))
                    .unwrap_or(wanted),
            ),
            None => kept.max(least),
        }
    });
    let iops_after = iops_after.flatten();

    // IOPS that nobody states only go along: autoscaling may have taken a gp3
    // volume to where it could have some of its own.
    let wants_iops = database.iops.is_some() && iops_after.is_some() && iops_after != iops;
    if size_after == size && new_kind.is_none() && !wants_iops {
        return request;
    }
    // RDS wants storage and IOPS together, also where one of them stays.
    ModifyInstance {
        storage: Some(size_after),
        storage_type: new_kind.cloned(),
        iops: iops_after,
        ..request
    }
}

/// IOPS that the spec states and that the volume does not take.
pub(super) fn idle_iops(database: &Database, instance: &Instance) -> Option<Obstacle> {
    let iops = database.iops?;
    let kind = database
        .storage_type
        .as_ref()
        .or(instance.storage_type.as_ref())?;
    let size = database.storage.unwrap_or_default().max(instance.storage);
    let message = format!(
        "spec.iops is {iops}, and {kind} of {size}Gi takes none: remove it, or set spec.storageType to io1 or io2, or to gp3 with 400Gi or more."
    );
    (!takes_iops(kind, size)).then(|| Obstacle::new(Reason::InvalidSpec, message))
}

/// Whether a volume of that type and size takes an IOPS figure.
fn takes_iops(storage_type: &str, gibibytes: i32) -> bool {
    match storage_type {
        "io1" | "io2" => true,
        "gp3" => gibibytes >= GP3_OWN_IOPS,
        _ => false,
    }
}

/// RDS grows storage by a tenth at least.
fn least_growth(size: i32) -> i32 {
    let size = i64::from(size);
    i32::try_from((size * 11 + 9) / 10).unwrap_or(i32::MAX)
}

/// RDS rounds a small increase of IOPS up to a tenth: that is what was asked.
fn is_rounded(wanted: i32, observed: i32) -> bool {
    observed >= wanted && i64::from(observed) * 10 <= i64::from(wanted) * 11
}

/// What RDS has accepted and not applied, for the status.
pub(super) fn accepted(instance: &Instance) -> Vec<PendingChange> {
    let Pending {
        class,
        storage,
        storage_type,
        iops,
        multi_az,
        master_password,
    } = &instance.pending;
    let request = ModifyInstance {
        class: class.clone(),
        storage: *storage,
        storage_type: storage_type.clone(),
        iops: *iops,
        multi_az: *multi_az,
        ..ModifyInstance::default()
    };
    let mut changes = request.changes();
    changes.extend(master_password.then(|| "master password".to_owned()));
    waiting(changes, "RDS has accepted it and applies it by itself")
}

/// Changes that wait for something, for the status.
pub(super) fn waiting(changes: Vec<String>, why: &str) -> Vec<PendingChange> {
    let pending = |what| PendingChange {
        what: Some(what),
        why: Some(why.to_owned()),
    };
    changes.into_iter().map(pending).collect()
}
