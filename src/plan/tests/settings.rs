//! Every field beyond machine and volume: at once, in the window, or never.

use std::collections::BTreeSet;

use stow_versions::v1beta1::ApplyChanges;

use super::world::{Change, World, decides};
use crate::plan::Action;

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn what_interrupts_nothing_flushes_nothing() {
    let rows: [(Change, &str); 11] = [
        (
            |w| w.database().settings.backup_retention = Some(14),
            "modify(backup.retentionDays 14)",
        ),
        (
            |w| w.database().settings.backup_window = Some("01:00-02:00".into()),
            "modify(backup.window 01:00-02:00)",
        ),
        (
            |w| w.database().settings.maintenance_window = Some("mon:01:00-mon:02:00".into()),
            "modify(maintenanceWindow mon:01:00-mon:02:00)",
        ),
        (
            |w| w.database().settings.auto_minor_version_upgrade = Some(false),
            "modify(autoMinorVersionUpgrade false)",
        ),
        (
            |w| w.database().settings.parameter_group = Some("own17".into()),
            "modify(parameterGroup own17)",
        ),
        (
            |w| w.database().settings.security_groups = Some(set(&["sg-2", "sg-1"])),
            "modify(network.securityGroups [sg-1,sg-2])",
        ),
        (
            |w| w.database().settings.publicly_accessible = Some(true),
            "modify(network.publiclyAccessible true)",
        ),
        (
            |w| w.database().settings.performance_insights = Some(true),
            "modify(monitoring.performanceInsights true)",
        ),
        (
            |w| w.database().settings.log_exports = Some(set(&["upgrade"])),
            "modify(monitoring.logExports [upgrade])",
        ),
        (
            |w| w.database().settings.extended_support = Some(true),
            "modify(extendedSupport true)",
        ),
        (
            |w| w.database().settings.deletion_protection = Some(true),
            "modify(deletionProtection true)",
        ),
    ];
    for (change, want) in rows {
        decides(World::settled(), change, want);
        // The window is not for them.
        let in_window = |w: &mut World| {
            change(w);
            w.database().apply_changes = Some(ApplyChanges::MaintenanceWindow);
        };
        decides(World::settled(), in_window, want);
        // What RDS does not show cannot be compared.
        let hidden = |w: &mut World| {
            change(w);
            w.instance().settings = crate::rds::Settings::default();
        };
        decides(World::settled(), hidden, "");
    }
}

#[test]
fn what_interrupts_goes_at_once_or_waits_for_the_window() {
    let rows: [(Change, &str, &str); 5] = [
        (
            |w| w.database().settings.iam_authentication = Some(true),
            "modify(iamAuthentication true,now)",
            "modify(iamAuthentication true)",
        ),
        (
            |w| w.database().settings.backup_retention = Some(0),
            "modify(backup.retentionDays 0,now)",
            "modify(backup.retentionDays 0)",
        ),
        (
            |w| w.database().class = Some("db.m6g.large".into()),
            "modify(db.m6g.large,now)",
            "modify(db.m6g.large)",
        ),
        (
            |w| w.database().storage = Some(200),
            "modify(200GiB,now)",
            "modify(200GiB)",
        ),
        // RDS restarts for another port whatever it is told.
        (
            |w| w.database().settings.port = Some(5433),
            "modify(port 5433,now)",
            "",
        ),
    ];
    for (change, at_once, in_window) in rows {
        decides(World::settled(), change, at_once);
        let window = |w: &mut World| {
            change(w);
            w.database().apply_changes = Some(ApplyChanges::MaintenanceWindow);
        };
        decides(World::settled(), window, in_window);
    }
}

#[test]
fn a_port_that_must_not_interrupt_is_pending() {
    let world = World::settled().with(|w| {
        w.database().settings.port = Some(5433);
        w.database().apply_changes = Some(ApplyChanges::MaintenanceWindow);
    });
    let pending = world.plan().pending;
    assert_eq!(pending[0].what.as_deref(), Some("port 5433"));
    let why = pending[0].why.as_deref().unwrap_or_default();
    assert!(why.contains("Immediately"), "{why}");
}

#[test]
fn what_waits_for_the_window_is_pending_and_flushed_by_an_explicit_word() {
    let waiting = || {
        World::settled().with(|w| {
            w.database().class = Some("db.m6g.large".into());
            w.instance().pending.class = Some("db.m6g.large".into());
            w.instance().pending.settings.iam_authentication = Some(true);
        })
    };
    let apply = |choice| move |w: &mut World| w.database().apply_changes = choice;
    let window = Some(ApplyChanges::MaintenanceWindow);
    decides(waiting(), apply(window), "");
    decides(waiting(), apply(None), "");
    let at_once = Some(ApplyChanges::Immediately);
    decides(waiting(), apply(at_once), "modify(db.m6g.large,now)");
    let plan = waiting().with(apply(window)).plan();
    let what: Vec<_> = plan.pending.iter().filter_map(|p| p.what.clone()).collect();
    assert_eq!(what, ["size db.m6g.large", "iamAuthentication true"]);
    let why = plan.pending[0].why.as_deref().unwrap_or_default();
    assert!(why.contains("sun:05:00-sun:06:00"), "{why}");
}

