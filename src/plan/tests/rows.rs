//! One row for each decision: a world, and the plan for it in words. `~` marks
//! what is waited for, `!` what blocks, `*` a password that RDS may not have.

use jiff::SignedDuration;
use stow_versions::status::Reason;

use super::world::{World, instance, now, secret, subject, told};
use crate::plan::{
    Action, Failed, Goal, Obstacle, Presence, SecretState, TAG_CLUSTER, TAG_IDENTIFIER, TAG_OBJECT,
    TAG_UID, password_of,
};
use crate::rds::{Error, ModifyInstance, Password, Refusal};

/// What a row does to its world.
type Change = fn(&mut World);

#[track_caller]
fn decides(world: World, change: impl FnOnce(&mut World), want: &str) {
    assert_eq!(told(&world.with(change).plan()), want);
}

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
fn creation_keeps_the_password_before_it_sends_it() {
    decides(World::blank(), |_| {}, "+finalizer +secret(orders*)");
    let with_secret = || {
        World::blank().with(|w| {
            w.observed.finalizer = true;
            let mut held = secret(&instance());
            held.data.retain(|key, _| key == "DB_PASSWORD");
            held.password_pending = true;
            w.observed.secret = SecretState::Ours(held);
        })
    };
    decides(with_secret(), |_| {}, "create(orders-0b5a)");
    let plan = with_secret().plan();
    let [Action::Create(request)] = plan.actions.as_slice() else {
        panic!("{plan:?}")
    };
    assert_eq!(
        request.master_password.expose(),
        "p/w",
        "the Secret's, not a fresh one"
    );
    assert_eq!(request.tags[TAG_IDENTIFIER], "orders-0b5a");
    assert_eq!(request.tags["team"], "shop");
    decides(
        with_secret(),
        |w| w.held().data.clear(),
        "secret(DB_PASSWORD)",
    );
}

#[test]
fn nothing_is_created_where_something_may_exist() {
    for (change, want) in [
        (
            (|w| w.observed.instance = Presence::Unknown) as Change,
            "~InProgress",
        ),
        (|w| w.observed.recorded = true, "~InProgress"),
        (
            |w| {
                w.observed.recorded = true;
                w.observed.instance = Presence::Absent { sweeps: 2 };
            },
            "!InstanceMissing",
        ),
        // RDS has accepted the Secret's password: there was an instance.
        (
            |w| {
                w.observed.secret = SecretState::Ours(secret(&instance()));
                w.observed.instance = Presence::Absent { sweeps: 2 };
            },
            "!InstanceMissing",
        ),
        (|w| w.observed.copy = Some("restored".into()), "!NotOwned"),
        (
            |w| w.observed.previous = Some(instance()),
            "!PreviousInstanceExists",
        ),
        (
            |w| w.database().creation = Err(Obstacle::new(Reason::InvalidConfiguration, "x")),
            "!InvalidConfiguration",
        ),
        (
            |w| w.observed.secret = SecretState::Foreign("x".into()),
            "!SecretConflict",
        ),
        (
            |w| w.observed.secret = SecretState::Unmarked(secret(&instance())),
            "!SecretConflict",
        ),
        (
            |w| w.observed.secret = SecretState::Unreadable("x".into()),
            "~Unreachable",
        ),
    ] {
        decides(World::blank(), change, want);
    }
}

fn set(world: &mut World, tag: &str, value: &str) {
    world.instance().tags.insert(tag.into(), value.into());
}

#[test]
fn an_instance_that_is_not_ours_is_never_touched() {
    let foreign: [Change; 8] = [
        |w| w.instance().tags.clear(),
        |w| set(w, TAG_CLUSTER, "another"),
        |w| set(w, TAG_UID, "another"),
        |w| set(w, TAG_IDENTIFIER, "its-source"),
        |w| drop(w.instance().tags.remove(TAG_CLUSTER)),
        |w| drop(w.instance().tags.remove(TAG_IDENTIFIER)),
        |w| w.instance().engine = "mysql".into(),
        |w| {
            for key in [TAG_CLUSTER, TAG_UID, TAG_OBJECT, TAG_IDENTIFIER] {
                w.instance().tags.remove(key);
            }
            w.instance()
                .tags
                .insert("Namespace".into(), "another".into());
        },
    ];
    for change in foreign {
        let differs = |w: &mut World| {
            change(w);
            w.database().class = Some("db.m6g.large".into());
            w.observed.secret = SecretState::Missing;
        };
        decides(World::settled(), differs, "!NotOwned");
        decides(World::leaving(), change, "!NotOwned");
        // It never was ours: the object is free to go.
        let never = |w: &mut World| {
            change(w);
            w.observed.recorded = false;
        };
        decides(World::leaving(), never, "-finalizer");
    }
}

