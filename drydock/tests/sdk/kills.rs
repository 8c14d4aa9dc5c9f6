//! The binary killed in every kind of step, and started again on the same
//! folder: nothing is half done, and nothing is left over.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    time::Duration,
};

use aws_sdk_rds::Client;
use rustix::process::Signal;

use crate::{
    berth::{describe, request, until, until_gone},
    killed::Drydock,
    port::{eventually, login},
};

/// In the middle of a step's work, or after it, while its status lasts.
const PAUSES: [u64; 2] = [0, 700];
const FIRST: &str = "correct-horse";
const SECOND: &str = "another-horse";

/// Begins something, and returns the instance that shows it.
async fn begin(rds: &Client, step: &str, password: &str) -> &'static str {
    match step {
        "create" | "first backup" => {
            let request = request(rds, "new").db_name("orders");
            request.send().await.unwrap();
            "new"
        }
        "snapshot" => {
            let create = rds.create_db_snapshot().db_instance_identifier("base");
            let create = create.db_snapshot_identifier("taken");
            create.send().await.unwrap();
            "base"
        }
        "restore" => {
            let restore = rds.restore_db_instance_from_db_snapshot();
            let restore = restore.db_snapshot_identifier("first");
            let restore = restore.db_instance_identifier("new");
            restore.send().await.unwrap();
            "new"
        }
        "moment" => {
            let restore = rds.restore_db_instance_to_point_in_time();
            let restore = restore.source_db_instance_identifier("base");
            let restore = restore.use_latest_restorable_time(true);
            let restore = restore.target_db_instance_identifier("new");
            restore.send().await.unwrap();
            "new"
        }
        "password" => {
            let modify = rds.modify_db_instance().db_instance_identifier("base");
            let modify = modify.master_user_password(password);
            modify.send().await.unwrap();
            "base"
        }
        "stop" => {
            let halt = rds.stop_db_instance().db_instance_identifier("base");
            halt.send().await.unwrap();
            "base"
        }
        "reboot" => {
            let reboot = rds.reboot_db_instance().db_instance_identifier("base");
            reboot.send().await.unwrap();
            "base"
        }
        _ => {
            delete(rds, "base").await;
            "base"
        }
    }
}

async fn delete(rds: &Client, name: &str) {
    let delete = rds.delete_db_instance().db_instance_identifier(name);
    delete.skip_final_snapshot(true).send().await.unwrap();
}

/// A folder for drydock, and what it shares with the others.
struct Berths {
    folder: tempfile::TempDir,
}

impl Berths {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // As root, PostgreSQL runs as another user, who must come through.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o711)).unwrap();
        Self { folder }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    async fn start(&self, delay: Option<&str>) -> Drydock {
        let cache = self.folder.path().join("cache");
        let cache = cache.display().to_string();
        let mut arguments = vec!["--cache", &cache];
        arguments.extend(delay.into_iter().flat_map(|delay| ["--delay-of", delay]));
        Drydock::start_with(&self.data(), &arguments).await
    }

    async fn rows(&self, rds: &Client, name: &str, password: &str) -> Option<i64> {
        let endpoint = describe(rds, name).await.endpoint.unwrap();
        let authority = self.folder.path().join("cache/authority.crt");
        let authority = fs::read_to_string(authority).unwrap();
        let client = login(&endpoint, &authority, password).await.ok()?;
        let create = "CREATE TABLE IF NOT EXISTS cargo (item text)";
        client.batch_execute(create).await.unwrap();
        let count = "SELECT count(*) FROM cargo";
        Some(client.query_one(count, &[]).await.unwrap().get(0))
    }

    /// The processes that work in the folder.
    fn processes(&self) -> Vec<String> {
        let data = self.data();
        let processes = fs::read_dir("/proc").unwrap().flatten();
        processes
            .filter(|process| {
                let works_in = fs::read_link(process.path().join("cwd"));
                let said = fs::read(process.path().join("cmdline")).unwrap_or_default();
                works_in.is_ok_and(|folder| folder.starts_with(&data))
                    || String::from_utf8_lossy(&said).contains(data.to_str().unwrap())
            })
            .map(|process| process.file_name().display().to_string())
            .collect()
    }

    /// What is in the folder is what Describe tells of.
    async fn check_tidy(&self, rds: &Client) {
        let instances = rds.describe_db_instances().send().await.unwrap();
        let known = instances.db_instances().iter();
        let known: Vec<_> = known.map(|it| it.dbi_resource_id().unwrap()).collect();
        let snapshots = rds.describe_db_snapshots().send().await.unwrap();
        let (data, copies) = (self.data(), snapshots.db_snapshots().len());
        let names = |kind: &str| {
            let entries = fs::read_dir(data.join(kind)).unwrap().flatten();
            let names = entries.map(|entry| entry.file_name().display().to_string());
            let mut names: Vec<_> = names.collect();
            names.sort();
            names
        };
        let sorted = |names: &[&str]| {
            let mut names: Vec<_> = names.iter().map(ToString::to_string).collect();
            names.sort();
            names
        };
        eventually("leftovers to go", || {
            names("instances") == sorted(&known)
                && names("snapshots").len() == copies
                && names("backups").is_empty()
        })
        .await;
        for instance in names("instances") {
            let inside = names(&format!("instances/{instance}"));
            let inside: Vec<_> = inside.iter().map(String::as_str).collect();
            assert!(
                inside
                    .iter()
                    .all(|name| ["backups", "data", "run", "server.json"].contains(name)),
                "{inside:?}"
            );
        }
        let unfinished = snapshots
            .db_snapshots()
            .iter()
            .find(|it| it.status() != Some("available"));
        assert_eq!(unfinished, None);
    }
}

