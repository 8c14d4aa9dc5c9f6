//! Where the programs that the harness starts come from: the build scripts of
//! `tools/`, which answer at once when their work is done.
//!
//! Nothing here knows versions or caches; the scripts do.

use std::{
    fs,
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

/// The folder with PostgreSQL's programs, where the system has none of its own.
pub(crate) async fn postgres() -> Result<Option<PathBuf>> {
    if has_postgres().await {
        return Ok(None);
    }
    provided_by("postgres/build").await.map(Some)
}

/// Whether drydock finds a PostgreSQL without being told of one.
async fn has_postgres() -> bool {
    let packaged = fs::read_dir("/usr/lib/postgresql").is_ok_and(|majors| {
        majors
            .flatten()
            .any(|major| major.path().join("bin/postgres").exists())
    });
    if packaged {
        return true;
    }
    let asked = tokio::process::Command::new("pg_config")
        .arg("--bindir")
        .output();
    // A client library alone has a pg_config too.
    asked.await.is_ok_and(|output| {
        let folder = String::from_utf8_lossy(&output.stdout);
        Path::new(folder.trim()).join("postgres").exists()
    })
}

/// The `drydock` of the build that this program belongs to.
///
/// Cargo builds no binary of one package for the tests of another, unless the
/// whole workspace is asked for.
pub(crate) fn drydock() -> Result<PathBuf> {
    let ourselves = std::env::current_exe().map_err(Error::system("finding this program"))?;
    // Programs lie in one folder, tests in `deps` within it.
    let folders = ourselves.ancestors().skip(1).take(2);
    let found = folders
        .map(|folder| folder.join("drydock"))
        .find(|path| path.is_file());
    found.ok_or_else(|| Error::NoDrydock {
        beside: ourselves.clone(),
    })
}

/// Where drydock keeps what is made once, for all who run it here.
pub(crate) fn drydock_cache() -> PathBuf {
    let variable = |name| std::env::var_os(name).map(PathBuf::from);
    // PostgreSQL runs as another user than root, who cannot enter root's home.
    let cache = if rustix::process::geteuid().is_root() {
        PathBuf::from("/var/cache/stow")
    } else {
        let home = || variable("HOME").unwrap_or_default().join(".cache");
        let caches = || variable("XDG_CACHE_HOME").unwrap_or_else(home);
        variable("STOW_CACHE").unwrap_or_else(|| caches().join("stow"))
    };
    cache.join("drydock")
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
const FOREIGN: [&str; 7] = [
    "AWS_", "DRYDOCK_", "KUBE", "MOTO_", "RUST_LOG", "SSL_", "STOW_",
];
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
            "DRYDOCK_SECRET_ACCESS_KEY",
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
