//! The table, row by row, and changes.

use super::*;

const VALUE: Option<&str> = Some("InvalidParameterValue");
const COMBINATION: Option<&str> = Some("InvalidParameterCombination");

type Row = (
    &'static str,
    i32,
    Option<i32>,
    Option<i32>,
    Option<i32>,
    Option<&'static str>,
);

/// Type, GiB, IOPS, throughput, most GiB, and the code of the refusal.
const TABLE: [Row; 52] = [
    ("gp2", 19, None, None, None, VALUE),
    ("gp2", 20, None, None, None, None),
    ("gp2", 65_536, None, None, None, None),
    ("gp2", 65_537, None, None, None, VALUE),
    ("gp2", 100, Some(1_000), None, None, COMBINATION),
    ("gp2", 100, None, Some(125), None, COMBINATION),
    ("gp3", 19, None, None, None, VALUE),
    ("gp3", 20, None, None, None, None),
    ("gp3", 399, None, None, None, None),
    ("gp3", 399, Some(3_000), None, None, COMBINATION),
    ("gp3", 399, None, Some(125), None, COMBINATION),
    ("gp3", 400, None, None, None, None),
    ("gp3", 400, Some(3_000), None, None, COMBINATION),
    ("gp3", 400, Some(11_999), None, None, COMBINATION),
    ("gp3", 400, Some(12_000), None, None, None),
    ("gp3", 400, Some(64_000), None, None, None),
    ("gp3", 400, Some(64_001), None, None, COMBINATION),
    ("gp3", 400, Some(12_000), Some(499), None, COMBINATION),
    ("gp3", 400, Some(12_000), Some(500), None, None),
    ("gp3", 400, Some(12_000), Some(3_000), None, None),
    ("gp3", 400, Some(12_000), Some(3_001), None, COMBINATION),
    ("gp3", 400, Some(64_000), Some(4_000), None, None),
    ("gp3", 400, Some(64_000), Some(4_001), None, COMBINATION),
    ("gp3", 65_537, None, None, None, VALUE),
    ("io1", 99, Some(1_000), None, None, VALUE),
    ("io1", 100, None, None, None, COMBINATION),
    ("io1", 100, Some(999), None, None, COMBINATION),
    ("io1", 100, Some(1_000), None, None, None),
    ("io1", 100, Some(5_000), None, None, None),
    ("io1", 100, Some(5_001), None, None, COMBINATION),
    ("io1", 399, Some(19_950), None, None, None),
    ("io1", 399, Some(19_951), None, None, COMBINATION),
    ("io1", 400, Some(20_000), None, None, None),
    ("io1", 2_000, Some(1_000), None, None, None),
    ("io1", 2_001, Some(1_000), None, None, COMBINATION),
    ("io1", 65_536, Some(256_000), None, None, None),
    ("io1", 65_536, Some(256_001), None, None, COMBINATION),
    ("io1", 100, Some(1_000), Some(500), None, COMBINATION),
    ("io1", 100, Some(1_000), None, Some(2_000), None),
    ("io1", 100, Some(1_000), None, Some(2_001), COMBINATION),
    ("io2", 99, Some(1_000), None, None, VALUE),
    ("io2", 100, Some(100_000), None, None, None),
    ("io2", 100, Some(100_001), None, None, COMBINATION),
    ("io2", 256, Some(256_000), None, None, None),
    ("io2", 300, Some(256_001), None, None, COMBINATION),
    ("standard", 4, None, None, None, VALUE),
    ("standard", 5, None, None, None, None),
    ("standard", 3_072, None, None, None, None),
    ("standard", 3_073, None, None, None, VALUE),
    ("standard", 100, Some(1_000), None, None, COMBINATION),
    ("gp2", 100, None, None, Some(109), COMBINATION),
    ("gp2", 100, None, None, Some(110), None),
];

#[test]
fn the_table() {
    for row in TABLE {
        let (kind, size, iops, throughput, most, code) = row;
        let granted = grant(Asked {
            kind: Some(kind),
            size: Some(size),
            iops,
            throughput,
            most,
        });
        let refused = granted.err().map(|fault| fault.code);
        assert_eq!(refused.as_deref(), code, "{row:?}");
    }
}

const ASKED: Asked<'static> = Asked {
    kind: None,
    size: None,
    iops: None,
    throughput: None,
    most: None,
};

fn current(kind: &'static str, size: i32, iops: Option<i32>) -> Current<'static> {
    let throughput = (kind == "gp3").then_some(125);
    Current {
        kind,
        size,
        iops,
        throughput,
        most: None,
    }
}

#[test]
fn storage_never_shrinks_and_grows_by_a_tenth() {
    let modify = |size| {
        modify(
            current("gp2", 100, None),
            Asked {
                size: Some(size),
                ..ASKED
            },
        )
    };
    assert_eq!(modify(100).unwrap().size, 100);
    assert_eq!(modify(105).unwrap().size, 110);
    assert_eq!(modify(150).unwrap().size, 150);
    assert_eq!(modify(99).unwrap_err().code, "InvalidParameterValue");
}

#[test]
fn provisioned_storage_changes_with_its_iops_which_grow_by_a_tenth() {
    let modify = |size, iops| {
        let asked = Asked {
            size,
            iops,
            ..ASKED
        };
        modify(current("io1", 100, Some(1_000)), asked)
    };
    assert_eq!(
        modify(Some(200), None).unwrap_err().code,
        "InvalidParameterCombination"
    );
    assert_eq!(modify(Some(200), Some(1_050)).unwrap().iops, Some(1_100));
    assert_eq!(modify(Some(100), Some(1_500)).unwrap().iops, Some(1_500));
    assert!(modify(None, None).is_ok());
}

#[test]
fn what_has_no_type_is_gp3_or_io1() {
    let kind = |size, iops| {
        let asked = Asked {
            size: Some(size),
            iops,
            ..ASKED
        };
        grant(asked).unwrap().kind
    };
    assert_eq!(kind(20, None), "gp3");
    assert_eq!(kind(100, Some(1_000)), "io1");
}

#[test]
fn leaving_provisioned_iops_says_zero() {
    let asked = Asked {
        kind: Some("gp2"),
        iops: Some(0),
        ..ASKED
    };
    let granted = modify(current("io1", 100, Some(1_000)), asked).unwrap();
    assert_eq!((&*granted.kind, granted.iops), ("gp2", None));
}

#[test]
fn crossing_the_stripe_refuses_the_old_iops() {
    let modify = |iops| {
        let size = Some(400);
        let asked = Asked {
            size,
            iops,
            ..ASKED
        };
        modify(current("gp3", 100, Some(3_000)), asked)
    };
    assert_eq!(
        modify(Some(3_000)).unwrap_err().code,
        "InvalidParameterCombination"
    );
    assert_eq!(modify(None).unwrap().iops, Some(12_000));
}

#[test]
fn changes_are_counted() {
    assert!(cooldown(false, 3, 4).is_ok());
    assert!(cooldown(false, 4, 4).is_err());
    assert!(cooldown(true, 0, 4).is_err());
}
