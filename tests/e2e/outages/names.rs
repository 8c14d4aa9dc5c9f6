//! The names of both servers, as one operator alone resolves them: it runs with
//! an `/etc/hosts` and a resolver of its own, in a mount namespace, so that a
//! name can be taken from it while it runs and nothing else notices.
//!
//! It takes root, or a kernel that lets anybody have a namespace of their own.
//! Where neither is, nothing here may be taken for tested: it is said.

use std::fs;
use std::process::Command;

use harness::{Error, OperatorConfig, Result};
use tempfile::TempDir;

pub(super) const API: &str = "api.stow.test";
pub(super) const RDS: &str = "rds.stow.test";

/// Nobody answers there, and at once: a name is known by the hosts file, or not.
const RESOLVER: &str = "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n";

const RUN: &str = r#"
set -e
mount --bind "$0/hosts" /etc/hosts
mount --bind "$0/resolv.conf" /etc/resolv.conf
exec "$@"
"#;

/// Whether this machine lets a test have a mount namespace.
pub(super) fn can_be_taken() -> bool {
    let namespace = ["--map-root-user", "--mount", "true"];
    let outcome = Command::new("unshare").args(namespace).output();
    outcome.is_ok_and(|output| output.status.success())
}

/// Which names resolve. Dropping it removes them.
pub(super) struct Names {
    folder: TempDir,
}

impl Names {
    pub(super) fn new() -> Result<Self> {
        let names = Self {
            folder: tempfile::tempdir().map_err(|error| wrong(&error))?,
        };
        let resolver = names.folder.path().join("resolv.conf");
        fs::write(resolver, RESOLVER).map_err(|error| wrong(&error))?;
        names.resolve(&[API, RDS])?;
        Ok(names)
    }

    /// Lets these resolve, and no other.
    pub(super) fn resolve(&self, names: &[&str]) -> Result<()> {
        // Written over and not replaced: it is the file that is mounted.
        let line = format!("127.0.0.1 localhost {}\n", names.join(" "));
        fs::write(self.folder.path().join("hosts"), line).map_err(|error| wrong(&error))
    }

    /// Has an operator reach both servers by these names.
    pub(super) fn lead(&self, config: &mut OperatorConfig) -> Result<()> {
        for (key, value) in &mut config.env {
            if key == "AWS_ENDPOINT_URL" {
                *value = value.replace("127.0.0.1", RDS);
            }
        }
        let kubeconfig = fs::read_to_string(&config.kubeconfig).map_err(|error| wrong(&error))?;
        config.kubeconfig = self.folder.path().join("kubeconfig");
        fs::write(&config.kubeconfig, kubeconfig.replace("127.0.0.1", API))
            .map_err(|error| wrong(&error))?;

        let program = config.binary.display().to_string();
        let folder = self.folder.path().display().to_string();
        let before = [
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            RUN,
            &folder,
            &program,
        ];
        let before = before.map(str::to_owned);
        config.args = before.into_iter().chain(config.args.drain(..)).collect();
        config.binary = "unshare".into();
        Ok(())
    }
}

fn wrong(error: &dyn std::error::Error) -> Error {
    Error::Unexpected(error.to_string())
}