#[test]
fn a_setting_that_interrupts_nothing_goes_along() {
    let both = |w: &mut World| {
        w.database().settings.deletion_protection = Some(true);
        w.database().class = Some("db.m6g.large".into());
    };
    decides(
        World::settled(),
        both,
        "modify(db.m6g.large,deletionProtection true,now)",
    );
}

#[test]
fn enhanced_monitoring_brings_the_platforms_role() {
    let on = |w: &mut World| w.database().settings.enhanced_interval = Some(60);
    decides(
        World::settled(),
        on,
        "modify(monitoring.enhancedInterval 60,role)",
    );
    let off = |w: &mut World| {
        w.instance().settings.enhanced_interval = Some(60);
        w.database().settings.enhanced_interval = Some(0);
        w.database().monitoring_role = None;
    };
    decides(
        World::settled(),
        off,
        "modify(monitoring.enhancedInterval 0)",
    );
}

#[test]
fn rds_is_told_the_logs_that_begin_and_end() {
    let world = World::settled().with(|w| {
        w.instance().settings.log_exports = Some(set(&["postgresql"]));
        w.database().settings.log_exports = Some(set(&["upgrade"]));
    });
    let plan = world.plan();
    let [Action::Modify(request)] = plan.actions.as_slice() else {
        panic!("{plan:?}")
    };
    assert_eq!(request.log_exports_before, set(&["postgresql"]));
}

#[test]
fn what_was_decided_at_creation_is_told_and_left() {
    let rows: [(Change, &str); 8] = [
        (|w| w.database().subnet_group = Some("Private".into()), ""),
        (
            |w| w.database().subnet_group = Some("other".into()),
            "!InvalidSpec",
        ),
        (|w| w.database().encrypted = Some(true), ""),
        (|w| w.database().encrypted = Some(false), "!InvalidSpec"),
        (|w| w.database().kms_key = Some("0b5a".into()), ""),
        (|w| w.database().kms_key = Some("alias/own".into()), ""),
        (
            |w| w.database().kms_key = Some("other".into()),
            "!InvalidSpec",
        ),
        (
            |w| {
                w.database().encrypted = Some(false);
                w.database().class = Some("db.m6g.large".into());
            },
            "modify(db.m6g.large,now) !InvalidSpec",
        ),
    ];
    for (change, want) in rows {
        decides(World::settled(), change, want);
    }
}

#[test]
fn parameters_that_wait_for_a_restart_are_pending_and_nothing_else() {
    let world = World::settled().with(|w| w.instance().parameters = Some("pending-reboot".into()));
    let plan = world.plan();
    assert_eq!(plan.actions, []);
    assert_eq!(plan.waiting, []);
    assert_eq!(
        plan.pending[0].what.as_deref(),
        Some("parameterGroup default.postgres17")
    );
}

#[test]
fn storage_grows_by_itself_up_to_what_is_stated() {
    for (wanted, has, want) in [
        (None, Some(500), ""),
        (Some(200), None, "modify(max=200GiB)"),
        (Some(200), Some(200), ""),
        (Some(110), None, "modify(max=110GiB)"),
        (Some(109), None, "!InvalidSpec"),
        // As much as there is: off.
        (Some(100), None, ""),
        (Some(100), Some(500), "modify(max=100GiB)"),
        // Grown to its limit.
        (Some(100), Some(100), ""),
        (Some(50), Some(100), ""),
    ] {
        let change = |w: &mut World| {
            w.database().max_storage = wanted;
            w.instance().max_storage = has;
        };
        decides(World::settled(), change, want);
    }
}

#[test]
fn throughput_goes_with_storage_and_iops() {
    let striped = |throughput: Option<i32>| {
        World::settled().with(|w| {
            w.instance().storage = 400;
            w.instance().iops = Some(16000);
            w.instance().throughput = Some(500);
            w.database().storage = Some(400);
            w.database().throughput = throughput;
        })
    };
    for (wanted, want) in [
        (None, ""),
        (Some(500), ""),
        (Some(1000), "modify(400GiB,16000iops,1000MiB/s,now)"),
    ] {
        decides(striped(wanted), |_| {}, want);
    }
    let small = |w: &mut World| w.database().throughput = Some(500);
    decides(World::settled(), small, "!InvalidSpec");
}
