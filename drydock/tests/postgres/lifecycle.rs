//! Create, log in, stop, start, destroy.

use std::{collections::BTreeSet, process::Stdio, sync::Arc};

use drydock::postgres::{Error, Server};
use tokio::task::JoinSet;

use crate::machine::{
    DATABASE, MASTER, Machine, PASSWORD, lives, login_plainly, refused_with, text,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_new_server_lets_its_master_in_over_tls() {
    let machine = Machine::new().await;
    let server = machine.server("one").await;
    let client = machine.login(&server).await;
    assert_eq!(
        text(&client, "SELECT current_database()::text").await,
        DATABASE
    );
    let owner = "SELECT pg_get_userbyid(datdba)::text FROM pg_database \
                 WHERE datname = current_database()";
    assert_eq!(text(&client, owner).await, MASTER);
    let rights = "SELECT rolsuper || ' ' || rolcreatedb || ' ' || rolcreaterole || ' ' || \
                  pg_has_role('rds_superuser', 'member') FROM pg_roles WHERE rolname = current_user";
    assert_eq!(text(&client, rights).await, "false true true true");
    assert_eq!(
        text(&client, "SHOW server_version_num").await.len(),
        6,
        "a real server answers"
    );
    client
        .batch_execute("CREATE TABLE public.cargo (item text); CREATE ROLE mate LOGIN")
        .await
        .unwrap();
    server.destroy().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_come_in_is_told_so() {
    let machine = Machine::new().await;
    let server = machine.server("one").await;
    let wrong = machine.login_as(&server, MASTER, "no such password").await;
    assert_eq!(refused_with(wrong), "28P01");
    let administrator = machine.login_as(&server, "rdsadmin", PASSWORD).await;
    assert_eq!(refused_with(administrator), "28P01");
    // RDS's default from PostgreSQL 15 on; the parameter is tested elsewhere.
    assert_eq!(refused_with(login_plainly(&server).await), "28000");
    server.destroy().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_server_keeps_its_port_and_its_rows() {
    let machine = Machine::new().await;
    let server = machine.server("one").await;
    let client = machine.login(&server).await;
    client
        .batch_execute("CREATE TABLE cargo AS SELECT 'tea' AS item")
        .await
        .unwrap();
    let (port, pid) = (server.port(), server.process_id().await.unwrap());
    server.stop().await.unwrap();
    assert!(!lives(pid), "the process is gone");
    assert!(!server.is_running().await);
    let stopped = machine.login_as(&server, MASTER, PASSWORD).await;
    assert_eq!(refused_with(stopped), "57P03");
    assert!(client.batch_execute("SELECT 1").await.is_err());
    server.start().await.unwrap();
    server.start().await.unwrap();
    assert_eq!(server.port(), port);
    let client = machine.login(&server).await;
    assert_eq!(text(&client, "SELECT item FROM cargo").await, "tea");
    server.destroy().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_changed_at_once() {
    let machine = Machine::new().await;
    let server = machine.server("one").await;
    let session = machine.login(&server).await;
    let other = "quite \"another' one";
    server.set_password(MASTER, other).await.unwrap();
    assert_eq!(
        refused_with(machine.login_as(&server, MASTER, PASSWORD).await),
        "28P01"
    );
    machine.login_as(&server, MASTER, other).await.unwrap();
    session.batch_execute("SELECT 1").await.unwrap();
    let kept = "SELECT count(*)::text FROM pg_roles WHERE rolname = 'nobody at all'";
    assert_eq!(text(&session, kept).await, "0");
    assert!(matches!(
        server.set_password("nobody at all", other).await,
        Err(Error::Sql { .. })
    ));
    server.stop().await.unwrap();
    assert!(matches!(
        server.set_password(MASTER, PASSWORD).await,
        Err(Error::Stopped(_))
    ));
    server.destroy().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn destroying_takes_the_process_the_port_and_the_data() {
    let machine = Machine::new().await;
    let server = machine.server("one").await;
    let (port, pid) = (server.port(), server.process_id().await.unwrap());
    let session = machine.login(&server).await;
    server.destroy().await.unwrap();
    assert!(!lives(pid));
    assert!(!machine.path("one").exists());
    assert!(session.batch_execute("SELECT 1").await.is_err());
    // The port is free for the next.
    let spec = drydock::postgres::Spec {
        port,
        ..machine.spec()
    };
    let next = Server::create(&machine.installations, &machine.path("two"), spec)
        .await
        .unwrap();
    assert_eq!(next.port(), port);
    next.destroy().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_made_leaves_nothing() {
    let machine = Machine::new().await;
    let first = machine.server("one").await;
    let on_its_port = drydock::postgres::Spec {
        port: first.port(),
        ..machine.spec()
    };
    let path = machine.path("two");
    let taken = Server::create(&machine.installations, &path, on_its_port).await;
    assert!(matches!(taken, Err(Error::PortTaken { .. })), "{taken:?}");
    let reserved = drydock::postgres::Spec {
        master_username: "pg_skipper".to_owned(),
        ..machine.spec()
    };
    let refused = Server::create(&machine.installations, &path, reserved).await;
    assert!(matches!(refused, Err(Error::Sql { .. })), "{refused:?}");
    let unknown = drydock::postgres::Spec {
        major: 9,
        ..machine.spec()
    };
    let unknown = Server::create(&machine.installations, &path, unknown).await;
    assert!(matches!(unknown, Err(Error::UnknownMajor { major: 9 })));
    assert!(!path.exists());
    let path = machine.path("one");
    let occupied = Server::create(&machine.installations, &path, machine.spec()).await;
    assert!(matches!(occupied, Err(Error::Occupied(_))));
    machine.login(&first).await;
    first.destroy().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_servers_run_at_once_with_a_login_in_each() {
    let machine = Arc::new(Machine::new().await);
    let mut making = JoinSet::new();
    for number in 0..50 {
        let machine = Arc::clone(&machine);
        making.spawn(async move {
            let server = machine.server(&format!("server-{number}")).await;
            let client = machine.login(&server).await;
            (server, client)
        });
    }
    let all = making.join_all().await;
    let ports: BTreeSet<_> = all.iter().map(|(server, _)| server.port()).collect();
    assert_eq!(ports.len(), 50);
    for (_, client) in &all {
        assert_eq!(text(client, "SELECT 'here'").await, "here");
    }
    for (server, _) in all {
        let pid = server.process_id().await.unwrap();
        server.destroy().await.unwrap();
        assert!(!lives(pid));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn psql_comes_in_by_every_way_to_tls() {
    if !std::path::Path::new("/usr/bin/psql").exists() {
        return;
    }
    let machine = Machine::new().await;
    // Deeper than a socket's address is long.
    let deep = machine.path(&"deep/".repeat(25)).join("one");
    let server = Server::create(&machine.installations, &deep, machine.spec())
        .await
        .unwrap();
    let authority = machine.path("authority.crt");
    std::fs::write(&authority, machine.installations.authority()).unwrap();
    for mode in ["require", "verify-full", "prefer", "disable"] {
        let output = tokio::process::Command::new("/usr/bin/psql")
            .args(["-h", "localhost", "-U", MASTER, "-d", DATABASE, "-XAtc"])
            .arg("SELECT 6 * 7")
            .args(["-p", &server.port().to_string()])
            .env("PGPASSWORD", PASSWORD)
            .env("PGSSLMODE", mode)
            .env("PGSSLROOTCERT", &authority)
            .stdin(Stdio::null())
            .output()
            .await
            .unwrap();
        let (said, failed) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        if mode == "disable" {
            assert!(failed.contains("no encryption"), "{failed}");
        } else {
            assert_eq!(said.trim(), "42", "{mode}: {failed}");
        }
    }
    server.destroy().await.unwrap();
}
