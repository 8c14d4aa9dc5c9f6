//! Plans come to rest: applying one and planning again, a few times over,
//! leaves nothing to do; and nothing is deleted that nobody deleted.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::world::{World, absent, instance};
use crate::plan::{Action, Goal, HeldSecret, Presence, SecretState};
use crate::rds::{Instance, Pending};

/// What RDS and Kubernetes make of an action, at once.
fn apply(world: &mut World, action: Action) {
    match action {
        Action::AddFinalizer => world.observed.finalizer = true,
        Action::RemoveFinalizer => world.observed.finalizer = false,
        Action::CreateSecret(content) => {
            world.observed.secret = SecretState::Ours(HeldSecret {
                name: content.name,
                uid: "new".into(),
                resource_version: "1".into(),
                data: content.data,
                password_pending: content.password_pending,
            });
        }
        Action::UpdateSecret { content, .. } => {
            let held = world.held();
            held.data.extend(content.data);
            held.password_pending = content.password_pending;
        }
        Action::DeleteSecret(_) => world.observed.former_secret = None,
        Action::Create(request) => {
            world.observed.accepted_password = Some(request.master_password.clone());
            world.observed.recorded = true;
            world.observed.instance = Presence::Present(Box::new(Instance {
                class: request.class,
                storage: request.storage,
                storage_type: Some(request.storage_type),
                iops: request.iops,
                multi_az: request.multi_az,
                database_name: Some(request.database_name),
                tags: request.tags,
                pending: Pending::default(),
                ..instance()
            }));
        }
        Action::Modify(request) => {
            if let Some(password) = request.master_password {
                world.observed.accepted_password = Some(password);
            }
            let instance = world.instance();
            let Instance {
                class,
                storage,
                storage_type,
                iops,
                multi_az,
                ..
            } = instance;
            *class = request.class.unwrap_or_else(|| class.clone());
            *storage = request.storage.unwrap_or(*storage);
            *storage_type = request.storage_type.or_else(|| storage_type.clone());
            *iops = request.iops.or(*iops);
            *multi_az = request.multi_az.unwrap_or(*multi_az);
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

prop_compose! {
    fn worlds(blank: BoxedStrategy<bool>, leaving: BoxedStrategy<bool>)(
        blank in blank,
        leaving in leaving,
        classes in (prop::option::of("db\\.(t3|m6g)\\.(small|large)"), "db\\.(t3|m6g)\\.(small|large)"),
        storages in (storage(), 20..2000_i32),
        types in (storage_type(), storage_type()),
        iops in (prop::option::of(1000..60_000_i32), prop::option::of(1000..60_000_i32)),
        multi_az in (prop::option::of(any::<bool>()), any::<bool>()),
        tags in prop::collection::btree_map("[a-c]", "[x-z]", 0..3),
        pending in (storage(), prop::option::of(any::<bool>())),
        flaws in (any::<bool>(), any::<bool>(), any::<bool>()),
    ) -> World {
        let mut world = if blank { World::blank() } else { World::settled() };
        let database = world.database();
        database.class = classes.0;
        database.storage = storages.0;
        database.storage_type = types.0;
        database.iops = iops.0;
        database.multi_az = multi_az.0;
        database.tags = tags;
        if !blank {
            let instance = world.instance();
            instance.class = classes.1;
            instance.storage = storages.1;
            instance.storage_type = types.1;
            instance.iops = iops.1;
            instance.multi_az = multi_az.1;
            instance.pending.storage = pending.0;
            instance.pending.multi_az = pending.1;
            world.observed.finalizer = flaws.0;
            world.held().password_pending = flaws.1;
            if flaws.2 {
                world.held().data = BTreeMap::new();
            }
        }
        if leaving {
            world.desired.goal = Goal::Gone { final_snapshot: "final".into() };
        }
        world
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

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
                prop_assert!(!matches!(action, Action::Delete(_) | Action::RemoveFinalizer), "{action:?}");
                apply(&mut world, action);
            }
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
