//! Plans come to rest: applying one and planning again, a few times over,
//! leaves nothing to do; and nothing is deleted that nobody deleted.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use stow_versions::v1beta1::{ApplyChanges, DeletionPolicy};

use super::world::{World, absent, instance, sent, settings as shown};
use crate::plan::{Action, Goal, HeldSecret, Noted, Presence, SecretState};
use crate::rds::{Instance, Pending, Settings};

/// What RDS and Kubernetes make of an action, at once.
fn apply(world: &mut World, action: Action) {
    match action {
        Action::AddFinalizer => world.observed.finalizer = true,
        Action::RemoveFinalizer | Action::Release { .. } => world.observed.finalizer = false,
        Action::NoteUpgrade { version } => world.observed.upgrade_tried = Some(version),
        Action::NoteInherited(inherited) => world.observed.inherited = Some(inherited),
        Action::CreateSecret(content) => {
            world.observed.secret = SecretState::Ours(HeldSecret {
                name: content.name,
                uid: "new".into(),
                resource_version: "1".into(),
                data: content.data,
                password_pending: content.password_pending,
                noted: Noted::Nothing,
            });
        }
        Action::UpdateSecret { content, .. } => {
            let held = world.held();
            held.data.extend(content.data);
            held.password_pending = content.password_pending;
            if !content.password_pending {
                held.noted = Noted::This;
            }
        }
        Action::DeleteSecret(_) => world.observed.former_secret = None,
        Action::Create(request) => {
            world.observed.sent_password = Some(sent(request.master_password.expose()));
            world.observed.recorded = true;
            world.observed.instance = Presence::Present(Box::new(Instance {
                class: request.class,
                storage: request.storage,
                storage_type: Some(request.storage_type),
                iops: request.iops,
                throughput: request.throughput,
                max_storage: request.max_storage,
                multi_az: request.multi_az,
                settings: request.settings.over(&shown()),
                database_name: Some(request.database_name),
                tags: request.tags,
                pending: Pending::default(),
                ..instance()
            }));
        }
        Action::Modify(request) => {
            if let Some(password) = request.master_password {
                world.observed.sent_password = Some(sent(password.expose()));
            }
            let instance = world.instance();
            let Instance {
                class,
                storage,
                storage_type,
                iops,
                throughput,
                multi_az,
                engine_version,
                ..
            } = instance;
            *class = request.class.unwrap_or_else(|| class.clone());
            *storage = request.storage.unwrap_or(*storage);
            *storage_type = request.storage_type.or_else(|| storage_type.clone());
            *iops = request.iops.or(*iops);
            *throughput = request.throughput.or(*throughput);
            *multi_az = request.multi_az.unwrap_or(*multi_az);
            *engine_version = request.engine_version.or_else(|| engine_version.clone());
            instance.settings = request.settings.over(&instance.settings);
            if let Some(limit) = request.max_storage {
                instance.max_storage = Some(limit).filter(|limit| *limit > instance.storage);
            }
            instance.pending = Pending::default();
        }
        Action::AddTags { tags, .. } => world.instance().tags.extend(tags),
        Action::Delete(_) => world.observed.instance = absent(2),
    }
}

fn storage() -> impl Strategy<Value = Option<i32>> {
    prop::option::of(prop_oneof![
        20..2000_i32,
        Just(399),
        Just(400),
        65_000..65_536
    ])
}

fn storage_type() -> impl Strategy<Value = Option<String>> {
    prop::option::of(
        prop::sample::select(vec!["gp2", "gp3", "io1", "io2", "standard"]).prop_map(str::to_owned),
    )
}

fn flag() -> impl Strategy<Value = Option<bool>> {
    prop::option::of(any::<bool>())
}

fn names(known: Vec<&'static str>) -> impl Strategy<Value = Option<BTreeSet<String>>> {
    let name = prop::sample::select(known).prop_map(str::to_owned);
    prop::option::of(prop::collection::btree_set(name, 0..3))
}

prop_compose! {
    fn settings()(
        port in prop::option::of(5000..5003_u16),
        backup_retention in prop::option::of(0..3_i32),
        backup_window in prop::option::of("0[1-3]:00-04:00"),
        flags in prop::array::uniform6(flag()),
        parameter_group in prop::option::of("[a-b]"),
        security_groups in names(vec!["sg-1", "sg-2"]),
        enhanced_interval in prop::option::of(prop::sample::select(vec![0, 1, 60])),
        log_exports in names(vec!["postgresql", "upgrade"]),
    ) -> Settings {
        let [minors, public, iam, insights, support, protection] = flags;
        Settings {
            port,
            backup_retention,
            backup_window: backup_window.clone(),
            maintenance_window: backup_window.map(|_| "sun:05:00-sun:06:00".to_owned()),
            auto_minor_version_upgrade: minors,
            parameter_group,
            security_groups,
            publicly_accessible: public,
            iam_authentication: iam,
            performance_insights: insights,
            enhanced_interval,
            log_exports,
            extended_support: support,
            deletion_protection: protection,
        }
    }
}

