//! What is in the databases: logins over TLS, rows, snapshots, parameters.

use aws_sdk_rds::types::{ApplyMethod, Parameter};

use crate::{
    berth::{describe, request, until},
    port::{PASSWORD, Port, count, eventually},
};

#[tokio::test]
async fn an_instance_is_a_server() {
    let port = Port::new().await;
    port.create("orders").await;
    port.write("orders", "tea").await;

    let modify = port
        .rds
        .modify_db_instance()
        .db_instance_identifier("orders");
    let modify = modify.master_user_password("another-horse");
    modify.send().await.unwrap();
    until(&port.rds, "orders", "available").await;
    assert!(port.login("orders", PASSWORD).await.is_err());
    let client = port.login("orders", "another-horse").await.unwrap();
    let sql = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user";
    let row = client.query_one(sql, &[]).await.unwrap();
    assert!(!row.get::<_, bool>(0));

    let before = describe(&port.rds, "orders").await.endpoint;
    let stop = port.rds.stop_db_instance().db_instance_identifier("orders");
    stop.send().await.unwrap();
    until(&port.rds, "orders", "stopped").await;
    assert!(port.login("orders", "another-horse").await.is_err());
    let start = port
        .rds
        .start_db_instance()
        .db_instance_identifier("orders");
    start.send().await.unwrap();
    until(&port.rds, "orders", "available").await;
    assert_eq!(describe(&port.rds, "orders").await.endpoint, before);
    port.login("orders", "another-horse").await.unwrap();

    port.delete("orders").await;
    let left = std::fs::read_dir(port.folder.path().join("data/instances")).unwrap();
    assert_eq!(left.count(), 0);
}

#[tokio::test]
async fn a_restored_snapshot_has_the_rows_of_its_time_and_the_old_password() {
    let port = Port::new().await;
    port.create("source").await;
    port.write("source", "before").await;
    let snapshot = port.rds.create_db_snapshot();
    let snapshot = snapshot
        .db_instance_identifier("source")
        .db_snapshot_identifier("kept");
    snapshot.send().await.unwrap();
    until(&port.rds, "source", "available").await;
    port.write("source", "after").await;
    port.delete("source").await;

    let restore = port.rds.restore_db_instance_from_db_snapshot();
    let restore = restore
        .db_instance_identifier("copy")
        .db_snapshot_identifier("kept");
    restore.send().await.unwrap();
    until(&port.rds, "copy", "available").await;
    assert_eq!(port.rows("copy").await, ["before"]);

    let delete = port.rds.delete_db_snapshot().db_snapshot_identifier("kept");
    delete.send().await.unwrap();
    port.delete("copy").await;
    let snapshots = port.folder.path().join("data/snapshots");
    eventually("all copies to go", || count(&snapshots) == 0).await;
}

#[tokio::test]
async fn a_parameter_group_sets_what_the_server_does() {
    let port = Port::new().await;
    let version = port.berth.dock.servers().versions()[0];
    let group = port
        .rds
        .create_db_parameter_group()
        .db_parameter_group_name("tuned");
    let group = group.db_parameter_group_family(format!("postgres{}", version.major));
    group.description("tuned").send().await.unwrap();
    let request = request(&port.rds, "orders").db_name("orders");
    let request = request.engine_version(version.to_string());
    request
        .db_parameter_group_name("tuned")
        .send()
        .await
        .unwrap();
    until(&port.rds, "orders", "available").await;
    let set = |name: &str, value: &str, method: ApplyMethod| {
        let parameter = Parameter::builder()
            .parameter_name(name)
            .parameter_value(value)
            .apply_method(method)
            .build();
        port.rds
            .modify_db_parameter_group()
            .db_parameter_group_name("tuned")
            .parameters(parameter)
    };
    set("work_mem", "8192", ApplyMethod::Immediate)
        .send()
        .await
        .unwrap();
    let shown = async |name: &str| -> String {
        let client = port.login("orders", PASSWORD).await.unwrap();
        client
            .query_one(&format!("SHOW {name}"), &[])
            .await
            .unwrap()
            .get(0)
    };
    let told = async { while shown("work_mem").await != "8MB" {} };
    tokio::time::timeout(crate::berth::PATIENCE, told)
        .await
        .expect("the server is told");
    let refused = set("max_connections", "50", ApplyMethod::Immediate)
        .send()
        .await;
    assert_eq!(crate::berth::code(refused), "InvalidParameterCombination");
    let refused = set("no_such_thing", "50", ApplyMethod::Immediate)
        .send()
        .await;
    assert_eq!(crate::berth::code(refused), "InvalidParameterValue");
    set("max_connections", "50", ApplyMethod::PendingReboot)
        .send()
        .await
        .unwrap();
    let waiting = until(&port.rds, "orders", "available").await;
    let status = waiting.db_parameter_groups()[0].parameter_apply_status();
    assert_eq!(status, Some("pending-reboot"));
    let reboot = port
        .rds
        .reboot_db_instance()
        .db_instance_identifier("orders");
    reboot.send().await.unwrap();
    let done = until(&port.rds, "orders", "available").await;
    let status = done.db_parameter_groups()[0].parameter_apply_status();
    assert_eq!(status, Some("in-sync"));
    assert_eq!(shown("max_connections").await, "50");
}
