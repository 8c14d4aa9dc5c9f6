//! Which cluster is talked to, and as whom.
//!
//! Nothing here may make a call: a cluster that is away is told by what asks it.

use std::fmt;

use kube::config::{InferConfigError, KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};

/// Why no cluster can be talked to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No API server is named anywhere.
    #[error("no Kubernetes cluster: set KUBECONFIG, or run in a Pod with a ServiceAccount")]
    NoCluster(#[source] InferConfigError),
    /// The context that was asked for cannot be used.
    #[error("the context {name:?} cannot be used; `kubectl config get-contexts` lists them")]
    Context {
        /// Which.
        name: String,
        /// Why.
        source: KubeconfigError,
    },
    /// What names the API server cannot be used.
    #[error("the Kubernetes configuration cannot be used")]
    Client(#[source] kube::Error),
}

/// A cluster, before it is called.
#[derive(Debug)]
pub(crate) struct Cluster {
    /// How it is reached.
    pub(crate) config: Config,
    /// The context that names it; `None` in a Pod.
    context: Option<String>,
}

impl Cluster {
    /// That of a context of the kubeconfig; without one, that of the current
    /// context, or else the one that this Pod is in.
    pub(crate) async fn of(context: Option<&str>) -> Result<Self, Error> {
        let options = KubeConfigOptions {
            context: context.map(str::to_owned),
            ..KubeConfigOptions::default()
        };
        match (Config::from_kubeconfig(&options).await, context) {
            (Ok(mut config), _) => {
                config.apply_debug_overrides();
                let current = || Kubeconfig::read().ok()?.current_context;
                let context = options.context.or_else(current);
                Ok(Self { config, context })
            }
            (Err(source), Some(name)) => Err(Error::Context {
                name: name.to_owned(),
                source,
            }),
            (Err(_), None) => Ok(Self {
                config: Config::infer().await.map_err(Error::NoCluster)?,
                context: None,
            }),
        }
    }

    /// A client of it.
    pub(crate) fn client(self) -> Result<Client, Error> {
        // rustls asks for it where no provider was handed in.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        Client::try_from(self.config).map_err(Error::Client)
    }
}

impl fmt::Display for Cluster {
    /// Where it is, without what a URL may hold of a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = &self.config.cluster_url;
        let (scheme, host) = (url.scheme_str(), url.host());
        write!(f, "API server {}://", scheme.unwrap_or("https"))?;
        f.write_str(host.unwrap_or_default())?;
        if let Some(port) = url.port() {
            write!(f, ":{port}")?;
        }
        match &self.context {
            Some(name) => write!(f, ", context {name:?}"),
            None => f.write_str(", as this Pod's ServiceAccount"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(url: &str, context: Option<&str>) -> String {
        let cluster = Cluster {
            config: Config::new(url.parse().expect("a URL")),
            context: context.map(str::to_owned),
        };
        cluster.to_string()
    }

    #[test]
    fn a_cluster_is_named_and_no_password() {
        assert_eq!(
            shown("https://me:secret@[::1]:6443/k8s", Some("prod\u{1b}[2J")),
            "API server https://[::1]:6443, context \"prod\\u{1b}[2J\""
        );
        assert_eq!(
            shown("https://10.0.0.1/", None),
            "API server https://10.0.0.1, as this Pod's ServiceAccount"
        );
    }
}
