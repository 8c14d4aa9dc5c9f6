//! The binary: killed without warning, started again, ended by SIGTERM.

use std::{
    fs::Permissions,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use aws_sdk_rds::Client;
use rustix::process::{Pid, Signal, kill_process};

use crate::{
    berth::{config_of, describe, request, until},
    port::eventually,
};

pub(crate) struct Drydock {
    process: Child,
    pub(crate) rds: Client,
}

/// Kills it if a test fails.
impl Drop for Drydock {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drydock {
    pub(crate) async fn start(data: &Path) -> Self {
        Self::start_with(data, &[]).await
    }

    /// With more arguments.
    pub(crate) async fn start_with(data: &Path, arguments: &[&str]) -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let process = Command::new(env!("CARGO_BIN_EXE_drydock"))
            .args(["--listen", &address.to_string(), "--data"])
            .arg(data)
            .args(arguments)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let rds = Client::new(&config_of(address, "eu-west-1"));
        let answering = harness::eventually("an answer", Duration::from_mins(1), || async {
            rds.describe_db_instances().send().await.is_ok()
        });
        answering.await.unwrap();
        Self { process, rds }
    }

    /// The status it exits with.
    pub(crate) fn end(&mut self, by: Signal) -> Option<i32> {
        let pid = Pid::from_child(&self.process);
        kill_process(pid, by).unwrap();
        self.process.wait().unwrap().code()
    }
}

/// Whether something listens on an instance's port.
fn listens(port: i32) -> bool {
    let port = u16::try_from(port).unwrap();
    std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
}

#[tokio::test]
async fn a_killed_drydock_comes_back_with_the_same_instances() {
    let folder = tempfile::tempdir().unwrap();
    // As root, PostgreSQL runs as another user, who must come through.
    std::fs::set_permissions(folder.path(), Permissions::from_mode(0o711)).unwrap();
    let data = folder.path().join("data");
    let mut first = Drydock::start(&data).await;
    request(&first.rds, "kept").send().await.unwrap();
    let kept = until(&first.rds, "kept", "available").await;
    request(&first.rds, "half").send().await.unwrap();
    assert_eq!(first.end(Signal::KILL), None);
    let port = kept.endpoint().unwrap().port.unwrap();
    // A child that was being started holds the sockets until it is what it shall be.
    eventually("its port to be free", || !listens(port)).await;

    let mut second = Drydock::start(&data).await;
    let again = describe(&second.rds, "kept").await;
    assert_eq!(again.db_instance_status(), Some("available"));
    assert_eq!(again.dbi_resource_id, kept.dbi_resource_id);
    assert_eq!(again.endpoint, kept.endpoint);
    assert!(listens(port));
    until(&second.rds, "half", "available").await;
    assert_eq!(second.end(Signal::TERM), Some(0));
    assert!(!listens(port));
    for instance in std::fs::read_dir(data.join("instances")).unwrap() {
        let lock = instance.unwrap().path().join("data/postmaster.pid");
        assert!(!lock.exists(), "{} runs still", lock.display());
    }
}
