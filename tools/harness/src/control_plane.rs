//! A real Kubernetes control plane on loopback: etcd, kube-apiserver and
//! kube-controller-manager, with certificates of its own.
//!
//! There is no kubelet and no kube-proxy: Pods do not start, and a Service leads
//! somewhere only through [`crate::relay::ServiceRelay`]. Nothing here knows
//! Stow's objects.

pub mod audit;
mod boot;
pub mod etcd;
mod identities;
pub mod kubectl;

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use serde_json::json;

use self::{
    audit::Audited,
    boot::{API_SERVER, Boot, Component, api_server_ready},
    etcd::Etcd,
    kubectl::{Kubectl, Output},
};
use crate::{
    certificates::Authority,
    error::{Error, Result},
    exchange::Upstream,
    loopback::{ServiceRange, free_port},
    process::Process,
    programs,
    scratch::Scratch,
};

/// A running control plane. Dropping it stops it, and so does the end of this
/// process, whatever its cause.
#[derive(Debug)]
pub struct ControlPlane {
    // Fields are dropped in this order: clients of a component end before it.
    components: Vec<Component>,
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
        Self::start_auditing(&[]).await
    }

    /// The same, with a log of every request of these users, by the names that
    /// the API server has for them: `system:serviceaccount:<namespace>:<name>`.
    pub async fn start_auditing(users: &[&str]) -> Result<Self> {
        let programs = programs::control_plane().await?;
        let folder = Scratch::new("stow-control-plane-")?;
        let authority = Authority::new()?;
        let ca_pem = authority.pem();
        let services = ServiceRange::claim()?;
        let port = free_port()?;
        let etcd = Etcd::at(format!("127.0.0.1:{}", free_port()?));
        let api_server = Upstream::https(format!("127.0.0.1:{port}"), &ca_pem)?;
        identities::write_all(folder.path(), &authority, api_server.url())?;
        audit::write_policy(folder.path(), users)?;

        let mut boot = Boot::new(&programs, folder.path());
        boot.etcd(&etcd)?;
        boot.api_server(&etcd, port, &services.cidr())?;
        boot.api_server_ready(&api_server).await?;
        boot.controller_manager()?;
        boot.controllers_at_work(&etcd).await?;
        let components = boot.components();

        Ok(Self {
            components,
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

    /// Ends the API server by SIGKILL. All that talks to it loses its connection.
    pub async fn kill_api_server(&mut self) -> Result<()> {
        let mut components = self.components.iter_mut();
        match components.find(|one| one.name() == API_SERVER) {
            Some(server) => server.kill().await,
            None => Err(Error::Unexpected("there is no API server".to_owned())),
        }
    }

    /// Starts the API server again where it was, over the same etcd, and returns
    /// once it is ready.
    pub async fn start_api_server(&mut self) -> Result<()> {
        for server in &mut self.components {
            if server.name() == API_SERVER {
                server.start_again()?;
            }
        }
        api_server_ready(&mut self.components, &self.api_server).await
    }

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

    /// The requests of a user whom [`Self::start_auditing`] named, so far.
    pub fn audited(&self, user: &str) -> Result<Vec<Audited>> {
        audit::read(self.folder.path(), user)
    }

    /// The ids of its processes.
    pub fn pids(&self) -> Vec<u32> {
        let processes = self.components.iter().map(Component::process);
        processes.map(Process::pid).collect()
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
        identities::write_kubeconfig(self.folder.path(), &name, url, &json!({"token": token}))
    }

    /// The last lines that each component printed, for a failed test.
    pub fn logs(&self) -> String {
        let processes = self.components.iter().map(Component::process);
        let tails = processes.map(|process| {
            let name = process.log().file_stem().unwrap_or_default();
            format!("--- {} ---\n{}\n", name.display(), process.tail())
        });
        tails.collect()
    }
}
