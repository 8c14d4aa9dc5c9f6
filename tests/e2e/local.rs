//! What docs/local.md tells a user to type, word for word but for where drydock
//! listens and where a file is written.

use harness::{Database, Error, Result, operator::REGION};

use crate::document::{commands, typed};
use crate::stage::{Stage, decoded};

const DOCUMENT: &str = "docs/local.md";

/// Where the document has drydock listen.
const ADDRESS: &str = "http://127.0.0.1:4566";

/// The document's two ways, on a machine and in a cluster.
fn ways() -> Result<(Vec<String>, Vec<String>)> {
    let mut commands = commands(DOCUMENT)?;
    let second = commands
        .iter()
        .position(|command| command.contains("yaml/drydock.yaml"));
    let in_a_cluster = commands.split_off(second.expect("the document deploys drydock"));
    Ok((commands, in_a_cluster))
}

#[tokio::test]
async fn the_document_leads_to_a_database_on_this_machine() -> Result<()> {
    let (mut commands, _) = ways()?;
    let run = commands.iter().position(|command| command == "make run");
    let usage = commands.split_off(run.expect("the document runs Stow") + 1);
    let mut stage = Stage::boot().await?;
    let exported = commands
        .iter()
        .filter_map(|command| command.strip_prefix("export ")?.split_once('='));
    let environment: Vec<_> = exported
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    assert_eq!(environment.len() + 1, commands.len(), "{commands:?}");
    let replica = stage
        .replica_with(&[], |config| {
            // What the document sets, and nothing else that concerns AWS.
            let quiet = "AWS_EC2_METADATA_DISABLED";
            config
                .env
                .retain(|(key, _)| key == quiet || !key.starts_with("AWS_"));
            config.env.extend(environment);
            for (key, value) in &mut config.env {
                if key == "AWS_ENDPOINT_URL" {
                    assert_eq!(value, ADDRESS);
                    stage.drydock.url().clone_into(value);
                }
            }
        })
        .await?;
    stage.replicas.push(replica);
    stage.relay().await?;
    stage.serving(0).await?;
    stage.trusted().await?;

    let folder = tempfile::tempdir().expect("a temporary folder");
    let authority = folder.path().join("drydock.pem").display().to_string();
    let psql = psql_has_tls().await;
    let mut seen = Vec::new();
    for command in &usage {
        let command = command
            .replace(ADDRESS, stage.drydock.url())
            .replace("drydock.pem", &authority);
        let printed = if command.contains("psql ") && !psql {
            instead_of_psql(&stage).await
        } else {
            typed(&stage, &command).await
        };
        seen.push(printed.map_err(|error| stage.explain(&error))?);
    }
    let shown = |what: &str| seen.iter().filter(|printed| printed.contains(what)).count();
    assert_eq!(shown("PostgreSQL 1"), 1, "{seen:?}");
    assert_eq!(shown("deleted"), 1, "{seen:?}");
    assert_eq!(stage.drydock.faults().await?, serde_json::json!([]));
    let calls = stage.drydock.calls().await?;
    assert_eq!(calls["counts"]["CreateDBInstance"], 1, "{calls}");
    let regions = calls["calls"].as_array().into_iter().flatten();
    for call in regions {
        assert_eq!(call["region"], REGION);
    }
    Ok(())
}

/// Where this machine has no psql that can do it, the same with the same URL.
async fn instead_of_psql(stage: &Stage) -> Result<String> {
    let secret = stage.get("secret/example-v1beta1-db").await?;
    let authority = stage.drydock.authority().await?;
    let database = Database::login(&decoded(&secret, "DATABASE_URL")?, &authority).await?;
    Ok(database.texts("SELECT version()").await?.concat())
}

async fn psql_has_tls() -> bool {
    let nowhere = "host=127.0.0.1 port=1 sslmode=require";
    let output = tokio::process::Command::new("psql").arg(nowhere).output();
    let said = output.await.map(|output| output.stderr);
    said.is_ok_and(|said| !String::from_utf8_lossy(&said).contains("sslmode"))
}

/// A control plane without a kubelet starts no Pod, and takes all the rest.
#[tokio::test]
async fn the_cluster_takes_what_the_document_applies() -> Result<()> {
    let (_, commands) = ways()?;
    let stage = Stage::boot().await?;
    for command in &commands {
        if command.contains("rollout status") || command.contains(" exec ") {
            continue;
        }
        typed(&stage, command)
            .await
            .map_err(|error| Error::Unexpected(format!("{command}: {error}")))?;
    }
    let get = ["get", "deployment", "stow", "-n", "stow-system"];
    let env = "jsonpath={range .spec.template.spec.containers[0].env[*]}{.name}={.value}{.valueFrom.secretKeyRef.name}\n{end}";
    let env = stage.kubectl(&[&get[..], &["-o", env]].concat()).await?;
    for line in [
        "AWS_ENDPOINT_URL=http://drydock.drydock.svc:4566",
        "AWS_REGION=us-east-1",
        "AWS_ACCESS_KEY_ID=drydock",
        "AWS_SECRET_ACCESS_KEY=drydock",
    ] {
        assert!(env.lines().any(|found| found == line), "{line} in {env}");
    }
    // The restricted namespace would refuse a Pod that asks for more than it may.
    let pods = "jsonpath={.spec.template}";
    let get = ["get", "deployment", "drydock", "-n", "drydock", "-o", pods];
    let mut pod: serde_json::Value = serde_json::from_str(&stage.kubectl(&get).await?)
        .map_err(|error| Error::Unexpected(error.to_string()))?;
    pod["apiVersion"] = "v1".into();
    pod["kind"] = "Pod".into();
    pod["metadata"]["name"] = "drydock".into();
    let create = ["create", "-n", "drydock", "--dry-run=server", "-f", "-"];
    let admitted = stage.cluster.kubectl_in(&pod.to_string(), &create).await?;
    admitted.ok()?;
    Ok(())
}
