//! The API server, the RDS endpoint and their names, down one by one and
//! together, while people go on writing.

use std::io::Write;

use harness::{Call, Error, Result, eventually};

use super::names::{API, Names, RDS, can_be_taken};
use crate::looks::database;
use crate::stage::{PATIENCE, Stage};
use crate::storms::assert_rest;

const SPEC: [&str; 2] = ["size: db.t4g.small", "storage: 20Gi"];

/// What is down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Down {
    Api,
    Rds,
    ApiName,
    RdsName,
}

const OUTAGES: [(&str, &[Down]); 5] = [
    ("api", &[Down::Api]),
    ("rds", &[Down::Rds]),
    ("rds-name", &[Down::RdsName]),
    ("names", &[Down::ApiName, Down::RdsName]),
    ("all", &[Down::Api, Down::Rds, Down::ApiName, Down::RdsName]),
];

/// Short, so that an outage of the API server costs the lead.
const LEASE: [&str; 2] = ["--lease-duration", "5s"];

#[tokio::test]
async fn whatever_was_down_is_caught_up_with() -> Result<()> {
    let names = Names::new()?;
    let mut stage = Stage::boot_with(&["--without-postgres"]).await?;
    let mut led = Ok(());
    let takes_names = can_be_taken();
    if !takes_names {
        let skipped = "skipped: the outages of names, since no mount namespace can be had here\n";
        // Nobody may miss it, and nothing depends on its being read.
        let _ = std::io::stderr().write_all(skipped.as_bytes());
    }
    let replica = stage.replica_with(&LEASE, |config| {
        if takes_names {
            led = names.lead(config);
        }
    });
    let replica = replica.await?;
    led?;
    stage.enter(replica).await?;
    let mut there = 0;
    let is_name = |down: &Down| matches!(down, Down::ApiName | Down::RdsName);
    let outages = OUTAGES.into_iter();
    for (outage, down) in outages.filter(|(_, down)| takes_names || !down.iter().any(is_name)) {
        let [changes, leaves, new] =
            ["changes", "leaves", "new"].map(|name| format!("{name}-{outage}"));
        stage
            .apply(
                &(database(&changes, &SPEC) + &database(&leaves, &SPEC)),
                &[],
            )
            .await?;
        stage.fleet(there + 2).await?;
        stage.only().rds.forget();

        let said = stage.only().operator.output().len();
        begin(&stage, &names, down)?;
        stage.apply(&database(&new, &SPEC), &[]).await?;
        stage.edit(&changes, r#"{"size":"db.t4g.large"}"#).await?;
        stage.delete(&format!("postgresdb/{leaves}")).await?;
        felt(&stage, down, &new, said).await?;
        let sent = stage.only().rds.mutations();
        assert_eq!(sent.len(), 0, "{outage}: {sent:?}");

        end(&stage, &names)?;
        stage.gone(&format!("postgresdb/{leaves}")).await?;
        there += 2;
        stage.fleet(there).await?;
        let object = stage.get(&format!("postgresdb/{changes}")).await?;
        assert_eq!(object["status"]["size"], "db.t4g.large", "{outage}");
        for (action, name) in [
            ("CreateDBInstance", &new),
            ("ModifyDBInstance", &changes),
            ("DeleteDBInstance", &leaves),
        ] {
            assert_eq!(stage.sent(action, name).len(), 1, "{outage}: {action}");
        }
        let sent = stage.only().rds.mutations();
        let actions: Vec<_> = sent.iter().filter_map(Call::action).collect();
        assert_eq!(actions.len(), 3, "{outage}: {actions:?}");
    }
    assert_rest(&stage).await
}

fn begin(stage: &Stage, names: &Names, down: &[Down]) -> Result<()> {
    let known = [(Down::ApiName, API), (Down::RdsName, RDS)];
    let known = known.iter().filter(|(name, _)| !down.contains(name));
    let known: Vec<_> = known.map(|(_, name)| *name).collect();
    names.resolve(&known)?;
    let (api, rds) = (&stage.only().api, &stage.only().rds);
    for (proxy, server, name) in [
        (api, Down::Api, Down::ApiName),
        (rds, Down::Rds, Down::RdsName),
    ] {
        if down.contains(&server) || down.contains(&name) {
            // A name that is gone does not end the connections that there are.
            proxy.block();
        }
        if !down.contains(&server) {
            proxy.unblock();
        }
    }
    Ok(())
}

fn end(stage: &Stage, names: &Names) -> Result<()> {
    names.resolve(&[API, RDS])?;
    stage.only().api.unblock();
    stage.only().rds.unblock();
    Ok(())
}

/// Waits until the operator suffers from it: without its API server it stops
/// leading, and without RDS it says so of whoever waits.
async fn felt(stage: &Stage, down: &[Down], new: &str, said: usize) -> Result<()> {
    let is_down = |any: &[Down]| any.iter().any(|one| down.contains(one));
    if is_down(&[Down::Api, Down::ApiName]) {
        let operator = &stage.only().operator;
        eventually("the lead's end", PATIENCE, || async {
            let output = operator.output();
            let since = output.get(said..).unwrap_or_default();
            if !since.contains("does not lead any more") {
                return Err(Error::Unexpected(since.to_owned()));
            }
            if down.contains(&Down::ApiName) && !since.contains("dns error") {
                return Err(Error::Unexpected(since.to_owned()));
            }
            Ok(())
        })
        .await
    } else {
        let is_so = |_: &str, reason: &str| reason == "Unreachable";
        let object = stage.condition(new, "Reconciling", is_so).await?;
        if down.contains(&Down::RdsName) {
            let told = crate::looks::said(&object, "Reconciling");
            assert!(told.contains("dns error"), "{told}");
        }
        Ok(())
    }
}
