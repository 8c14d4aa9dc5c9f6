//! An API server that is asked what it would say, and changes nothing.
//!
//! Nothing here may go through kubectl, which is slow and says less.

use harness::exchange::Upstream;
use harness::{Error, Result};
use http::{Method, Request};
use http_body_util::Full;
use serde_json::{Value, json};

use super::cases::Case;
use crate::stage::{NAMESPACE, PATIENCE, Stage};

/// The name of a new object, and of one that is stored.
const NEW: &str = "new";
const STORED: &str = "stored";

/// Whoever may write databases.
pub(super) struct Judge {
    api: Upstream,
    token: String,
}

impl Judge {
    /// Starts an operator that converts and never leads: nobody else writes the
    /// objects that updates start from.
    pub(super) async fn of(stage: &mut Stage) -> Result<Self> {
        // One that leads gives the API server its certificate authority.
        stage.start(&[]).await?;
        let operator = &mut stage.replicas[0].operator;
        operator.terminate()?;
        operator.wait(PATIENCE).await?;
        let taken = r#"{"spec": {"holderIdentity": "nobody", "leaseDurationSeconds": 86400,
            "renewTime": "2026-01-01T00:00:00.000000Z"}}"#;
        let lease = ["patch", "-n", "stow-system", "lease/stow", "--type=merge"];
        stage
            .kubectl(&[&lease[..], &["-p", taken]].concat())
            .await?;
        stage.restart(0)?;
        stage.serving(0).await?;
        stage.trusted().await?;
        let account = ["create", "serviceaccount", "judge", "-n", NAMESPACE];
        stage.kubectl(&account).await?;
        let binding = [
            "create",
            "rolebinding",
            "judge",
            "-n",
            NAMESPACE,
            "--clusterrole=cluster-admin",
            "--serviceaccount=shop:judge",
        ];
        stage.kubectl(&binding).await?;
        Ok(Self {
            api: stage.cluster.upstream(),
            token: stage.cluster.token(NAMESPACE, "judge").await?,
        })
    }

    /// What the API server says against a case, if anything.
    pub(super) async fn refusal(
        &self,
        stage: &Stage,
        version: &str,
        case: &Case,
    ) -> Result<Option<String>> {
        let mut body = case.written();
        let objects = format!("/apis/myob.com/{version}/namespaces/{NAMESPACE}/postgresdbs");
        if let Some(from) = case.part("from") {
            store(stage, from, case.part("status")).await?;
            let path = format!("{objects}/{STORED}");
            return self.ask(Method::PATCH, &path, &body).await;
        }
        body["apiVersion"] = json!(format!("myob.com/{version}"));
        body["kind"] = json!("PostgresDB");
        body["metadata"]["name"] = json!(NEW);
        self.ask(Method::POST, &objects, &body).await
    }

    async fn ask(&self, method: Method, path: &str, body: &Value) -> Result<Option<String>> {
        let kind = match method {
            Method::PATCH => "application/merge-patch+json",
            _ => "application/json",
        };
        let request = Request::builder()
            .method(method)
            .uri(format!("{path}?dryRun=All&fieldValidation=Strict"))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", kind)
            .body(Full::from(body.to_string()))
            .map_err(|error| Error::Unexpected(error.to_string()))?;
        let (status, text) = self.api.text(request).await?;
        if status.is_success() {
            return Ok(None);
        }
        let answer: Value = serde_json::from_str(&text).unwrap_or_default();
        let message = answer["message"].as_str().unwrap_or(&text).to_owned();
        match status.as_u16() {
            400 | 403 | 422 => Ok(Some(message)),
            _ => Err(Error::Unexpected(format!("{status}: {message}"))),
        }
    }
}

/// Puts the object that an update starts from where no rule is asked.
async fn store(stage: &Stage, spec: &Value, status: Option<&Value>) -> Result<()> {
    let object = json!({
        "apiVersion": "myob.com/v1beta1", "kind": "PostgresDB",
        "metadata": {
            "name": STORED, "namespace": NAMESPACE, "generation": 1,
            "uid": "00000000-0000-4000-8000-00000000000c",
            "creationTimestamp": "2026-01-01T00:00:00Z",
        },
        "spec": spec, "status": status.unwrap_or(&json!({})),
    });
    stage.plant(STORED, &object).await
}