fn version() -> impl Strategy<Value = Option<String>> {
    prop::option::of("1[5-7](\\.[1-5])?")
}

fn apply_changes() -> impl Strategy<Value = Option<ApplyChanges>> {
    prop::option::of(prop::sample::select(ApplyChanges::ALL.to_vec()))
}

prop_compose! {
    fn worlds(blank: BoxedStrategy<bool>, leaving: BoxedStrategy<bool>)(
        blank in blank,
        leaving in leaving,
        classes in (prop::option::of("db\\.(t3|m6g)\\.(small|large)"), "db\\.(t3|m6g)\\.(small|large)").boxed(),
        storages in (storage(), 20..2000_i32),
        types in (storage_type(), storage_type()),
        iops in (prop::option::of(1000..60_000_i32), prop::option::of(1000..60_000_i32)),
        multi_az in (prop::option::of(any::<bool>()), any::<bool>()),
        tags in prop::collection::btree_map("[a-c]", "[x-z]", 0..3),
        pending in (storage(), prop::option::of(any::<bool>())),
        flaws in (any::<bool>(), any::<bool>(), any::<bool>()),
        all in (settings().boxed(), settings().boxed(), settings().boxed()).boxed(),
        versions in (version(), "1[5-7]\\.[1-5]", any::<bool>()).boxed(),
        growth in (storage(), storage(), prop::option::of(500..4000_i32)).boxed(),
        apply_changes in apply_changes(),
        policy in prop::sample::select(DeletionPolicy::ALL.to_vec()),
    ) -> World {
        let mut world = if blank { World::blank() } else { World::settled() };
        let database = world.database();
        database.class = classes.0;
        database.storage = storages.0;
        database.storage_type = types.0;
        database.iops = iops.0;
        database.multi_az = multi_az.0;
        database.tags = tags;
        database.settings = all.0.clone();
        database.engine_version = versions.0;
        database.allow_major_version_upgrade = versions.2;
        database.max_storage = growth.0;
        database.throughput = growth.2;
        database.apply_changes = apply_changes;
        if !blank {
            let instance = world.instance();
            instance.class = classes.1;
            instance.storage = storages.1;
            instance.storage_type = types.1;
            instance.iops = iops.1;
            instance.multi_az = multi_az.1;
            instance.pending.storage = pending.0;
            instance.pending.multi_az = pending.1;
            instance.settings = all.1.over(&shown());
            instance.pending.settings = Settings {
                port: all.2.port,
                backup_retention: all.2.backup_retention,
                iam_authentication: all.2.iam_authentication,
                ..Settings::default()
            };
            instance.engine_version = Some(versions.1);
            instance.max_storage = growth.1;
            world.observed.finalizer = flaws.0;
            world.held().password_pending = flaws.1;
            if flaws.2 {
                world.held().data = BTreeMap::new();
            }
        }
        if leaving {
            world.desired.goal = Goal::Gone {
                policy: Ok(policy),
                final_snapshot: "final".into(),
                deletion_protection: all.0.deletion_protection,
            };
        }
        world
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn applying_a_plan_and_planning_again_yields_nothing(mut world in worlds(any::<bool>().boxed(), any::<bool>().boxed())) {
        // Secret, create, settle: no plan needs more rounds than reconcile has.
        for _ in 0..5 {
            for action in world.plan().actions {
                apply(&mut world, action);
            }
        }
        let rest = world.plan();
        prop_assert_eq!(&rest.actions, &[], "{:?}", world.observed.instance);
    }

    #[test]
    fn nothing_is_deleted_that_nobody_deleted(mut world in worlds(any::<bool>().boxed(), Just(false).boxed())) {
        for _ in 0..5 {
            for action in world.plan().actions {
                prop_assert!(!matches!(action, Action::Delete(_) | Action::RemoveFinalizer | Action::Release { .. }), "{action:?}");
                apply(&mut world, action);
            }
        }
    }

    #[test]
    fn nothing_that_waits_is_flushed_but_by_a_change_that_is_made_at_once(mut world in worlds(Just(false).boxed(), any::<bool>().boxed())) {
        for action in world.plan().actions {
            let Action::Modify(request) = action else { continue };
            if !request.apply_immediately {
                continue;
            }
            let database = world.database();
            prop_assert_ne!(database.apply_changes, Some(ApplyChanges::MaintenanceWindow));
            let Settings { port, backup_retention, iam_authentication, .. } = request.settings;
            let needs = request.class.is_some()
                || request.multi_az.is_some()
                || request.storage.is_some()
                || request.engine_version.is_some()
                || port.is_some()
                || backup_retention.is_some()
                || iam_authentication.is_some();
            prop_assert!(needs, "it flushes for nothing");
        }
    }

    #[test]
    fn storage_never_shrinks(mut world in worlds(Just(false).boxed(), Just(false).boxed())) {
        let before = world.instance().storage;
        for action in world.plan().actions {
            if let Action::Modify(request) = action {
                prop_assert!(request.storage.is_none_or(|storage| storage >= before));
            }
        }
    }
}
