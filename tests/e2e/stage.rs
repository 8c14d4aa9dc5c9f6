//! What every test here stands on: a control plane with the shipped manifests
//! applied, an RDS endpoint, and operators between proxies that see every call.
//!
//! Nothing here may assert what a test is about.

mod replica;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine};
use harness::{
    ControlPlane, Drydock, Error, Operator, OperatorConfig, Proxy, Result, ServiceRelay,
    eventually, free_port,
};
use serde_json::Value;

pub(crate) use self::replica::Replica;
use self::replica::page;

/// Long enough for a machine that runs other tests beside this one.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// The namespace of the tests' objects.
pub(crate) const NAMESPACE: &str = "shop";

const SYSTEM: &str = "stow-system";

/// The operator, as the API server's audit log names it.
pub(crate) const ACCOUNT: &str = "system:serviceaccount:stow-system:stow";

/// Whoever looks at a cluster before an upgrade, by the same log.
pub(crate) const LOOKER: &str = "system:serviceaccount:shop:stow-preflight";

/// Intervals at which nothing keeps a test waiting.
const QUICK: [&str; 4] = ["--sweep-interval", "2s", "--progress-interval", "300ms"];

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

    /// Adds an operator with the shipped ServiceAccount's rights, and returns
    /// once it serves and the API server trusts it.
    pub(crate) async fn start(&mut self, arguments: &[&str]) -> Result<()> {
        let replica = self.replica(arguments).await?;
        self.enter(replica).await
    }

    /// The same, with an operator that runs already.
    pub(crate) async fn enter(&mut self, replica: Replica) -> Result<()> {
        self.replicas.push(replica);
        self.relay().await?;
        let index = self.replicas.len() - 1;
        self.serving(index).await?;
        self.trusted().await
    }

    /// An operator that is started and not waited for.
    pub(crate) async fn replica(&self, arguments: &[&str]) -> Result<Replica> {
        self.replica_with(arguments, |_| ()).await
    }

    /// The same, with a change to how it is run.
    pub(crate) async fn replica_with(
        &self,
        arguments: &[&str],
        change: impl FnOnce(&mut OperatorConfig),
    ) -> Result<Replica> {
        let token = self.cluster.token(SYSTEM, "stow").await?;
        let rds = Proxy::start(self.drydock.upstream()).await?;
        let api = Proxy::start(self.cluster.upstream()).await?;
        let kubeconfig = self.cluster.kubeconfig(&api.url(), &token)?;
        let webhook = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let metrics = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let (at_webhook, at_metrics) = (webhook.to_string(), metrics.to_string());
        let listen = [
            "--webhook-listen",
            &at_webhook,
            "--metrics-listen",
            &at_metrics,
        ];
        let arguments = [&listen[..], &QUICK, arguments].concat();
        let binary = Path::new(env!("CARGO_BIN_EXE_stow"));
        let mut config = OperatorConfig::run(binary, &kubeconfig, &rds.url(), &arguments);
        change(&mut config);
        let operator = Operator::spawn(&config)?;
        Ok(Replica {
            operator,
            rds,
            api,
            config,
            webhook,
            metrics,
        })
    }

    /// Leads the API server's conversion calls to every replica.
    pub(crate) async fn relay(&mut self) -> Result<()> {
        let backends: Vec<_> = self
            .replicas
            .iter()
            .map(|replica| replica.webhook)
            .collect();
        if let Some(relay) = &self.relay {
            relay.set_backends(&backends);
        } else {
            let relay = ServiceRelay::start(&self.cluster, SYSTEM, "stow", &backends).await?;
            self.relay = Some(relay);
        }
        Ok(())
    }

    /// The same, to those that run; where none does, its Service may go and come
    /// again with another address.
    pub(crate) async fn relay_to_what_runs(&mut self) -> Result<()> {
        if self.replicas.is_empty() {
            self.relay = None;
            return Ok(());
        }
        self.relay().await
    }

    /// What stands between the API server and the webhooks.
    pub(crate) fn webhooks(&self) -> &ServiceRelay {
        self.relay
            .as_ref()
            .expect("a relay: an operator was started")
    }

    /// Waits until a replica's `/readyz` says so.
    pub(crate) async fn serving(&mut self, index: usize) -> Result<()> {
        let replica = &mut self.replicas[index];
        eventually("/readyz", PATIENCE, || {
            let running = replica.operator.check();
            let page = page(replica.metrics, "/readyz");
            async move {
                running?;
                page.await
            }
        })
        .await
        .map(drop)
    }

    /// Waits until the API server can convert: it has the operator's CA, and
    /// has called through it.
    pub(crate) async fn trusted(&self) -> Result<()> {
        eventually("a conversion", PATIENCE, || async {
            self.kubectl(&["get", "postgresdbs.v1alpha1.myob.com", "--all-namespaces"])
                .await?;
            let bundle = "{{.spec.conversion.webhook.clientConfig.caBundle}}";
            let get = [
                "get",
                "crd",
                "postgresdbs.myob.com",
                "-o",
                "go-template",
                "--template",
                bundle,
            ];
            match self.kubectl(&get).await?.as_str() {
                "" | "<no value>" => Err(Error::Unexpected("the CRD has no caBundle".to_owned())),
                _ => Ok(()),
            }
        })
        .await
    }

    /// The only operator, of a test that has one.
    pub(crate) fn only(&self) -> &Replica {
        assert_eq!(self.replicas.len(), 1, "several operators run");
        &self.replicas[0]
    }

    /// Kills the only operator, and lets the next one lead at once: it gave nothing
    /// back, and that a Lease runs out is for other tests to wait for.
    pub(crate) async fn kill(&mut self) -> Result<()> {
        let operator = &mut self.replicas[0].operator;
        operator.kill()?;
        operator.wait(PATIENCE).await?;
        let delete = ["delete", "lease", "stow", "-n", SYSTEM];
        self.kubectl(&delete).await.map(drop)
    }

    /// Starts a replica's operator anew, behind the same proxies.
    pub(crate) fn restart(&mut self, index: usize) -> Result<()> {
        let replica = &mut self.replicas[index];
        replica.operator = Operator::spawn(&replica.config)?;
        Ok(())
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

    /// Waits until an operator has printed a text, and returns all that it printed.
    pub(crate) async fn said(&self, index: usize, text: &str) -> Result<String> {
        let operator = &self.replicas[index].operator;
        let said = eventually(format!("the words {text:?}"), PATIENCE, || async {
            let output = operator.output();
            if output.contains(text) {
                Ok(output)
            } else {
                Err(operator.tail())
            }
        });
        said.await
    }

    /// An error with what the operators said last.
    pub(crate) fn explain(&self, error: &Error) -> Error {
        let tails = self.replicas.iter().map(|replica| replica.operator.tail());
        let tails = tails.collect::<Vec<_>>().join("\n---\n");
        Error::Unexpected(format!("{error}\n--- the operators said ---\n{tails}"))
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
