//! Objects as a cluster has them that stored v1alpha1 until now, and `stow migrate`
//! as an administrator runs it.
//!
//! Nothing here may assert what a test is about.

use std::path::{Path, PathBuf};
use std::time::Duration;

use harness::{Error, Operator, OperatorConfig, Proxy, Result, eventually};
use serde_json::{Value, json};

use crate::stage::{NAMESPACE, PATIENCE, Stage};

pub(crate) const CRD: &str = "postgresdbs.myob.com";
pub(crate) const OLD: &str = "postgresdbs.v1alpha1.myob.com";
pub(crate) const NEW: &str = "postgresdbs.v1beta1.myob.com";

/// A cluster with objects in the old version, a webhook that serves, and no
/// operator that writes to them.
pub(crate) struct Yard {
    pub(crate) stage: Stage,
    admin: PathBuf,
    /// The objects as they were, for [`Self::rewind`].
    before: Vec<(String, Vec<u8>)>,
}

/// How a command ended.
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) said: String,
}

impl Yard {
    /// A yard whose next objects are stored in v1alpha1.
    pub(crate) async fn open() -> Result<Self> {
        let mut stage = Stage::boot_with(&["--without-postgres"]).await?;
        stage.start(&[]).await?;
        // It goes on converting, and no object changes but by the test.
        stage.only().api.block();
        let yard = Self {
            admin: stage.cluster.admin_kubeconfig().to_owned(),
            stage,
            before: Vec::new(),
        };
        yard.store("v1alpha1").await?;
        Ok(yard)
    }

    /// Makes a version the storage version, and waits until it is.
    pub(crate) async fn store(&self, version: &str) -> Result<()> {
        let crd = self.definition().await?;
        let mut versions = crd["spec"]["versions"].clone();
        for one in versions.as_array_mut().into_iter().flatten() {
            one["storage"] = (one["name"] == version).into();
        }
        let patch = json!({"spec": {"versions": versions}}).to_string();
        self.stage
            .kubectl(&["patch", "crd", CRD, "--type=merge", "-p", &patch])
            .await?;
        eventually(
            format!("objects to be stored as {version}"),
            PATIENCE,
            || async {
                let probe = json!({"apiVersion": "myob.com/v1beta1", "kind": "PostgresDB",
                "metadata": {"name": "probe", "namespace": NAMESPACE}})
                .to_string();
                let delete = [
                    "delete",
                    OLD,
                    "probe",
                    "-n",
                    NAMESPACE,
                    "--ignore-not-found",
                ];
                self.stage.kubectl(&delete).await?;
                let create = ["create", "-f", "-"];
                self.stage.cluster.kubectl_in(&probe, &create).await?.ok()?;
                let stored = self.stage.stored("probe").await?;
                self.stage.kubectl(&delete).await?;
                if stored["apiVersion"] == format!("myob.com/{version}") {
                    Ok(())
                } else {
                    Err(Error::Unexpected(stored["apiVersion"].to_string()))
                }
            },
        )
        .await
    }

    pub(crate) async fn definition(&self) -> Result<Value> {
        self.stage.get(&format!("crd/{CRD}")).await
    }

    /// Remembers all objects as they are stored now.
    pub(crate) async fn remember(&mut self) -> Result<()> {
        self.before = self.stage.at_rest().await?;
        Ok(())
    }

    /// Has etcd hold them again as they were, and the CRD say so.
    pub(crate) async fn rewind(&self) -> Result<()> {
        for (key, value) in &self.before {
            self.stage.cluster.etcd().put(key, value).await?;
        }
        let both = json!({"status": {"storedVersions": ["v1alpha1", "v1beta1"]}}).to_string();
        let patch = [
            "patch",
            "crd",
            CRD,
            "--subresource=status",
            "--type=merge",
            "-p",
            &both,
        ];
        self.stage.kubectl(&patch).await.map(drop)
    }

    /// Every object's spec in both versions, by name.
    pub(crate) async fn specs(&self) -> Result<Value> {
        let mut specs = json!({});
        for version in [OLD, NEW] {
            let list = self.stage.get(version).await?;
            for object in list["items"].as_array().into_iter().flatten() {
                let name = object["metadata"]["name"].as_str().unwrap_or_default();
                specs[name][version] = object.get("spec").cloned().unwrap_or_default();
                specs[name]["generation"] = object["metadata"]["generation"].clone();
            }
        }
        Ok(specs)
    }

    /// Starts `stow migrate` with these arguments.
    pub(crate) fn start(&self, arguments: &[&str]) -> Result<Operator> {
        start_through(&self.admin, arguments)
    }

    /// Runs `stow migrate` to its end.
    pub(crate) async fn migrate(&self, arguments: &[&str]) -> Result<Ended> {
        ended(self.start(arguments)?).await
    }

    /// A way to the API server that a test can disturb, with every right.
    pub(crate) async fn way(&self) -> Result<(Proxy, PathBuf)> {
        let create = ["create", "serviceaccount", "admin", "-n", NAMESPACE];
        let account = format!("--serviceaccount={NAMESPACE}:admin");
        let bind = [
            "create",
            "clusterrolebinding",
            "test-admin",
            "--clusterrole=cluster-admin",
            &account,
        ];
        self.stage.kubectl(&create).await?;
        self.stage.kubectl(&bind).await?;
        let token = self.stage.cluster.token(NAMESPACE, "admin").await?;
        let proxy = Proxy::start(self.stage.cluster.upstream()).await?;
        let kubeconfig = self.stage.cluster.kubeconfig(&proxy.url(), &token)?;
        Ok((proxy, kubeconfig))
    }
}

/// Starts `stow migrate` by some way to the API server.
pub(crate) fn start_through(kubeconfig: &Path, arguments: &[&str]) -> Result<Operator> {
    let arguments = [&["migrate"], arguments].concat();
    Operator::spawn(&OperatorConfig {
        binary: PathBuf::from(env!("CARGO_BIN_EXE_stow")),
        kubeconfig: kubeconfig.to_owned(),
        args: arguments
            .iter()
            .map(|&argument| argument.to_owned())
            .collect(),
        env: Vec::new(),
    })
}

/// Waits for the end of a command.
pub(crate) async fn ended(mut command: Operator) -> Result<Ended> {
    let code = command.wait(PATIENCE + Duration::from_secs(90)).await;
    let said = command.output();
    let code = code.map_err(|error| Error::Unexpected(format!("{error}: {said}")))?;
    Ok(Ended { code, said })
}

/// A manifest for `kubectl apply`.
pub(crate) fn manifest(version: &str, name: &str, spec: &Value) -> String {
    json!({"apiVersion": format!("myob.com/{version}"), "kind": "PostgresDB",
        "metadata": {"name": name}, "spec": spec})
    .to_string()
}
