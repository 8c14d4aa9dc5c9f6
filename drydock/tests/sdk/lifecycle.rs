//! Create, describe, modify, delete, and the statuses between.

use drydock::settings::Settings;

use crate::berth::{Berth, code, create, describe, request, until, until_gone};

/// A long time in a status: over only when the clock is moved.
const LONG: u64 = 3_600_000;

fn skip(berth: &Berth) {
    berth
        .dock
        .advance(std::time::Duration::from_millis(LONG))
        .unwrap();
}

#[tokio::test]
async fn an_instance_goes_through_its_statuses() {
    let berth = Berth::with(Settings {
        delay: LONG,
        ..Settings::default()
    })
    .await;
    let rds = berth.rds();
    let made = request(&rds, "Orders-1").db_name("orders").send().await;
    let made = made.unwrap().db_instance.unwrap();
    assert_eq!(made.db_instance_identifier(), Some("orders-1"));
    assert_eq!(made.db_instance_status(), Some("creating"));
    assert_eq!(made.endpoint, None);
    assert_eq!(made.instance_create_time, None);
    assert_eq!(
        made.db_instance_arn(),
        Some("arn:aws:rds:eu-west-1:123456789012:db:orders-1")
    );

    skip(&berth);
    let backing_up = until(&rds, "ORDERS-1", "backing-up").await;
    assert!(backing_up.endpoint.is_some());
    skip(&berth);
    let available = until(&rds, "orders-1", "available").await;
    assert_eq!(available.db_name(), Some("orders"));
    assert_eq!(available.dbi_resource_id, made.dbi_resource_id);
    assert!(available.latest_restorable_time.is_some());

    let modify = rds
        .modify_db_instance()
        .db_instance_identifier("orders-1")
        .allocated_storage(40)
        .apply_immediately(true);
    let modifying = modify.send().await.unwrap().db_instance.unwrap();
    assert_eq!(modifying.db_instance_status(), Some("modifying"));
    assert_eq!(modifying.allocated_storage, Some(20));
    let pending = modifying.pending_modified_values.unwrap();
    assert_eq!(pending.allocated_storage, Some(40));
    let again = rds
        .modify_db_instance()
        .db_instance_identifier("orders-1")
        .db_instance_class("db.t3.small");
    assert_eq!(code(again.send().await), "InvalidDBInstanceState");
    skip(&berth);
    let optimizing = until(&rds, "orders-1", "storage-optimization").await;
    assert_eq!(optimizing.allocated_storage, Some(40));
    skip(&berth);
    until(&rds, "orders-1", "available").await;

    let delete = || {
        rds.delete_db_instance()
            .db_instance_identifier("orders-1")
            .skip_final_snapshot(true)
    };
    delete().send().await.unwrap();
    until(&rds, "orders-1", "deleting").await;
    let again = delete().send().await;
    assert!(format!("{again:?}").contains("is already being deleted"));
    assert_eq!(code(again), "InvalidDBInstanceState");
    skip(&berth);
    until_gone(&rds, "orders-1").await;
}

#[tokio::test]
async fn what_waits_for_the_window_comes_with_it_or_with_the_next_immediate_change() {
    let berth = Berth::new().await;
    let rds = berth.rds();
    for name in ["window", "flush"] {
        create(&rds, name).await;
        until(&rds, name, "available").await;
        let modify = rds
            .modify_db_instance()
            .db_instance_identifier(name)
            .db_instance_class("db.m5.large")
            .multi_az(true);
        modify.send().await.unwrap();
        let waiting = describe(&rds, name).await;
        assert_eq!(waiting.db_instance_status(), Some("available"));
        assert_eq!(waiting.db_instance_class(), Some("db.t3.micro"));
        let pending = waiting.pending_modified_values.unwrap();
        assert_eq!(pending.db_instance_class(), Some("db.m5.large"));
        assert_eq!(pending.multi_az, Some(true));
    }
    let flush = rds
        .modify_db_instance()
        .db_instance_identifier("flush")
        .copy_tags_to_snapshot(true)
        .apply_immediately(true);
    flush.send().await.unwrap();
    let flushed = until(&rds, "flush", "available").await;
    assert_eq!(flushed.db_instance_class(), Some("db.m5.large"));
    let window = describe(&rds, "window").await;
    assert_eq!(window.db_instance_class(), Some("db.t3.micro"));

    let week = std::time::Duration::from_hours(24 * 7);
    berth.dock.advance(week).unwrap();
    let windowed = until(&rds, "window", "available").await;
    assert_eq!(windowed.db_instance_class(), Some("db.m5.large"));
    assert_eq!(windowed.multi_az, Some(true));
    let pending = windowed.pending_modified_values.unwrap();
    assert_eq!(pending.db_instance_class, None);
}

