//! Automated snapshots and backups: when they are made, what one may do with
//! them, how long they stay. Their data are tested elsewhere.

use std::time::Duration;

use aws_sdk_rds::{
    Client,
    primitives::DateTime,
    types::{DbSnapshot, Tag},
};
use drydock::settings::Settings;

use crate::berth::{Berth, code, describe, request, until, until_gone};

const DAY: Duration = Duration::from_hours(24);

async fn snapshots(rds: &Client, kind: Option<&str>) -> Vec<DbSnapshot> {
    let described = rds.describe_db_snapshots();
    let described = described.set_snapshot_type(kind.map(String::from));
    described.send().await.unwrap().db_snapshots().to_vec()
}

/// Asks until there are so many automated snapshots, all of them done.
async fn until_snapshots(rds: &Client, count: usize) -> Vec<DbSnapshot> {
    let what = format!("{count} automated snapshots");
    let asking = harness::eventually(what, Duration::from_mins(1), || async {
        let found = snapshots(rds, Some("automated")).await;
        let done = found.iter().all(|it| it.status() == Some("available"));
        (found.len() == count && done).then_some(found)
    });
    asking.await.unwrap()
}

fn names(snapshots: &[DbSnapshot]) -> Vec<&str> {
    let names = snapshots.iter().map(|it| it.db_snapshot_identifier());
    names.map(Option::unwrap).collect()
}

async fn modify_retention(rds: &Client, days: i32) {
    let modify = rds.modify_db_instance().db_instance_identifier("a");
    let modify = modify.backup_retention_period(days).apply_immediately(true);
    modify.send().await.unwrap();
}

#[tokio::test]
async fn a_new_instance_is_snapshot_and_then_every_day_for_as_long_as_retained() {
    let long = u64::try_from(DAY.as_millis()).unwrap();
    let berth = Berth::with(Settings {
        delays: [("backing-up".to_owned(), long)].into(),
        ..Settings::default()
    })
    .await;
    let rds = berth.rds();
    let request = request(&rds, "a").backup_retention_period(3);
    let request = request.tags(Tag::builder().key("team").value("x").build());
    request.copy_tags_to_snapshot(true).send().await.unwrap();
    let made = until(&rds, "a", "backing-up").await;
    assert_eq!(made.latest_restorable_time, None);
    let [first] = &snapshots(&rds, None).await[..] else {
        panic!("not one snapshot");
    };
    assert_eq!(first.status(), Some("creating"));
    assert_eq!(first.snapshot_type(), Some("automated"));
    assert_eq!(first.dbi_resource_id, made.dbi_resource_id);
    assert_eq!(first.tag_list().len(), 1);
    let name = first.db_snapshot_identifier().unwrap();
    let time = name.strip_prefix("rds:a-").unwrap();
    let shape: String = time
        .chars()
        .map(|each| if each.is_ascii_digit() { '0' } else { each })
        .collect();
    assert_eq!(shape, "0000-00-00-00-00");

    berth.dock.set(Settings::default());
    berth.dock.advance(DAY).unwrap();
    until(&rds, "a", "available").await;
    // That took a day, and its window opened meanwhile.
    let mut kept = until_snapshots(&rds, 2).await;
    for count in [3, 3, 3] {
        berth.dock.advance(DAY).unwrap();
        let newest = names(&kept).last().map(ToString::to_string);
        let asking = async {
            loop {
                let found = until_snapshots(&rds, count).await;
                if names(&found).last().map(ToString::to_string) != newest {
                    return found;
                }
            }
        };
        kept = tokio::time::timeout(Duration::from_mins(1), asking)
            .await
            .unwrap();
    }
    assert!(!names(&kept).contains(&name), "the first is pruned");
    // Many days are one backup, and the newest alone is left.
    berth.dock.advance(DAY * 30).unwrap();
    let left = until_snapshots(&rds, 1).await;
    assert_ne!(names(&left), [name]);
}

