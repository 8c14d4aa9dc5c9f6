//! The shipped rights are exactly what a whole life of the operator takes, and
//! a tenant's are what the built-in roles promise.

mod rules;
pub(crate) mod shipped;
mod tenants;

use harness::{Error, Result, eventually};

use self::rules::{Rule, Use};
use crate::looks::database;
use crate::stage::{ACCOUNT, NAMESPACE, PATIENCE, Stage};

const SPEC: [&str; 2] = ["size: db.t4g.small", "storage: 20Gi"];

#[tokio::test]
async fn the_operator_uses_every_right_that_it_has_and_needs_no_other() -> Result<()> {
    let mut stage = Stage::boot().await?;
    let replica = stage.replica_with(&[], shipped::as_deployed).await?;
    stage.replicas.push(replica);
    stage.relay().await?;
    stage.serving(0).await?;
    stage.trusted().await?;

    created_and_changed(&stage).await?;
    given_other_secrets(&stage).await?;
    configured(&stage).await?;
    pinned_again(&stage).await?;
    handed_over(&mut stage).await?;
    stage.delete("postgresdb/orders").await?;
    stage.gone("postgresdb/orders").await?;

    let requests: Vec<Use> = stage
        .cluster
        .audited(ACCOUNT)?
        .into_iter()
        .filter_map(Use::of)
        .collect();
    let refused: Vec<_> = requests.iter().filter(|request| !request.allowed).collect();
    assert!(refused.is_empty(), "refused: {refused:#?}");
    let rules = rules::shipped();
    let ungranted: Vec<_> = requests
        .iter()
        .filter(|request| !rules.iter().any(|rule| rule.allows(request)))
        .collect();
    assert!(
        ungranted.is_empty(),
        "allowed by somebody else's roles: {ungranted:#?}"
    );
    let idle: Vec<_> = rules
        .iter()
        .filter(|rule| !requests.iter().any(|request| alone(rule, &rules, request)))
        .collect();
    assert!(
        idle.is_empty(),
        "no request needs these rights of yaml/deployment.yaml, since none was made that another \
         of the same role does not allow as well: {idle:#?}"
    );
    Ok(())
}

/// Whether a request needs this rule of its role. The Role by itself is enough to
/// serve conversions, so what both roles allow is there on purpose.
fn alone(rule: &Rule, rules: &[Rule], request: &Use) -> bool {
    let others = rules.iter().filter(|other| other.role == rule.role);
    rule.allows(request) && others.filter(|other| other.allows(request)).count() == 1
}

/// The finalizer, the status, the Secret; and an Event that is told twice, which
/// is a patch of the first.
async fn created_and_changed(stage: &Stage) -> Result<()> {
    stage.apply(&database("orders", &SPEC), &[]).await?;
    stage.ready("orders").await?;
    for (index, team) in ["shop", "till"].into_iter().enumerate() {
        let spec = format!(r#"{{"tags":{{"team":"{team}"}}}}"#);
        stage.edit("orders", &spec).await?;
        eventually(format!("the tag {team}"), PATIENCE, || async {
            stage.sent("AddTagsToResource", "orders").len() == index + 1
        })
        .await?;
        stage.judged("orders").await?;
    }
    Ok(())
}

/// An edit of the Secret is taken back, and another Secret replaces it.
async fn given_other_secrets(stage: &Stage) -> Result<()> {
    stage
        .patch("secret/orders", r#"{"data":{"DB_HOST":null}}"#)
        .await?;
    stage.nudge("orders").await?;
    eventually("the Secret, restored", PATIENCE, || async {
        let secret = stage.get("secret/orders").await?;
        let host = secret["data"]["DB_HOST"].as_str();
        host.map(drop)
            .ok_or_else(|| Error::Unexpected(secret.to_string()))
    })
    .await?;
    stage.edit("orders", r#"{"secretName":"other"}"#).await?;
    stage.gone("secret/orders").await?;
    stage.ready("orders").await.map(drop)
}

/// The `ConfigMap` is read live.
async fn configured(stage: &Stage) -> Result<()> {
    let wrong = r#"{"data":{"aws.rds.postgres.default.port":"many"}}"#;
    let right = r#"{"data":{"aws.rds.postgres.default.port":"5432"}}"#;
    let edit = |patch| {
        let target = ["-n", "stow-system", "configmap/stow"];
        let patch = ["--type=merge", "-p", patch];
        let arguments = [&["patch"], &target[..], &patch].concat();
        async move { stage.kubectl(&arguments).await }
    };
    edit(wrong).await?;
    stage.apply(&database("later", &SPEC), &[]).await?;
    stage.stalled("later", "InvalidConfiguration").await?;
    edit(right).await?;
    stage.ready("later").await?;
    stage.delete("postgresdb/later").await?;
    stage.gone("postgresdb/later").await
}

/// What the pin lacks is written to it again.
async fn pinned_again(stage: &Stage) -> Result<()> {
    let pin = ["-n", "stow-system", "configmap/stow-identity"];
    let without = ["--type=merge", "-p", r#"{"data":{"account":null}}"#];
    stage
        .kubectl(&[&["patch"], &pin[..], &without].concat())
        .await?;
    eventually("the account, pinned again", PATIENCE, || async {
        let account = ["-o", "jsonpath={.data.account}"];
        let get = [&["get"], &pin[..], &account].concat();
        match stage.kubectl(&get).await?.trim() {
            "" => Err(Error::Unexpected("no account".to_owned())),
            _ => Ok(()),
        }
    })
    .await
}

/// A second replica finds the webhook's CA broken, and mends it; and takes the
/// lead when the first is told to stop.
async fn handed_over(stage: &mut Stage) -> Result<()> {
    let broken = r#"{"data":{"ca.key":"YnJva2Vu"}}"#;
    let target = ["-n", "stow-system", "secret/stow-webhook"];
    let patch = [&["patch"], &target[..], &["--type=merge", "-p", broken]].concat();
    stage.kubectl(&patch).await?;
    let replica = stage.replica_with(&[], shipped::as_deployed).await?;
    stage.replicas.push(replica);
    stage.serving(1).await?;
    let first = &mut stage.replicas[0].operator;
    first.terminate()?;
    assert_eq!(first.wait(PATIENCE).await?, 0);
    stage.replicas.remove(0);
    stage.relay().await?;
    stage.said(0, "this replica leads").await?;
    stage.trusted().await?;
    let get = ["get", "-n", NAMESPACE, "postgresdbs.v1alpha1.myob.com"];
    stage.kubectl(&get).await.map(drop)
}