#[tokio::test]
async fn passwords_and_protection_take_effect_at_once() {
    let berth = Berth::with(Settings {
        delays: [("resetting-master-credentials".to_owned(), LONG)].into(),
        ..Settings::default()
    })
    .await;
    let rds = berth.rds();
    create(&rds, "a").await;
    until(&rds, "a", "available").await;
    let modify = rds
        .modify_db_instance()
        .db_instance_identifier("a")
        .master_user_password("another-horse")
        .db_instance_class("db.m5.large")
        .deletion_protection(true);
    modify.send().await.unwrap();
    let resetting = until(&rds, "a", "resetting-master-credentials").await;
    assert_eq!(resetting.deletion_protection, Some(true));
    let pending = resetting.pending_modified_values.unwrap();
    assert_eq!(pending.master_user_password(), Some("****"));
    skip(&berth);
    let available = until(&rds, "a", "available").await;
    let pending = available.pending_modified_values.unwrap();
    assert_eq!(pending.master_user_password(), None);
    assert_eq!(pending.db_instance_class(), Some("db.m5.large"));

    let delete = rds
        .delete_db_instance()
        .db_instance_identifier("a")
        .skip_final_snapshot(true);
    assert_eq!(code(delete.send().await), "InvalidParameterCombination");
}

#[tokio::test]
async fn a_restart_finds_the_instances_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        delays: [("creating".to_owned(), LONG)].into(),
        ..Settings::default()
    };
    let resource = {
        let berth = Berth::on(folder.path(), settings.clone()).await;
        create(&berth.rds(), "kept").await;
        describe(&berth.rds(), "kept").await.dbi_resource_id
    };
    // Copied, since this process holds the first folder until its tasks end:
    // what is copied is what a kill would have left.
    let copy = tempfile::tempdir().unwrap();
    std::fs::copy(
        folder.path().join("state.json"),
        copy.path().join("state.json"),
    )
    .unwrap();
    let berth = Berth::on(copy.path(), settings).await;
    let rds = berth.rds();
    let kept = describe(&rds, "kept").await;
    assert_eq!(kept.dbi_resource_id, resource);
    assert_eq!(kept.db_instance_status(), Some("creating"));
    skip(&berth);
    until(&rds, "kept", "available").await;
}

#[tokio::test]
async fn describe_lags_behind_create_and_modify() {
    let berth = Berth::with(Settings {
        lag: LONG,
        ..Settings::default()
    })
    .await;
    let rds = berth.rds();
    create(&rds, "slow").await;
    let described = rds.describe_db_instances().db_instance_identifier("slow");
    assert_eq!(code(described.send().await), "DBInstanceNotFound");
    assert_eq!(
        code(request(&rds, "slow").send().await),
        "DBInstanceAlreadyExists"
    );
    skip(&berth);
    until(&rds, "slow", "available").await;
    let modify = rds
        .modify_db_instance()
        .db_instance_identifier("slow")
        .copy_tags_to_snapshot(true);
    modify.send().await.unwrap();
    let before = describe(&rds, "slow").await;
    assert_eq!(before.copy_tags_to_snapshot, Some(false));
    skip(&berth);
    let after = describe(&rds, "slow").await;
    assert_eq!(after.copy_tags_to_snapshot, Some(true));
}
