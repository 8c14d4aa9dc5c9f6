//! A real Kubernetes control plane on loopback: etcd, kube-apiserver and
//! kube-controller-manager, with certificates of its own.
//!
//! There is no kubelet and no kube-proxy: Pods do not start, and a Service leads
//! somewhere only through [`crate::relay::ServiceRelay`]. Nothing here knows
//! Stow's objects.

pub mod etcd;
pub mod kubectl;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use http::Request;
use http_body_util::Full;
use serde_json::json;

use self::{
    etcd::Etcd,
    kubectl::{Kubectl, Output},
};
use crate::{
    certificates::{self, Authority, Subject},
    error::{Error, Result},
    eventually::eventually,
    exchange::Upstream,
    loopback::{ServiceRange, free_port},
    process::Process,
    programs,
    scratch::Scratch,
};

/// A boot takes 4 s alone on two cores; tests boot several at once on a busy one.
const BOOT: Duration = Duration::from_mins(2);

/// A running control plane. Dropping it stops it, and so does the end of this
/// process, whatever its cause.
#[derive(Debug)]
pub struct ControlPlane {
    // Fields are dropped in this order: clients of a component end before it.
    processes: Vec<Process>,
    _services: ServiceRange,
    admin: Kubectl,
    api_server: Upstream,
    ca_pem: String,
    etcd: Etcd,
    kubeconfigs: AtomicU32,
    folder: Scratch,
}

impl ControlPlane {
    /// Boots one, building its programs first if that was never done.
    pub async fn start() -> Result<Self> {
        let programs = programs::control_plane().await?;
        let folder = Scratch::new("stow-control-plane-")?;
        let authority = Authority::new()?;
        let ca_pem = authority.pem();
        write_certificates(folder.path(), &authority)?;
        let services = ServiceRange::claim()?;
        let port = free_port()?;
        let etcd = Etcd::at(format!("127.0.0.1:{}", free_port()?));
        let api_server = Upstream::https(format!("127.0.0.1:{port}"), &ca_pem)?;
        for user in ["admin", "controller-manager"] {
            let identity = client_certificate(folder.path(), user);
            write_kubeconfig(folder.path(), user, api_server.url(), &identity)?;
        }

        let mut boot = Boot {
            programs: &programs,
            folder: folder.path(),
            processes: Vec::new(),
        };
        boot.etcd(&etcd)?;
        boot.api_server(&etcd, port, &services.cidr())?;
        boot.wait_for("kube-apiserver to be ready", || is_ready(&api_server))
            .await?;
        boot.controller_manager()?;
        // Its first visible work, without which no Pod and no token is possible.
        boot.wait_for("the controllers to work", || async {
            let found = etcd.get("/registry/serviceaccounts/default/default").await;
            found.and_then(|found| {
                found.ok_or_else(|| Error::Unexpected("no default ServiceAccount".to_owned()))
            })
        })
        .await?;

        let processes = boot.processes;
        Ok(Self {
            // Reversed, so that etcd, which all depend on, goes last.
            processes: processes.into_iter().rev().collect(),
            _services: services,
            admin: Kubectl {
                program: programs.join("kubectl"),
                kubeconfig: folder.path().join("admin.kubeconfig"),
                cache: folder.path().join("kubectl-cache"),
            },
            api_server,
            ca_pem,
            etcd,
            kubeconfigs: AtomicU32::new(0),
            folder,
        })
    }

    /// Stops it; dropping it does the same.
    pub fn stop(self) {}

    /// The API server, for a proxy in front of it.
    pub fn upstream(&self) -> Upstream {
        self.api_server.clone()
    }

    /// `https://127.0.0.1:<port>` of the API server.
    pub fn url(&self) -> &str {
        self.api_server.url()
    }

    /// The CA that signed the API server's certificate, as PEM.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// A kubeconfig with every right.
    pub fn admin_kubeconfig(&self) -> &Path {
        self.admin.kubeconfig()
    }

    /// A folder for files that live as long as the control plane.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What is really stored.
    pub fn etcd(&self) -> &Etcd {
        &self.etcd
    }

    /// The ids of its processes.
    pub fn pids(&self) -> Vec<u32> {
        self.processes.iter().map(Process::pid).collect()
    }

    /// Runs kubectl with every right.
    pub async fn kubectl(&self, arguments: &[&str]) -> Result<Output> {
        self.admin.run(arguments).await
    }

    /// The same, with text on its standard input.
    pub async fn kubectl_in(&self, stdin: &str, arguments: &[&str]) -> Result<Output> {
        self.admin.run_in(stdin, arguments).await
    }

