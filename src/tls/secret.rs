//! The Secret in which the replicas share their CA.
//!
//! Nothing here may serve or publish: it reads, creates, and replaces what is
//! broken, so that replicas which start at once end with one CA.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{ObjectMeta, PostParams};
use kube::{Api, Client, ResourceExt};

use super::authority::{Authority, Broken};
use super::clock::Clock;
use super::look::{Unavailable, look};
use crate::complaint::Attempt;

/// The Secret's name, in the operator's namespace.
pub const SECRET: &str = "stow-webhook";

/// Asks for another CA by any new value, as after a leak; and the value that was
/// done.
const ROTATE: &str = "stow.myob.com/rotate";
const ROTATED: &str = "stow.myob.com/rotated";

const CERTIFICATE: &str = "ca.crt";
const KEY: &str = "ca.key";

const MANIFEST: &str = "yaml/deployment.yaml";
const GET: Attempt<'static> = Attempt {
    verb: "get",
    resource: "secrets \"stow-webhook\"",
    manifest: MANIFEST,
};
const CREATE: Attempt<'static> = Attempt {
    verb: "create",
    resource: "secrets",
    manifest: MANIFEST,
};
const UPDATE: Attempt<'static> = Attempt {
    verb: "update",
    ..GET
};

/// How often a race for the Secret is run again at once. Each round that is lost
/// is won by another replica, and there are only a few.
const ROUNDS: usize = 5;

/// Where the CA is kept.
#[derive(Clone)]
pub(super) struct Store {
    client: Client,
    api: Api<Secret>,
    namespace: String,
}

impl Store {
    pub(super) fn new(client: Client, namespace: &str) -> Self {
        Self {
            api: Api::namespaced(client.clone(), namespace),
            client,
            namespace: namespace.to_owned(),
        }
    }

    /// The CA of the Secret. Where there is none, or a broken one, the Secret is
    /// written: with the CA that this replica holds already, so that a deleted
    /// Secret changes nothing, else with a new one. A new one too where the next
    /// is due, or asked for.
    pub(super) async fn obtain(
        &self,
        held: Option<&Authority>,
        clock: &mut Clock,
    ) -> Result<Authority, Unavailable> {
        for _ in 0..ROUNDS {
            let found = look(&self.client, &self.namespace, SECRET, clock).await;
            let found = found.map_err(|error| api(GET, &error))?;
            let now = clock.now();
            let mut follows = false;
            if let Some(secret) = &found {
                match parse(secret, now) {
                    Ok(authority) => match succession(secret, &authority, now) {
                        None => return Ok(authority),
                        Some(reason) => {
                            tracing::info!("another CA follows the webhook's: {reason}");
                            follows = true;
                        }
                    },
                    Err(broken) => tracing::warn!(
                        "the webhook's CA in Secret {}/{SECRET} is replaced: {broken}",
                        self.namespace
                    ),
                }
            }
            let written = match held.filter(|held| !follows && !held.is_expired(now)) {
                Some(held) => self.write(found, held, false).await,
                None => self.write(found, &Authority::generate(now)?, true).await,
            };
            match written {
                // Read again, so that all replicas hold what the Secret holds,
                // whoever wrote it.
                Ok(()) => tracing::info!("wrote the webhook's CA to its Secret"),
                Err(Unavailable::Raced(_)) => {}
                Err(other) => return Err(other),
            }
        }
        Err(Unavailable::Raced(SECRET))
    }

    async fn write(
        &self,
        found: Option<Secret>,
        ca: &Authority,
        fresh: bool,
    ) -> Result<(), Unavailable> {
        let parameters = PostParams::default();
        let exists = found.is_some();
        let mut secret = secret(found, ca);
        // Whatever the reason for another CA, it is another than that which
        // somebody wants to be rid of.
        if fresh && let Some(wish) = secret.annotations().get(ROTATE).cloned() {
            secret.annotations_mut().insert(ROTATED.to_owned(), wish);
        }
        let (attempt, written) = if exists {
            (UPDATE, self.api.replace(SECRET, &parameters, &secret).await)
        } else {
            (CREATE, self.api.create(&parameters, &secret).await)
        };
        match written {
            Ok(_) => Ok(()),
            Err(kube::Error::Api(status)) if status.code == 409 => Err(Unavailable::Raced(SECRET)),
            // Deleted since it was read.
            Err(kube::Error::Api(status)) if status.code == 404 && exists => {
                Err(Unavailable::Raced(SECRET))
            }
            Err(kube::Error::Api(status)) if status.code == 404 => {
                Err(Unavailable::NoNamespace(self.namespace.clone()))
            }
            Err(error) => Err(api(attempt, &error)),
        }
    }
}

fn api(attempt: Attempt<'_>, error: &kube::Error) -> Unavailable {
    Unavailable::Api(attempt.explain(error))
}

/// Why another CA has to follow this one, if it has to.
fn succession(secret: &Secret, authority: &Authority, now: Timestamp) -> Option<String> {
    let annotations = secret.annotations();
    let wish = annotations.get(ROTATE);
    if let Some(wish) = wish.filter(|_| wish != annotations.get(ROTATED)) {
        return Some(format!("{ROTATE} of its Secret is {wish:?}"));
    }
    authority.is_due(now).then(|| {
        format!(
            "two thirds of its life are over; it ends {}",
            authority.expires()
        )
    })
}

fn parse(secret: &Secret, now: Timestamp) -> Result<Authority, Broken> {
    let data = |key| {
        let value = secret.data.as_ref().and_then(|data| data.get(key));
        value
            .map(|value| value.0.as_slice())
            .ok_or(Broken::Missing(key))
    };
    Authority::read(data(CERTIFICATE)?, data(KEY)?, now)
}

/// The Secret with this CA. What else stands in one that was found is kept, its
/// resourceVersion above all: another replica's repair is never overwritten.
fn secret(found: Option<Secret>, ca: &Authority) -> Secret {
    let mut secret = found.unwrap_or_else(|| Secret {
        metadata: ObjectMeta {
            name: Some(SECRET.to_owned()),
            ..ObjectMeta::default()
        },
        type_: Some("Opaque".to_owned()),
        ..Secret::default()
    });
    let labels = secret.metadata.labels.get_or_insert_default();
    labels.insert("app.kubernetes.io/managed-by".to_owned(), "stow".to_owned());
    let data: &mut BTreeMap<String, ByteString> = secret.data.get_or_insert_default();
    data.insert(CERTIFICATE.to_owned(), ByteString(ca.certificates().into()));
    data.insert(KEY.to_owned(), ByteString(ca.key().into_bytes()));
    secret
}

#[cfg(test)]
mod tests;
