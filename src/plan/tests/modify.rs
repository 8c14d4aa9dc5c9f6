//! Keeping an instance as its spec says.

use jiff::SignedDuration;
use stow_versions::status::Reason;

use super::world::{Change, World, decides, now, subject};
use crate::plan::{Action, Failed, Obstacle, SecretState};
use crate::rds::ModifyInstance;

#[test]
fn a_database_at_rest_is_left_alone() {
    decides(World::settled(), |_| {}, "");
    decides(
        World::settled(),
        |w| w.instance().status = "storage-optimization".into(),
        "",
    );
    // What nobody states is not managed.
    decides(
        World::settled(),
        |w| {
            let database = w.database();
            (database.class, database.storage, database.storage_type) = (None, None, None);
            (database.iops, database.multi_az) = (None, None);
            database.tags.clear();
        },
        "",
    );
    // A client that replaced the whole object took the finalizer with it.
    decides(
        World::settled(),
        |w| w.observed.finalizer = false,
        "+finalizer",
    );
    // Not even a broken configuration touches what runs.
    decides(
        World::settled(),
        |w| w.database().creation = Err(Obstacle::new(Reason::InvalidConfiguration, "x")),
        "",
    );
}

#[test]
fn specs_become_one_modification() {
    let rows: [(Change, &str); 17] = [
        (
            |w| w.database().class = Some("db.m6g.large".into()),
            "modify(db.m6g.large,now)",
        ),
        (
            |w| w.database().multi_az = Some(true),
            "modify(multiAZ=true,now)",
        ),
        (|w| w.database().storage = Some(200), "modify(200GiB,now)"),
        // RDS grows by a tenth at least.
        (|w| w.database().storage = Some(101), "modify(110GiB,now)"),
        // Autoscaled storage is no drift, and storage never shrinks.
        (|w| w.database().storage = Some(50), ""),
        // Not even where it grew to a size that takes IOPS, which nobody states.
        (|w| w.instance().storage = 500, ""),
        (
            |w| {
                w.database().class = Some("db.m6g.large".into());
                w.database().storage = Some(200);
            },
            "modify(db.m6g.large,200GiB,now)",
        ),
        (
            |w| {
                w.database().storage_type = Some("io1".into());
                w.database().iops = Some(1000);
            },
            "modify(100GiB,io1,1000iops,now)",
        ),
        (
            |w| w.database().storage_type = Some("gp2".into()),
            "modify(100GiB,gp2,now)",
        ),
        // From 400 GiB on gp3 has IOPS of its own, and refuses the old 3000.
        (
            |w| w.database().storage = Some(400),
            "modify(400GiB,12000iops,now)",
        ),
        (
            |w| {
                w.database().storage = Some(400);
                w.database().iops = Some(16000);
            },
            "modify(400GiB,16000iops,now)",
        ),
        (
            |w| w.instance().pending.class = Some("db.m6g.large".into()),
            "modify(db.t3.small,now)",
        ),
        // What RDS has accepted already is not asked for again.
        (
            |w| {
                w.database().class = Some("db.m6g.large".into());
                w.instance().pending.class = Some("db.m6g.large".into());
            },
            "",
        ),
        (
            |w| {
                w.database().storage = Some(200);
                w.instance().status = "storage-optimization".into();
            },
            "~StorageOptimizing",
        ),
        // The rest does not wait for the storage.
        (
            |w| {
                w.database().storage = Some(200);
                w.database().multi_az = Some(true);
                w.instance().status = "storage-optimization".into();
            },
            "modify(multiAZ=true,now) ~StorageOptimizing",
        ),
        (
            |w| drop(w.database().tags.insert("team".into(), "billing".into())),
            "tag(team)",
        ),
        // A tag that nobody states is left alone.
        (
            |w| drop(w.instance().tags.insert("cost".into(), "42".into())),
            "",
        ),
    ];
    for (change, want) in rows {
        decides(World::settled(), change, want);
    }
}

#[test]
fn names_that_rds_never_changes_are_told_and_hold_up_nothing_else() {
    for change in [
        (|w| w.database().database_name = Some("other".into())) as Change,
        |w| w.database().master_username = Some("other".into()),
    ] {
        decides(World::settled(), change, "!InvalidSpec");
        let more = |w: &mut World| {
            change(w);
            w.database().multi_az = Some(true);
        };
        decides(
            World::settled(),
            more,
            "modify(multiAZ=true,now) !InvalidSpec",
        );
    }
}

