//! A control plane with an operator that converts and writes nothing, and objects
//! of the old version, as many as wanted.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use harness::{ControlPlane, Error, Operator, OperatorConfig, Proxy, eventually, free_port};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value, json};

use crate::Result;

const PATIENCE: Duration = Duration::from_mins(10);

pub(crate) const CRD: &str = "postgresdbs.myob.com";

/// What an object takes in etcd, about.
const SIZE: usize = 2 << 10;

pub(crate) struct Yard {
    // Dropped in this order: the operator ends before what it talks to.
    _operator: Operator,
    _way: Proxy,
    pub(crate) cluster: ControlPlane,
    pub(crate) client: Client,
}

fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_stow"))
}

impl Yard {
    pub(crate) async fn open() -> Result<Self> {
        let cluster = ControlPlane::start().await?;
        let [webhook, metrics] = [free_port()?, free_port()?]
            .map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)).to_string());
        let url = format!("https://{webhook}/convert");
        let crd = std::process::Command::new(binary())
            .args(["crd", "--webhook-url", &url])
            .output()?;
        let crd = String::from_utf8(crd.stdout)?;
        let apply = ["apply", "-f", "-"];
        cluster.kubectl_in(&crd, &apply).await?.ok()?;
        for file in ["config-map", "deployment"] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("yaml/{file}.yaml"));
            let path = path.display().to_string();
            cluster.kubectl(&["apply", "-f", &path]).await?.ok()?;
        }

        let way = Proxy::start(cluster.upstream()).await?;
        let token = cluster.token("stow-system", "stow").await?;
        let kubeconfig = cluster.kubeconfig(&way.url(), &token)?;
        // Nothing is asked of RDS here: nobody listens.
        let rds = format!("http://127.0.0.1:{}", free_port()?);
        let arguments = [
            "--webhook-listen",
            &webhook,
            "--webhook-url",
            &url,
            "--metrics-listen",
            &metrics,
        ];
        let config = OperatorConfig::run(binary(), &kubeconfig, &rds, &arguments);
        let operator = Operator::spawn(&config)?;
        eventually("a caBundle", PATIENCE, || async {
            let path = "{.spec.conversion.webhook.clientConfig.caBundle}";
            let get = ["get", "crd", CRD, "-o", &format!("jsonpath={path}")];
            let bundle = cluster.kubectl(&get).await?.ok()?;
            if bundle.is_empty() {
                return Err(Error::Unexpected("none yet".to_owned()));
            }
            Ok(())
        })
        .await?;
        // It goes on converting, and writes to no object.
        way.block();

        let kubeconfig = Kubeconfig::read_from(cluster.admin_kubeconfig())?;
        let config =
            Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
        Ok(Self {
            _operator: operator,
            _way: way,
            client: Client::try_from(config)?,
            cluster,
        })
    }

    /// Has etcd hold so many objects of the old version, and waits until the API
    /// server knows them in both.
    pub(crate) async fn plant(&self, objects: usize) -> Result<()> {
        stream::iter(0..objects)
            .map(|number| {
                let key = format!("/registry/myob.com/postgresdbs/default/db-{number}");
                let object = object(number).to_string();
                async move { self.cluster.etcd().put(&key, object).await }
            })
            .buffer_unordered(16)
            .try_for_each(|()| async { Ok(()) })
            .await?;
        let both = r#"{"status": {"storedVersions": ["v1alpha1", "v1beta1"]}}"#;
        self.patch_definition(&["--subresource=status"], both)
            .await?;
        for version in ["v1beta1", "v1alpha1"] {
            eventually("every object in the cache", PATIENCE, || async {
                let list = format!("/apis/myob.com/{version}/postgresdbs?resourceVersion=0");
                let list = self.cluster.kubectl(&["get", "--raw", &list]).await?.ok()?;
                // Of the last state of each that was planted.
                let list: Value = serde_json::from_str(&list).unwrap_or_default();
                let items = list["items"].as_array().map_or(&[][..], Vec::as_slice);
                let old = items.iter().filter(|item| {
                    item["metadata"]["managedFields"][0]["apiVersion"] == "myob.com/v1alpha1"
                });
                match old.count() {
                    count if count == objects => Ok(()),
                    count => Err(Error::Unexpected(format!("{count} objects"))),
                }
            })
            .await?;
        }
        Ok(())
    }

    /// Patches the definition as the operator, cut off, no longer does.
    pub(crate) async fn patch_definition(&self, arguments: &[&str], patch: &str) -> Result<()> {
        let patch = ["patch", "crd", CRD, "--type=merge", "-p", patch];
        let patch = [&patch, arguments].concat();
        self.cluster.kubectl(&patch).await?.ok()?;
        Ok(())
    }

    /// Runs `stow migrate`, and returns what it said.
    pub(crate) async fn migrate(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Operator::spawn(&OperatorConfig {
            binary: binary().to_owned(),
            kubeconfig: self.cluster.admin_kubeconfig().to_owned(),
            args: [&["migrate"], arguments]
                .concat()
                .iter()
                .map(|&argument| argument.to_owned())
                .collect(),
            env: Vec::new(),
        })?;
        match command.wait(PATIENCE).await? {
            0 => Ok(command.output()),
            code => Err(format!("it ended with {code}: {}", command.output()).into()),
        }
    }
}

/// An object as `kubectl apply` of 2017's manifest left it.
fn object(number: usize) -> Value {
    let name = format!("db-{number}");
    let spec =
        json!({"size": "db.t2.small", "storage": "10", "ha": true, "tags": {"team": "shop"}});
    let applied = json!({"apiVersion": "myob.com/v1alpha1", "kind": "PostgresDB",
        "metadata": {"annotations": {}, "name": name, "namespace": "default"}, "spec": spec});
    let last_applied = "kubectl.kubernetes.io/last-applied-configuration";
    let mut object = json!({
        "apiVersion": "myob.com/v1alpha1",
        "kind": "PostgresDB",
        "metadata": {
            "name": name,
            "namespace": "default",
            "uid": format!("00000000-0000-4000-8000-{number:012}"),
            "creationTimestamp": "2017-11-22T00:00:00Z",
            "generation": 1,
            "annotations": {last_applied: format!("{applied}\n")},
            "managedFields": [{
                "manager": "kubectl-client-side-apply", "operation": "Update",
                "apiVersion": "myob.com/v1alpha1", "time": "2017-11-22T00:00:00Z",
                "fieldsType": "FieldsV1",
                "fieldsV1": {
                    "f:metadata": {"f:annotations": {".": {}, format!("f:{last_applied}"): {}}},
                    "f:spec": {".": {}, "f:size": {}, "f:storage": {}, "f:ha": {},
                        "f:tags": {".": {}, "f:team": {}}},
                },
            }],
        },
        "spec": spec,
        "status": {"ready": "available", "id": name, "arn": format!("arn:aws:rds:x:1:db:{name}")},
    });
    let left = SIZE.saturating_sub(object.to_string().len());
    object["metadata"]["annotations"]["padding"] = "x".repeat(left).into();
    object
}
