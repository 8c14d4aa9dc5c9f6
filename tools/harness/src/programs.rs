//! Where the programs that the harness starts come from: the build scripts of
//! `tools/`, which answer at once when their work is done.
//!
//! Nothing here knows versions or caches; the scripts do.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::error::{Error, Result};

/// The folder with kube-apiserver, kube-controller-manager, kubectl and etcd.
pub(crate) async fn control_plane() -> Result<PathBuf> {
    provided_by("control-plane/build").await
}

/// moto's virtual environment.
pub(crate) async fn moto() -> Result<PathBuf> {
    provided_by("moto/build").await
}

/// Runs a script whose last line of output is a folder. It may build for
/// minutes, and says so on standard error, which is ours.
async fn provided_by(script: &str) -> Result<PathBuf> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(script);
    let not_built = |reason: String| Error::NotBuilt {
        script: script.clone(),
        reason,
    };
    let output = tokio::process::Command::new(&script)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|error| not_built(error.to_string()))?;
    if !output.status.success() {
        return Err(not_built(output.status.to_string()));
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .last()
        .map(PathBuf::from)
        .ok_or_else(|| not_built("it printed no folder".to_owned()))
}

/// What of our own environment must not decide how a child talks to Kubernetes
/// or AWS, or how the operator runs: credentials, certificate bundles, and
/// proxies, which may not reach loopback.
const FOREIGN: [&str; 6] = ["AWS_", "SSL_", "KUBE", "MOTO_", "STOW_", "RUST_LOG"];
const FOREIGN_ENDINGS: [&str; 2] = ["_PROXY", "_CA_BUNDLE"];

/// Takes from the child's environment what could lead it away from loopback.
pub(crate) fn isolate(command: &mut Command) {
    for (key, _) in std::env::vars_os() {
        if is_foreign(&key.to_string_lossy()) {
            command.env_remove(&key);
        }
    }
}

fn is_foreign(variable: &str) -> bool {
    let name = variable.to_ascii_uppercase();
    if name == "STOW_CACHE" {
        return false;
    }
    FOREIGN.iter().any(|start| name.starts_with(start))
        || FOREIGN_ENDINGS.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_away_from_loopback_is_foreign() {
        for foreign in [
            "AWS_CA_BUNDLE",
            "AWS_PROFILE",
            "HTTPS_PROXY",
            "KUBECONFIG",
            "KUBERNETES_SERVICE_HOST",
            "MOTO_RDS_SNAPSHOT_LIMIT",
            "REQUESTS_CA_BUNDLE",
            "RUST_LOG",
            "SSL_CERT_FILE",
            "STOW_NAMESPACE",
            "http_proxy",
            "no_proxy",
        ] {
            assert!(is_foreign(foreign), "{foreign}");
        }
        for ours in ["HOME", "PATH", "RUST_BACKTRACE", "STOW_CACHE", "TMPDIR"] {
            assert!(!is_foreign(ours), "{ours}");
        }
    }
}
