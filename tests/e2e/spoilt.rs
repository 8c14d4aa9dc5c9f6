//! What RDS shows, spoilt on its way: a fleet at rest is left alone, and one
//! instance that is half described blinds nobody.

use std::sync::atomic::{AtomicUsize, Ordering};

use harness::{Error, Result, eventually};
use serde_json::{Value, json};

use crate::looks::{database, said};
use crate::stage::{PATIENCE, Stage, condition};
use crate::sweep::{edited, is_sweep};

const SPEC: [&str; 2] = ["size: db.t4g.small", "storage: 20Gi"];
const END: &str = "</DescribeDBInstancesResponse>";
const CLASS: &str = "<DBInstanceClass>db.t4g.small</DBInstanceClass>";

/// A sweep's page that is none any more, each in another way.
const SPOILS: [fn(&str) -> String; 11] = [
    |page| up_to(page, "<DBInstance>"),
    |page| up_to(page, "</DBInstance>") + "</DBInstance>",
    |page| up_to(page, "</DBInstances>"),
    |page| up_to(page, "</DescribeDBInstancesResult>") + "</DescribeDBInstancesResult>",
    |page| up_to(page, END),
    |page| up_to(page, "<DBInstanceStatus>") + "<DBInstanceStatus>del",
    |page| page.replace("DBInstances>", "DBSnapshots>"),
    |page| page.replace("<AllocatedStorage>20<", "<AllocatedStorage>twenty<"),
    |page| page.replace("DBInstanceIdentifier>", "DBClusterId>"),
    |_| "<html><body>Sign in to the network</body></html>".to_owned(),
    |_| String::new(),
];

fn up_to(page: &str, text: &str) -> String {
    let found = page.split_once(text);
    found.map_or(page, |(before, _)| before).to_owned()
}

#[tokio::test]
async fn what_is_spoilt_changes_nothing_and_blinds_nobody() -> Result<()> {
    let stage = Stage::with_states_alone().await?;
    let fleet = ["one", "two", "three", "half"];
    let all = fleet.map(|name| database(name, &SPEC));
    stage.apply(&all.concat(), &[]).await?;
    for name in fleet {
        stage.ready(name).await?;
    }
    at_rest(&stage, &fleet).await?;
    half_described(&stage).await
}

/// Sweeps that are cut, or are no sweeps, one after another.
async fn at_rest(stage: &Stage, fleet: &[&str]) -> Result<()> {
    let rds = &stage.only().rds;
    stage.sweeps(1).await?;
    let before = everything(stage, fleet).await?;
    rds.forget();
    let turn = AtomicUsize::new(0);
    let spoilt = rds.when(is_sweep).map(move |page| {
        let turn = turn.fetch_add(1, Ordering::Relaxed);
        SPOILS[turn % SPOILS.len()](&page)
    });
    eventually("every kind of spoilt page", PATIENCE, || async {
        spoilt.hits() > SPOILS.len() as u64
    })
    .await?;
    spoilt.remove();
    for effect in ["truncate-answer", "garble-answer"] {
        let fault = json!({"action": "DescribeDBInstances", "effect": effect});
        stage.drydock.set_faults(json!([fault])).await?;
        stage.sweeps(2).await?;
    }
    let mutations = rds.mutations();
    assert!(mutations.is_empty(), "{mutations:?}");
    for name in fleet {
        // What is known stands, and where it cannot be renewed, that is told.
        let object = stage.get(&format!("postgresdb/{name}")).await?;
        let ready = condition(&object, "Ready").map(|ready| ready["status"].clone());
        assert_eq!(ready, Some(json!("True")), "{object}");
        let told = stage.condition(name, "Reconciling", |_, reason| reason == "Unreachable");
        told.await?;
    }
    stage.drydock.set_faults(json!([])).await?;
    for name in fleet {
        let healed = |object: &Value| condition(object, "Reconciling").is_none();
        stage.object(name, "told well again", healed).await?;
    }
    stage.sweeps(1).await?;
    assert_eq!(everything(stage, fleet).await?, before);
    assert!(rds.mutations().is_empty(), "{:?}", rds.mutations());
    Ok(())
}

/// Each object's spec and finalizers, and its Secret's version.
async fn everything(stage: &Stage, fleet: &[&str]) -> Result<Vec<Value>> {
    let mut all = Vec::new();
    for name in fleet {
        let object = stage.get(&format!("postgresdb/{name}")).await?;
        let secret = stage.get(&format!("secret/{name}")).await?;
        all.push(json!([
            object["spec"],
            object["metadata"]["finalizers"],
            secret["metadata"]["resourceVersion"],
        ]));
    }
    Ok(all)
}

/// A neighbour of nobody's, and one of ours, that RDS states no class of.
async fn half_described(stage: &Stage) -> Result<()> {
    let neighbour = "odd-00000000-0000-4000-8000-000000000000";
    let create = [
        ("DBInstanceIdentifier", neighbour),
        ("Engine", "postgres"),
        ("DBInstanceClass", "db.t4g.small"),
        ("AllocatedStorage", "20"),
        ("MasterUsername", "postgres"),
        ("MasterUserPassword", "correct-horse"),
    ];
    stage.behind("CreateDBInstance", &create).await?;
    let rds = &stage.only().rds;
    rds.forget();
    let classless = rds.when(is_sweep).map(|page| {
        let without = |block: &str| block.replace(CLASS, "");
        edited(&edited(&page, "odd", without), "half", without)
    });

    // Its own object says so, whatever is asked of it meanwhile.
    let told = |_: &str, reason: &str| reason == "Unreachable";
    let object = stage.condition("half", "Reconciling", told).await?;
    let message = said(&object, "Reconciling");
    let identifier = stage.identifier("half").await?;
    let want = format!("RDS describes instance {identifier} without DBInstanceClass.");
    assert!(message.starts_with(&want), "{message}");
    stage.edit("half", r#"{"storage":"40Gi"}"#).await?;
    stage.judged("half").await?;
    // The others are seen as ever.
    stage.apply(&database("fresh", &SPEC), &[]).await?;
    stage.ready("fresh").await?;
    stage.edit("two", r#"{"storage":"40Gi"}"#).await?;
    let grown = |object: &Value| object["status"]["storage"] == "40Gi";
    stage.object("two", "grown", grown).await?;
    stage.delete("postgresdb/half").await?;
    stage.sweeps(3).await?;
    assert_eq!(stage.asked_of("half").len(), 0);
    let object = stage.get("postgresdb/half").await?;
    assert!(object["metadata"]["deletionTimestamp"].is_string());
    assert_eq!(
        object["metadata"]["finalizers"].as_array().map(Vec::len),
        Some(1)
    );

    classless.remove();
    stage.gone("postgresdb/half").await?;
    let asked = stage.asked_of("half");
    let [delete] = asked.as_slice() else {
        panic!("{asked:?}")
    };
    assert_eq!(delete.action(), Some("DeleteDBInstance"));
    assert_eq!(delete.parameter("SkipFinalSnapshot"), Some("false"));
    let touched = rds.count(|call| {
        call.is_mutation() && call.parameter("DBInstanceIdentifier") == Some(neighbour)
    });
    if touched > 0 {
        return Err(Error::Unexpected("the neighbour was touched".to_owned()));
    }
    Ok(())
}