#[test]
fn an_instance_of_2017_takes_our_tags_before_anything_else() {
    let of_2017 = |w: &mut World| {
        for key in [
            TAG_CLUSTER,
            TAG_UID,
            TAG_OBJECT,
            TAG_IDENTIFIER,
            "Created By",
        ] {
            w.instance().tags.remove(key);
        }
        w.observed.finalizer = false;
    };
    let tags = "tag(Created By,stow.myob.com/cluster,stow.myob.com/identifier,stow.myob.com/object,stow.myob.com/uid)";
    decides(World::settled(), of_2017, &format!("+finalizer {tags}"));
    let leaving = |w: &mut World| {
        of_2017(w);
        w.observed.finalizer = true;
    };
    let plan = World::leaving().with(leaving).plan();
    assert!(
        matches!(plan.actions.as_slice(), [Action::AddTags { .. }]),
        "{plan:?}"
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
            w.observed.issued = Some((request, now() - SignedDuration::from_mins(minutes)));
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
fn the_secret_is_kept_true() {
    let rows: [(Change, &str); 12] = [
        (|w| drop(w.held().data.remove("DB_HOST")), "secret(DB_HOST)"),
        (
            |w| drop(w.held().data.insert("DB_HOST".into(), "x".into())),
            "secret(DB_HOST)",
        ),
        // Keys that Stow does not know are somebody's.
        (
            |w| drop(w.held().data.insert("EXTRA".into(), "x".into())),
            "",
        ),
        (
            |w| w.observed.secret = SecretState::Missing,
            "+secret(orders*)",
        ),
        (
            |w| drop(w.held().data.remove("DB_PASSWORD")),
            "secret(DB_PASSWORD,*)",
        ),
        // RDS is told what somebody wrote, or the Secret would lie from then on.
        (
            |w| drop(w.held().data.insert("DB_PASSWORD".into(), "mine".into())),
            "secret(DATABASE_URL,*) modify(password=mine)",
        ),
        // Not where RDS has accepted just that one, or where the URL says nothing.
        (
            |w| {
                w.held()
                    .data
                    .insert("DATABASE_URL".into(), "postgres://u:x@h/d".into());
                w.observed.accepted_password = Some(Password::new("p/w".into()));
            },
            "secret(DATABASE_URL)",
        ),
        (
            |w| drop(w.held().data.insert("DATABASE_URL".into(), "x".into())),
            "secret(DATABASE_URL)",
        ),
        (|w| w.held().password_pending = true, "modify(password=p/w)"),
        (
            |w| {
                w.held().password_pending = true;
                w.observed.accepted_password = Some(Password::new("p/w".into()));
            },
            "secret(settled)",
        ),
        (
            |w| {
                w.held().password_pending = true;
                w.instance().status = "backing-up".into();
            },
            "~InProgress ~InProgress",
        ),
        (
            |w| w.observed.secret = SecretState::Foreign("x".into()),
            "!SecretConflict",
        ),
    ];
    for (change, want) in rows {
        decides(World::settled(), change, want);
    }
}

#[test]
fn a_secret_of_2017_keeps_the_values_that_applications_read() {
    let unmarked = |change: Change| {
        World::settled().with(|w| {
            let mut held = secret(&instance());
            held.data
                .insert("DB_HOST".into(), "orders.rds.example:5432".into());
            w.observed.secret = SecretState::Unmarked(held);
            change(w);
        })
    };
    decides(unmarked(|_| {}), |_| {}, "");
    decides(
        unmarked(|w| drop(w.held().data.remove("DATABASE_URL"))),
        |_| {},
        "secret(DATABASE_URL)",
    );
    let another = |w: &mut World| drop(w.held().data.insert("DB_HOST".into(), "another".into()));
    decides(unmarked(|_| {}), another, "!SecretConflict");
    decides(
        unmarked(|w| drop(w.held().data.remove("DB_PASSWORD"))),
        |_| {},
        "!SecretConflict",
    );
}

#[test]
fn a_renamed_secret_takes_the_password_along_and_the_old_one_goes_last() {
    let renamed = || {
        World::settled().with(|w| {
            w.database().secret_name = "orders-db".into();
            w.observed.former_secret = Some(secret(&instance()));
            w.observed.secret = SecretState::Missing;
        })
    };
    decides(renamed(), |_| {}, "+secret(orders-db)");
    let plan = renamed().plan();
    let [Action::CreateSecret(content)] = plan.actions.as_slice() else {
        panic!("{plan:?}")
    };
    assert_eq!(content.data["DB_PASSWORD"], "p/w");
    let stands = |w: &mut World| {
        let mut held = secret(&instance());
        held.name = "orders-db".into();
        w.observed.secret = SecretState::Ours(held);
    };
    decides(renamed(), stands, "-secret(orders)");
}

#[test]
fn urls_are_percent_encoded() {
    let plan = World::settled()
        .with(|w| {
            w.held()
                .data
                .insert("DB_PASSWORD".into(), "a/b?c#d@e:f%".into());
            w.held().data.remove("DATABASE_URL");
        })
        .plan();
    let [Action::UpdateSecret { content, held }] = plan.actions.as_slice() else {
        panic!("{plan:?}")
    };
    assert_eq!(
        content.data["DATABASE_URL"],
        "postgres://postgres:a%2Fb%3Fc%23d%40e%3Af%25@orders.rds.example:5432/orders?sslmode=require"
    );
    assert!(
        !format!("{content:?} {held:?} {:?}", password_of(held)).contains("a/b"),
        "Debug shows a password"
    );
}

#[test]
fn deletion_takes_a_final_snapshot_and_waits_until_the_instance_is_gone() {
    let rows: [(Change, &str); 14] = [
        (|_| {}, "delete(orders-0b5a-20261122010203)"),
        (|w| w.instance().status = "creating".into(), "~Deleting"),
        (|w| w.instance().status = "backing-up".into(), "~Deleting"),
        (
            |w| w.instance().status = "never-heard-of".into(),
            "~Deleting",
        ),
        (|w| w.instance().status = "deleting".into(), "~Deleting"),
        (
            |w| w.instance().status = "failed".into(),
            "!IncompatibleState",
        ),
        (
            |w| w.instance().status = "incompatible-network".into(),
            "!IncompatibleState",
        ),
        (
            |w| w.instance().deletion_protection = true,
            "!IncompatibleState",
        ),
        (
            |w| w.instance().read_replicas.push("replica".into()),
            "!IncompatibleState",
        ),
        (|w| w.observed.instance = Presence::Unknown, "~Deleting"),
        // One sweep that does not list it proves nothing.
        (
            |w| w.observed.instance = Presence::Absent { sweeps: 1 },
            "~Deleting",
        ),
        (
            |w| w.observed.instance = Presence::Absent { sweeps: 2 },
            "-finalizer",
        ),
        // Neither the Secret nor another instance matters.
        (
            |w| {
                w.observed.secret = SecretState::Foreign("x".into());
                w.observed.copy = Some("restored".into());
            },
            "delete(orders-0b5a-20261122010203)",
        ),
        (|w| w.observed.finalizer = false, ""),
    ];
    for (change, want) in rows {
        decides(World::leaving(), change, want);
    }
}

#[test]
fn an_invalid_spec_changes_nothing_and_keeps_the_finalizer() {
    let unclear = |w: &mut World| {
        w.desired.goal = Goal::Unclear {
            message: "x".into(),
        }
    };
    decides(World::settled(), unclear, "!InvalidSpec");
    decides(World::blank(), unclear, "!InvalidSpec");
    let unheld = |w: &mut World| {
        unclear(w);
        w.observed.finalizer = false;
    };
    decides(World::settled(), unheld, "+finalizer !InvalidSpec");
}

#[test]
fn what_cannot_be_observed_is_not_acted_on() {
    let denied = Error::Refused {
        refusal: Refusal::Denied,
        action: "DescribeDBInstances",
        code: "AccessDenied".into(),
        message: "no".into(),
    };
    let throttled = Error::Throttled {
        action: "DescribeDBInstances",
    };
    for (error, want) in [(denied, "!AccessDenied"), (throttled, "~Throttled")] {
        for world in [World::settled(), World::blank(), World::leaving()] {
            let unreadable =
                |w: &mut World| w.observed.instance = Presence::Unreadable(error.clone());
            decides(world, unreadable, want);
        }
    }
}

#[test]
fn what_failed_is_not_tried_again_before_its_time() {
    let failed = |seconds: i64, reason: Reason| {
        World::leaving().with(|w| {
            let action = w.plan().actions.remove(0);
            let retry_at = now() + SignedDuration::from_secs(seconds);
            w.observed.failed = Some(Failed {
                action,
                obstacle: Obstacle::new(reason, "x"),
                retry_at,
            });
        })
    };
    decides(failed(1, Reason::QuotaExceeded), |_| {}, "!QuotaExceeded");
    decides(failed(1, Reason::Throttled), |_| {}, "~Throttled");
    decides(
        failed(0, Reason::QuotaExceeded),
        |_| {},
        "delete(orders-0b5a-20261122010203)",
    );
    // Another request is another attempt.
    let another = |w: &mut World| {
        w.desired.goal = Goal::Gone {
            final_snapshot: "another".into(),
        }
    };
    decides(failed(1, Reason::QuotaExceeded), another, "delete(another)");
}

#[test]
fn a_refused_secret_is_not_tried_again_for_its_fresh_password_alone() {
    let nothing: Change = |_| {};
    let empty: Change = |w| w.held().data.clear();
    let with_instance: Change = |w| w.observed.secret = SecretState::Missing;
    for (world, change) in [
        (World::blank(), nothing),
        (World::settled(), empty),
        (World::settled(), with_instance),
    ] {
        let mut world = world.with(change);
        world.observed.finalizer = true;
        world.observed.failed = Some(Failed {
            action: world.plan().actions.remove(0),
            obstacle: Obstacle::new(Reason::AccessDenied, "x"),
            retry_at: now() + SignedDuration::from_secs(1),
        });
        world.observed.fresh_password = Password::new("drawn anew".into());
        assert_eq!(told(&world.plan()), "!AccessDenied");
        // Under another name it is another attempt.
        if let SecretState::Missing = world.observed.secret {
            world.database().secret_name = "another".into();
            assert_eq!(told(&world.plan()), "+secret(another*)");
        }
    }
}
