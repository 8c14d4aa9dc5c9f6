//! How much a region may have.

use crate::berth::{Berth, code, create, request, until, until_gone};

/// The guide's default quotas, at the last one that fits and the first that does
/// not.
#[tokio::test]
async fn quotas() {
    let berth = Berth::new().await;
    let rds = berth.rds();
    for number in 0..39 {
        create(&rds, &format!("db-{number}")).await;
    }
    let with = |name: &str, size: i32| {
        let create = request(&rds, name).storage_type("gp2");
        create.allocated_storage(size).send()
    };
    let delete = |name: &str| {
        let delete = rds.delete_db_instance().db_instance_identifier(name);
        delete.skip_final_snapshot(true).send()
    };
    with("db-39", 65_536).await.unwrap();
    let more = with("more", 20).await;
    assert_eq!(code(more), "InstanceQuotaExceeded");
    delete("db-0").await.unwrap();
    until_gone(&rds, "db-0").await;
    // 38 × 20 and 65,536 leave 33,704.
    assert_eq!(code(with("more", 33_705).await), "StorageQuotaExceeded");
    with("more", 33_704).await.unwrap();
    until(&rds, "more", "available").await;
    until(&rds, "db-1", "available").await;
    let grow = rds.modify_db_instance().db_instance_identifier("db-1");
    let grow = grow.allocated_storage(22).apply_immediately(true).send();
    assert_eq!(code(grow.await), "StorageQuotaExceeded");

    let snapshot = |number: usize| {
        let snapshot = rds.create_db_snapshot().db_instance_identifier("db-1");
        snapshot
            .db_snapshot_identifier(format!("s-{number}"))
            .send()
    };
    for number in 0..100 {
        snapshot(number).await.unwrap();
        until(&rds, "db-1", "available").await;
    }
    assert_eq!(code(snapshot(100).await), "SnapshotQuotaExceeded");
    let last = rds.delete_db_instance().db_instance_identifier("db-1");
    let last = last.final_db_snapshot_identifier("last").send().await;
    assert_eq!(code(last), "SnapshotQuotaExceeded");
    // Elsewhere there is room.
    let elsewhere = aws_sdk_rds::Client::new(&berth.config("us-east-1"));
    create(&elsewhere, "db-40").await;
}
