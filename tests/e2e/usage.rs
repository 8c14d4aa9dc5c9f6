//! What the README tells a user to type, word for word.

use harness::Result;
use serde_json::json;

use crate::stage::{NAMESPACE, Stage, decoded, file};

#[tokio::test]
async fn the_commands_of_2017_lead_to_a_database() -> Result<()> {
    let stage = Stage::running().await?;
    let example = file("yaml/example.yaml").display().to_string();
    stage
        .kubectl(&["apply", "-f", &example, "-n", NAMESPACE])
        .await?;
    let object = stage.ready("example-db").await?;

    let ready = ["get", "postgresdb", "example-db", "-n", NAMESPACE, "-o"];
    let template = "go-template={{.status.ready}}";
    let ready = stage.kubectl(&[&ready[..], &[template]].concat()).await?;
    assert_eq!(ready, "available");

    let uid = object["metadata"]["uid"].as_str().unwrap_or_default();
    assert_eq!(
        stage.instances("DBInstanceIdentifier").await?,
        [format!("example-db-{uid}")]
    );
    assert_eq!(
        stage.instances("AllocatedStorage").await?,
        ["20"],
        "what RDS has since 2017"
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
