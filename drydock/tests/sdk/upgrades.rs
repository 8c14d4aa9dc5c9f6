//! Major upgrades of real servers, from the oldest version here to the newest.
//! On a machine with one alone there is nothing to test.

use aws_sdk_rds::{primitives::DateTime, types::DbInstance};

use crate::{
    berth::{code, describe, request, until},
    port::{PASSWORD, Port},
};

struct Majors {
    from: String,
    to: String,
}

fn majors(port: &Port) -> Option<Majors> {
    let versions = port.berth.dock.servers().versions();
    let (from, to) = (versions.first()?, versions.last()?);
    (from != to).then(|| Majors {
        from: from.to_string(),
        to: to.to_string(),
    })
}

async fn create(port: &Port, version: &str) {
    let request = request(&port.rds, "a").db_name("orders");
    request.engine_version(version).send().await.unwrap();
    until(&port.rds, "a", "available").await;
}

async fn upgrade(port: &Port, to: &str) -> DbInstance {
    let modify = port.rds.modify_db_instance().db_instance_identifier("a");
    let modify = modify.engine_version(to).apply_immediately(true);
    assert_eq!(code(modify.clone().send().await), "InvalidParameterValue");
    let modify = modify.allow_major_version_upgrade(true).send().await;
    let begun = modify.unwrap().db_instance.unwrap();
    assert_eq!(begun.db_instance_status(), Some("upgrading"));
    until(&port.rds, "a", "available").await
}

#[tokio::test]
async fn rows_users_and_moments_outlive_an_upgrade() {
    let port = Port::new().await;
    let Some(Majors { from, to }) = majors(&port) else {
        return;
    };
    create(&port, &from).await;
    port.write("a", "before").await;
    let client = port.login("a", PASSWORD).await.unwrap();
    let more = "CREATE ROLE mate LOGIN PASSWORD 'first mate'; \
                GRANT SELECT ON cargo TO mate; \
                ALTER DATABASE orders SET work_mem = '7MB'; \
                CREATE INDEX ON cargo (item)";
    client.batch_execute(more).await.unwrap();
    // A name that is a trap for every quoting.
    let odd = r#"CREATE DATABASE "o'dd \ = ""one""""#;
    client.batch_execute(odd).await.unwrap();
    let query = "SELECT pg_get_userbyid(datdba)::text FROM pg_database \
                 WHERE datname IN ('postgres', 'orders') ORDER BY datname";
    let owners = async |client: &tokio_postgres::Client| -> Vec<String> {
        let rows = client.query(query, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    };
    let before_it = owners(&client).await;
    drop(client);
    let before = describe(&port.rds, "a").await;
    let moment = port.berth.dock.clock().now();

    let after = upgrade(&port, &to).await;
    assert_eq!(after.engine_version(), Some(&*to));
    assert_eq!(after.endpoint, before.endpoint);
    let major = to.split('.').next().unwrap();
    let [group] = after.db_parameter_groups() else {
        panic!("not one group: {after:?}");
    };
    let default = format!("default.postgres{major}");
    assert_eq!(group.db_parameter_group_name(), Some(&*default));
    assert_eq!(group.parameter_apply_status(), Some("in-sync"));
    assert_eq!(port.rows("a").await, ["before"]);
    let client = port.login("a", PASSWORD).await.unwrap();
    assert_eq!(owners(&client).await, before_it);
    for (query, expected) in [
        ("SHOW server_version_num", major),
        ("SHOW work_mem", "7MB"),
        (
            "SELECT has_table_privilege('mate', 'cargo', 'SELECT')::text",
            "true",
        ),
        (
            "SELECT count(*)::text FROM pg_indexes WHERE tablename = 'cargo'",
            "1",
        ),
        (
            "SELECT count(*)::text FROM pg_database WHERE datname LIKE 'o''dd%'",
            "1",
        ),
        (
            "SELECT rolsuper::text FROM pg_roles WHERE rolname = current_user",
            "false",
        ),
    ] {
        let row = client.query_one(query, &[]).await.unwrap();
        let found: String = row.get(0);
        assert!(found.starts_with(expected), "{query}: {found}");
    }
    drop(client);

    let snapshots = port.rds.describe_db_snapshots().snapshot_type("automated");
    let snapshots = snapshots.send().await.unwrap();
    let named = |it: &&aws_sdk_rds::types::DbSnapshot| {
        let name = it.db_snapshot_identifier().unwrap();
        name.starts_with("rds:preupgrade-a-")
    };
    let old = snapshots.db_snapshots().iter().find(named).unwrap();
    assert_eq!(old.engine_version(), Some(&*from));

    // Moments of both versions come back.
    port.write("a", "later").await;
    let restore = |target: &str| {
        let restore = port.rds.restore_db_instance_to_point_in_time();
        let restore = restore.source_db_instance_identifier("a");
        restore.target_db_instance_identifier(target)
    };
    let time = DateTime::from_nanos(moment.as_nanosecond()).unwrap();
    restore("then").restore_time(time).send().await.unwrap();
    let now = restore("now").use_latest_restorable_time(true);
    now.send().await.unwrap();
    let then = until(&port.rds, "then", "available").await;
    let now = until(&port.rds, "now", "available").await;
    assert_eq!(then.engine_version(), Some(&*from));
    assert_eq!(now.engine_version(), Some(&*to));
    assert_eq!(port.rows("then").await, ["before"]);
    assert_eq!(port.rows("now").await, ["before", "later"]);
}

#[tokio::test]
async fn a_failed_upgrade_leaves_everything_as_it_was() {
    let port = Port::new().await;
    let Some(Majors { from, to }) = majors(&port) else {
        return;
    };
    create(&port, &from).await;
    port.write("a", "before").await;
    let client = port.login("a", PASSWORD).await.unwrap();
    // Loading it fails: PostgreSQL 17 took the column away.
    let obstacle = "CREATE VIEW obstacle AS SELECT buffers_backend FROM pg_stat_bgwriter";
    client.batch_execute(obstacle).await.unwrap();
    drop(client);
    let after = upgrade(&port, &to).await;
    assert_eq!(after.engine_version(), Some(&*from));
    let pending = after.pending_modified_values.unwrap();
    assert_eq!(pending.engine_version(), None);
    assert_eq!(port.rows("a").await, ["before"]);
    port.write("a", "goes on").await;
    let home = port.folder.path().join("data/instances");
    let home = home.join(after.dbi_resource_id.unwrap());
    assert!(!home.join("upgrade").exists());

    // The obstacle gone, the next attempt succeeds.
    let client = port.login("a", PASSWORD).await.unwrap();
    client.batch_execute("DROP VIEW obstacle").await.unwrap();
    drop(client);
    let after = upgrade(&port, &to).await;
    assert_eq!(after.engine_version(), Some(&*to));
    assert_eq!(port.rows("a").await, ["before", "goes on"]);
}
