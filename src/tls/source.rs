//! Where certificates come from: Stow's own Secret, or one that somebody else fills.
//!
//! Nothing here may decide when a certificate is served.

use std::time::Duration;

use kube::Client;
use tokio::time::timeout;

use super::clock::Clock;
use super::credential::Credential;
use super::held::Found;
use super::look::{Unavailable, look};
use super::secret::Store;
use crate::complaint::Attempt;

/// How long one look may take. The API server may accept and then not answer.
const CALL: Duration = Duration::from_secs(15);

/// Where certificates come from.
#[derive(Debug, Clone)]
pub enum Source {
    /// Stow's own CA, in the Secret [`super::SECRET`].
    Own {
        /// The host names and addresses under which the webhook is called: see
        /// [`super::names`].
        names: Vec<String>,
    },
    /// A Secret that somebody else fills, such as cert-manager.
    Given {
        /// Its name, in the operator's namespace.
        secret: String,
        /// The host name under which API servers call the webhook.
        name: String,
    },
}

/// A source, and the way to it.
pub(super) struct Supply {
    client: Client,
    namespace: String,
    source: Source,
    store: Store,
}

impl Supply {
    pub(super) fn new(client: Client, namespace: &str, source: Source) -> Self {
        Self {
            store: Store::new(client.clone(), namespace),
            client,
            namespace: namespace.to_owned(),
            source,
        }
    }

    /// What the Secret holds; what this replica holds already mends it.
    pub(super) async fn obtain(
        &self,
        held: Option<&Credential>,
        clock: &mut Clock,
    ) -> Result<Found, Unavailable> {
        let obtained = timeout(CALL, async {
            match &self.source {
                Source::Own { .. } => {
                    let held = held.and_then(|held| held.authority.as_ref());
                    self.store.obtain(held, clock).await.map(Found::Authority)
                }
                Source::Given { secret, name } => {
                    self.given(secret, name, clock).await.map(Found::Leaf)
                }
            }
        });
        obtained.await.unwrap_or_else(|_| {
            Err(Unavailable::Api(
                "the API server does not answer".to_owned(),
            ))
        })
    }

    async fn given(
        &self,
        secret: &str,
        name: &str,
        clock: &mut Clock,
    ) -> Result<Credential, Unavailable> {
        let resource = format!("secrets {secret:?}");
        let attempt = Attempt {
            verb: "get",
            resource: &resource,
            manifest: "yaml/cert-manager.yaml",
        };
        let found = look(&self.client, &self.namespace, secret, clock).await;
        let found = found.map_err(|error| Unavailable::Api(attempt.explain(&error)))?;
        let whole_name = || format!("{}/{secret}", self.namespace);
        let found = found.ok_or_else(|| Unavailable::NotGiven(whole_name()))?;
        Credential::given(&found, name, clock.now()).map_err(|why| Unavailable::Unusable {
            name: whole_name(),
            why,
        })
    }

    /// The names that leaves of its own are for.
    pub(super) fn names(&self) -> &[String] {
        match &self.source {
            Source::Own { names } => names,
            Source::Given { .. } => &[],
        }
    }
}