#[tokio::test]
async fn an_automated_snapshot_is_copied_and_restored_but_not_deleted() {
    let berth = Berth::with(Settings {
        snapshots: 1,
        ..Settings::default()
    })
    .await;
    let rds = berth.rds();
    request(&rds, "a").send().await.unwrap();
    let instance = until(&rds, "a", "available").await;
    assert!(instance.latest_restorable_time.is_some());
    let automated = until_snapshots(&rds, 1).await;
    let [name] = names(&automated)[..] else {
        panic!("not one snapshot");
    };
    let delete = rds.delete_db_snapshot().db_snapshot_identifier(name);
    assert_eq!(code(delete.send().await), "InvalidDBSnapshotState");
    // Only manual ones count against the quota.
    let copy = |target: &str| {
        let copy = rds.copy_db_snapshot().source_db_snapshot_identifier(name);
        copy.target_db_snapshot_identifier(target).send()
    };
    assert_eq!(code(copy("rds:mine").await), "InvalidParameterValue");
    let copied = copy("mine").await.unwrap().db_snapshot.unwrap();
    assert_eq!(copied.snapshot_type(), Some("manual"));
    assert_eq!(code(copy("more").await), "SnapshotQuotaExceeded");
    let create = rds.create_db_snapshot().db_instance_identifier("a");
    let create = create.db_snapshot_identifier("rds:a");
    assert_eq!(code(create.send().await), "InvalidParameterValue");

    assert_eq!(names(&snapshots(&rds, Some("manual")).await), ["mine"]);
    assert_eq!(names(&snapshots(&rds, Some("automated")).await), [name]);
    assert_eq!(names(&snapshots(&rds, None).await), ["mine", name]);
    assert_eq!(snapshots(&rds, Some("shared")).await, []);
    let wrong = rds.describe_db_snapshots().snapshot_type("nightly");
    assert_eq!(code(wrong.send().await), "InvalidParameterValue");

    let restore = rds.restore_db_instance_from_db_snapshot();
    let restore = restore.db_snapshot_identifier(name);
    let restore = restore.license_model("postgresql-license");
    restore.db_instance_identifier("b").send().await.unwrap();
    until(&rds, "b", "available").await;
    until_snapshots(&rds, 2).await;

    // It goes with its instance; its copy stays.
    for gone in ["a", "b"] {
        let delete = rds.delete_db_instance().db_instance_identifier(gone);
        delete.skip_final_snapshot(true).send().await.unwrap();
        until_gone(&rds, gone).await;
    }
    assert_eq!(names(&snapshots(&rds, None).await), ["mine"]);
}

#[tokio::test]
async fn no_retention_means_no_backups() {
    let berth = Berth::new().await;
    let rds = berth.rds();
    let request = request(&rds, "a").backup_retention_period(0);
    request.send().await.unwrap();
    let made = until(&rds, "a", "available").await;
    assert_eq!(made.latest_restorable_time, None);
    berth.dock.advance(DAY).unwrap();
    assert_eq!(snapshots(&rds, None).await, []);
    let restore = || {
        let restore = rds.restore_db_instance_to_point_in_time();
        let restore = restore.source_db_instance_identifier("a");
        restore.target_db_instance_identifier("b")
    };
    let refused = restore().use_latest_restorable_time(true).send().await;
    assert_eq!(code(refused), "PointInTimeRestoreNotEnabled");

    modify_retention(&rds, 1).await;
    until_snapshots(&rds, 1).await;
    let on = until(&rds, "a", "available").await;
    assert!(on.latest_restorable_time.is_some());
    modify_retention(&rds, 0).await;
    let off = until(&rds, "a", "available").await;
    assert_eq!(off.latest_restorable_time, None);
    assert_eq!(snapshots(&rds, None).await, []);
}

#[tokio::test]
async fn what_a_deleted_instance_left_can_be_named_three_ways_and_expires() {
    let berth = Berth::new().await;
    let rds = berth.rds();
    let request = request(&rds, "a").backup_retention_period(2);
    request.send().await.unwrap();
    let resource = until(&rds, "a", "available").await.dbi_resource_id.unwrap();
    let delete = rds.delete_db_instance().db_instance_identifier("a");
    let delete = delete.skip_final_snapshot(true);
    delete.delete_automated_backups(false).send().await.unwrap();
    until_gone(&rds, "a").await;
    assert_eq!(until_snapshots(&rds, 1).await.len(), 1);

    let backups = || rds.describe_db_instance_automated_backups();
    let found = backups().db_instance_identifier("a").send().await.unwrap();
    let [backup] = found.db_instance_automated_backups() else {
        panic!("not one backup: {found:?}");
    };
    let arn = backup.db_instance_automated_backups_arn().unwrap();
    let by_arn = backups()
        .db_instance_automated_backups_arn(arn)
        .send()
        .await;
    let by_arn = by_arn.unwrap();
    assert_eq!(by_arn.db_instance_automated_backups().first(), Some(backup));

    let restore = |target: &str| {
        let restore = rds.restore_db_instance_to_point_in_time();
        let restore = restore.target_db_instance_identifier(target);
        restore.use_latest_restorable_time(true)
    };
    let by_arn = restore("b").source_db_instance_automated_backups_arn(arn);
    by_arn.send().await.unwrap();
    let by_resource = restore("c").source_dbi_resource_id(&resource);
    by_resource.send().await.unwrap();
    for name in ["b", "c"] {
        until(&rds, name, "available").await;
    }
    for (wrong, expected) in [
        (restore("d"), "InvalidParameterCombination"),
        (
            restore("d")
                .source_dbi_resource_id(&resource)
                .source_db_instance_identifier("b"),
            "InvalidParameterCombination",
        ),
        (
            restore("d").source_db_instance_identifier("a"),
            "DBInstanceNotFound",
        ),
        (
            restore("d").source_dbi_resource_id("db-x"),
            "DBInstanceNotFound",
        ),
        (
            restore("d").source_db_instance_automated_backups_arn(format!("{arn}X")),
            "DBInstanceAutomatedBackupNotFound",
        ),
        (
            restore("d").source_db_instance_automated_backups_arn("arn:x"),
            "InvalidParameterValue",
        ),
    ] {
        assert_eq!(code(wrong.send().await), expected);
    }

    // A day later half of the window is over, another two and all of it is.
    let earliest = |backup: &aws_sdk_rds::types::DbInstanceAutomatedBackup| {
        let window = backup.restore_window().unwrap();
        window.earliest_time.unwrap()
    };
    berth.dock.advance(DAY).unwrap();
    let same = backups().dbi_resource_id(&resource).send().await.unwrap();
    let [same] = same.db_instance_automated_backups() else {
        panic!("not one backup: {same:?}");
    };
    assert_eq!(earliest(same), earliest(backup));
    berth.dock.advance(DAY * 2).unwrap();
    let gone = backups().dbi_resource_id(&resource).send().await;
    assert_eq!(code(gone), "DBInstanceAutomatedBackupNotFound");
}

