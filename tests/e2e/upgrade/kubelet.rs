//! What a kubelet does for the Pods of Stow's Deployment: it starts each with the
//! arguments of its template, says when it is ready, and ends it when it goes.
//!
//! Nothing here may know why a Pod comes or goes.

use std::time::Duration;

use harness::{Error, Result};
use k8s_openapi::api::core::v1::{Container, Pod};
use serde_json::Value;

use crate::rights::shipped::as_run_by;
use crate::stage::{PATIENCE, Stage};

const SYSTEM: &str = "stow-system";

/// How soon Pods are looked at again.
const AGAIN: Duration = Duration::from_millis(300);

/// The one that runs them. What it runs are the stage's replicas, in this order.
#[derive(Debug, Default)]
pub(super) struct Kubelet {
    pods: Vec<Running>,
}

#[derive(Debug)]
struct Running {
    name: String,
    ready: bool,
}

impl Kubelet {
    /// Runs what there is, for as long as it is asked to.
    pub(super) async fn work(&mut self, stage: &mut Stage) -> Error {
        loop {
            if let Err(error) = self.look(stage).await {
                return error;
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    async fn look(&mut self, stage: &mut Stage) -> Result<()> {
        let there = pods(stage).await?;
        while let Some(gone) = self.pods.iter().position(|running| {
            let is_it = |pod: &Pod| pod.metadata.name.as_deref() == Some(&*running.name);
            !there.iter().any(is_it)
        }) {
            self.pods.remove(gone);
            let mut replica = stage.replicas.remove(gone);
            stage.relay_to_what_runs().await?;
            replica.operator.terminate()?;
            replica.operator.wait(PATIENCE).await?;
        }
        for pod in there {
            let name = pod.metadata.name.unwrap_or_default();
            if self.pods.iter().any(|running| running.name == name) {
                continue;
            }
            let containers = pod.spec.map(|spec| spec.containers).unwrap_or_default();
            let container: Container = containers.into_iter().next().unwrap_or_default();
            let replica = stage.replica_with(&[], |config| as_run_by(config, container));
            stage.replicas.push(replica.await?);
            self.pods.push(Running { name, ready: false });
        }
        for index in 0..self.pods.len() {
            if !self.pods[index].ready && stage.replicas[index].is_ready().await {
                stage.relay_to_what_runs().await?;
                tell(stage, &self.pods[index].name).await?;
                self.pods[index].ready = true;
            }
        }
        Ok(())
    }
}

/// The Pods that are not on their way out.
async fn pods(stage: &Stage) -> Result<Vec<Pod>> {
    let selector = "--selector=app.kubernetes.io/name=stow";
    let get = ["get", "pods", "-n", SYSTEM, selector, "-o", "json"];
    let mut list: Value = serde_json::from_str(&stage.kubectl(&get).await?)
        .map_err(|error| Error::Unexpected(error.to_string()))?;
    let pods: Vec<Pod> = serde_json::from_value(list["items"].take())
        .map_err(|error| Error::Unexpected(error.to_string()))?;
    let stays = |pod: &Pod| pod.metadata.deletion_timestamp.is_none();
    Ok(pods.into_iter().filter(stays).collect())
}

/// Says that a Pod is ready.
async fn tell(stage: &Stage, name: &str) -> Result<()> {
    let status = r#"{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"},{"type":"ContainersReady","status":"True"}]}}"#;
    let patch = [
        "patch",
        "pod",
        name,
        "-n",
        SYSTEM,
        "--subresource=status",
        "--type=merge",
        "-p",
        status,
    ];
    let told = stage.cluster.kubectl(&patch).await?;
    // It may have gone meanwhile.
    if told.success() || told.stderr.contains("NotFound") {
        return Ok(());
    }
    told.ok().map(drop)
}
