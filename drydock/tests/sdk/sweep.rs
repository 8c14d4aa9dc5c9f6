//! Pages of a list that fail, and lists that change between two pages.

use aws_sdk_rds::{Client, types::DbInstance};

use crate::{
    berth::{Berth, code, create, until_gone},
    faults::rule,
};

/// All pages of a sweep, by identifier; or the code that ended it.
async fn sweep(rds: &Client) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    let mut marker = None;
    loop {
        let page = rds.describe_db_instances().max_records(20);
        let page = match page.set_marker(marker).send().await {
            Ok(page) => page,
            refused => return Err(code(refused)),
        };
        let name = |it: &DbInstance| it.db_instance_identifier().unwrap().to_owned();
        names.extend(page.db_instances().iter().map(name));
        marker = page.marker;
        if marker.is_none() {
            return Ok(names);
        }
    }
}

#[tokio::test]
async fn pages_of_a_sweep_fail_and_shift() {
    let berth = Berth::new().await;
    let rds = berth.rds();
    let all: Vec<_> = (100..150).map(|number| format!("db-{number}")).collect();
    berth.dock.set(drydock::settings::Settings {
        instances: 100,
        ..berth.dock.settings()
    });
    for name in &all {
        create(&rds, name).await;
    }
    assert_eq!(sweep(&rds).await.as_ref(), Ok(&all));
    let paging = async |effect: &str, after: u64| {
        let rules = format!(
            r#"[{{"action": "DescribeDBInstances", "marker": true, "after": {after}, "times": 1,
                 "effect": {effect}}}]"#
        );
        rule(&berth, &rules).await;
        let swept = sweep(&rds).await;
        assert_eq!(berth.dock.faults.read(), [], "{effect} was not met");
        swept
    };
    for after in [0, 1] {
        let failed = paging(r#""internal-failure""#, after).await;
        assert_eq!(failed, Err("InternalFailure".to_owned()));
    }
    let expired = r#"{"error": {"code": "InvalidParameterValue", "message": "Marker expired"}}"#;
    let failed = paging(expired, 1).await;
    assert_eq!(failed, Err("InvalidParameterValue".to_owned()));

    let missed = paging(r#"{"shift": 1}"#, 0).await.unwrap();
    assert!(!missed.contains(&"db-120".to_owned()));
    assert_eq!(missed.len(), 49);
    let twice = paging(r#"{"shift": -2}"#, 1).await.unwrap();
    let count = |name: &str| twice.iter().filter(|it| *it == name).count();
    assert_eq!(
        (count("db-138"), count("db-139"), count("db-140")),
        (2, 2, 1)
    );
    assert_eq!(twice.len(), 52);
    let begun_again = paging(r#"{"shift": -1000}"#, 0).await.unwrap();
    assert_eq!(begun_again.len(), 70);
    let ended = paging(r#"{"shift": 1000}"#, 0).await.unwrap();
    assert_eq!(ended, all[..20]);

    // The list itself changes between two pages.
    let moved = r#"{"meddle": {"instance": "db-145", "how": {"rename": "db-099"}}}"#;
    let missed = paging(moved, 0).await.unwrap();
    assert!(!missed.contains(&"db-145".to_owned()) && !missed.contains(&"db-099".to_owned()));
    let moved = r#"{"meddle": {"instance": "db-099", "how": {"rename": "db-145"}}}"#;
    let twice = paging(moved, 0).await.unwrap();
    assert_eq!(twice.len(), 51);
    let gone = r#"{"meddle": {"instance": "db-130", "how": {"delete": {}}}}"#;
    paging(gone, 0).await.unwrap();
    until_gone(&rds, "db-130").await;
}
