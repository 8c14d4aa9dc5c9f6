//! Rules across the fields of storage: each type's sizes, IOPS and throughput, as
//! RDS's table has them.
//!
//! Nothing here may state a number of its own: they are `limits`'.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;

use kube::core::Rule;

use super::across::across;
use crate::limits::{self, Iops, Volume};
use crate::v1beta1::StorageType;

/// Whether a size can be counted.
fn counts(spec: &str, field: &str) -> String {
    let size = format!("{spec}.{field}");
    format!("has({size}) && isQuantity({size}) && quantity({size}).isInteger()")
}

/// A size in GiB.
fn gibibytes(spec: &str, field: &str) -> String {
    format!("quantity({spec}.{field}).asInteger() / 1073741824")
}

/// What must hold of each type of storage for itself.
fn each_type(spec: &str, rule: impl Fn(StorageType) -> Option<String>) -> String {
    let of_type = |kind: StorageType| {
        let rule = rule(kind)?;
        Some(format!(
            "({spec}.storageType != '{}' || ({rule}))",
            kind.as_str()
        ))
    };
    let all: Vec<_> = StorageType::ALL.into_iter().filter_map(of_type).collect();
    all.join(" && ")
}

/// The rows of a type whose IOPS can be set.
fn settable(kind: StorageType) -> Vec<(&'static Volume, &'static Iops)> {
    Volume::of(kind)
        .filter_map(|row| Some((row, row.iops.as_ref()?)))
        .collect()
}

/// What is said of each type, as a person would: types of which the same is
/// said stand together.
fn listed<T: Display>(said: impl IntoIterator<Item = (StorageType, T)>) -> String {
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for (kind, text) in said {
        let text = text.to_string();
        match groups.iter_mut().find(|(known, _)| *known == text) {
            Some((_, kinds)) => kinds.push(kind.as_str()),
            None => groups.push((text, vec![kind.as_str()])),
        }
    }
    let groups: Vec<_> = groups
        .into_iter()
        .map(|(text, kinds)| format!("{text} with {}", kinds.join(" or ")))
        .collect();
    groups.join(", ")
}

fn sizes(range: &RangeInclusive<i32>) -> String {
    format!("{}Gi to {}Gi", range.start(), range.end())
}

pub(crate) fn storage_fits_its_type() -> Rule {
    size_fits_type("storage", Volume::sizes)
}

/// The rule above, and the one for those who write as in 2017, when gp2 had
/// less.
pub(crate) fn storage_fits_its_type_since_2017() -> (Rule, Rule) {
    let since = |kind| match kind {
        StorageType::Gp2 => limits::GP2_STORAGE_OF_2017..=*Volume::sizes(kind).end(),
        kind => Volume::sizes(kind),
    };
    (storage_fits_its_type(), size_fits_type("storage", since))
}

pub(crate) fn max_storage_fits_its_type() -> Rule {
    size_fits_type("maxStorage", Volume::sizes)
}

fn size_fits_type(field: &'static str, allowed: fn(StorageType) -> RangeInclusive<i32>) -> Rule {
    let holds = |spec: &str| {
        let within = each_type(spec, |kind| {
            let range = allowed(kind);
            let size = gibibytes(spec, field);
            let (least, most) = (range.start(), range.end());
            Some(format!("{size} >= {least} && {size} <= {most}"))
        });
        let counts = counts(spec, field);
        format!("!has({spec}.storageType) || !({counts}) || ({within})")
    };
    let ranges = StorageType::ALL.map(|kind| (kind, sizes(&allowed(kind))));
    let message = format!(
        "{field} must fit storageType, {}: write a size in that range, or another storageType",
        listed(ranges)
    );
    across(field, holds, message)
}

pub(crate) fn iops_need_a_type_that_takes_them() -> Rule {
    let holds = |spec: &str| {
        let takes = each_type(spec, |kind| {
            let Some((row, _)) = settable(kind).first().copied() else {
                return Some("false".to_owned());
            };
            let from = row.storage.start();
            let (counts, size) = (counts(spec, "storage"), gibibytes(spec, "storage"));
            let partly = from > Volume::sizes(kind).start();
            partly.then(|| format!("!({counts}) || {size} >= {from}"))
        });
        format!("!has({spec}.iops) || !has({spec}.storageType) || ({takes})")
    };
    let message = format!(
        "iops can be set with storageType io1 or io2, or with gp3 and a storage of {}Gi or more: \
         leave iops out, or write storageType: io2",
        limits::STRIPED
    );
    across("iops", holds, message)
}

pub(crate) fn provisioned_types_need_iops() -> Rule {
    let holds = |spec: &str| {
        let needs = each_type(spec, |kind| {
            Volume::need_iops(kind).then(|| "false".to_owned())
        });
        format!("!has({spec}.storageType) || has({spec}.iops) || ({needs})")
    };
    let message = "storageType io1 and io2 need iops: write for example iops: 3000 and \
                   storage: 100Gi, or storageType: gp3";
    across("storageType", holds, message.to_owned())
}

