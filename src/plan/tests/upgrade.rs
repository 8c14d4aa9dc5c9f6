//! The version: up, and to another major once for each word.

use jiff::SignedDuration;
use stow_versions::status::Reason;
use stow_versions::v1beta1::ApplyChanges;

use super::world::{Change, World, decides, now};
use crate::plan::{Action, Failed, Obstacle};

/// An instance that runs one version and shall run another.
fn runs(version: &str, wanted: &str) -> World {
    World::settled().with(|w| {
        w.instance().engine_version = Some(version.into());
        w.database().engine_version = Some(wanted.into());
        w.database().allow_major_version_upgrade = true;
    })
}

#[test]
fn versions_go_up_alone() {
    for (version, wanted, want) in [
        ("17.4", "17", ""),
        ("17.4", "17.4", ""),
        // AWS moved it by itself.
        ("17.5", "17.4", ""),
        ("17.4", "17.5", "modify(version=17.5,now)"),
        ("17.9", "17.10", "modify(version=17.10,now)"),
        ("13.23-rds.20260224", "13.23", ""),
        ("13.22-rds.20260224", "13.23", "modify(version=13.23,now)"),
        // Never down; an end of life raises it too.
        ("17.4", "16", ""),
        ("17.4", "16.9", ""),
        ("16.4", "17", "note(17) modify(version=17,major,now)"),
        ("16.4", "17.4", "note(17.4) modify(version=17.4,major,now)"),
        (
            "9.6.22",
            "10.4",
            "note(10.4) modify(version=10.4,major,now)",
        ),
        ("unheard", "17", ""),
    ] {
        decides(runs(version, wanted), |_| {}, want);
    }
}

#[test]
fn another_major_takes_a_word_and_its_parameter_group() {
    let silent = |w: &mut World| w.database().allow_major_version_upgrade = false;
    decides(runs("16.4", "17"), silent, "!InvalidSpec");
    let grouped = |w: &mut World| w.database().settings.parameter_group = Some("own17".into());
    decides(
        runs("16.4", "17"),
        grouped,
        "note(17) modify(version=17,major,parameterGroup own17,now)",
    );
    // The group of another major is not for the one that runs.
    let both = |w: &mut World| {
        silent(w);
        grouped(w);
    };
    decides(runs("16.4", "17"), both, "!InvalidSpec");
    decides(runs("17.4", "17"), grouped, "modify(parameterGroup own17)");
    let in_window =
        |w: &mut World| w.database().apply_changes = Some(ApplyChanges::MaintenanceWindow);
    decides(
        runs("16.4", "17"),
        in_window,
        "note(17) modify(version=17,major)",
    );
}

#[test]
fn another_major_is_asked_for_once() {
    let tried = || runs("16.4", "17").with(|w| w.observed.upgrade_tried = Some("17".into()));
    let request = || runs("16.4", "17").plan().actions.remove(1);
    let failed = |reason: Reason, seconds: i64| {
        tried().with(|w| {
            w.observed.failed = vec![Failed {
                action: request(),
                obstacle: Obstacle::new(reason, "x"),
                retry_at: now() + SignedDuration::from_secs(seconds),
            }];
        })
    };
    let rows: [(Change, &str); 5] = [
        // Its check failed: nothing is repeated by itself.
        (|_| {}, "!IncompatibleState"),
        (
            |w| w.instance().status = "upgrading".into(),
            "~InProgress ~InProgress",
        ),
        (
            |w| w.instance().pending.engine_version = Some("17.6".into()),
            "",
        ),
        (
            |w| {
                w.instance().pending.engine_version = Some("17.6".into());
                w.database().apply_changes = Some(ApplyChanges::Immediately);
            },
            "",
        ),
        (|w| w.instance().engine_version = Some("17.6".into()), ""),
    ];
    for (change, want) in rows {
        decides(tried(), change, want);
    }
    let issued = |w: &mut World| w.observed.issued = vec![(request(), now())];
    decides(tried(), issued, "~Modifying");
    // RDS did not take the request at all.
    decides(failed(Reason::Throttled, 1), |_| {}, "~Throttled");
    decides(
        failed(Reason::Throttled, 0),
        |_| {},
        "modify(version=17,major,now)",
    );
    decides(failed(Reason::Refused, 1), |_| {}, "!Refused");
    // It may have.
    decides(failed(Reason::Unreachable, 0), |_| {}, "!IncompatibleState");
    // Another version is another wish.
    let other = |w: &mut World| w.database().engine_version = Some("17.4".into());
    decides(tried(), other, "note(17.4) modify(version=17.4,major,now)");
}

#[test]
fn an_upgrade_holds_up_nothing_else() {
    let change = |w: &mut World| {
        w.observed.upgrade_tried = Some("17".into());
        w.database().class = Some("db.m6g.large".into());
    };
    decides(
        runs("16.4", "17"),
        change,
        "modify(db.m6g.large,now) !IncompatibleState",
    );
    let plan = runs("16.4", "17").plan();
    assert!(matches!(plan.actions[0], Action::NoteUpgrade { .. }));
}
