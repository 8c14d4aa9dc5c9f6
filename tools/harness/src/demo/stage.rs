//! What the demo stands on: the control plane, the RDS endpoint, the operator,
//! and the relay that leads the API server to the operator's webhook.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    time::Duration,
};

use http::Request;
use http_body_util::Full;

use super::NAMESPACE;
use crate::{
    control_plane::{ControlPlane, kubectl::Kubectl},
    drydock::Drydock,
    error::{Error, Result},
    eventually::eventually,
    exchange::Upstream,
    loopback::free_port,
    operator::{Operator, OperatorConfig, REGION},
    rds::Rds,
    relay::ServiceRelay,
};

/// Where the shipped manifests put the operator, and under which name.
const OPERATOR_NAMESPACE: &str = "stow-system";
const OPERATOR: &str = "stow";
const CRD: &str = "crd/postgresdbs.myob.com";

/// Certificates, a lease and a first sweep: seconds, on a machine at rest.
const OPERATOR_READY: Duration = Duration::from_mins(2);

/// AWS takes some ten minutes over an instance. Here it takes seconds, in the same
/// states, each long enough to be seen.
const PACE: [&str; 4] = [
    "--delay-of",
    "creating=3000",
    "--delay-of",
    "backing-up=1500",
];
const PROGRESS: &str = "500ms";

/// Everything that runs. Dropping it takes it down.
pub(super) struct Stage {
    // Dropped in this order: the operator ends before what it talks to.
    operator: Option<Operator>,
    relay: Option<ServiceRelay>,
    pub(super) drydock: Drydock,
    pub(super) control_plane: ControlPlane,
}

impl Stage {
    pub(super) async fn boot() -> Result<Self> {
        let (control_plane, drydock) =
            tokio::join!(Box::pin(ControlPlane::start()), Drydock::with(&PACE));
        Ok(Self {
            operator: None,
            relay: None,
            drydock: drydock?,
            control_plane: control_plane?,
        })
    }

    /// Starts the operator with the rights of the shipped `ServiceAccount`, and
    /// returns when the API server can convert through it.
    pub(super) async fn run_operator(&mut self, stow: &Path) -> Result<()> {
        let control_plane = &self.control_plane;
        let token = control_plane.token(OPERATOR_NAMESPACE, OPERATOR).await?;
        let kubeconfig = control_plane.kubeconfig(control_plane.url(), &token)?;
        let webhook = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let metrics = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?)).to_string();
        let relay =
            ServiceRelay::start(control_plane, OPERATOR_NAMESPACE, OPERATOR, &[webhook]).await?;
        self.relay = Some(relay);
        let webhook = webhook.to_string();
        let arguments = [
            "--webhook-listen",
            &webhook,
            "--metrics-listen",
            &metrics,
            "--namespace",
            OPERATOR_NAMESPACE,
            "--progress-interval",
            PROGRESS,
        ];
        let config = OperatorConfig::run(stow, &kubeconfig, self.drydock.url(), &arguments);
        let operator = self.operator.insert(Operator::spawn(&config)?);

        let metrics = Upstream::http(metrics);
        eventually("the operator's /readyz", OPERATOR_READY, || {
            let running = operator.check();
            let probe = Request::get("/readyz").body(Full::default());
            let metrics = metrics.clone();
            async move {
                running?;
                let probe = probe.map_err(|error| Error::Unexpected(error.to_string()))?;
                match metrics.text(probe).await? {
                    (status, _) if status.is_success() => Ok(()),
                    (status, text) => Err(Error::Unexpected(format!("{status}: {text}"))),
                }
            }
        })
        .await?;
        self.conversion_trusted().await
    }

    /// Until the API server has the operator's CA: it cannot convert before.
    async fn conversion_trusted(&self) -> Result<()> {
        let bundle = "{{.spec.conversion.webhook.clientConfig.caBundle}}";
        let get = ["get", CRD, "--output=go-template", "--template", bundle];
        eventually("the CRD's caBundle", OPERATOR_READY, || async {
            let bundle = self.control_plane.kubectl(&get).await?.ok()?;
            match bundle.as_str() {
                "" | "<no value>" => Err(Error::Unexpected("it has none".to_owned())),
                _ => Ok(()),
            }
        })
        .await
    }

    /// What a user's `kubectl get ... --output=go-template` prints.
    pub(super) async fn read(&self, what: &str, name: &str, template: &str) -> Result<String> {
        let get = [
            "get",
            what,
            name,
            "--namespace",
            NAMESPACE,
            "--output=go-template",
            "--template",
            template,
        ];
        self.control_plane.kubectl(&get).await?.ok()
    }

    pub(super) fn rds(&self) -> Rds {
        self.drydock.rds(REGION)
    }

    /// The last lines of the operator's output, once it was started.
    pub(super) fn operator_tail(&self) -> Option<String> {
        self.operator.as_ref().map(Operator::tail)
    }

    /// kubectl with every right.
    pub(super) fn kubectl(&self) -> Kubectl {
        let admin = self.control_plane.admin_kubeconfig();
        self.control_plane.kubectl_as(admin)
    }

    /// Why the operator no longer runs, once it no longer does; never before it
    /// was started.
    pub(super) async fn operator_ended(&mut self, within: Duration) -> Error {
        let Some(operator) = &mut self.operator else {
            return std::future::pending().await;
        };
        match operator.wait(within).await.map(|_| operator.check()) {
            Ok(Err(error)) | Err(error) => error,
            Ok(Ok(())) => Error::Unexpected("the operator ended".to_owned()),
        }
    }
}
