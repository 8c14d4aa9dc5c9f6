//! The two definitions on one API server, and one apply to both.
//!
//! Nothing here may know what should come of it.

use harness::{Error, Result, eventually};
use http::{Request, header};
use kube::Client;
use serde_json::{Value, json};
use stow_versions::convert::convert;
use stow_versions::crd::{Webhook, crd};

use super::HUB;
use super::cases::{Case, Says, Step};
use super::view::Outcome;
use crate::load::client;
use crate::stage::{NAMESPACE, PATIENCE, Stage};

/// The group of the twin.
const TWIN: &str = "one.example.com";

/// A client of both definitions.
pub(super) struct Plants {
    client: Client,
}

fn wrong(error: &dyn std::error::Error) -> Error {
    Error::Unexpected(error.to_string())
}

/// v1beta1 alone, under another group.
fn twin() -> Result<Value> {
    let nowhere = Webhook::Url("https://127.0.0.1/convert".to_owned());
    let mut crd = serde_json::to_value(crd(&nowhere)).map_err(|error| wrong(&error))?;
    crd["metadata"] = json!({"name": format!("postgresdbs.{TWIN}")});
    crd["spec"]["group"] = json!(TWIN);
    crd["spec"]["conversion"] = json!({"strategy": "None"});
    // Not the same short name twice.
    crd["spec"]["names"]["shortNames"] = json!([]);
    if let Some(versions) = crd["spec"]["versions"].as_array_mut() {
        versions.retain(|version| version["name"] == "v1beta1");
    }
    Ok(crd)
}

impl Plants {
    /// Adds the twin, and waits until it is served.
    pub(super) async fn start(stage: &Stage) -> Result<Self> {
        stage.apply(&twin()?.to_string(), &[]).await?;
        eventually("the twin", PATIENCE, || async {
            stage
                .kubectl(&["get", &format!("postgresdbs.{TWIN}"), "-A"])
                .await
        })
        .await?;
        let client = client(stage).await?;
        Ok(Self { client })
    }

    /// Applies to both, and returns what came of it: to two versions, and to one.
    pub(super) async fn apply(
        &self,
        name: &str,
        case: &Case,
        step: Step,
    ) -> Result<(Outcome, Outcome)> {
        let version = step.actor.version;
        let mut manifest = json!({
            "apiVersion": format!("myob.com/{version}"),
            "kind": "PostgresDB",
            "metadata": {"name": name},
        });
        if let Some(spec) = step.spec(case) {
            manifest["spec"] = spec;
        }
        let translated = translated(&manifest, step)?;
        tokio::try_join!(
            self.send("myob.com", &manifest, case, step),
            self.send(TWIN, &translated, case, step),
        )
    }

    async fn send(
        &self,
        group: &str,
        manifest: &Value,
        case: &Case,
        step: Step,
    ) -> Result<Outcome> {
        let name = manifest["metadata"]["name"].as_str().unwrap_or_default();
        let version = if group == TWIN {
            "v1beta1"
        } else {
            step.actor.version
        };
        let (manager, force) = (step.actor.manager, step.says == Says::Second);
        let url = format!(
            "/apis/{group}/{version}/namespaces/{NAMESPACE}/postgresdbs/{name}\
             ?fieldManager={manager}&force={force}"
        );
        let request = Request::patch(url)
            .header(header::CONTENT_TYPE, "application/apply-patch+yaml")
            .body(manifest.to_string().into_bytes())
            .map_err(|error| wrong(&error))?;
        match self.client.request::<Value>(request).await {
            Ok(mut object) => {
                if group == TWIN {
                    object["apiVersion"] = json!(HUB);
                }
                Outcome::taken(object, case)
            }
            Err(kube::Error::Api(status)) => Ok(Outcome::refused(&status)),
            Err(error) => Err(wrong(&error)),
        }
    }
}

/// A manifest as the twin is to be told it.
fn translated(manifest: &Value, step: Step) -> Result<Value> {
    let mut hub = convert(manifest.clone(), HUB).map_err(|error| wrong(&error))?;
    // Conversion takes it for no spec; a twin is told what was said.
    if step.says == Says::Null {
        hub["spec"] = Value::Null;
    }
    // The twin has nothing to remember.
    hub["metadata"] = manifest["metadata"].clone();
    hub["apiVersion"] = json!(format!("{TWIN}/v1beta1"));
    Ok(hub)
}