#[tokio::test]
async fn a_point_in_time_lies_in_the_window_that_describe_shows() {
    let berth = Berth::new().await;
    let rds = berth.rds();
    let request = request(&rds, "a").backup_retention_period(2);
    request.send().await.unwrap();
    until(&rds, "a", "available").await;
    let window = async || {
        let backups = rds.describe_db_instance_automated_backups();
        let backups = backups.db_instance_identifier("a").send().await.unwrap();
        let backup = &backups.db_instance_automated_backups()[0];
        let window = backup.restore_window().unwrap();
        (window.earliest_time.unwrap(), window.latest_time.unwrap())
    };
    let restore = |target: &str, second: i64| {
        let restore = rds.restore_db_instance_to_point_in_time();
        let restore = restore.source_db_instance_identifier("a");
        let restore = restore.target_db_instance_identifier(target);
        restore.restore_time(DateTime::from_secs(second))
    };
    berth.dock.advance(DAY).unwrap();
    let (first, last) = window().await;
    assert!(last.secs() - first.secs() >= 86_400);
    restore("b", last.secs()).send().await.unwrap();
    for outside in [first.secs() - 1, last.secs() + 3_600] {
        let refused = restore("c", outside).send().await;
        assert_eq!(code(refused), "InvalidParameterValue");
    }
    let both = restore("c", last.secs()).use_latest_restorable_time(true);
    assert_eq!(code(both.send().await), "InvalidParameterCombination");

    // The window moves on, and reaches back for the retention alone.
    berth.dock.advance(DAY * 9).unwrap();
    until_snapshots(&rds, 2).await;
    let (first, last) = window().await;
    assert!(last.secs() - first.secs() <= 2 * 86_400);
    let stop = rds.stop_db_instance().db_instance_identifier("a");
    until(&rds, "a", "available").await;
    stop.send().await.unwrap();
    until(&rds, "a", "stopped").await;
    let (_, end) = window().await;
    berth.dock.advance(DAY).unwrap();
    let (_, later) = window().await;
    assert_eq!(end, later, "a stopped instance has nothing new");
    let shown = describe(&rds, "a").await.latest_restorable_time;
    assert_eq!(shown, Some(end));
}

/// They are shown in milliseconds, and so the first one earlier than it is.
#[tokio::test]
async fn both_ends_of_the_window_are_in_it_as_they_are_shown() {
    let berth = Berth::new().await;
    let rds = berth.rds();
    request(&rds, "a").send().await.unwrap();
    until(&rds, "a", "available").await;
    let backups = rds.describe_db_instance_automated_backups().send().await;
    let backups = backups.unwrap();
    let window = backups.db_instance_automated_backups()[0].restore_window();
    let window = window.unwrap();
    for (target, time) in [("b", window.earliest_time), ("c", window.latest_time)] {
        let restore = rds.restore_db_instance_to_point_in_time();
        let restore = restore.source_db_instance_identifier("a");
        let restore = restore.target_db_instance_identifier(target);
        restore.restore_time(time.unwrap()).send().await.unwrap();
    }
}
