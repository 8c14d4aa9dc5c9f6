//! The storage table: which size, IOPS and throughput go with which type.
//!
//! Sizes are of the API's model, speeds of the User Guide's chapter on storage.
//! Must not know what a region may have in all.

use super::{combination, invalid};
use crate::fault::{self, Fault};

/// From here on gp3 is striped, and its speed can be set.
const STRIPED: i32 = 400;
const LARGEST: i32 = 65_536;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked<'a> {
    /// The type; RDS's own default is gp3, or io1 with IOPS.
    pub kind: Option<&'a str>,
    /// GiB.
    pub size: Option<i32>,
    /// Provisioned IOPS.
    pub iops: Option<i32>,
    /// MiB/s.
    pub throughput: Option<i32>,
    /// GiB to which it may grow.
    pub most: Option<i32>,
}

/// What an instance has now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Current<'a> {
    /// The type.
    pub kind: &'a str,
    /// GiB.
    pub size: i32,
    /// IOPS that Describe shows.
    pub iops: Option<i32>,
    /// Throughput that Describe shows.
    pub throughput: Option<i32>,
    /// GiB to which it may grow.
    pub most: Option<i32>,
}

/// What an instance has then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// The type.
    pub kind: String,
    /// GiB.
    pub size: i32,
    /// IOPS that Describe shows.
    pub iops: Option<i32>,
    /// Throughput that Describe shows.
    pub throughput: Option<i32>,
    /// GiB to which it may grow.
    pub most: Option<i32>,
}

/// Checks against the table.
pub fn grant(asked: Asked<'_>) -> Result<Granted, Fault> {
    let Asked {
        kind,
        size,
        iops,
        throughput,
        most,
    } = asked;
    let size = size.unwrap_or(0);
    let default = if iops.is_some() { "io1" } else { "gp3" };
    let kind = kind.unwrap_or(default);
    let (smallest, largest) = match kind {
        "gp2" | "gp3" => (20, LARGEST),
        "io1" | "io2" => (100, LARGEST),
        "standard" => (5, 3_072),
        _ => return Err(invalid(format!("Invalid storage type: {kind}"))),
    };
    if !(smallest..=largest).contains(&size) {
        return Err(invalid(format!(
            "Invalid storage size for engine name postgres and storage type {kind}: {size}"
        )));
    }
    let granted = match kind {
        "gp3" => gp3(size, iops, throughput)?,
        _ if throughput.is_some() => {
            return Err(combination(format!(
                "You can't specify a storage throughput with the storage type {kind}."
            )));
        }
        "io1" | "io2" => (Some(provisioned(kind, size, iops)?), None),
        _ if iops.is_some() => {
            return Err(combination(format!(
                "You can't specify Iops with the storage type {kind}."
            )));
        }
        _ => (None, None),
    };
    if let Some(most) = most {
        grows(kind, size, most, largest, granted.0)?;
    }
    Ok(Granted {
        kind: kind.to_owned(),
        size,
        iops: granted.0,
        throughput: granted.1,
        most: most.filter(|most| *most != size),
    })
}

fn gp3(
    size: i32,
    iops: Option<i32>,
    throughput: Option<i32>,
) -> Result<(Option<i32>, Option<i32>), Fault> {
    if size < STRIPED {
        if iops.is_some() || throughput.is_some() {
            return Err(combination(
                "You can't specify IOPS or storage throughput for engine postgres and a storage \
                 size less than 400.",
            ));
        }
        return Ok((Some(3_000), Some(125)));
    }
    let iops = iops.unwrap_or(12_000);
    range("IOPS", "gp3", iops, 12_000, 64_000)?;
    ratio("gp3", size, iops, (0, 500))?;
    let throughput = throughput.unwrap_or(500);
    range("storage throughput", "gp3", throughput, 500, 4_000)?;
    if throughput * 4 > iops {
        return Err(combination(format!(
            "The storage throughput to IOPS ratio of {throughput} to {iops} is above the maximum \
             of 0.25."
        )));
    }
    Ok((Some(iops), Some(throughput)))
}

fn provisioned(kind: &str, size: i32, iops: Option<i32>) -> Result<i32, Fault> {
    let Some(iops) = iops else {
        return Err(combination(format!(
            "You must specify Iops with the storage type {kind}."
        )));
    };
    let most = if kind == "io1" && size < STRIPED {
        19_950
    } else {
        256_000
    };
    range("IOPS", kind, iops, 1_000, most)?;
    ratio(kind, size, iops, bounds(kind))?;
    Ok(iops)
}

/// Halves of IOPS for each GiB at least, and IOPS for each GiB at most.
fn bounds(kind: &str) -> (i32, i32) {
    match kind {
        "io1" => (1, 50),
        "io2" => (1, 1_000),
        _ => (0, 500),
    }
}

