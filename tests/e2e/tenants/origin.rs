//! Another team's data: neither taken over nor copied.

use harness::Result;
use serde_json::json;

use super::{apply, refused, set, turned_away};
use crate::stage::Stage;

#[tokio::test]
async fn adopt_and_restore_from_another_teams_data() -> Result<()> {
    let stage = Stage::with_states_alone().await?;
    let theirs = [
        ("DBInstanceIdentifier", "theirs"),
        ("Engine", "postgres"),
        ("DBInstanceClass", "db.t3.micro"),
        ("AllocatedStorage", "20"),
        ("MasterUsername", "postgres"),
        ("MasterUserPassword", "correct-horse"),
    ];
    stage.behind("CreateDBInstance", &theirs).await?;
    stage.rds_says("theirs", "available").await?;
    let adopt = json!({"adopt": {"identifier": "theirs"}});
    let snapshot = json!({"restoreFrom": {"snapshot": "theirs"}});
    let past = json!({"restoreFrom": {"pointInTime": {"object": "theirs"}}});
    let rows = [
        ("adopts", adopt.clone(), "policy.adopt"),
        ("restores", snapshot.clone(), "policy.restore"),
        ("returns", past.clone(), "policy.restore"),
    ];
    refused(&stage, &rows).await?;
    // Nor in a version that cannot say it.
    for (name, path, key) in [
        ("adopts-of-old", "adopt.identifier", "policy.adopt"),
        ("restores-of-old", "restoreFrom.snapshot", "policy.restore"),
    ] {
        let memory = format!("hub.stow.myob.com/{path}");
        let object = json!({"apiVersion": "myob.com/v1alpha1", "kind": "PostgresDB",
            "metadata": {"name": name, "annotations": {memory: "\"theirs\""}}, "spec": {}});
        stage.apply(&object.to_string(), &[]).await?;
        let told = stage.stalled(name, "NotAllowed").await?;
        assert!(told.contains(key), "{name}: {told}");
    }
    // A word of the platform's does not make an empty database in its stead.
    let allowed = json!({"policy.adopt": "true", "policy.restore": "true"});
    set(&stage, &allowed).await?;
    let rows = [
        ("adopts-still", adopt.clone(), "cannot do it yet either way"),
        ("restores-still", snapshot, "cannot do it yet either way"),
        ("returns-still", past, "cannot do it yet either way"),
    ];
    refused(&stage, &rows).await?;

    apply(&stage, "orders", &json!({})).await?;
    stage.ready("orders").await?;
    let words = ["adopt cannot be set once the database exists"];
    turned_away(stage.edit("orders", &adopt.to_string()).await, &words);
    Ok(())
}
