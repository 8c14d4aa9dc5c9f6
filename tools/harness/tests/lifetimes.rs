//! Nothing that the harness starts outlives the process that started it.

use std::{env, fs, path::Path, process::Command, time::Duration};

use harness::{
    ControlPlane, Drydock, Moto, eventually,
    process::{Process, is_alive},
};

const BOOT: Duration = Duration::from_mins(4);
const SOON: Duration = Duration::from_secs(20);
const REPORT: &str = "STOW_HARNESS_TEST_REPORT";

/// The other half of the test below, in a process of its own.
#[tokio::test]
#[ignore = "it waits to be killed; the test below starts it"]
async fn holds_everything_until_it_is_killed() {
    let report = env::var(REPORT).unwrap();
    let control_plane = ControlPlane::start().await.unwrap();
    let moto = Moto::start().await.unwrap();
    let drydock = Drydock::start().await.unwrap();
    let mut lines = vec![
        control_plane.folder().display().to_string(),
        drydock.folder().display().to_string(),
    ];
    lines.extend(control_plane.pids().iter().map(ToString::to_string));
    lines.push(moto.pid().to_string());
    lines.push(drydock.pid().to_string());
    let partial = format!("{report}.partial");
    fs::write(&partial, lines.join("\n")).unwrap();
    fs::rename(partial, report).unwrap();
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn children_die_with_a_parent_that_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report");
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args([
            "--ignored",
            "--exact",
            "holds_everything_until_it_is_killed",
        ])
        .env(REPORT, &report);
    let mut holder = Process::spawn("holder", folder.path().join("log"), &command).unwrap();
    let lines = eventually("the holder's report", BOOT, || {
        let ended = holder.check();
        let report = fs::read_to_string(&report);
        async move {
            ended.map_err(|error| error.to_string())?;
            report.map_err(|error| error.to_string())
        }
    })
    .await
    .unwrap();
    let lines: Vec<_> = lines.lines().collect();
    let (folders, pids) = lines.split_at(2);
    let pids: Vec<u32> = pids.iter().map(|pid| pid.parse().unwrap()).collect();
    assert_eq!(pids.len(), 5);
    assert!(pids.iter().all(|&pid| is_alive(pid)));
    assert!(folders.iter().all(|folder| Path::new(folder).exists()));

    holder.kill().unwrap();
    assert_eq!(holder.wait(SOON).await.unwrap(), 128 + 9);
    for pid in pids {
        let what = format!("process {pid} to be gone");
        eventually(what, SOON, || async { !is_alive(pid) })
            .await
            .unwrap();
    }
    for folder in folders {
        eventually(format!("{folder} to be gone"), SOON, || async {
            !Path::new(folder).exists()
        })
        .await
        .unwrap();
    }
}

#[tokio::test]
async fn a_process_tells_how_it_ended_and_what_it_said() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", "echo out; echo err >&2; exit 7"]);
    let mut process = Process::spawn("a shell", folder.path().join("log"), &command).unwrap();
    assert_eq!(process.wait(SOON).await.unwrap(), 7);
    assert_eq!(process.output(), "out\nerr\n");
    let error = process.check().unwrap_err().to_string();
    assert!(
        error.contains("a shell") && error.contains("status 7"),
        "{error}"
    );
    assert!(error.contains("out\nerr"), "{error}");
    // One that has ended can be told to end.
    process.kill().unwrap();
}

#[tokio::test]
async fn a_program_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let command = Command::new("/nonexistent/program");
    let mut process = Process::spawn("ghost", folder.path().join("log"), &command).unwrap();
    assert_eq!(process.wait(SOON).await.unwrap(), 127);
    let error = process.check().unwrap_err().to_string();
    assert!(error.contains("/nonexistent/program"), "{error}");
}

#[tokio::test]
async fn terminating_is_not_killing() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    command.args([
        "-c",
        "trap 'echo asked; exit 3' TERM; echo up; while :; do sleep 0.05; done",
    ]);
    let mut process = Process::spawn("polite", folder.path().join("log"), &command).unwrap();
    eventually("the trap", SOON, || async { process.output() == "up\n" })
        .await
        .unwrap();
    process.terminate().unwrap();
    assert_eq!(process.wait(SOON).await.unwrap(), 3);
    assert_eq!(process.output(), "up\nasked\n");
}