fn range(what: &str, kind: &str, value: i32, least: i32, most: i32) -> Result<(), Fault> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(combination(format!(
        "Invalid {what} value for engine name postgres and storage type {kind}: {value}. It must \
         be between {least} and {most}."
    )))
}

fn ratio(kind: &str, size: i32, iops: i32, (halves, most): (i32, i32)) -> Result<(), Fault> {
    let (size, iops) = (i64::from(size), i64::from(iops));
    if iops * 2 < size * i64::from(halves) || iops > size * i64::from(most) {
        return Err(combination(format!(
            "The IOPS to GiB ratio of {iops} to {size} is not possible with the storage type \
             {kind}."
        )));
    }
    Ok(())
}

fn grows(kind: &str, size: i32, most: i32, largest: i32, iops: Option<i32>) -> Result<(), Fault> {
    // Equal turns the growing off.
    if most == size {
        return Ok(());
    }
    if most > largest || i64::from(most) * 10 < i64::from(size) * 11 {
        return Err(combination(format!(
            "Invalid max storage size for engine name postgres and storage type {kind}: {most}. \
             It must be 110 % of the allocated storage at least, and {largest} at most."
        )));
    }
    match iops {
        Some(iops) if kind != "gp3" => ratio(kind, most, iops, bounds(kind)),
        _ => Ok(()),
    }
}

/// Checks a change of what an instance has.
pub fn modify(current: Current<'_>, asked: Asked<'_>) -> Result<Granted, Fault> {
    let kind = asked.kind.unwrap_or(current.kind);
    let leaves = matches!(kind, "gp2" | "standard");
    let asked = Asked {
        // "If you are migrating from Provisioned IOPS to standard storage, set
        // this value to 0", says the model.
        iops: asked.iops.filter(|iops| *iops != 0 || !leaves),
        ..asked
    };
    let size = match asked.size {
        Some(size) => grown(current.size, size)?,
        None => current.size,
    };
    let fixed = kind == "gp3" && size < STRIPED;
    let settable = matches!(kind, "gp3" | "io1" | "io2") && !fixed;
    let was_settable =
        matches!(current.kind, "io1" | "io2") || current.kind == "gp3" && current.size >= STRIPED;
    let stays = kind == current.kind && settable && was_settable;
    if stays && asked.size.is_some() != asked.iops.is_some() {
        return Err(combination(
            "You must specify both the storage size and iops when modifying the storage size or \
             iops on a DB instance that has iops.",
        ));
    }
    let (iops, throughput) = if stays {
        let iops = asked.iops.map(|iops| faster(current.iops, iops));
        (
            iops.or(current.iops),
            asked.throughput.or(current.throughput),
        )
    } else {
        (asked.iops, asked.throughput)
    };
    let unchanged = asked.kind.is_none_or(|kind| kind == current.kind)
        && size == current.size
        && asked.iops.is_none_or(|iops| Some(iops) == current.iops)
        && asked
            .throughput
            .is_none_or(|throughput| Some(throughput) == current.throughput);
    let most = asked.most.or(current.most);
    if unchanged && asked.most.is_none() && !fixed {
        return Ok(Granted {
            kind: current.kind.to_owned(),
            size: current.size,
            iops: current.iops,
            throughput: current.throughput,
            most,
        });
    }
    grant(Asked {
        kind: Some(kind),
        size: Some(size),
        iops,
        throughput,
        most,
    })
}

/// The size that a growth ends in: RDS never shrinks, and rounds what grows by
/// less than a tenth up to a tenth.
fn grown(from: i32, to: i32) -> Result<i32, Fault> {
    if to < from {
        return Err(invalid(format!(
            "Invalid storage size for engine name postgres: {to}. Allocated storage cannot be \
             reduced from {from}."
        )));
    }
    Ok(if to == from { to } else { to.max(tenth(from)) })
}

/// The IOPS that a change ends in: an increase by less than a tenth is rounded.
fn faster(from: Option<i32>, to: i32) -> i32 {
    match from {
        Some(from) if to > from => to.max(tenth(from)),
        _ => to,
    }
}

fn tenth(value: i32) -> i32 {
    value.saturating_add(value.saturating_add(9) / 10)
}

/// Refuses a change while the last one is not over, or past the day's number.
pub fn cooldown(optimizing: bool, recent: usize, most: usize) -> Result<(), Fault> {
    if optimizing {
        return Err(fault::INVALID_PARAMETER_COMBINATION.because(
            "You can't currently modify the storage of this DB instance because the previous \
             storage change is being optimized.",
        ));
    }
    if recent >= most {
        return Err(fault::INVALID_PARAMETER_COMBINATION.because(format!(
            "You can't currently modify the storage of this DB instance because it was modified \
             {recent} times within 24 hours."
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
