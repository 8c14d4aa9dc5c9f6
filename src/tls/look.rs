//! One look at a Secret with a certificate, by its name.
//!
//! Nothing here may watch: Secrets of other names would need the right to list.

use k8s_openapi::api::core::v1::Secret;
use kube::api::GetParams;
use kube::core::Request;
use kube::{Client, Resource};

use super::authority::{Broken, IssueError};
use super::clock::Clock;
use crate::dated::dated;

/// Why there is no certificate now; it is tried again.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unavailable {
    #[error("{0}")]
    Api(String),
    #[error("namespace {0} does not exist: apply yaml/config-map.yaml, which has it")]
    NoNamespace(String),
    #[error("others keep writing secrets {0:?}")]
    Raced(&'static str),
    #[error("Secret {0} does not exist: have cert-manager make it, by docs/certificates.md")]
    NotGiven(String),
    #[error("Secret {name} cannot be used: {why}")]
    Unusable {
        /// With its namespace.
        name: String,
        why: Broken,
    },
    #[error(transparent)]
    Issue(#[from] IssueError),
}

/// The Secret, if there is one. The answer sets the clock.
pub(super) async fn look(
    client: &Client,
    namespace: &str,
    name: &str,
    clock: &mut Clock,
) -> Result<Option<Secret>, kube::Error> {
    let request = Request::new(Secret::url_path(&(), Some(namespace)));
    let request = request
        .get(name, &GetParams::default())
        .map_err(kube::Error::BuildRequest)?;
    let (secret, date) = dated(client, request).await?;
    if let Some(date) = date {
        clock.compare(date);
    }
    Ok(secret)
}