#[test]
fn iops_are_compared_as_rds_rounds_them() {
    let io1 = |iops: i32, wanted: i32| {
        World::settled().with(|w| {
            w.instance().storage_type = Some("io1".into());
            w.instance().iops = Some(iops);
            w.database().storage_type = Some("io1".into());
            w.database().iops = Some(wanted);
        })
    };
    for (observed, wanted, want) in [
        (1000, 1000, ""),
        (1100, 1050, ""),
        (1100, 1000, ""),
        (1200, 1000, "modify(100GiB,1000iops,now)"),
        (1000, 2000, "modify(100GiB,2000iops,now)"),
    ] {
        decides(io1(observed, wanted), |_| {}, want);
    }
    // Storage and IOPS go together, also where one of them stays.
    decides(
        io1(1000, 1000),
        |w| w.database().storage = Some(200),
        "modify(200GiB,1000iops,now)",
    );
}

#[test]
fn what_rds_works_on_is_waited_for() {
    for (status, want) in [
        ("creating", "~Creating ~InProgress"),
        ("modifying", "~Modifying ~InProgress"),
        ("backing-up", "~InProgress ~InProgress"),
        ("never-heard-of", "~InProgress ~InProgress"),
        ("stopped", "~InProgress !IncompatibleState"),
        ("incompatible-parameters", "~InProgress !IncompatibleState"),
        ("failed", "~InProgress !IncompatibleState"),
        ("deleting", "~Deleting"),
        (
            "storage-full",
            "modify(db.m6g.large,now) !IncompatibleState",
        ),
    ] {
        let change = |w: &mut World| {
            w.instance().status = status.into();
            w.database().class = Some("db.m6g.large".into());
        };
        decides(World::settled(), change, want);
    }
}

#[test]
fn a_modification_that_rds_does_not_show_yet_is_not_sent_twice() {
    let issued = |minutes: i64| {
        World::settled().with(|w| {
            w.database().class = Some("db.m6g.large".into());
            let request = ModifyInstance {
                identifier: subject().identifier(),
                class: Some("db.m6g.large".into()),
                apply_immediately: true,
                ..ModifyInstance::default()
            };
            let at = now() - SignedDuration::from_mins(minutes);
            w.observed.issued = vec![(Action::Modify(Box::new(request)), at)];
        })
    };
    decides(issued(1), |_| {}, "~Modifying");
    decides(issued(6), |_| {}, "modify(db.m6g.large,now)");
    decides(
        issued(1),
        |w| w.database().class = Some("db.m6g.xlarge".into()),
        "modify(db.m6g.xlarge,now)",
    );
}

#[test]
fn a_change_that_rds_refuses_holds_up_no_other() {
    let refused = |w: &mut World| {
        w.database().storage = Some(200);
        w.database().multi_az = Some(true);
        let action = w.plan().actions.remove(0);
        let obstacle = Obstacle::new(Reason::Refused, "the storage cannot be modified now");
        let retry_at = now() + SignedDuration::from_secs(60);
        w.observed.failed = vec![Failed {
            action,
            obstacle,
            retry_at,
        }];
    };
    decides(
        World::settled(),
        refused,
        "modify(multiAZ=true,now) modify(200GiB,now)",
    );
    // The part that is refused by itself waits, and nothing waits for it.
    let singled_out = |w: &mut World| {
        refused(w);
        let action = w.plan().actions.remove(1);
        let obstacle = Obstacle::new(Reason::Refused, "not now");
        let retry_at = now() + SignedDuration::from_secs(60);
        w.observed.failed.push(Failed {
            action,
            obstacle,
            retry_at,
        });
    };
    decides(
        World::settled(),
        singled_out,
        "modify(multiAZ=true,now) !Refused",
    );
    // A tag comes last for the same reason.
    let tagged = |w: &mut World| {
        w.database().multi_az = Some(true);
        w.database().tags.insert("team".into(), "billing".into());
        w.observed.secret = SecretState::Missing;
    };
    decides(
        World::settled(),
        tagged,
        "+secret(orders*) modify(multiAZ=true,now) tag(team)",
    );
}

#[test]
fn tags_that_rds_does_not_show_yet_are_not_sent_twice() {
    let issued = |w: &mut World| {
        w.database().tags.insert("team".into(), "billing".into());
        let action = w.plan().actions.remove(0);
        w.observed.issued = vec![(action, now())];
    };
    decides(World::settled(), issued, "~Modifying");
}

#[test]
fn iops_that_a_volume_does_not_take_are_told() {
    decides(
        World::settled(),
        |w| w.database().iops = Some(5000),
        "!InvalidSpec",
    );
    let grown = |w: &mut World| {
        w.instance().storage = 400;
        w.database().iops = Some(16000);
    };
    decides(World::settled(), grown, "modify(400GiB,16000iops,now)");
}

#[test]
fn standard_storage_that_aws_made_gp3_stays_so() {
    let change = |w: &mut World| w.database().storage_type = Some("standard".into());
    decides(World::settled(), change, "");
}
