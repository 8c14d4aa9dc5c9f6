//! Snapshots, backups, and what is in the servers made from them.

use std::collections::BTreeMap;

use drydock::postgres::{Error, Server, restorable};
use jiff::{Timestamp, ToSpan};
use tokio_postgres::Client;

use crate::machine::{MASTER, Machine, PASSWORD, refused_with, text};

const ITEMS: &str = "SELECT coalesce(string_agg(item, ' ' ORDER BY item), '') FROM cargo";

async fn load(client: &Client, item: &str) {
    client
        .batch_execute("CREATE TABLE IF NOT EXISTS cargo (item text)")
        .await
        .unwrap();
    client
        .execute("INSERT INTO cargo VALUES ($1)", &[&item])
        .await
        .unwrap();
}

async fn restore(machine: &Machine, copy: &str, name: &str) -> Server {
    let (copy, folder) = (machine.path(copy), machine.path(name));
    Server::restore(&machine.installations, &copy, &folder, 0, BTreeMap::new())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_holds_what_was_there_and_its_source_goes_on() {
    let machine = Machine::new().await;
    let source = machine.server("source").await;
    let client = machine.login(&source).await;
    load(&client, "tea").await;
    source.copy_to(&machine.path("running")).await.unwrap();
    load(&client, "rum").await;
    source.set_password(MASTER, "another one").await.unwrap();
    source.stop().await.unwrap();
    source.copy_to(&machine.path("stopped")).await.unwrap();
    assert!(matches!(
        source.copy_to(&machine.path("stopped")).await,
        Err(Error::Occupied(_))
    ));
    source.destroy().await.unwrap();

    let early = restore(&machine, "running", "early").await;
    let client = machine.login(&early).await;
    assert_eq!(text(&client, ITEMS).await, "tea");
    load(&client, "figs").await;
    // A restored server is a server like any: copied, stopped, started.
    early.copy_to(&machine.path("again")).await.unwrap();
    early.restart().await.unwrap();
    let client = machine.login(&early).await;
    assert_eq!(text(&client, ITEMS).await, "figs tea");
    let again = restore(&machine, "again", "twice").await;
    assert_eq!(text(&machine.login(&again).await, ITEMS).await, "figs tea");

    let late = restore(&machine, "stopped", "late").await;
    let old = machine.login_as(&late, MASTER, PASSWORD).await;
    assert_eq!(refused_with(old), "28P01");
    let client = machine
        .login_as(&late, MASTER, "another one")
        .await
        .unwrap();
    assert_eq!(text(&client, ITEMS).await, "rum tea");
    for server in [early, again, late] {
        server.destroy().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_under_load_is_consistent() {
    let machine = Machine::new().await;
    let source = machine.server("source").await;
    let client = machine.login(&source).await;
    client
        .batch_execute(
            "CREATE TABLE debit AS SELECT 0 AS sum; CREATE TABLE credit AS SELECT 0 AS sum",
        )
        .await
        .unwrap();
    let writer = tokio::spawn(async move {
        let transfer = "BEGIN; UPDATE debit SET sum = sum + 1; \
                        UPDATE credit SET sum = sum + 1; COMMIT";
        while client.batch_execute(transfer).await.is_ok() {}
    });
    source.copy_to(&machine.path("copy")).await.unwrap();
    source.destroy().await.unwrap();
    writer.await.unwrap();
    // Without it a copy this small would recover by luck.
    assert!(machine.path("copy/data/backup_label").exists());
    let restored = restore(&machine, "copy", "restored").await;
    let client = machine.login(&restored).await;
    let balance = "SELECT (debit.sum = credit.sum)::text FROM debit, credit";
    assert_eq!(text(&client, balance).await, "true");
    restored.destroy().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn any_moment_since_the_first_backup_comes_back() {
    let machine = Machine::new().await;
    let source = machine.server("source").await;
    let client = machine.login(&source).await;
    load(&client, "tea").await;
    assert!(matches!(
        source.flush_backups().await,
        Err(Error::Missing(_))
    ));
    let first = source.back_up().await.unwrap();
    load(&client, "rum").await;
    let between = Timestamp::now();
    load(&client, "figs").await;
    let latest = source.flush_backups().await.unwrap();
    let span = restorable(&source.backups()).unwrap().unwrap();
    assert_eq!((span.earliest, span.latest), (first, latest));

    let backups = source.backups();
    let at = async |name: &str, time: Timestamp| {
        let folder = machine.path(name);
        let none = BTreeMap::new();
        Server::restore_to_time(&machine.installations, &backups, &folder, 0, none, time).await
    };
    for (name, time, items) in [
        ("first", span.earliest, "tea"),
        ("between", between, "rum tea"),
        ("latest", span.latest, "figs rum tea"),
    ] {
        let server = at(name, time).await.unwrap();
        let client = machine.login(&server).await;
        assert_eq!(text(&client, ITEMS).await, items, "{name}");
        load(&client, "figs").await;
        server.restart().await.unwrap();
        machine.login(&server).await;
        server.destroy().await.unwrap();
    }
    for outside in [
        span.earliest.checked_sub(1.second()).unwrap(),
        span.latest.checked_add(1.hour()).unwrap(),
    ] {
        let refused = at("outside", outside).await;
        assert!(
            matches!(refused, Err(Error::NotRestorable { .. })),
            "{refused:?}"
        );
        assert!(!machine.path("outside").exists());
    }
    source.destroy().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn backups_outlive_their_server_and_are_pruned() {
    let machine = Machine::new().await;
    let source = machine.server("source").await;
    let client = machine.login(&source).await;
    source.back_up().await.unwrap();
    load(&client, "tea").await;
    source.flush_backups().await.unwrap();
    let second = source.back_up().await.unwrap();
    let segments = || {
        std::fs::read_dir(source.backups().join("wal"))
            .unwrap()
            .count()
    };
    let before = segments();
    source.prune_backups(second).await.unwrap();
    assert!(segments() < before);
    let span = restorable(&source.backups()).unwrap().unwrap();
    assert_eq!(span.earliest, second);
    load(&client, "rum").await;

    let kept = machine.path("kept");
    source.destroy_but_backups(&kept).await.unwrap();
    assert!(!machine.path("source").exists());
    let end = restorable(&kept).unwrap().unwrap().latest;
    let folder = machine.path("restored");
    let none = BTreeMap::new();
    let restored = Server::restore_to_time(&machine.installations, &kept, &folder, 0, none, end)
        .await
        .unwrap();
    let client = machine.login(&restored).await;
    assert_eq!(text(&client, ITEMS).await, "rum tea");
    // It has backups of its own, on a timeline of its own.
    restored.back_up().await.unwrap();
    load(&client, "figs").await;
    let latest = restored.flush_backups().await.unwrap();
    let folder = machine.path("again");
    let backups = restored.backups();
    let none = BTreeMap::new();
    let again = Server::restore_to_time(&machine.installations, &backups, &folder, 0, none, latest)
        .await
        .unwrap();
    let client = machine.login(&again).await;
    assert_eq!(text(&client, ITEMS).await, "figs rum tea");
    again.destroy().await.unwrap();
    restored.discard_backups().await.unwrap();
    assert_eq!(restorable(&restored.backups()).unwrap(), None);
    restored.destroy().await.unwrap();
}
