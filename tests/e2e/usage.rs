//! What the README tells a user to type, word for word.

use harness::{Result, eventually};
use serde_json::{Value, json};

use crate::document::{commands, typed};
use crate::stage::{NAMESPACE, PATIENCE, Stage, decoded};

/// What no test here can run: it needs a kubelet that starts the Deployment's
/// Pods, or it is what runs this test.
fn needs_more_than_a_control_plane(command: &str) -> bool {
    command.starts_with("make ") || command.contains("rollout status")
}

#[tokio::test]
async fn the_readme_leads_from_an_empty_cluster_to_a_database_and_back() -> Result<()> {
    let mut commands = commands("README.md")?;
    commands.retain(|command| !needs_more_than_a_control_plane(command));
    let mut stage = Stage::bare().await?;
    let context = format!("kubectl config set-context --current --namespace={NAMESPACE}");
    typed(&stage, &context).await?;

    let example = commands
        .iter()
        .position(|command| command.contains("yaml/example.yaml"));
    let usage = commands.split_off(example.expect("the README applies the example"));
    assert_eq!(commands.len(), 4, "2017's, and the policies: {commands:?}");
    for command in &commands {
        typed(&stage, command).await?;
    }
    stage.start(&[]).await?;

    let mut ready = None;
    for command in &usage {
        if command.contains("go-template") {
            // The README says that it takes a while.
            let printed = eventually(command, PATIENCE, || async {
                let printed = typed(&stage, command).await?;
                if printed == "available" {
                    Ok(printed)
                } else {
                    Err(harness::Error::Unexpected(printed))
                }
            });
            printed.await.map_err(|error| stage.explain(&error))?;
            ready = Some(stage.ready("example-db").await?);
            connects(&stage, ready.as_ref()).await?;
        } else {
            typed(&stage, command)
                .await
                .map_err(|error| stage.explain(&error))?;
        }
    }
    assert!(
        usage.last().is_some_and(|last| last.contains("delete")),
        "{usage:?}"
    );

    let object = ready.expect("the README shows the status");
    let instance = object["status"]["id"].as_str().unwrap_or_default();
    assert_eq!(stage.instances("DBInstanceIdentifier").await?, [""; 0]);
    let snapshots = [("SnapshotType", "manual")];
    let snapshots = stage
        .rds()
        .texts("DescribeDBSnapshots", &snapshots, "DBSnapshotIdentifier")
        .await?;
    let [snapshot] = snapshots.as_slice() else {
        panic!("{snapshots:?}")
    };
    let time = snapshot
        .strip_prefix(&format!("{instance}-"))
        .unwrap_or_default();
    assert!(
        time.len() == 14 && time.bytes().all(|b| b.is_ascii_digit()),
        "{snapshot}"
    );
    Ok(())
}

/// The Secret has what the README says, and each value is right.
async fn connects(stage: &Stage, object: Option<&Value>) -> Result<()> {
    let object = object.expect("the object was read");
    let uid = object["metadata"]["uid"].as_str().unwrap_or_default();
    assert_eq!(
        stage.instances("DBInstanceIdentifier").await?,
        [format!("example-db-{uid}")]
    );
    assert_eq!(
        stage.instances("AllocatedStorage").await?,
        ["20"],
        "the least that RDS takes since 2017"
    );
    assert_eq!(stage.instances("StorageType").await?, ["gp2"]);

    let secret = stage.get("secret/example-db").await?;
    let value = |key: &str| decoded(&secret, key);
    assert_eq!(value("DB_HOST")?, object["status"]["endpoint"]["address"]);
    assert_eq!(
        json!(value("DB_PORT")?.parse::<u16>().ok()),
        object["status"]["endpoint"]["port"]
    );
    assert_eq!(
        (value("DB_NAME")?, value("DB_USER")?),
        ("example_db".into(), "postgres".into())
    );
    let (host, port, password) = (value("DB_HOST")?, value("DB_PORT")?, value("DB_PASSWORD")?);
    let url = format!("postgres://postgres:{password}@{host}:{port}/example_db?sslmode=require");
    assert_eq!(value("DATABASE_URL")?, url);
    stage.login_by(&url).await?.run("SELECT 1").await?;
    let sent = stage.only().rds.calls();
    let create = sent
        .iter()
        .find(|call| call.action() == Some("CreateDBInstance"));
    assert_eq!(
        create.and_then(|call| call.parameter("MasterUserPassword")),
        Some(&*password)
    );
    Ok(())
}
