//! What `DeleteDBInstance` takes and refuses: the model's `SkipFinalSnapshot`,
//! `FinalDBSnapshotIdentifier` and `DeleteAutomatedBackups`, and the guide's
//! chapter on deletion protection.

use super::{ACCEPTED, COMBINATION, STATE, VALUE, outcome, send};
use crate::berth::{until, until_gone};

#[tokio::test]
async fn a_final_snapshot_is_named_or_skipped() {
    let berth = super::berth().await;
    let rds = berth.rds();
    let taken = rds
        .create_db_snapshot()
        .db_snapshot_identifier("taken")
        .db_instance_identifier("source");
    send::create(&rds, "source", &[]).send().await.unwrap();
    until(&rds, "source", "available").await;
    taken.send().await.unwrap();
    until(&rds, "source", "available").await;
    let rows = [
        (Some(true), None, ACCEPTED),
        (Some(false), Some("last-1"), ACCEPTED),
        (None, Some("last-2"), ACCEPTED),
        (None, Some("a*255"), ACCEPTED),
        (None, None, COMBINATION),
        (Some(false), None, COMBINATION),
        (Some(true), Some("last-3"), COMBINATION),
        (None, Some("a*256"), VALUE),
        (None, Some(""), VALUE),
        (None, Some("1a"), VALUE),
        (None, Some("a-"), VALUE),
        (None, Some("a--b"), VALUE),
        (None, Some("a_b"), VALUE),
        (None, Some("rds:a"), VALUE),
        (None, Some("Taken"), Some("DBSnapshotAlreadyExists")),
    ];
    for (number, (skip, snapshot, expected)) in rows.into_iter().enumerate() {
        let name = super::name_of(number);
        send::create(&rds, &name, &[]).send().await.unwrap();
        until(&rds, &name, "available").await;
        let delete = rds
            .delete_db_instance()
            .db_instance_identifier(&name)
            .set_skip_final_snapshot(skip)
            .set_final_db_snapshot_identifier(snapshot.map(send::expanded));
        let outcome = outcome(delete.send().await);
        assert_eq!(outcome.as_deref(), expected, "{skip:?} {snapshot:?}");
        match expected {
            None => until_gone(&rds, &name).await,
            // What was refused changed nothing.
            Some(_) => drop(until(&rds, &name, "available").await),
        }
    }
}

#[tokio::test]
async fn the_state_decides_too() {
    let berth = crate::berth::Berth::with(drydock::settings::Settings {
        delays: [("creating".to_owned(), 3_600_000)].into(),
        ..drydock::settings::Settings::default()
    })
    .await;
    let rds = berth.rds();
    let delete = async |name: &str, snapshot: Option<&str>| {
        let delete = rds
            .delete_db_instance()
            .db_instance_identifier(name)
            .skip_final_snapshot(snapshot.is_none())
            .set_final_db_snapshot_identifier(snapshot.map(str::to_owned));
        outcome(delete.send().await)
    };
    assert_eq!(
        delete("none", None).await.as_deref(),
        Some("DBInstanceNotFound")
    );
    let protected = [("DeletionProtection", "true")];
    send::create(&rds, "protected", &protected)
        .send()
        .await
        .unwrap();
    assert_eq!(delete("protected", None).await.as_deref(), COMBINATION);
    send::create(&rds, "young", &[]).send().await.unwrap();
    assert_eq!(delete("young", Some("too-early")).await.as_deref(), STATE);
    assert_eq!(delete("young", None).await.as_deref(), ACCEPTED);
}

#[tokio::test]
async fn automated_backups_go_with_their_instance_unless_they_are_kept() {
    let berth = super::berth().await;
    let rds = berth.rds();
    for (name, delete, kept) in [
        ("by-default", None, 0),
        ("deleted", Some(true), 0),
        ("kept", Some(false), 1),
    ] {
        send::create(&rds, name, &[]).send().await.unwrap();
        until(&rds, name, "available").await;
        let request = rds
            .delete_db_instance()
            .db_instance_identifier(name)
            .skip_final_snapshot(true)
            .set_delete_automated_backups(delete);
        request.send().await.unwrap();
        until_gone(&rds, name).await;
        let left = rds.describe_db_instance_automated_backups().send().await;
        let left = left.unwrap();
        assert_eq!(left.db_instance_automated_backups().len(), kept, "{name}");
    }
}
