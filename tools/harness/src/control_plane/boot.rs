//! The components of a control plane while they start: their flags, and the wait
//! until each is of use.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use http::Request;
use http_body_util::Full;

use super::{audit, etcd::Etcd};
use crate::{
    error::{Error, Result},
    eventually::eventually,
    exchange::Upstream,
    loopback::free_port,
    process::Process,
    programs,
};

/// A boot takes 4 s alone on two cores; tests boot several at once on a busy one.
const BOOT: Duration = Duration::from_mins(2);

/// What the API server's program is called.
pub(super) const API_SERVER: &str = "kube-apiserver";

/// A program with its flags, which can be started again where it was ended.
#[derive(Debug)]
pub(super) struct Component {
    name: &'static str,
    log: PathBuf,
    command: Command,
    process: Process,
}

impl Component {
    fn start(name: &'static str, log: PathBuf, command: Command) -> Result<Self> {
        Ok(Self {
            process: Process::spawn(name, log.clone(), &command)?,
            name,
            log,
            command,
        })
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn process(&self) -> &Process {
        &self.process
    }

    /// Ends it by SIGKILL.
    pub(super) async fn kill(&mut self) -> Result<()> {
        self.process.kill()?;
        self.process.wait(BOOT).await.map(drop)
    }

    /// Starts it anew, as it was started at first.
    pub(super) fn start_again(&mut self) -> Result<()> {
        self.process = Process::spawn(self.name, self.log.clone(), &self.command)?;
        Ok(())
    }
}

/// The components while they start; dropping it stops them.
pub(super) struct Boot<'a> {
    programs: &'a Path,
    folder: &'a Path,
    components: Vec<Component>,
}

impl<'a> Boot<'a> {
    pub(super) fn new(programs: &'a Path, folder: &'a Path) -> Self {
        Self {
            programs,
            folder,
            components: Vec::new(),
        }
    }

    /// What was started, the last first: so that dropping them in order ends
    /// etcd, which all depend on, at last.
    pub(super) fn components(self) -> Vec<Component> {
        self.components.into_iter().rev().collect()
    }

    fn start<S: AsRef<str>>(&mut self, name: &'static str, flags: &[S]) -> Result<()> {
        let mut command = Command::new(self.programs.join(name));
        programs::isolate(&mut command);
        command
            .args(flags.iter().map(AsRef::as_ref))
            // Components may write beside themselves (coverage, crash files).
            .current_dir(self.folder);
        let log = self.folder.join(format!("{name}.log"));
        self.components.push(Component::start(name, log, command)?);
        Ok(())
    }

    fn file(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    pub(super) fn etcd(&mut self, etcd: &Etcd) -> Result<()> {
        let peers = format!("http://127.0.0.1:{}", free_port()?);
        let flags = [
            format!("--data-dir={}", self.file("etcd")),
            format!("--listen-client-urls={}", etcd.url()),
            format!("--advertise-client-urls={}", etcd.url()),
            format!("--listen-peer-urls={peers}"),
            format!("--initial-advertise-peer-urls={peers}"),
            format!("--initial-cluster=default={peers}"),
            "--log-level=warn".to_owned(),
            // What is thrown away at the end need not survive a power failure.
            "--unsafe-no-fsync".to_owned(),
        ];
        self.start("etcd", &flags)
    }

    pub(super) fn api_server(&mut self, etcd: &Etcd, port: u16, services: &str) -> Result<()> {
        let flags = [
            format!("--etcd-servers={}", etcd.url()),
            "--bind-address=127.0.0.1".to_owned(),
            format!("--secure-port={port}"),
            // Without one it looks for a network interface, and there may be
            // none. Nobody is told of it: the reconciler that would is off.
            "--advertise-address=192.0.2.1".to_owned(),
            "--endpoint-reconciler-type=none".to_owned(),
            format!("--tls-cert-file={}", self.file("server.crt")),
            format!("--tls-private-key-file={}", self.file("server.key")),
            format!("--client-ca-file={}", self.file("ca.crt")),
            "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
            format!("--service-account-key-file={}", self.file("accounts.pub")),
            format!(
                "--service-account-signing-key-file={}",
                self.file("accounts.key")
            ),
            // On loopback, so that a Service's address can be listened on where
            // there is no kube-proxy: webhooks are dialled at that address.
            format!("--service-cluster-ip-range={services}"),
            "--authorization-mode=RBAC".to_owned(),
            format!("--audit-policy-file={}", self.file(audit::POLICY)),
            format!("--audit-log-path={}", self.file(audit::LOG)),
        ];
        self.start(API_SERVER, &flags)
    }

    pub(super) fn controller_manager(&mut self) -> Result<()> {
        let flags = [
            format!(
                "--kubeconfig={}",
                self.file("controller-manager.kubeconfig")
            ),
            format!("--root-ca-file={}", self.file("ca.crt")),
            format!(
                "--service-account-private-key-file={}",
                self.file("accounts.key")
            ),
            "--use-service-account-credentials".to_owned(),
            "--leader-elect=false".to_owned(),
            // Nothing asks it for health or metrics.
            "--secure-port=0".to_owned(),
        ];
        self.start("kube-controller-manager", &flags)
    }

    /// Until the API server says that it is ready.
    pub(super) async fn api_server_ready(&mut self, api_server: &Upstream) -> Result<()> {
        api_server_ready(&mut self.components, api_server).await
    }

    /// Until the first visible work of the controllers is done, without which no
    /// Pod and no token is possible.
    pub(super) async fn controllers_at_work(&mut self, etcd: &Etcd) -> Result<()> {
        let work = "/registry/serviceaccounts/default/default";
        let look = || async {
            let found = etcd.get(work).await?;
            found
                .map(drop)
                .ok_or_else(|| Error::Unexpected(format!("etcd has no {work}")))
        };
        let waited = wait_for(&mut self.components, "the controllers to work", look).await;
        waited.map_err(|error| match self.components.last() {
            Some(newest) => newest.process.failure(&error.to_string()),
            None => error,
        })
    }
}

/// Until the API server says that it is ready.
pub(super) async fn api_server_ready(
    components: &mut [Component],
    api_server: &Upstream,
) -> Result<()> {
    let what = "kube-apiserver to be ready";
    let waited = wait_for(components, what, || is_ready(api_server)).await;
    let server = components.iter().find(|one| one.name == API_SERVER);
    waited.map_err(|error| match server {
        Some(server) => server.process.failure(&error.to_string()),
        None => error,
    })
}

/// Polls, and fails at once, with its log, when a component has ended.
async fn wait_for<F>(
    components: &mut [Component],
    what: &str,
    look: impl FnMut() -> F,
) -> Result<()>
where
    F: Future<Output = Result<()>>,
{
    let ended = async {
        loop {
            for component in &mut *components {
                if let Err(error) = component.process.check() {
                    return error;
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::select! {
        error = ended => Err(error),
        waited = eventually(what, BOOT, look) => waited,
    }
}

async fn is_ready(api_server: &Upstream) -> Result<()> {
    let request = Request::get("/readyz")
        .body(Full::default())
        .map_err(|error| Error::Unexpected(error.to_string()))?;
    match api_server.text(request).await? {
        (status, _) if status.is_success() => Ok(()),
        (status, text) => Err(Error::Unexpected(format!("/readyz says {status}: {text}"))),
    }
}
