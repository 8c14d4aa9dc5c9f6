//! What a parameter group does to a server.

use std::collections::BTreeMap;

use drydock::postgres::{Error, Server, Spec};

use crate::machine::{Machine, login_plainly, refused_with, text};

fn group(settings: &[(&str, &str)]) -> BTreeMap<String, String> {
    settings
        .iter()
        .map(|&(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn dynamic_ones_apply_at_once_and_static_ones_after_a_restart() {
    let machine = Machine::new().await;
    let spec = Spec {
        parameters: group(&[("max_connections", "37")]),
        ..machine.spec()
    };
    let path = machine.path("one");
    let server = Server::create(&machine.installations, &path, spec)
        .await
        .unwrap();
    let client = machine.login(&server).await;
    assert_eq!(text(&client, "SHOW max_connections").await, "37");

    let changed = group(&[
        ("max_connections", "41"),
        ("log_line_prefix", "it's \\ quoted"),
        ("work_mem", "8192"),
        ("rds.logical_replication", "1"),
    ]);
    let pending = server.set_parameters(&changed).await.unwrap();
    assert_eq!(pending, ["max_connections", "rds.logical_replication"]);
    let client = machine.login(&server).await;
    assert_eq!(text(&client, "SHOW work_mem").await, "8MB");
    assert_eq!(
        text(&client, "SHOW log_line_prefix").await,
        "it's \\ quoted"
    );
    assert_eq!(text(&client, "SHOW max_connections").await, "37");
    server.restart().await.unwrap();
    let client = machine.login(&server).await;
    assert_eq!(text(&client, "SHOW max_connections").await, "41");
    assert_eq!(text(&client, "SHOW wal_level").await, "logical");

    let pending = server.set_parameters(&BTreeMap::new()).await.unwrap();
    assert_eq!(pending, ["max_connections", "rds.logical_replication"]);
    let client = machine.login(&server).await;
    assert_eq!(text(&client, "SHOW work_mem").await, "4MB");
    server.destroy().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_without_tls_come_in_where_a_group_says_so() {
    let machine = Machine::new().await;
    let server = machine.server("one").await;
    let plain = group(&[("rds.force_ssl", "0")]);
    assert!(server.set_parameters(&plain).await.unwrap().is_empty());
    let client = login_plainly(&server).await.unwrap();
    assert_eq!(text(&client, "SELECT 'in'").await, "in");
    machine.login(&server).await;
    let forced = group(&[("rds.force_ssl", "1")]);
    server.set_parameters(&forced).await.unwrap();
    assert_eq!(refused_with(login_plainly(&server).await), "28000");
    server.destroy().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_effect_or_the_wrong_one_is_refused() {
    let machine = Machine::new().await;
    let server = machine.server("one").await;
    for (name, value) in [
        ("no_such_parameter", "1"),
        ("rds.no_such_parameter", "1"),
        ("rds.force_ssl", "yes"),
        ("archive_command", "touch /tmp/owned"),
        ("ssl_passphrase_command", "touch /tmp/owned"),
        ("listen_addresses", "*"),
        ("Listen_Addresses", "*"),
        ("work_mem", "plenty"),
        ("work_mem", "1"),
        ("work_mem", "8192\narchive_command = 'touch /tmp/owned'"),
        ("log_statement", "sometimes"),
        ("max_connections", "{DBInstanceClassMemory/9531392}"),
    ] {
        let refused = server.set_parameters(&group(&[(name, value)])).await;
        match refused {
            Err(Error::Parameter { name: named, .. }) => assert_eq!(named, name),
            other => panic!("{name} = {value}: {other:?}"),
        }
    }
    server.restart().await.unwrap();
    machine.login(&server).await;
    server.destroy().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_no_server_starts_with_can_be_taken_back() {
    let machine = Machine::new().await;
    let server = machine.server("one").await;
    let missing = group(&[("shared_preload_libraries", "no_such_library")]);
    server.set_parameters(&missing).await.unwrap();
    let failed = server.restart().await;
    match failed {
        Err(Error::NotStarted { log, .. }) => assert!(log.contains("no_such_library"), "{log}"),
        other => panic!("{other:?}"),
    }
    assert!(!server.is_running().await);
    server.set_parameters(&BTreeMap::new()).await.unwrap();
    server.start().await.unwrap();
    machine.login(&server).await;
    server.destroy().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_has_what_a_group_may_set() {
    let machine = Machine::new().await;
    let major = machine.spec().major;
    let list = machine.installations.parameters(major).await.unwrap();
    let restarts = |name: &str| {
        let found = list.iter().find(|parameter| parameter.name == name);
        found.map(|parameter| parameter.restarts)
    };
    assert_eq!(restarts("work_mem"), Some(false));
    assert_eq!(restarts("shared_buffers"), Some(true));
    assert_eq!(restarts("rds.force_ssl"), Some(false));
    assert_eq!(restarts("archive_command"), None);
    assert!(list.is_sorted_by_key(|parameter| &parameter.name));
}
