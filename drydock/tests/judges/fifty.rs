//! Many instances at once, each with a login, and what they leave: nothing.

use std::{fs, path::Path};

use crate::berth::Berth;

#[tokio::test]
async fn fifty_instances_live_at_once_and_leave_nothing() {
    let mut berth = Berth::with_servers(&[]).await;
    berth.judge("quota.py", &["50"]).await;
    berth
        .judge("fleet.py", &["50", berth.data().to_str().unwrap()])
        .await;
    // The script deleted them by the API: neither server nor file is left.
    assert_eq!(names(&berth.data().join("instances")), Vec::<String>::new());
    assert_eq!(processes_in(&berth.data()), Vec::<String>::new());

    berth
        .judge("fleet.py", &["3", berth.data().to_str().unwrap(), "--keep"])
        .await;
    assert_eq!(names(&berth.data().join("instances")).len(), 3);
    assert!(!processes_in(&berth.data()).is_empty());
    berth.stop().await;
    assert_eq!(processes_in(&berth.data()), Vec::<String>::new());
}

#[tokio::test]
#[ignore = "a measurement, not a test: cargo test -p drydock --test judges -- --ignored --nocapture cost"]
#[expect(clippy::print_stdout, reason = "what was measured is for people")]
async fn what_an_instance_costs() {
    let berth = Berth::with_servers(&[]).await;
    berth.judge("quota.py", &["50"]).await;
    let said = berth
        .judge("fleet.py", &["50", berth.data().to_str().unwrap()])
        .await;
    println!("{said}");
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect()
}

/// PostgreSQL servers that work in a folder, by their command lines.
fn processes_in(folder: &Path) -> Vec<String> {
    let folder = fs::canonicalize(folder)
        .unwrap()
        .to_string_lossy()
        .into_owned();
    let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    processes
        .filter(|process| {
            let here = fs::read_link(process.path().join("cwd"));
            here.is_ok_and(|here| here.starts_with(&folder))
        })
        .filter_map(|process| fs::read(process.path().join("cmdline")).ok())
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .collect()
}
