//! The storage table: both ends of each range.

use super::{ACCEPTED, COMBINATION, Given, Outcome, Table, VALUE, check_creates};

type Rows = &'static [(Given, Outcome)];

macro_rules! rows {
    ($($kind:literal $size:literal $([$($name:ident $value:literal)*])? $outcome:ident;)*) => {
        &[$((
            &[
                ("StorageType", $kind),
                ("AllocatedStorage", $size),
                $($((stringify!($name), $value),)*)?
            ],
            $outcome,
        ),)*]
    };
}

const SIZES: Rows = rows! {
    "gp2" "19" VALUE;
    "gp2" "20" ACCEPTED;
    "gp2" "65536" ACCEPTED;
    "gp2" "65537" VALUE;
    "gp3" "19" VALUE;
    "gp3" "20" ACCEPTED;
    "gp3" "399" ACCEPTED;
    "gp3" "400" ACCEPTED;
    "gp3" "65536" ACCEPTED;
    "gp3" "65537" VALUE;
    "io1" "99" [Iops "1000"] VALUE;
    "io1" "100" [Iops "1000"] ACCEPTED;
    "io1" "65536" [Iops "64000"] ACCEPTED;
    "io1" "65537" [Iops "64000"] VALUE;
    "io2" "99" [Iops "1000"] VALUE;
    "io2" "100" [Iops "1000"] ACCEPTED;
    "io2" "65536" [Iops "64000"] ACCEPTED;
    "io2" "65537" [Iops "64000"] VALUE;
    "standard" "4" VALUE;
    "standard" "5" ACCEPTED;
    "standard" "3072" ACCEPTED;
    "standard" "3073" VALUE;
    "gp4" "100" VALUE;
    "" "100" VALUE;
};

const SPEEDS: Rows = rows! {
    "gp2" "100" [Iops "1000"] COMBINATION;
    "gp2" "100" [StorageThroughput "125"] COMBINATION;
    "standard" "100" [Iops "1000"] COMBINATION;
    "standard" "100" [StorageThroughput "125"] COMBINATION;
    "gp3" "399" [Iops "3000"] COMBINATION;
    "gp3" "399" [StorageThroughput "125"] COMBINATION;
    "gp3" "399" [Iops "12000" StorageThroughput "500"] COMBINATION;
    "gp3" "400" [Iops "3000"] COMBINATION;
    "gp3" "400" [Iops "11999"] COMBINATION;
    "gp3" "400" [Iops "12000"] ACCEPTED;
    "gp3" "400" [Iops "64000"] ACCEPTED;
    "gp3" "400" [Iops "64001"] COMBINATION;
    "gp3" "400" [Iops "12000" StorageThroughput "499"] COMBINATION;
    "gp3" "400" [Iops "12000" StorageThroughput "500"] ACCEPTED;
    "gp3" "400" [Iops "12000" StorageThroughput "3000"] ACCEPTED;
    "gp3" "400" [Iops "12000" StorageThroughput "3001"] COMBINATION;
    "gp3" "400" [Iops "16000" StorageThroughput "4000"] ACCEPTED;
    "gp3" "400" [Iops "64000" StorageThroughput "4001"] COMBINATION;
    "gp3" "400" [StorageThroughput "500"] ACCEPTED;
    "io1" "100" COMBINATION;
    "io1" "100" [Iops "999"] COMBINATION;
    "io1" "100" [Iops "5000"] ACCEPTED;
    "io1" "100" [Iops "5001"] COMBINATION;
    "io1" "399" [Iops "19950"] ACCEPTED;
    "io1" "399" [Iops "19951"] COMBINATION;
    "io1" "400" [Iops "20000"] ACCEPTED;
    "io1" "2000" [Iops "1000"] ACCEPTED;
    "io1" "2001" [Iops "1000"] COMBINATION;
    "io1" "5120" [Iops "256000"] ACCEPTED;
    "io1" "5120" [Iops "256001"] COMBINATION;
    "io1" "100" [Iops "1000" StorageThroughput "500"] COMBINATION;
    "io2" "100" COMBINATION;
    "io2" "100" [Iops "999"] COMBINATION;
    "io2" "100" [Iops "100000"] ACCEPTED;
    "io2" "100" [Iops "100001"] COMBINATION;
    "io2" "256" [Iops "256000"] ACCEPTED;
    "io2" "300" [Iops "256001"] COMBINATION;
    "io2" "2000" [Iops "1000"] ACCEPTED;
    "io2" "2001" [Iops "1000"] COMBINATION;
};

const GROWTH: Rows = rows! {
    "gp2" "100" [MaxAllocatedStorage "109"] COMBINATION;
    "gp2" "100" [MaxAllocatedStorage "110"] ACCEPTED;
    "gp2" "100" [MaxAllocatedStorage "65536"] ACCEPTED;
    "gp2" "100" [MaxAllocatedStorage "65537"] COMBINATION;
    "gp2" "100" [MaxAllocatedStorage "99"] COMBINATION;
    "gp2" "100" [MaxAllocatedStorage "100"] ACCEPTED;
    "gp3" "20" [MaxAllocatedStorage "1000"] ACCEPTED;
    "io1" "100" [Iops "1000" MaxAllocatedStorage "2000"] ACCEPTED;
    "io1" "100" [Iops "1000" MaxAllocatedStorage "2001"] COMBINATION;
    "io2" "100" [Iops "1000" MaxAllocatedStorage "2000"] ACCEPTED;
    "io2" "100" [Iops "1000" MaxAllocatedStorage "2001"] COMBINATION;
    "io1" "100" [Iops "1000" DedicatedLogVolume "true"] ACCEPTED;
    "gp3" "100" [DedicatedLogVolume "true"] COMBINATION;
};

#[tokio::test]
async fn the_table() {
    check_creates(&[
        Table {
            origin: "the model: AllocatedStorage for PostgreSQL, StorageType",
            rows: SIZES,
        },
        Table {
            origin: "the guide: Amazon RDS DB instance storage, the tables of each type",
            rows: SPEEDS,
        },
        Table {
            origin: "the guide: storage autoscaling (10 % at least, the ratio holds at the top), \
                     dedicated log volumes",
            rows: GROWTH,
        },
        Table {
            origin: "the model: StorageType's default is io1 with Iops, else gp3",
            rows: &[
                (&[("AllocatedStorage", "-")], VALUE),
                (&[("AllocatedStorage", "100"), ("Iops", "1000")], ACCEPTED),
                (&[("AllocatedStorage", "20"), ("Iops", "1000")], VALUE),
                (&[("AllocatedStorage", "20")], ACCEPTED),
            ],
        },
    ])
    .await;
}
