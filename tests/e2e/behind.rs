//! What happens to instances behind the operator's back: AWS's own doings, other
//! people's, and another account behind the same credentials.

use harness::{Call, Result};
use serde_json::json;

use crate::looks::{asked, database};
use crate::stage::{Stage, condition};

const SPEC: [&str; 2] = ["size: db.t4g.small", "storage: 20Gi"];

/// With other credentials all instances seem to be gone. None is made anew.
#[tokio::test]
async fn another_account_is_not_an_empty_one() -> Result<()> {
    let stage = Stage::running().await?;
    stage.apply(&database("orders", &SPEC), &[]).await?;
    stage.ready("orders").await?;
    let rds = &stage.only().rds;
    rds.forget();

    stage.drydock.set_account("210987654321").await?;
    let message = stage.stalled("orders", "InvalidConfiguration").await?;
    assert!(message.contains("210987654321"), "{message}");
    stage.sweeps(3).await?;
    assert_eq!(rds.mutations().len(), 0, "{:?}", rds.mutations());
    assert_eq!(stage.instances("DBInstanceIdentifier").await?, [""; 0]);

    stage.drydock.set_account("123456789012").await?;
    stage
        .object("orders", "not stalled", |object| {
            condition(object, "Stalled").is_none()
        })
        .await?;
    stage.ready("orders").await?;
    assert_eq!(rds.mutations().len(), 0, "{:?}", rds.mutations());
    stage.login("orders").await?.run("SELECT 1").await
}

#[tokio::test]
async fn what_aws_does_by_itself_is_shown_and_what_people_do_is_undone() -> Result<()> {
    let stage = Stage::running().await?;
    stage.apply(&database("orders", &SPEC), &[]).await?;
    stage.ready("orders").await?;
    let rds = &stage.only().rds;
    rds.forget();

    stage.meddle("orders", json!({"version": "15.99"})).await?;
    stage.meddle("orders", json!({"grow": 64})).await?;
    stage
        .object("orders", "moved and grown", |object| {
            let status = &object["status"];
            status["engineVersion"] == "15.99" && status["storage"] == "64Gi"
        })
        .await?;
    stage.ready("orders").await?;
    stage.sweeps(2).await?;
    assert_eq!(rds.mutations().len(), 0, "{:?}", rds.mutations());

    // The spec states the class.
    let larger = json!({"class": "db.r6g.16xlarge"});
    stage.meddle("orders", larger).await?;
    stage
        .object("orders", "its class back", |object| {
            rds.mutations().len() == 1 && object["status"]["size"] == "db.t4g.small"
        })
        .await?;
    stage.ready("orders").await?;
    stage.sweeps(2).await?;
    let calls = rds.mutations();
    let actions: Vec<_> = calls.iter().filter_map(Call::action).collect();
    assert_eq!(actions, ["ModifyDBInstance"]);
    let want = [
        ("ApplyImmediately", "true"),
        ("DBInstanceClass", "db.t4g.small"),
    ];
    assert_eq!(asked(&calls[0]), want.into());
    Ok(())
}

#[tokio::test]
async fn an_instance_that_somebody_took_away_is_missed() -> Result<()> {
    let stage = Stage::running().await?;
    let names = ["renamed", "deleted", "moved"];
    let all = names.map(|name| database(name, &SPEC));
    stage.apply(&all.concat(), &[]).await?;
    for name in names {
        stage.ready(name).await?;
    }
    let rds = &stage.only().rds;
    rds.forget();

    let own = stage.identifier("renamed").await?;
    stage
        .meddle("renamed", json!({"rename": "elsewhere"}))
        .await?;
    stage.meddle("deleted", json!({"delete": {}})).await?;
    // A copy of it, for all that can be told, and no instance of its name.
    let object = stage
        .condition("renamed", "Stalled", |status, _| status == "True")
        .await?;
    let told = condition(&object, "Stalled").map(|found| found["message"].to_string());
    let told = told.unwrap_or_default();
    assert!(told.contains("elsewhere") || told.contains(&own), "{told}");
    stage.stalled("deleted", "InstanceMissing").await?;
    stage.sweeps(2).await?;
    assert_eq!(rds.mutations().len(), 0, "{:?}", rds.mutations());

    let back = json!({ "rename": own });
    let region = harness::REGION;
    stage.drydock.meddle(region, "elsewhere", back).await?;
    stage.ready("renamed").await?;
    stage.login("renamed").await?.run("SELECT 1").await?;
    stage.delete("postgresdb/deleted").await?;
    stage.gone("postgresdb/deleted").await?;
    assert_eq!(rds.mutations().len(), 0, "{:?}", rds.mutations());
    renamed_and_deleted(&stage).await
}

/// A database under another name is not forgotten, but by a word.
async fn renamed_and_deleted(stage: &Stage) -> Result<()> {
    stage.meddle("moved", json!({"rename": "away"})).await?;
    stage.stalled("moved", "InstanceMissing").await?;
    stage.delete("postgresdb/moved").await?;
    let told = "set spec.deletionPolicy: Retain";
    let object = stage
        .object("moved", "told under which name it lives", |object| {
            condition(object, "Stalled").is_some_and(|found| {
                let message = found["message"].as_str();
                message.is_some_and(|message| message.contains(told))
            })
        })
        .await?;
    assert!(crate::looks::said(&object, "Stalled").contains("instance away carries its tags"));
    stage
        .edit("moved", r#"{"deletionPolicy":"Retain"}"#)
        .await?;
    stage.gone("postgresdb/moved").await?;
    let names = stage.instances("DBInstanceIdentifier").await?;
    assert!(names.contains(&"away".to_owned()), "{names:?}");
    let calls = stage.only().rds.mutations();
    assert_eq!(calls.len(), 0, "{calls:?}");
    Ok(())
}
