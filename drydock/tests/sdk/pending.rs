//! What waits for the maintenance window: that it is shown, that it can be taken
//! back, what flushes it, and what does not wait.

use aws_sdk_rds::{
    Client, operation::modify_db_instance::builders::ModifyDBInstanceFluentBuilder as Modify,
    types::PendingModifiedValues,
};
use drydock::settings::Settings;

use crate::berth::{Berth, PATIENCE, code, create, describe, request, until};

const WEEK: std::time::Duration = std::time::Duration::from_hours(24 * 7);

fn pending() -> aws_sdk_rds::types::builders::PendingModifiedValuesBuilder {
    PendingModifiedValues::builder()
}

/// A change, the way back, and what is pending in between.
type Row = (
    fn(Modify) -> Modify,
    fn(Modify) -> Modify,
    PendingModifiedValues,
);

fn rows() -> Vec<Row> {
    vec![
        (
            |it| it.db_instance_class("db.m5.large"),
            |it| it.db_instance_class("db.t3.micro"),
            pending().db_instance_class("db.m5.large").build(),
        ),
        (
            |it| it.allocated_storage(200).iops(1_000),
            |it| it.allocated_storage(100).iops(1_000),
            pending().allocated_storage(200).build(),
        ),
        (
            |it| it.allocated_storage(100).iops(2_000),
            |it| it.allocated_storage(100).iops(1_000),
            pending().iops(2_000).build(),
        ),
        (
            |it| it.storage_type("io2").iops(1_000),
            |it| it.storage_type("io1").allocated_storage(100).iops(1_000),
            pending().storage_type("io2").build(),
        ),
        (
            |it| it.multi_az(true),
            |it| it.multi_az(false),
            pending().multi_az(true).build(),
        ),
        (
            |it| it.engine_version("17.6"),
            |it| it.engine_version("17.5"),
            pending().engine_version("17.6").build(),
        ),
        (
            |it| it.backup_retention_period(0),
            |it| it.backup_retention_period(3),
            pending().backup_retention_period(0).build(),
        ),
        (
            |it| it.new_db_instance_identifier("Renamed"),
            |it| it.new_db_instance_identifier("waiting"),
            pending().db_instance_identifier("renamed").build(),
        ),
        (
            |it| it.ca_certificate_identifier("rds-ca-ecc384-g1"),
            |it| it.ca_certificate_identifier("rds-ca-rsa2048-g1"),
            pending()
                .ca_certificate_identifier("rds-ca-ecc384-g1")
                .build(),
        ),
        (
            |it| it.enable_iam_database_authentication(true),
            |it| it.enable_iam_database_authentication(false),
            pending().iam_database_authentication_enabled(true).build(),
        ),
        (
            |it| it.dedicated_log_volume(true),
            |it| it.dedicated_log_volume(false),
            pending().dedicated_log_volume(true).build(),
        ),
    ]
}

#[tokio::test]
async fn each_is_shown_and_can_be_taken_back() {
    let berth = Berth::new().await;
    let rds = berth.rds();
    let request = request(&rds, "waiting").engine_version("17.5");
    let request = request.storage_type("io1").allocated_storage(100);
    request.iops(1_000).send().await.unwrap();
    let before = until(&rds, "waiting", "available").await;
    let none = pending().build();
    let modify = || rds.modify_db_instance().db_instance_identifier("waiting");
    for (change, back, expected) in rows() {
        let answer = change(modify()).send().await.unwrap().db_instance.unwrap();
        assert_eq!(answer.pending_modified_values.as_ref(), Some(&expected));
        let shown = describe(&rds, "waiting").await;
        assert_eq!(shown.db_instance_status(), Some("available"));
        assert_eq!(shown.pending_modified_values.as_ref(), Some(&expected));
        back(modify()).send().await.unwrap();
        let shown = describe(&rds, "waiting").await;
        assert_eq!(shown.pending_modified_values.as_ref(), Some(&none));
    }
    // Nothing is left for the window, either.
    berth.dock.advance(WEEK).unwrap();
    let after = describe(&rds, "waiting").await;
    assert_eq!(after.db_instance_class, before.db_instance_class);
    assert_eq!(after.allocated_storage, before.allocated_storage);
}

/// Why there is no such instance, if there is none.
async fn code_of(rds: &Client, name: &str) -> Option<String> {
    let described = rds.describe_db_instances().db_instance_identifier(name);
    described
        .send()
        .await
        .err()
        .map(|error| code(Err::<(), _>(error)))
}

