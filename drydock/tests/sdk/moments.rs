//! Automated backups of real servers: moments that come back, and what goes.

use std::time::Duration;

use aws_sdk_rds::primitives::DateTime;

use crate::{
    berth::{PATIENCE, describe, until, until_gone},
    port::{Port, count, eventually},
};

#[tokio::test]
async fn a_point_in_time_is_between_two_rows_also_when_the_clock_was_moved() {
    let port = Port::new().await;
    // Less than the day for which backups are kept.
    let ahead = Duration::from_hours(20);
    port.berth.dock.advance(ahead).unwrap();
    port.create("source").await;
    port.write("source", "before").await;
    let between = port.berth.dock.clock().now();
    port.berth.dock.advance(ahead).unwrap();
    port.write("source", "after").await;

    let restore = |target: &str| {
        port.rds
            .restore_db_instance_to_point_in_time()
            .source_db_instance_identifier("source")
            .target_db_instance_identifier(target)
    };
    let time = DateTime::from_nanos(between.as_nanosecond()).unwrap();
    restore("then").restore_time(time).send().await.unwrap();
    restore("now")
        .use_latest_restorable_time(true)
        .send()
        .await
        .unwrap();
    until(&port.rds, "then", "available").await;
    until(&port.rds, "now", "available").await;
    assert_eq!(port.rows("then").await, ["before"]);
    assert_eq!(port.rows("now").await, ["after", "before"]);
}

#[tokio::test]
async fn backups_outlive_a_deleted_instance_if_asked() {
    let port = Port::new().await;
    port.create("source").await;
    port.write("source", "tea").await;
    let resource = describe(&port.rds, "source").await.dbi_resource_id.unwrap();
    let delete = port
        .rds
        .delete_db_instance()
        .db_instance_identifier("source");
    let delete = delete
        .skip_final_snapshot(true)
        .delete_automated_backups(false);
    delete.send().await.unwrap();
    until_gone(&port.rds, "source").await;
    let backups = port.rds.describe_db_instance_automated_backups();
    let backups = backups.dbi_resource_id(&resource).send().await.unwrap();
    let [backup] = backups.db_instance_automated_backups() else {
        panic!("not one backup: {backups:?}");
    };
    assert_eq!(backup.status(), Some("retained"));

    let restore = port.rds.restore_db_instance_to_point_in_time();
    let restore = restore
        .source_dbi_resource_id(&resource)
        .use_latest_restorable_time(true);
    restore
        .target_db_instance_identifier("again")
        .send()
        .await
        .unwrap();
    until(&port.rds, "again", "available").await;
    assert_eq!(port.rows("again").await, ["tea"]);
}

#[tokio::test]
async fn a_daily_snapshot_has_the_rows_of_its_day_and_takes_the_old_ones_place() {
    let port = Port::new().await;
    port.create("source").await;
    let resource = describe(&port.rds, "source").await.dbi_resource_id.unwrap();
    let data = port.folder.path().join("data");
    let snapshots = data.join("snapshots");
    let backups = data.join("instances").join(&resource).join("backups");
    let wal = |name: &str| backups.join("wal").join(name).exists();
    let automated = async || {
        let described = port.rds.describe_db_snapshots().snapshot_type("automated");
        let described = described.send().await.unwrap();
        let last = described.db_snapshots().last().unwrap();
        last.db_snapshot_identifier().unwrap().to_owned()
    };
    assert_eq!(count(&snapshots), 1);
    let first = std::fs::read_dir(backups.join("wal")).unwrap();
    let first = first.map(|entry| entry.unwrap().file_name()).min().unwrap();
    let first = first.to_str().unwrap();
    let day = Duration::from_hours(25);
    for row in ["one", "two", "three"] {
        port.write("source", row).await;
        let before = automated().await;
        port.berth.dock.advance(day).unwrap();
        let backed_up = harness::eventually("a backup of the next day", PATIENCE, || async {
            automated().await != before
        });
        backed_up.await.unwrap();
        until(&port.rds, "source", "available").await;
    }
    port.write("source", "four").await;
    // One day is kept: the last copy, and the one that a day before it needs.
    eventually("old snapshots to go", || count(&snapshots) == 1).await;
    assert_eq!(count(&backups.join("copies")), 2);
    assert!(!wal(first), "{first} is kept, and nothing needs it");

    let restore = port.rds.restore_db_instance_from_db_snapshot();
    let restore = restore.db_snapshot_identifier(automated().await);
    let restore = restore.db_instance_identifier("copy");
    restore.send().await.unwrap();
    until(&port.rds, "copy", "available").await;
    assert_eq!(port.rows("copy").await, ["one", "three", "two"]);
    port.write("copy", "five").await;
    assert_eq!(port.rows("source").await, ["four", "one", "three", "two"]);

    port.delete("source").await;
    port.delete("copy").await;
    eventually("all copies to go", || count(&snapshots) == 0).await;
    for kind in ["instances", "backups"] {
        assert_eq!(count(&data.join(kind)), 0, "{kind}");
    }
}
