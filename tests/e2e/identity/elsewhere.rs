//! Region, account and cluster switched under a running fleet.

use harness::Result;

use super::yard::{PIN, SPEC, Yard};
use crate::looks::database;
use crate::stage::PATIENCE;

const ELSEWHERE: &str = "222222222222";

/// Gives the operator every reason to change something: a new object, an edited
/// one, a deleted one. Returns what the first of them says.
async fn tempted(yard: &Yard, new: &str, seen: &str) -> Result<String> {
    let stage = &yard.stage;
    stage.apply(&database(new, &SPEC), &[]).await?;
    stage.edit("alpha", "{\"size\":\"db.t4g.medium\"}").await?;
    stage.delete("postgresdb/omega").await?;
    let mut said = String::new();
    for name in ["alpha", "omega", new] {
        said = stage.stalled(name, "InvalidConfiguration").await?;
        assert!(said.contains(seen), "{name}: {said}");
    }
    yard.sweeps(3).await?;
    let changes = yard.changes();
    assert!(changes.is_empty(), "{seen}: {changes:?}");
    let only = stage.only();
    assert!(only.metric("stow_identity_mismatch").await? > 0.0);
    Ok(said)
}

/// Once all is as it was, what was asked for meanwhile is done.
async fn healed(yard: &Yard, new: &str) -> Result<()> {
    let stage = &yard.stage;
    stage.ready(new).await?;
    stage.gone("postgresdb/omega").await?;
    let has_size = |object: &serde_json::Value| object["status"]["size"] == "db.t4g.medium";
    let alpha = stage.object("alpha", "its new size", has_size).await?;
    assert!(crate::stage::condition(&alpha, "Stalled").is_none());
    let metric = || stage.only().metric("stow_identity_mismatch");
    assert!(metric().await?.abs() < f64::EPSILON);
    Ok(())
}

#[tokio::test]
async fn another_account_behind_the_credentials_changes_nothing() -> Result<()> {
    let yard = Yard::with_fleet(&["alpha", "omega"]).await?;
    let account = yard.account().await?;
    let pin = yard.pin().await?;
    assert_eq!(pin["account"], *account);
    assert_eq!(pin["region"], harness::operator::REGION);
    let get = ["get", "namespace", "kube-system", "-o", "json"];
    let namespace = yard.stage.kubectl(&get).await?;
    let cluster = pin["cluster"].as_str().unwrap_or_default();
    assert!(cluster.len() == 36 && namespace.contains(cluster), "{pin}");

    yard.switch_account(ELSEWHERE).await?;
    yard.forget();
    let said = tempted(&yard, "beta", ELSEWHERE).await?;
    assert!(said.contains(&account), "{said}");
    // The database that runs is not said to be anything else.
    yard.stage.ready("alpha").await?;
    assert_eq!(yard.pin().await?, pin);
    yard.stage.said(0, "the AWS account is").await?;

    yard.switch_account(&account).await?;
    healed(&yard, "beta").await
}

#[tokio::test]
async fn another_region_or_cluster_changes_nothing() -> Result<()> {
    let mut yard = Yard::with_fleet(&["alpha", "omega"]).await?;
    let pin = yard.pin().await?;
    for (new, arguments, region, seen) in [
        ("beta", &[][..], Some("eu-west-1"), "eu-west-1"),
        ("gamma", &["--cluster-id", "another"][..], None, "another"),
    ] {
        yard.end().await?;
        yard.rds.forget();
        yard.start(arguments, region).await?;
        tempted(&yard, new, seen).await?;
        assert_eq!(yard.pin().await?, pin);
    }
    yard.end().await?;
    yard.start(&[], None).await?;
    for new in ["beta", "gamma"] {
        healed(&yard, new).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_switch_that_is_meant_is_acknowledged_by_the_command_that_it_tells() -> Result<()> {
    let yard = Yard::with_fleet(&["alpha"]).await?;
    yard.switch_account(ELSEWHERE).await?;
    let stage = &yard.stage;
    stage.apply(&database("beta", &SPEC), &[]).await?;
    let said = stage.stalled("beta", "InvalidConfiguration").await?;
    let (_, command) = said.split_once("kubectl ").expect("a command");
    let (words, patch) = command.split_once('\'').expect("a patch");
    let (patch, _) = patch.split_once('\'').expect("the end of it");
    let mut arguments: Vec<_> = words.split_whitespace().collect();
    arguments.push(patch);
    stage.kubectl(&arguments).await?;

    stage.ready("beta").await?;
    assert_eq!(yard.pin().await?["account"], ELSEWHERE);
    // What is in the other account is out of reach, and not made anew.
    stage.stalled("alpha", "InstanceMissing").await?;
    let creates = yard
        .rds
        .count(|call| call.action() == Some("CreateDBInstance"));
    assert_eq!(creates, 2);

    // Nor is it forgotten there, but by a word.
    yard.forget();
    stage.delete("postgresdb/alpha").await?;
    let alpha = stage
        .object("alpha", "told where it lives", |object| {
            let told = crate::stage::condition(object, "Stalled");
            told.and_then(|told| told["message"].as_str())
                .is_some_and(|told| told.contains("spec.deletionPolicy: Retain"))
        })
        .await?;
    let told = crate::looks::said(&alpha, "Stalled");
    let arn = crate::looks::text_at(&alpha, "/status/arn");
    assert!(!arn.contains(ELSEWHERE) && told.contains(arn), "{told}");
    stage
        .edit("alpha", r#"{"deletionPolicy":"Retain"}"#)
        .await?;
    stage.gone("postgresdb/alpha").await?;
    let at_rds = yard.rds.mutations();
    assert!(at_rds.is_empty(), "{at_rds:?}");
    Ok(())
}

#[tokio::test]
async fn a_pin_that_is_deleted_is_made_as_at_a_first_start() -> Result<()> {
    let yard = Yard::with_fleet(&["alpha"]).await?;
    let pin = yard.pin().await?;
    let delete = [&["delete"][..], &PIN].concat();
    yard.stage.kubectl(&delete).await?;
    harness::eventually("the pin", PATIENCE, || async {
        yard.pin().await.is_ok_and(|now| now == pin)
    })
    .await?;
    yard.stage.ready("alpha").await.map(drop)
}
