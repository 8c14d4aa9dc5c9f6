//! Servers that a drydock cannot bring back, as where a stranger has their port.

use std::{
    fs::{self, Permissions},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
};

use drydock::store::Store;
use rustix::process::Signal;
use tempfile::TempDir;

use crate::{
    berth::{describe, request, until, until_gone},
    killed::Drydock,
    port::{PASSWORD, Port, count, login},
};

async fn life(folder: &TempDir) -> Drydock {
    let cache = folder.path().join("cache").display().to_string();
    Drydock::start_with(&folder.path().join("data"), &["--cache", &cache]).await
}

/// A folder with an instance `a` in it that has a row, which nobody runs; its
/// port and its `DbiResourceId`.
async fn laid_up() -> (TempDir, u16, String) {
    let folder = tempfile::tempdir().unwrap();
    // As root, PostgreSQL runs as another user, who must come through.
    fs::set_permissions(folder.path(), Permissions::from_mode(0o711)).unwrap();
    let mut drydock = life(&folder).await;
    let create = request(&drydock.rds, "a").db_name("orders");
    create.send().await.unwrap();
    let made = until(&drydock.rds, "a", "available").await;
    let endpoint = made.endpoint.unwrap();
    let authority = fs::read_to_string(folder.path().join("cache/authority.crt")).unwrap();
    let client = login(&endpoint, &authority, PASSWORD).await.unwrap();
    let row = "CREATE TABLE cargo AS SELECT 'tea' AS item";
    client.batch_execute(row).await.unwrap();
    drop(client);
    assert_eq!(drydock.end(Signal::TERM), Some(0));
    let port = u16::try_from(endpoint.port.unwrap()).unwrap();
    (folder, port, made.dbi_resource_id.unwrap())
}

#[tokio::test]
async fn an_instance_whose_port_was_taken_is_back_with_its_port() {
    let (folder, port, _) = laid_up().await;
    let stranger = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let mut drydock = life(&folder).await;
    let lost = describe(&drydock.rds, "a").await;
    assert_eq!(lost.db_instance_status(), Some("failed"));
    // So that the state is written.
    request(&drydock.rds, "b").send().await.unwrap();
    until(&drydock.rds, "b", "available").await;
    assert_eq!(drydock.end(Signal::TERM), Some(0));
    drop(stranger);
    let port = Port::on(folder).await;
    until(&port.rds, "a", "available").await;
    assert_eq!(port.rows("a").await, ["tea"]);
}

#[tokio::test]
async fn backups_outlive_an_instance_that_cannot_be_brought_back() {
    let (folder, port, resource) = laid_up().await;
    let _stranger = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let port = Port::on(folder).await;
    let delete = port.rds.delete_db_instance().db_instance_identifier("a");
    let delete = delete
        .skip_final_snapshot(true)
        .delete_automated_backups(false);
    delete.send().await.unwrap();
    until_gone(&port.rds, "a").await;
    let instances = port.folder.path().join("data/instances");
    assert_eq!(count(&instances), 0, "its folder stays");
    let restore = port.rds.restore_db_instance_to_point_in_time();
    let restore = restore
        .source_dbi_resource_id(&resource)
        .use_latest_restorable_time(true);
    let restore = restore.target_db_instance_identifier("again");
    restore.send().await.unwrap();
    until(&port.rds, "again", "available").await;
    assert_eq!(port.rows("again").await, ["tea"]);
}

#[tokio::test]
async fn servers_without_their_state_are_left_alone() {
    let (folder, _, _) = laid_up().await;
    let data = folder.path().join("data");
    let (state, aside) = (data.join("state.json"), folder.path().join("aside"));
    fs::rename(&state, &aside).unwrap();
    let error = Store::open(&data).unwrap_err().to_string();
    assert!(error.contains("instances"), "{error}");
    fs::rename(&aside, &state).unwrap();
    let port = Port::on(folder).await;
    until(&port.rds, "a", "available").await;
    assert_eq!(port.rows("a").await, ["tea"]);
}
