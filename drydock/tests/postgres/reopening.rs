//! A drydock that is killed, and started again on the same folder.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use drydock::postgres::{Error, Installations, Server};
use rustix::process::{Pid, Signal, kill_process};

use crate::machine::{Machine, lives, text};

/// Tells the victim where to make its server.
const FOLDER: &str = "DRYDOCK_TEST_VICTIM";

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_drydock_leaves_no_process_and_loses_no_row() {
    let machine = Machine::new().await;
    let path = machine.path("one");
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "reopening::victim", "--ignored"])
        .env(FOLDER, &path)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let ready = path.with_extension("ready");
    eventually("the victim's server", || ready.exists()).await;
    let text_of = fs::read_to_string(&ready).unwrap();
    let (port, pid) = text_of.split_once(' ').unwrap();
    let pid = pid.parse().unwrap();
    assert!(lives(pid));
    victim.kill().unwrap();
    victim.wait().unwrap();

    // At once: what the victim left may be stopping still.
    let server = Server::open(&machine.installations, &path).await.unwrap();
    assert_eq!(server.port(), port.parse::<u16>().unwrap());
    assert!(!server.is_running().await);
    server.start().await.unwrap();
    assert!(!lives(pid));
    let client = machine.login(&server).await;
    assert_eq!(text(&client, "SELECT item FROM cargo").await, "tea");
    server.destroy().await.unwrap();
}

/// Not a test: what the test above runs as a process of its own, and kills.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "another test runs it"]
async fn victim() {
    let Some(path) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        return;
    };
    let mut machine = Machine::new().await;
    let cache = path.with_file_name("cache");
    machine.installations = Installations::find(&cache).await.unwrap();
    let server = Server::create(&machine.installations, &path, machine.spec())
        .await
        .unwrap();
    let client = machine.login(&server).await;
    client
        .batch_execute("CREATE TABLE cargo AS SELECT 'tea' AS item")
        .await
        .unwrap();
    // Gone with its process: only the folder that the test gave it stays.
    drop(machine);
    let pid = server.process_id().await.unwrap();
    let line = format!("{} {pid}", server.port());
    fs::write(path.with_extension("partial"), line).unwrap();
    fs::rename(path.with_extension("partial"), path.with_extension("ready")).unwrap();
    std::future::pending::<()>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_by_itself_is_started_again() {
    let machine = Machine::new().await;
    let server = machine.server("one").await;
    let pid = server.process_id().await.unwrap();
    let raw = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    kill_process(raw, Signal::KILL).unwrap();
    eventually("its end", || !lives(pid)).await;
    server.start().await.unwrap();
    machine.login(&server).await;
    server.destroy().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_finished_is_not_opened_but_made_anew() {
    let machine = Machine::new().await;
    let path = machine.path("one");
    let none = Server::open(&machine.installations, &path).await;
    assert!(matches!(none, Err(Error::Missing(_))));
    fs::create_dir_all(path.join("data/base")).unwrap();
    let none = Server::open(&machine.installations, &path).await;
    assert!(matches!(none, Err(Error::Missing(_))));
    let server = machine.server("one").await;
    machine.login(&server).await;
    server.destroy().await.unwrap();
}

async fn eventually(what: &str, condition: impl Fn() -> bool) {
    let look = || std::future::ready(condition());
    harness::eventually(what, Duration::from_mins(1), look)
        .await
        .unwrap();
}
