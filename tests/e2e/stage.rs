//! What every test here stands on: a control plane with the shipped manifests
//! applied, an RDS endpoint, and operators between proxies that see every call.
//!
//! Nothing here may assert what a test is about.

mod operators;
mod replica;

use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine};
use harness::{ControlPlane, Drydock, Error, Result, ServiceRelay, eventually};
use serde_json::Value;

pub(crate) use self::replica::Replica;

/// Long enough for a machine that runs other tests beside this one.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// The namespace of the tests' objects.
pub(crate) const NAMESPACE: &str = "shop";

const SYSTEM: &str = "stow-system";

/// The operator, as the API server's audit log names it.
pub(crate) const ACCOUNT: &str = "system:serviceaccount:stow-system:stow";

/// Whoever looks at a cluster before an upgrade, by the same log.
pub(crate) const LOOKER: &str = "system:serviceaccount:shop:stow-preflight";

/// All that runs. Dropping it takes it down.
pub(crate) struct Stage {
    // Dropped in this order: operators end before what they talk to.
    pub(crate) replicas: Vec<Replica>,
    relay: Option<ServiceRelay>,
    pub(crate) drydock: Drydock,
    pub(crate) cluster: ControlPlane,
}

/// A file of the repository.
pub(crate) fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

impl Stage {
    /// A control plane with the tests' namespace and nothing else.
    pub(crate) async fn bare() -> Result<Self> {
        Self::bare_with(&[]).await
    }

    /// The same, with arguments for drydock.
    pub(crate) async fn bare_with(arguments: &[&str]) -> Result<Self> {
        let cluster = Box::pin(ControlPlane::start_auditing(&[ACCOUNT, LOOKER]));
        let (cluster, drydock) = tokio::join!(cluster, Box::pin(Drydock::with(arguments)));
        let stage = Self {
            replicas: Vec::new(),
            relay: None,
            drydock: drydock?,
            cluster: cluster?,
        };
        stage.morning().await?;
        stage.kubectl(&["create", "namespace", NAMESPACE]).await?;
        Ok(stage)
    }

    /// A control plane with the manifests applied as documented, and no operator.
    pub(crate) async fn boot() -> Result<Self> {
        Self::boot_with(&[]).await
    }

    /// The same, with arguments for drydock.
    pub(crate) async fn boot_with(arguments: &[&str]) -> Result<Self> {
        let stage = Self::bare_with(arguments).await?;
        for manifest in [
            "yaml/crd.yaml",
            "yaml/config-map.yaml",
            "yaml/policies.yaml",
            "yaml/deployment.yaml",
        ] {
            stage.manifest(manifest).await?;
        }
        Ok(stage)
    }

    /// `kubectl apply` of a file of the repository.
    pub(crate) async fn manifest(&self, path: &str) -> Result<String> {
        let path = file(path).display().to_string();
        self.kubectl(&["apply", "-f", &path]).await
    }

    /// The same, with one operator that converts and leads.
    pub(crate) async fn running() -> Result<Self> {
        let mut stage = Self::boot().await?;
        stage.start(&[]).await?;
        Ok(stage)
    }

    /// The same, with states alone: no server is behind an instance. For tests of
    /// many instances that log in to none.
    pub(crate) async fn with_states_alone() -> Result<Self> {
        let mut stage = Self::boot_with(&["--without-postgres"]).await?;
        stage.start(&[]).await?;
        Ok(stage)
    }

    /// kubectl's standard output, as an administrator.
    pub(crate) async fn kubectl(&self, arguments: &[&str]) -> Result<String> {
        self.cluster.kubectl(arguments).await?.ok()
    }

    /// `kubectl apply` of this text to the tests' namespace, with further
    /// arguments.
    pub(crate) async fn apply(&self, manifest: &str, arguments: &[&str]) -> Result<String> {
        let arguments = [&["apply", "-n", NAMESPACE, "-f", "-"], arguments].concat();
        self.cluster.kubectl_in(manifest, &arguments).await?.ok()
    }

    /// An object of the tests' namespace, in whichever version is named:
    /// `postgresdbs.v1alpha1.myob.com/orders`.
    pub(crate) async fn get(&self, what: &str) -> Result<Value> {
        let text = self
            .kubectl(&["get", "-n", NAMESPACE, what, "-o", "json"])
            .await?;
        serde_json::from_str(&text).map_err(|error| Error::Unexpected(error.to_string()))
    }

    /// Waits until `kubectl wait` would be satisfied.
    pub(crate) async fn usable(&self, name: &str) -> Result<Value> {
        self.condition(name, "Ready", |status, _| status == "True")
            .await
    }

    /// The same, with the first backup over, or whatever else RDS did.
    pub(crate) async fn ready(&self, name: &str) -> Result<Value> {
        let ready = |object: &Value| {
            let found = condition(object, "Ready");
            found.is_some_and(|found| found["status"] == "True")
                && object["status"]["ready"] == "available"
        };
        self.object(name, "Ready and available", ready).await
    }

    /// Waits for a condition whose status and reason satisfy, and returns the
    /// object.
    pub(crate) async fn condition(
        &self,
        name: &str,
        kind: &str,
        satisfies: impl Fn(&str, &str) -> bool,
    ) -> Result<Value> {
        let what = format!("postgresdb/{name}");
        let outcome = eventually(format!("{kind} of {what}"), PATIENCE, || async {
            let object = self.get(&what).await?;
            let found = condition(&object, kind).is_some_and(|condition| {
                satisfies(
                    condition["status"].as_str().unwrap_or_default(),
                    condition["reason"].as_str().unwrap_or_default(),
                )
            });
            if found {
                Ok(object)
            } else {
                Err(Error::Unexpected(object["status"].to_string()))
            }
        });
        outcome.await.map_err(|error| self.explain(&error))
    }
}

/// A value of a Secret.
pub(crate) fn decoded(secret: &Value, key: &str) -> Result<String> {
    let text = secret["data"][key].as_str().unwrap_or_default();
    let bytes = BASE64_STANDARD
        .decode(text)
        .map_err(|error| unexpected(key, &error))?;
    String::from_utf8(bytes).map_err(|error| unexpected(key, &error))
}

fn unexpected(what: &str, error: &dyn std::error::Error) -> Error {
    Error::Unexpected(format!("{what}: {error}"))
}

/// A condition of an object.
pub(crate) fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    object["status"]["conditions"]
        .as_array()?
        .iter()
        .find(|condition| condition["type"] == kind)
}
