//! What of an instance's volume differs from its spec, and what it cannot have.
//!
//! Nothing here may shrink storage, or undo what RDS does by itself: autoscaled
//! storage and rounded IOPS are not drift.

use stow_versions::limits::{GP3_IOPS, MAX_STORAGE_PERCENT, STRIPED, Volume};
use stow_versions::status::Reason;
use stow_versions::v1beta1::StorageType;

use crate::rds::{Instance, ModifyInstance};

use super::modify::flushes;
use super::{Database, Obstacle};

/// How far storage may grow by itself, where that is to change: the storage
/// itself turns it off. An error is a limit that RDS does not take.
pub(super) fn growth(database: &Database, instance: &Instance) -> Result<Option<i32>, Obstacle> {
    let Some(wanted) = database.max_storage else {
        return Ok(None);
    };
    if instance.max_storage == Some(wanted) {
        return Ok(None);
    }
    let size = instance.storage.max(database.storage.unwrap_or_default());
    if wanted <= size {
        let on = instance
            .max_storage
            .is_some_and(|limit| limit > instance.storage);
        return Ok(on.then_some(instance.storage));
    }
    if i64::from(wanted) * 100 < i64::from(size) * MAX_STORAGE_PERCENT {
        let least = least_growth(size);
        return Err(Obstacle::new(
            Reason::InvalidSpec,
            format!(
                "spec.maxStorage is {wanted}Gi, and storage is {size}Gi: write {least}Gi or more, or {size}Gi for storage that does not grow by itself."
            ),
        ));
    }
    Ok(Some(wanted))
}

/// The change of the volume, if it is to be another one.
pub(super) fn volume(
    database: &Database,
    instance: &Instance,
    request: ModifyInstance,
) -> ModifyInstance {
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
    let throughput = instance.pending.throughput.or(instance.throughput);

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
        let least = (kind_after == StorageType::Gp3.as_str())
            .then(|| i32::try_from(GP3_IOPS).ok())
            .flatten();
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
    let throughput_after = database
        .throughput
        .filter(|_| takes_throughput(kind_after, size_after));
    let wants_throughput = throughput_after.is_some() && throughput_after != throughput;
    let waits = &instance.pending;
    let flushed = flushes(database)
        && (database.storage.is_some() && waits.storage.is_some()
            || database.storage_type.is_some() && waits.storage_type.is_some()
            || database.iops.is_some() && waits.iops.is_some()
            || database.throughput.is_some() && waits.throughput.is_some());
    if size_after == size && new_kind.is_none() && !wants_iops && !wants_throughput && !flushed {
        return request;
    }
    // RDS wants storage and IOPS together, also where one of them stays.
    ModifyInstance {
        storage: Some(size_after),
        storage_type: new_kind
            .or(waits.storage_type.as_ref().filter(|_| flushed))
            .cloned(),
        iops: iops_after,
        throughput: throughput_after,
        ..request
    }
}

/// What the spec states and this instance cannot have.
pub(super) fn impossible(database: &Database, instance: &Instance) -> Vec<Obstacle> {
    let mut obstacles = Vec::new();
    let kind = database
        .storage_type
        .as_ref()
        .or(instance.storage_type.as_ref());
    let size = database.storage.unwrap_or_default().max(instance.storage);
    if let (Some(iops), Some(kind)) = (database.iops, kind)
        && !takes_iops(kind, size)
    {
        obstacles.push(Obstacle::new(Reason::InvalidSpec, format!(
            "spec.iops is {iops}, and {kind} of {size}Gi takes none: remove it, or set spec.storageType to io1 or io2, or to gp3 with {STRIPED}Gi or more."
        )));
    }
    if let (Some(throughput), Some(kind)) = (database.throughput, kind)
        && !takes_throughput(kind, size)
    {
        obstacles.push(Obstacle::new(Reason::InvalidSpec, format!(
            "spec.throughput is {throughput}, and {kind} of {size}Gi takes none: remove it, or set spec.storageType to gp3, with {STRIPED}Gi or more."
        )));
    }
    obstacles.extend(growth(database, instance).err());
    obstacles
}

/// RDS's row for a type, also one that nobody can name in a spec, and a size.
fn row(storage_type: &str, gibibytes: i32) -> Option<&'static Volume> {
    let named = |kind: &StorageType| kind.as_str() == storage_type;
    let kind = StorageType::ALL.into_iter().find(named)?;
    let sizes = Volume::sizes(kind);
    Volume::find(kind, gibibytes.clamp(*sizes.start(), *sizes.end()))
}

/// Whether the throughput of a volume can be set.
fn takes_throughput(storage_type: &str, gibibytes: i32) -> bool {
    row(storage_type, gibibytes).is_some_and(|row| row.throughput.is_some())
}

/// Whether a volume of that type and size takes an IOPS figure.
fn takes_iops(storage_type: &str, gibibytes: i32) -> bool {
    row(storage_type, gibibytes).is_some_and(|row| row.iops.is_some())
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
