//! What RDS allows: the numbers that the schema's rules and the operator's own
//! validation both follow, so that neither can say what the other does not.
//!
//! Nothing here may hold a message, or know what an object wants. Storage is in
//! whole GiB, throughput in MiB a second. Source: the RDS User Guide, 2026-08.

mod window;

use std::ops::RangeInclusive;

use crate::v1beta1::StorageType;

pub use window::Window;

/// RDS takes 50 tags, and Stow sets seven of its own.
pub const MOST_TAGS: usize = 43;

/// The most security groups that one network interface takes.
pub const MOST_SECURITY_GROUPS: usize = 16;

/// The storage of any type.
pub const STORAGE: RangeInclusive<i32> = 5..=65_536;

/// The provisioned IOPS of any type.
pub const IOPS: RangeInclusive<i64> = 1_000..=256_000;

/// The throughput of gp3 where it can be set.
pub const THROUGHPUT: RangeInclusive<i64> = 500..=4_000;

/// From this size on RDS stripes gp3, and its speed can be set; and io1 takes
/// more IOPS.
pub const STRIPED: i32 = 400;

/// Throughput is at most the IOPS divided by this.
pub const IOPS_PER_THROUGHPUT: i64 = 4;

/// The IOPS of striped gp3 for which nobody sets them.
pub const GP3_IOPS: i64 = 12_000;

/// Autoscaling must leave room for this much growth, in percent of storage.
pub const MAX_STORAGE_PERCENT: i64 = 110;

/// The least storage that gp2 had in 2017. Specs of that time ask for less than
/// RDS takes now: what is stored is accepted, and gets what RDS takes.
pub const GP2_STORAGE_OF_2017: i32 = 5;

/// TCP ports of a database.
pub const PORT: RangeInclusive<i64> = 1_150..=65_535;

/// Days of automated backups.
pub const RETENTION_DAYS: RangeInclusive<i64> = 0..=35;

/// The shortest backup or maintenance window, in minutes.
pub const SHORTEST_WINDOW: i64 = 30;

/// The minutes of a day. A maintenance window is shorter.
pub const DAY: i64 = 24 * 60;

/// The minutes of a week.
pub const WEEK: i64 = 7 * DAY;

/// The days of a maintenance window, in the order of the week.
pub const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The seconds between two measurements of Enhanced Monitoring; 0 is off.
pub const ENHANCED_INTERVALS: [i64; 7] = [0, 1, 5, 10, 15, 30, 60];

/// One row of RDS's storage table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// The type of storage.
    pub kind: StorageType,
    /// The sizes that the row is about. A type can have two rows.
    pub storage: RangeInclusive<i32>,
    /// The IOPS that can be set; `None` where none can.
    pub iops: Option<Iops>,
    /// The throughput that can be set; `None` where none can.
    pub throughput: Option<RangeInclusive<i64>>,
}

/// Provisioned IOPS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Iops {
    /// How many.
    pub range: RangeInclusive<i64>,
    /// Whether they must be set.
    pub required: bool,
    /// How many at least for each two GiB: RDS's 0.5 for each GiB is 1.
    pub least_per_two_gibibytes: i64,
    /// How many at most for each GiB.
    pub most_per_gibibyte: i64,
}

impl Iops {
    /// The least IOPS for so many GiB.
    pub fn least(&self, gibibytes: i32) -> i64 {
        let halves = i64::from(gibibytes) * self.least_per_two_gibibytes;
        (*self.range.start()).max((halves + 1) / 2)
    }

    /// The most IOPS for so many GiB.
    pub fn most(&self, gibibytes: i32) -> i64 {
        (*self.range.end()).min(i64::from(gibibytes) * self.most_per_gibibyte)
    }

    /// Whether so many are in range and fit so much storage. Autoscaling's
    /// limit is held to the same ratios.
    pub fn fit(&self, iops: i64, gibibytes: i32) -> bool {
        (self.least(gibibytes)..=self.most(gibibytes)).contains(&iops)
    }
}

const fn provisioned(range: RangeInclusive<i64>, most_per_gibibyte: i64) -> Iops {
    Iops {
        range,
        required: true,
        least_per_two_gibibytes: 1,
        most_per_gibibyte,
    }
}

