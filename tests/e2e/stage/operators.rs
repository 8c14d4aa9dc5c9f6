//! The operators on a stage: started with the shipped rights, between proxies, and
//! taken down.
//!
//! Nothing here may apply a manifest, or assert what a test is about.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use harness::{
    Error, Operator, OperatorConfig, Proxy, Result, ServiceRelay, eventually, free_port,
};

use super::replica::page;
use super::{PATIENCE, Replica, SYSTEM, Stage};

/// Intervals at which nothing keeps a test waiting.
const QUICK: [&str; 4] = ["--sweep-interval", "2s", "--progress-interval", "300ms"];

impl Stage {
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