#[tokio::test]
async fn all_of_it_comes_with_the_window() {
    let berth = Berth::new().await;
    let rds = berth.rds();
    let request = request(&rds, "waiting").engine_version("17.5");
    let request = request.storage_type("io1").allocated_storage(100);
    request.iops(1_000).send().await.unwrap();
    until(&rds, "waiting", "available").await;
    let modify = rds.modify_db_instance().db_instance_identifier("waiting");
    let modify = modify
        .db_instance_class("db.m5.large")
        .allocated_storage(200)
        .iops(2_000)
        .storage_type("io2")
        .multi_az(true)
        .engine_version("17.6")
        .backup_retention_period(0)
        .new_db_instance_identifier("renamed")
        .ca_certificate_identifier("rds-ca-ecc384-g1")
        .enable_iam_database_authentication(true)
        .dedicated_log_volume(true);
    modify.send().await.unwrap();
    berth.dock.advance(WEEK).unwrap();
    let renaming = async {
        while code_of(&rds, "renamed").await.is_some() {}
        until(&rds, "renamed", "available").await
    };
    let after = tokio::time::timeout(PATIENCE, renaming).await.unwrap();
    assert_eq!(
        code_of(&rds, "waiting").await.as_deref(),
        Some("DBInstanceNotFound")
    );
    assert_eq!(after.pending_modified_values, Some(pending().build()));
    assert_eq!(after.db_instance_class(), Some("db.m5.large"));
    assert_eq!(after.allocated_storage, Some(200));
    assert_eq!(after.iops, Some(2_000));
    assert_eq!(after.storage_type(), Some("io2"));
    assert_eq!(after.multi_az, Some(true));
    assert_eq!(after.engine_version(), Some("17.6"));
    assert_eq!(after.backup_retention_period, Some(0));
    assert_eq!(after.latest_restorable_time, None);
    assert_eq!(after.ca_certificate_identifier(), Some("rds-ca-ecc384-g1"));
    assert_eq!(after.iam_database_authentication_enabled, Some(true));
    assert_eq!(after.dedicated_log_volume, Some(true));
    let arn = after.db_instance_arn().unwrap();
    assert!(arn.ends_with(":db:renamed"), "{arn}");
}

#[tokio::test]
async fn a_new_port_restarts_at_once_and_flushes_nothing() {
    let berth = Berth::with(Settings {
        delays: [("modifying".to_owned(), 3_600_000)].into(),
        ..Settings::default()
    })
    .await;
    let rds = berth.rds();
    create(&rds, "a").await;
    let before = until(&rds, "a", "available").await;
    let modify = || rds.modify_db_instance().db_instance_identifier("a");
    let class = modify().db_instance_class("db.m5.large");
    class.send().await.unwrap();
    modify().db_port_number(6000).send().await.unwrap();
    let moved = until(&rds, "a", "modifying").await;
    assert_eq!(moved.db_instance_port, Some(6000));
    assert_eq!(moved.db_instance_class(), Some("db.t3.micro"));
    berth
        .dock
        .advance(std::time::Duration::from_hours(1))
        .unwrap();
    let after = until(&rds, "a", "available").await;
    assert_eq!(
        after.endpoint, before.endpoint,
        "what one connects to stays"
    );
    let expected = pending().db_instance_class("db.m5.large").build();
    assert_eq!(after.pending_modified_values, Some(expected));

    let flush = modify().db_port_number(6001).apply_immediately(true);
    let answer = flush.send().await.unwrap().db_instance.unwrap();
    assert_eq!(answer.db_instance_port, Some(6000));
    let expected = pending().db_instance_class("db.m5.large").port(6001);
    assert_eq!(answer.pending_modified_values, Some(expected.build()));
    berth
        .dock
        .advance(std::time::Duration::from_hours(1))
        .unwrap();
    let after = until(&rds, "a", "available").await;
    assert_eq!(after.db_instance_port, Some(6001));
    assert_eq!(after.db_instance_class(), Some("db.m5.large"));
}

/// The model: IOPS that grow by less than a tenth are rounded up to a tenth; the
/// guide says the same of storage.
#[tokio::test]
async fn small_steps_are_rounded_up_to_a_tenth() {
    let berth = Berth::new().await;
    let rds = berth.rds();
    let request = request(&rds, "a").storage_type("io1");
    let request = request.allocated_storage(100).iops(1_000);
    request.send().await.unwrap();
    until(&rds, "a", "available").await;
    let modify = rds.modify_db_instance().db_instance_identifier("a");
    let modify = modify.allocated_storage(101).iops(1_001);
    let answer = modify.apply_immediately(true).send().await.unwrap();
    let waiting = answer.db_instance.unwrap().pending_modified_values;
    let expected = pending().allocated_storage(110).iops(1_100).build();
    assert_eq!(waiting, Some(expected));
    let after = until(&rds, "a", "available").await;
    assert_eq!(
        (after.allocated_storage, after.iops),
        (Some(110), Some(1_100))
    );
}

#[tokio::test]
async fn storage_changes_have_a_cooldown() {
    let berth = Berth::with(Settings {
        delays: [("storage-optimization".to_owned(), 1_000)].into(),
        ..Settings::default()
    })
    .await;
    let rds = berth.rds();
    create(&rds, "a").await;
    until(&rds, "a", "available").await;
    let grow = |size: i32| {
        let modify = rds.modify_db_instance().db_instance_identifier("a");
        modify.allocated_storage(size).apply_immediately(true)
    };
    for size in [40, 60, 80, 100] {
        grow(size).send().await.unwrap();
        until(&rds, "a", "storage-optimization").await;
        let early = grow(size + 20).send().await;
        assert_eq!(code(early), "InvalidParameterCombination");
        berth
            .dock
            .advance(std::time::Duration::from_secs(1))
            .unwrap();
        until(&rds, "a", "available").await;
    }
    let fifth = grow(120).send().await;
    assert_eq!(code(fifth), "InvalidParameterCombination");
    berth
        .dock
        .advance(std::time::Duration::from_hours(24))
        .unwrap();
    until(&rds, "a", "available").await;
    grow(120).send().await.unwrap();
}
