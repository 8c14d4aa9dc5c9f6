//! The Secrets that the operator of 2017 left, which running applications read.

use harness::Result;

use super::{complete, opaque, version};
use crate::legacy::instances;
use crate::looks::database;
use crate::stage::{Stage, decoded};

#[tokio::test]
async fn a_secret_of_2017_keeps_what_applications_read() -> Result<()> {
    let mut stage = Stage::boot().await?;
    let names = ["bare", "ported", "stranger"];
    let all: String = names.iter().map(|name| database(name, &[])).collect();
    stage.apply(&all, &[]).await?;
    for name in names {
        let identifier = stage.identifier(name).await?;
        instance_of_2017(&stage, name, &identifier).await?;
        let filter = [("DBInstanceIdentifier", identifier.as_str())];
        let rds = stage.rds();
        let hosts = rds.texts("DescribeDBInstances", &filter, "Address");
        let host = &hosts.await?[0];
        let host = match name {
            "ported" => format!("{host}:5432"),
            "stranger" => "elsewhere.example".to_owned(),
            _ => host.clone(),
        };
        let old = opaque(
            name,
            &[
                ("DB_HOST", &host),
                ("DB_NAME", "legacy"),
                ("DB_USER", "postgres"),
                ("DB_PASSWORD", "once+of+2017"),
            ],
        );
        stage.apply(&old, &[]).await?;
    }
    let before = stage.get("secret/stranger").await?;
    stage.start(&[]).await?;

    for name in ["bare", "ported"] {
        stage.ready(name).await?;
        let secret = complete(&stage, name).await?;
        assert_eq!(decoded(&secret, "DB_PASSWORD")?, "once+of+2017");
        assert_eq!(decoded(&secret, "DB_NAME")?, "legacy");
        let object = stage.ready(name).await?;
        let port = object["status"]["endpoint"]["port"].to_string();
        assert_eq!(decoded(&secret, "DB_PORT")?, port);
        let host = decoded(&secret, "DB_HOST")?;
        assert_eq!(host.ends_with(":5432"), name == "ported", "{host}");
        let host = host.trim_end_matches(":5432");
        let url =
            format!("postgres://postgres:once%2Bof%2B2017@{host}:{port}/legacy?sslmode=require");
        assert_eq!(decoded(&secret, "DATABASE_URL")?, url);
        stage.login(name).await?.run("SELECT 1").await?;
    }
    let message = stage.stalled("stranger", "SecretConflict").await?;
    assert!(
        message.contains("DB_HOST is not the instance's"),
        "{message}"
    );
    let after = stage.get("secret/stranger").await?;
    assert_eq!(version(&after), version(&before));
    stage.sweeps(1).await?;
    let modified = |call: &harness::Call| call.action() == Some("ModifyDBInstance");
    assert_eq!(stage.only().rds.count(modified), 0, "a password was reset");
    Ok(())
}

async fn instance_of_2017(stage: &Stage, name: &str, identifier: &str) -> Result<()> {
    let further = [
        ("DBInstanceClass", "db.t2.small"),
        ("AllocatedStorage", "20"),
        ("MasterUsername", "postgres"),
        ("MasterUserPassword", "once+of+2017"),
    ];
    instances::make(stage, name, identifier, &further).await?;
    stage.rds_says(identifier, "available").await
}