/// RDS's storage table: the rows of a type follow each other by size, without
/// gap.
pub static VOLUMES: [Volume; 7] = [
    Volume {
        kind: StorageType::Gp2,
        storage: 20..=65_536,
        iops: None,
        throughput: None,
    },
    Volume {
        kind: StorageType::Gp3,
        storage: 20..=STRIPED - 1,
        iops: None,
        throughput: None,
    },
    Volume {
        kind: StorageType::Gp3,
        storage: STRIPED..=65_536,
        iops: Some(Iops {
            range: GP3_IOPS..=64_000,
            required: false,
            least_per_two_gibibytes: 0,
            most_per_gibibyte: 500,
        }),
        throughput: Some(THROUGHPUT),
    },
    Volume {
        kind: StorageType::Io1,
        storage: 100..=STRIPED - 1,
        iops: Some(provisioned(1_000..=19_950, 50)),
        throughput: None,
    },
    Volume {
        kind: StorageType::Io1,
        storage: STRIPED..=65_536,
        iops: Some(provisioned(1_000..=256_000, 50)),
        throughput: None,
    },
    Volume {
        kind: StorageType::Io2,
        storage: 100..=65_536,
        iops: Some(provisioned(1_000..=256_000, 1_000)),
        throughput: None,
    },
    Volume {
        kind: StorageType::Standard,
        storage: 5..=3_072,
        iops: None,
        throughput: None,
    },
];

impl Volume {
    /// The rows of a type, smaller sizes first.
    pub fn of(kind: StorageType) -> impl Iterator<Item = &'static Self> {
        VOLUMES.iter().filter(move |row| row.kind == kind)
    }

    /// Whether RDS takes a type only with IOPS.
    pub fn need_iops(kind: StorageType) -> bool {
        let mut provisioned = Self::of(kind).filter_map(|row| row.iops.as_ref());
        provisioned.any(|iops| iops.required)
    }

    /// The row of a type and a size in whole GiB, if RDS has that size.
    pub fn find(kind: StorageType, gibibytes: i32) -> Option<&'static Self> {
        Self::of(kind).find(|row| row.storage.contains(&gibibytes))
    }

    /// All sizes of a type, over its rows.
    pub fn sizes(kind: StorageType) -> RangeInclusive<i32> {
        let least = Self::of(kind).map(|row| *row.storage.start()).min();
        let most = Self::of(kind).map(|row| *row.storage.end()).max();
        least.unwrap_or(*STORAGE.start())..=most.unwrap_or(*STORAGE.end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_of_a_type_follow_each_other_without_gap() {
        for kind in StorageType::ALL {
            let rows: Vec<_> = Volume::of(kind).collect();
            for pair in rows.windows(2) {
                assert_eq!(*pair[0].storage.end() + 1, *pair[1].storage.start());
            }
            assert!(STORAGE.contains(Volume::sizes(kind).start()), "{kind:?}");
            assert!(STORAGE.contains(Volume::sizes(kind).end()), "{kind:?}");
            // The rules say one ratio for each type.
            let iops: Vec<_> = rows.iter().filter_map(|row| row.iops.as_ref()).collect();
            for pair in iops.windows(2) {
                assert_eq!(pair[0].most_per_gibibyte, pair[1].most_per_gibibyte);
                assert_eq!(pair[0].required, pair[1].required);
            }
        }
    }

    #[test]
    fn a_row_is_found_by_its_size() {
        let most = |kind, size| {
            let row = Volume::find(kind, size)?;
            Some(*row.iops.as_ref()?.range.end())
        };
        assert_eq!(most(StorageType::Io1, 399), Some(19_950));
        assert_eq!(most(StorageType::Io1, 400), Some(256_000));
        assert_eq!(most(StorageType::Gp3, 399), None);
        assert_eq!(most(StorageType::Gp3, 400), Some(64_000));
        assert_eq!(Volume::find(StorageType::Io2, 99), None);
        assert_eq!(Volume::find(StorageType::Standard, 3_073), None);
    }

    #[test]
    fn iops_have_ratios_to_storage() {
        let fit = |kind, iops, size| {
            let row = Volume::find(kind, size).expect("a row");
            row.iops
                .as_ref()
                .is_some_and(|limits| limits.fit(iops, size))
        };
        assert!(fit(StorageType::Io1, 1_000, 2_000));
        assert!(!fit(StorageType::Io1, 1_000, 2_001));
        assert!(fit(StorageType::Io1, 5_000, 100));
        assert!(!fit(StorageType::Io1, 5_001, 100));
        assert!(fit(StorageType::Gp3, 12_000, 65_536));
    }
}
