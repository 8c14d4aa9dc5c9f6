//! What one edit falls into where RDS refuses a part of it.

use jiff::SignedDuration;
use stow_versions::status::Reason;

use super::world::{World, now, told};
use crate::plan::{Action, Failed, Obstacle};

/// Has RDS refuse the first action of a plan, whatever it is.
fn refuse(world: &mut World, reason: Reason) {
    let action = world.plan().actions.remove(0);
    world.observed.failed.push(Failed {
        action,
        obstacle: Obstacle::new(reason, "x"),
        retry_at: now() + SignedDuration::from_secs(60),
    });
}

fn exposed() -> World {
    World::settled().with(|w| {
        w.instance().settings.publicly_accessible = Some(true);
        let settings = &mut w.database().settings;
        settings.parameter_group = Some("of-another-family".into());
        settings.publicly_accessible = Some(false);
        settings.deletion_protection = Some(true);
        settings.backup_window = Some("01:00-02:00".into());
        settings.maintenance_window = Some("mon:05:00-mon:06:00".into());
        settings.enhanced_interval = Some(60);
    })
}

const SINGLY: &str = "modify(network.publiclyAccessible false) modify(deletionProtection true) \
     modify(backup.window 01:00-02:00,maintenanceWindow mon:05:00-mon:06:00) \
     modify(parameterGroup of-another-family) modify(monitoring.enhancedInterval 60,role)";

#[test]
fn a_setting_that_rds_refuses_does_not_leave_a_database_open() {
    let mut world = exposed();
    assert_eq!(world.plan().actions.len(), 1);
    refuse(&mut world, Reason::Refused);
    assert_eq!(told(&world.plan()), SINGLY);
    // With the machine beside them, they are first sent without it.
    let mut world = exposed();
    world.database().multi_az = Some(true);
    assert_eq!(world.plan().actions.len(), 1);
    refuse(&mut world, Reason::AccessDenied);
    assert_eq!(world.plan().actions.len(), 2);
    refuse(&mut world, Reason::AccessDenied);
    assert_eq!(
        told(&world.plan()),
        format!("{SINGLY} modify(multiAZ=true,now)")
    );
}

#[test]
fn what_is_refused_alone_is_not_sent_with_others_again() {
    let mut world = exposed();
    // The two that protect the data are made, and the windows are refused.
    let settings = world.database().settings.clone();
    let instance = &mut world.instance().settings;
    instance.publicly_accessible = settings.publicly_accessible;
    instance.deletion_protection = settings.deletion_protection;
    let windows = exposed_singly().remove(2);
    world.observed.failed.push(Failed {
        action: windows,
        obstacle: Obstacle::new(Reason::Refused, "x"),
        retry_at: now() + SignedDuration::from_secs(60),
    });
    world.database().multi_az = Some(true);
    assert_eq!(
        told(&world.plan()),
        "modify(parameterGroup of-another-family) modify(monitoring.enhancedInterval 60,role) \
         modify(multiAZ=true,now) !Refused"
    );
}

fn exposed_singly() -> Vec<Action> {
    let mut world = exposed();
    refuse(&mut world, Reason::Refused);
    world.plan().actions
}

#[test]
fn what_no_smaller_request_changes_is_not_taken_apart() {
    for (reason, want) in [
        (Reason::Throttled, "~Throttled"),
        (Reason::Unreachable, "~Unreachable"),
        (Reason::InProgress, "~InProgress"),
    ] {
        let mut world = exposed();
        refuse(&mut world, reason);
        assert_eq!(told(&world.plan()), want);
    }
}
