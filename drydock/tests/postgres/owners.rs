//! The master owns the database `postgres`, and may do as it likes with it: that
//! keeps drydock neither out nor from its work, and makes nobody a superuser.

use std::{collections::BTreeMap, time::Duration};

use drydock::postgres::Server;
use tokio_postgres::Client;

use crate::machine::{MASTER, Machine, PASSWORD, config, text};

/// A wait for a standby that never comes has no end.
const PATIENCE: Duration = Duration::from_mins(2);

async fn owner(machine: &Machine, server: &Server) -> Client {
    let mut config = config(server, MASTER, PASSWORD);
    config.dbname("postgres");
    let (client, connection) = config.connect(machine.tls()).await.unwrap();
    tokio::spawn(connection);
    client
}

/// What drydock does to a server, in sessions of its own.
async fn work(machine: &Machine, server: &Server, name: &str, parameters: &[(&str, &str)]) {
    let parameters = parameters
        .iter()
        .map(|&(key, value)| (key.into(), value.into()));
    let parameters: BTreeMap<_, _> = parameters.collect();
    let work = async {
        server.set_parameters(&parameters).await.unwrap();
        server.set_password(MASTER, "another one").await.unwrap();
        server.set_password(MASTER, PASSWORD).await.unwrap();
        server.copy_to(&machine.path(name)).await.unwrap();
        server.back_up().await.unwrap();
        server.restart().await.unwrap();
    };
    let in_time = tokio::time::timeout(PATIENCE, work).await;
    assert!(in_time.is_ok(), "drydock waits for ever");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_database_says_of_sessions_does_not_bind_drydock() {
    let machine = Machine::new().await;
    let server = machine.server("one").await;
    let traps = [
        (
            "CREATE FUNCTION trap.pg_reload_conf() RETURNS boolean LANGUAGE plpgsql",
            "true",
        ),
        (
            "CREATE FUNCTION trap.pg_conf_load_time() RETURNS timestamptz LANGUAGE plpgsql",
            "now()",
        ),
    ];
    let mut statements = "CREATE SCHEMA trap;".to_owned();
    for (head, result) in traps {
        let trap = format!(
            "{head} AS $$BEGIN
                 EXECUTE 'ALTER ROLE {MASTER} SUPERUSER';
                 RETURN {result};
             END$$;"
        );
        statements.push_str(&trap);
    }
    for setting in [
        "search_path = trap, pg_catalog",
        "default_transaction_read_only = on",
        "statement_timeout = 1",
        "role = rds_superuser",
    ] {
        statements.extend(["ALTER DATABASE postgres SET ", setting, ";"]);
    }
    let client = owner(&machine, &server).await;
    client.batch_execute(&statements).await.unwrap();
    drop(client);
    work(&machine, &server, "copy", &[]).await;
    let is_super = format!("SELECT rolsuper::text FROM pg_roles WHERE rolname = '{MASTER}'");
    let client = machine.login(&server).await;
    assert_eq!(text(&client, &is_super).await, "false");
    server.destroy().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_leads_the_master_out_of_its_server() {
    let machine = Machine::new().await;
    let server = machine.server("one").await;
    let client = machine.login(&server).await;
    for role in [
        "pg_execute_server_program",
        "pg_read_server_files",
        "pg_write_server_files",
        "rdsadmin",
    ] {
        let grant = format!("GRANT {role} TO {MASTER}");
        let refused = client.batch_execute(&grant).await.unwrap_err();
        let code = refused.code().map(tokio_postgres::error::SqlState::code);
        assert_eq!(code, Some("42501"), "{role}: {refused:?}");
    }
    for statement in [
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "CREATE TEMPORARY TABLE t (line text); COPY t FROM '/etc/hostname'",
        "SELECT pg_read_file('PG_VERSION')",
        "CREATE ROLE other SUPERUSER",
    ] {
        let refused = client.batch_execute(statement).await.unwrap_err();
        let code = refused.code().map(tokio_postgres::error::SqlState::code);
        assert_eq!(code, Some("42501"), "{statement}: {refused:?}");
    }
    server.destroy().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn drydock_waits_for_no_standby() {
    let machine = Machine::new().await;
    let server = machine.server("one").await;
    let standby = [("synchronous_standby_names", "*")];
    work(&machine, &server, "copy", &standby).await;
    server.destroy().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn drydock_does_without_the_database_of_the_master() {
    let machine = Machine::new().await;
    let server = machine.server("one").await;
    let client = machine.login(&server).await;
    for (number, statement) in [
        "ALTER DATABASE postgres ALLOW_CONNECTIONS false",
        "DROP DATABASE postgres",
    ]
    .into_iter()
    .enumerate()
    {
        let client = if number == 0 {
            &client
        } else {
            &machine.login(&server).await
        };
        client.batch_execute(statement).await.unwrap();
        work(&machine, &server, &number.to_string(), &[]).await;
    }
    server.destroy().await.unwrap();
}
