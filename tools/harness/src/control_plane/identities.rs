//! Who is who in a control plane: certificates, and the kubeconfigs made of them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::json;

use crate::{
    certificates::{self, Authority, Subject},
    error::{Error, Result},
};

/// Writes the certificates of all components, and the kubeconfigs of those that
/// talk to the API server at `url`: `admin` and `controller-manager`.
pub(super) fn write_all(folder: &Path, authority: &Authority, url: &str) -> Result<()> {
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
    authority.issue(folder, "controller-manager", &controllers)?;
    for user in ["admin", "controller-manager"] {
        let identity = json!({
            "client-certificate": folder.join(format!("{user}.crt")),
            "client-key": folder.join(format!("{user}.key")),
        });
        write_kubeconfig(folder, user, url, &identity)?;
    }
    Ok(())
}

/// Writes `<name>.kubeconfig`; it is JSON, since JSON is YAML.
pub(super) fn write_kubeconfig(
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