/// Tests, each by what is under way when the kill comes, and the status that
/// shows it.
macro_rules! killed_in {
    ($($test:ident: $step:literal $status:literal;)*) => {
        $(
            #[tokio::test]
            async fn $test() {
                killed_in($step, $status).await;
            }
        )*
    };
}

killed_in! {
    killed_in_a_creation: "create" "creating";
    killed_in_the_first_backup: "first backup" "backing-up";
    killed_in_a_snapshot: "snapshot" "backing-up";
    killed_in_a_restore: "restore" "creating";
    killed_in_a_restore_to_a_moment: "moment" "creating";
    killed_in_a_change_of_the_password: "password" "resetting-master-credentials";
    killed_in_a_stop: "stop" "stopping";
    killed_in_a_delete: "delete" "deleting";
    killed_in_a_reboot: "reboot" "rebooting";
}

async fn killed_in(step: &str, status: &str) {
    let berths = Berths::new();
    let mut drydock = berths.start(None).await;
    let base = request(&drydock.rds, "base").db_name("orders");
    base.send().await.unwrap();
    until(&drydock.rds, "base", "available").await;
    assert_eq!(berths.rows(&drydock.rds, "base", FIRST).await, Some(0));
    let first = drydock.rds.create_db_snapshot();
    let first = first.db_instance_identifier("base");
    first.db_snapshot_identifier("first").send().await.unwrap();
    until(&drydock.rds, "base", "available").await;
    drydock.end(Signal::KILL);
    for pause in PAUSES {
        one(&berths, step, status, pause).await;
    }
    eventually("every process to end", || berths.processes().is_empty()).await;
}

/// Kills it in a step, and looks at what the next life makes of it.
async fn one(berths: &Berths, step: &str, status: &str, pause: u64) {
    let delay = format!("{status}=3600000");
    let mut drydock = berths.start(Some(&delay)).await;
    let shown = begin(&drydock.rds, step, SECOND).await;
    until(&drydock.rds, shown, status).await;
    tokio::time::sleep(Duration::from_millis(pause)).await;
    drydock.end(Signal::KILL);
    // Without anybody starting it again.
    eventually("its servers to end", || berths.processes().is_empty()).await;

    let mut drydock = berths.start(None).await;
    let rds = drydock.rds.clone();
    match step {
        "delete" => {
            until_gone(&rds, "base").await;
            berths.check_tidy(&rds).await;
            let again = request(&rds, "base").db_name("orders");
            again.send().await.unwrap();
            until(&rds, "base", "available").await;
        }
        "stop" => {
            until(&rds, "base", "stopped").await;
            let start = rds.start_db_instance().db_instance_identifier("base");
            start.send().await.unwrap();
            until(&rds, "base", "available").await;
        }
        "password" => {
            let base = until(&rds, "base", "available").await;
            let pending = base.pending_modified_values.unwrap();
            assert_eq!(pending.master_user_password(), None);
            assert_eq!(berths.rows(&rds, "base", FIRST).await, None);
            assert_eq!(berths.rows(&rds, "base", SECOND).await, Some(0));
            let back = rds.modify_db_instance().db_instance_identifier("base");
            back.master_user_password(FIRST).send().await.unwrap();
            until(&rds, "base", "available").await;
        }
        _ => {
            until(&rds, "base", "available").await;
            until(&rds, shown, "available").await;
        }
    }
    assert_eq!(berths.rows(&rds, "base", FIRST).await, Some(0), "{step}");
    if shown == "new" {
        assert_eq!(berths.rows(&rds, "new", FIRST).await, Some(0), "{step}");
    }
    if step == "snapshot" {
        let taken = rds.delete_db_snapshot().db_snapshot_identifier("taken");
        taken.send().await.unwrap();
    }
    berths.check_tidy(&rds).await;
    if shown == "new" {
        delete(&rds, "new").await;
        until_gone(&rds, "new").await;
        berths.check_tidy(&rds).await;
    }
    drydock.end(Signal::KILL);
}

/// The tests' own folders are looked through by this, so it has to find some.
#[tokio::test]
async fn the_search_for_processes_finds_them() {
    let berths = Berths::new();
    let mut drydock = berths.start(None).await;
    request(&drydock.rds, "base").send().await.unwrap();
    until(&drydock.rds, "base", "available").await;
    // drydock, and a shell, a watcher and a postmaster at least.
    assert!(berths.processes().len() > 3);
    assert_eq!(drydock.end(Signal::TERM), Some(0));
    assert_eq!(berths.processes(), Vec::<String>::new());
}