pub(crate) fn iops_fit_their_type() -> Rule {
    let holds = |spec: &str| {
        let fits = each_type(spec, |kind| {
            let rows = settable(kind);
            let (counts, size) = (counts(spec, "storage"), gibibytes(spec, "storage"));
            let within = |(at, (volume, iops)): (usize, &(&Volume, &Iops))| {
                // The first row also speaks for what is too small, and the last
                // for what is too large: that is another rule's.
                let (lowest, highest) = (at == 0, at + 1 == rows.len());
                let under = (!lowest).then(|| format!("{size} < {} || ", volume.storage.start()));
                let over = (!highest).then(|| format!("{size} > {} || ", volume.storage.end()));
                let counted = (!(lowest && highest)).then(|| format!("!({counts}) || "));
                let outside = [counted, under, over]
                    .into_iter()
                    .flatten()
                    .collect::<String>();
                let (least, most) = (iops.range.start(), iops.range.end());
                format!("({outside}({spec}.iops >= {least} && {spec}.iops <= {most}))")
            };
            let all: Vec<_> = rows.iter().enumerate().map(within).collect();
            (!all.is_empty()).then(|| all.join(" && "))
        });
        format!("!has({spec}.iops) || !has({spec}.storageType) || ({fits})")
    };
    let ranges = StorageType::ALL.into_iter().flat_map(|kind| {
        let several = settable(kind).len() > 1;
        settable(kind).into_iter().map(move |(row, iops)| {
            let sizes = several.then(|| format!(" on {}", sizes(&row.storage)));
            let (least, most) = (iops.range.start(), iops.range.end());
            (
                kind,
                format!("{least} to {most}{}", sizes.unwrap_or_default()),
            )
        })
    });
    let message = format!(
        "iops must fit storageType, {}: write a number in that range",
        listed(ranges)
    );
    across("iops", holds, message)
}

pub(crate) fn iops_fit_storage() -> Rule {
    iops_fit("iops", "storage")
}

pub(crate) fn iops_fit_max_storage() -> Rule {
    iops_fit("maxStorage", "maxStorage")
}

fn iops_fit(blamed: &'static str, field: &'static str) -> Rule {
    // The rows of a type have the same ratios.
    let ratios: BTreeMap<_, _> = StorageType::ALL
        .into_iter()
        .filter_map(|kind| Some((kind.as_str(), (kind, settable(kind).first()?.1))))
        .collect();
    let holds = |spec: &str| {
        let fits = each_type(spec, |kind| {
            let (_, iops) = ratios.get(kind.as_str())?;
            let (least, most) = (iops.least_per_two_gibibytes, iops.most_per_gibibyte);
            let size = gibibytes(spec, field);
            Some(format!(
                "{spec}.iops * 2 >= {size} * {least} && {spec}.iops <= {size} * {most}"
            ))
        });
        let counts = counts(spec, field);
        format!("!has({spec}.iops) || !has({spec}.storageType) || !({counts}) || ({fits})")
    };
    let said = ratios.values().map(|(kind, iops)| {
        let least = match iops.least_per_two_gibibytes {
            0 => "at most ".to_owned(),
            least if least % 2 == 0 => format!("{} to ", least / 2),
            least => format!("{}.5 to ", least / 2),
        };
        (*kind, format!("{least}{}", iops.most_per_gibibyte))
    });
    let write = match blamed {
        "iops" => "an iops that fits storage",
        _ => "a maxStorage that iops fit, or leave maxStorage out",
    };
    let message = format!(
        "iops for each Gi of {field} must be {}: write {write}",
        listed(said)
    );
    across(blamed, holds, message)
}

pub(crate) fn max_storage_leaves_room() -> Rule {
    let percent = limits::MAX_STORAGE_PERCENT;
    let holds = |spec: &str| {
        let (most, storage) = (gibibytes(spec, "maxStorage"), gibibytes(spec, "storage"));
        format!(
            "!({}) || !({}) || ({most}) == ({storage}) || ({most}) * 100 >= ({storage}) * {percent}",
            counts(spec, "storage"),
            counts(spec, "maxStorage"),
        )
    };
    let message = format!(
        "maxStorage must be at least {percent}% of storage, or the same for storage that does \
         not grow: write for example maxStorage: 22Gi with storage: 20Gi, or maxStorage: 20Gi"
    );
    across("maxStorage", holds, message)
}

pub(crate) fn throughput_needs_striped_gp3() -> Rule {
    let from = limits::STRIPED;
    let holds = |spec: &str| {
        let (counts, size) = (counts(spec, "storage"), gibibytes(spec, "storage"));
        format!(
            "!has({spec}.throughput) || \
             ((!has({spec}.storageType) || {spec}.storageType == 'gp3') && \
             (!({counts}) || {size} >= {from}))"
        )
    };
    let message = format!(
        "throughput can be set only with storageType gp3 and a storage of {from}Gi or more: leave \
         throughput out, or write storageType: gp3 and storage: {from}Gi"
    );
    across("throughput", holds, message)
}

pub(crate) fn throughput_fits_iops() -> Rule {
    let (times, usual) = (limits::IOPS_PER_THROUGHPUT, limits::GP3_IOPS);
    let holds = |spec: &str| {
        format!(
            "!has({spec}.throughput) || \
             (has({spec}.iops) ? {spec}.iops : {usual}) >= {spec}.throughput * {times}"
        )
    };
    let message = format!(
        "throughput must be at most a quarter of iops, which are {usual} unless iops is set: \
         write a throughput of up to {}, or iops of {times} times throughput",
        usual / times
    );
    across("throughput", holds, message)
}