    /// A kubectl of whoever a kubeconfig names; the administrator's is
    /// [`Self::admin_kubeconfig`].
    pub fn kubectl_as(&self, kubeconfig: impl Into<PathBuf>) -> Kubectl {
        Kubectl {
            kubeconfig: kubeconfig.into(),
            ..self.admin.clone()
        }
    }

    /// A token of a `ServiceAccount`, by the `TokenRequest` API; valid for an hour.
    pub async fn token(&self, namespace: &str, service_account: &str) -> Result<String> {
        let arguments = ["create", "token", service_account, "--namespace", namespace];
        let output = self.kubectl(&arguments).await?.ok()?;
        Ok(output.trim().to_owned())
    }

    /// Writes a kubeconfig for a bearer token, which leads to `url`: the API
    /// server's own, or that of a proxy in front of it. Over plain HTTP kubectl
    /// sends no credentials at all; the operator's client does.
    pub fn kubeconfig(&self, url: &str, token: &str) -> Result<PathBuf> {
        let number = self.kubeconfigs.fetch_add(1, Ordering::Relaxed);
        let name = format!("token-{number}");
        write_kubeconfig(self.folder.path(), &name, url, &json!({"token": token}))
    }

    /// The last lines that each component printed, for a failed test.
    pub fn logs(&self) -> String {
        let tails = self.processes.iter().map(|process| {
            let name = process.log().file_stem().unwrap_or_default();
            format!("--- {} ---\n{}\n", name.display(), process.tail())
        });
        tails.collect()
    }
}

/// The components while they start; dropping it stops them.
struct Boot<'a> {
    programs: &'a Path,
    folder: &'a Path,
    processes: Vec<Process>,
}

impl Boot<'_> {
    fn start<S: AsRef<str>>(&mut self, name: &str, flags: &[S]) -> Result<()> {
        let mut command = Command::new(self.programs.join(name));
        programs::isolate(&mut command);
        command
            .args(flags.iter().map(AsRef::as_ref))
            // Components may write beside themselves (coverage, crash files).
            .current_dir(self.folder);
        let log = self.folder.join(format!("{name}.log"));
        self.processes.push(Process::spawn(name, log, &command)?);
        Ok(())
    }

    fn file(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    fn etcd(&mut self, etcd: &Etcd) -> Result<()> {
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

    fn api_server(&mut self, etcd: &Etcd, port: u16, services: &str) -> Result<()> {
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
        ];
        self.start("kube-apiserver", &flags)
    }

    fn controller_manager(&mut self) -> Result<()> {
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

    /// Polls, and fails at once, with its log, when a component has ended.
    async fn wait_for<T, F>(&mut self, what: &str, look: impl FnMut() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let processes = &mut self.processes;
        let ended = async {
            loop {
                for process in &mut *processes {
                    if let Err(error) = process.check() {
                        return error;
                    }
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        let waited = tokio::select! {
            error = ended => return Err(error),
            waited = eventually(what, BOOT, look) => waited,
        };
        waited.map_err(|error| match self.processes.last() {
            Some(newest) => newest.failure(&error.to_string()),
            None => error,
        })
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

fn write_certificates(folder: &Path, authority: &Authority) -> Result<()> {
    certificates::write(folder, "ca.crt", &authority.pem())?;
    certificates::signing_pair(folder, "accounts")?;
    let server = Subject::Server(&["127.0.0.1", "localhost", "kubernetes.default.svc"]);
    authority.issue(folder, "server", &server)?;
    let admin = Subject::Client {
        user: "admin",
        group: Some("system:masters"),
    };
    authority.issue(folder, "admin", &admin)?;
    let controllers = Subject::Client {
        user: "system:kube-controller-manager",
        group: None,
    };
    authority.issue(folder, "controller-manager", &controllers)
}

fn client_certificate(folder: &Path, user: &str) -> serde_json::Value {
    json!({
        "client-certificate": folder.join(format!("{user}.crt")),
        "client-key": folder.join(format!("{user}.key")),
    })
}

/// JSON is YAML, so a kubeconfig may be JSON.
fn write_kubeconfig(
    folder: &Path,
    name: &str,
    url: &str,
    identity: &serde_json::Value,
) -> Result<PathBuf> {
    let mut cluster = json!({"server": url});
    if url.starts_with("https:") {
        cluster["certificate-authority"] = json!(folder.join("ca.crt"));
    }
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "stow",
        "clusters": [{"name": "stow", "cluster": cluster}],
        "users": [{"name": "stow", "user": identity}],
        "contexts": [{"name": "stow", "context": {"cluster": "stow", "user": "stow"}}],
    });
    let path = folder.join(format!("{name}.kubeconfig"));
    fs::write(&path, config.to_string())
        .map_err(Error::system(format!("writing {}", path.display())))?;
    Ok(path)
}
