//! Storage, IOPS and throughput, by the rows of RDS's table.
//!
//! Nothing here may know where a figure comes from.

use std::ops::RangeInclusive;

use stow_versions::limits::{
    GP2_STORAGE_OF_2017, GP3_IOPS, IOPS, IOPS_PER_THROUGHPUT, Iops, MAX_STORAGE_PERCENT, STORAGE,
    STRIPED, THROUGHPUT, Volume,
};
use stow_versions::storage::quantity;
use stow_versions::v1beta1::StorageType;

/// What is asked of a volume, as far as it is known. Sizes are in GiB.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wish {
    pub(super) kind: Option<StorageType>,
    pub(super) size: Option<i32>,
    pub(super) max_size: Option<i32>,
    pub(super) iops: Option<i64>,
    pub(super) throughput: Option<i64>,
}

impl Wish {
    /// Everything that RDS would not take.
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        faults.extend(self.size_fault("storage", self.size));
        faults.extend(self.size_fault("maxStorage", self.max_size));
        faults.extend(self.iops_fault());
        faults.extend(self.room_fault());
        faults.extend(self.throughput_fault());
        faults
    }

    fn size_fault(&self, field: &str, size: Option<i32>) -> Option<String> {
        let (mut least, most) = self.kind.map_or(STORAGE, Volume::sizes).into_inner();
        if field == "storage" && self.kind == Some(StorageType::Gp2) {
            least = GP2_STORAGE_OF_2017;
        }
        let size = size.filter(|size| !(least..=most).contains(size))?;
        let kind = self.kind.map_or("RDS", StorageType::as_str);
        Some(format!(
            "spec.{field} is {}: {kind} takes {least}Gi to {most}Gi.",
            quantity(size)
        ))
    }

    fn iops_fault(&self) -> Option<String> {
        let Some(kind) = self.kind else {
            let iops = self.iops.filter(|iops| !IOPS.contains(iops))?;
            let (least, most) = (IOPS.start(), IOPS.end());
            return Some(format!(
                "spec.iops is {iops}: write a number from {least} to {most}."
            ));
        };
        let settable = |row: &'static Volume| row.iops.as_ref();
        let name = kind.as_str();
        let Some(iops) = self.iops else {
            return Volume::of(kind)
                .filter_map(settable)
                .any(|iops| iops.required)
                .then(|| {
                    let least = IOPS.start();
                    format!("spec.iops is missing: {name} needs it, from {least} on.")
                });
        };
        let row = self.size.and_then(|size| Volume::find(kind, size));
        let limits = match row {
            Some(row) => settable(row),
            None => Volume::of(kind).find_map(settable),
        };
        let Some(limits) = limits else {
            let why = if kind == StorageType::Gp3 {
                format!("gp3 under {STRIPED}Gi has 3000, which cannot be set")
            } else {
                format!("only io1, io2 and gp3 from {STRIPED}Gi on take it")
            };
            return Some(format!("spec.iops is {iops}: {why}; remove it."));
        };
        let range = match row {
            Some(_) => limits.range.clone(),
            None => all_iops(kind),
        };
        if !range.contains(&iops) {
            let (least, most) = (range.start(), range.end());
            return Some(format!(
                "spec.iops is {iops}: {name} of that size takes {least} to {most}."
            ));
        }
        let misfit = |size: &i32| row.is_some() && !limits.fit(iops, *size);
        let size = self.size.filter(misfit)?;
        Some(format!(
            "spec.iops is {iops}: for {} of {name} write {} to {}.",
            quantity(size),
            limits.least(size),
            limits.most(size),
        ))
    }

    /// Whether autoscaling has room to grow, and finds IOPS that fit.
    fn room_fault(&self) -> Option<String> {
        let most = self.max_size?;
        let percent = |size: i32| i64::from(size) * MAX_STORAGE_PERCENT;
        if let Some(size) = self
            .size
            .filter(|size| most != *size && i64::from(most) * 100 < percent(*size))
        {
            return Some(format!(
                "spec.maxStorage is {}: write {}Gi or more, {MAX_STORAGE_PERCENT}% of storage, or as much as storage for one that does not grow.",
                quantity(most),
                (percent(size) + 99) / 100
            ));
        }
        let iops = self.iops?;
        let row = Volume::find(self.kind?, most)?;
        let ratio = |limits: &&Iops| {
            iops * 2 < i64::from(most) * limits.least_per_two_gibibytes
                || iops > i64::from(most) * limits.most_per_gibibyte
        };
        row.iops.as_ref().filter(ratio)?;
        Some(format!(
            "spec.maxStorage is {}: spec.iops of {iops} do not fit so much storage; write less, or remove it.",
            quantity(most)
        ))
    }

    fn throughput_fault(&self) -> Option<String> {
        let throughput = self.throughput?;
        let (least, most) = (THROUGHPUT.start(), THROUGHPUT.end());
        if !THROUGHPUT.contains(&throughput) {
            return Some(format!(
                "spec.throughput is {throughput}: write {least} to {most} MiB a second, or remove it."
            ));
        }
        let striped = self.kind.is_none_or(|kind| kind == StorageType::Gp3)
            && self.size.is_none_or(|size| size >= STRIPED);
        if !striped {
            return Some(format!(
                "spec.throughput is {throughput}: only gp3 from {STRIPED}Gi on takes it; remove it."
            ));
        }
        let iops = self.iops.unwrap_or(GP3_IOPS);
        (iops < throughput.saturating_mul(IOPS_PER_THROUGHPUT)).then(|| {
            format!(
                "spec.throughput is {throughput}: for {iops} IOPS write up to {}.",
                iops / IOPS_PER_THROUGHPUT
            )
        })
    }
}

/// The IOPS of a type, whatever its size.
fn all_iops(kind: StorageType) -> RangeInclusive<i64> {
    let ranges = || Volume::of(kind).filter_map(|row| Some(&row.iops.as_ref()?.range));
    let least = ranges().map(RangeInclusive::start).min();
    let most = ranges().map(RangeInclusive::end).max();
    *least.unwrap_or(IOPS.start())..=*most.unwrap_or(IOPS.end())
}
