//! The Secret in which the replicas share their CA.
//!
//! Nothing here may serve or publish: it reads, creates, and replaces what is
//! broken, so that replicas which start at once end with one CA.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{ObjectMeta, PostParams};
use kube::{Api, Client};

use super::authority::{Authority, Broken, IssueError};
use crate::complaint::Attempt;

/// The Secret's name, in the operator's namespace.
pub const SECRET: &str = "stow-webhook";

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

/// Why there is no CA now; it is tried again.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unavailable {
    #[error("{0}")]
    Api(String),
    #[error("namespace {0} does not exist: apply yaml/config-map.yaml, which has it")]
    NoNamespace(String),
    #[error("others keep writing secrets \"stow-webhook\"")]
    Raced,
    #[error(transparent)]
    Issue(#[from] IssueError),
}

/// Where the CA is kept.
#[derive(Clone)]
pub(super) struct Store {
    api: Api<Secret>,
    namespace: String,
}

impl Store {
    pub(super) fn new(client: Client, namespace: &str) -> Self {
        Self {
            api: Api::namespaced(client, namespace),
            namespace: namespace.to_owned(),
        }
    }

    /// The CA of the Secret. Where there is none, or a broken one, the Secret is
    /// written: with the CA that this replica holds already, so that a deleted
    /// Secret changes nothing, else with a new one.
    pub(super) async fn obtain(
        &self,
        held: Option<&Authority>,
        now: Timestamp,
    ) -> Result<Authority, Unavailable> {
        for _ in 0..ROUNDS {
            let found = self.api.get_opt(SECRET).await.map_err(|e| api(GET, &e))?;
            if let Some(secret) = &found {
                match parse(secret, now) {
                    Ok(authority) => return Ok(authority),
                    Err(broken) => tracing::warn!(
                        "the webhook's CA in Secret {}/{SECRET} is replaced: {broken}",
                        self.namespace
                    ),
                }
            }
            let fresh;
            let authority = match held {
                Some(held) if !held.is_expired(now) => held,
                _ => {
                    fresh = Authority::generate(now)?;
                    &fresh
                }
            };
            match self.write(found, authority).await {
                // Read again, so that all replicas hold what the Secret holds,
                // whoever wrote it.
                Ok(()) => tracing::info!("wrote the webhook's CA to its Secret"),
                Err(Unavailable::Raced) => {}
                Err(other) => return Err(other),
            }
        }
        Err(Unavailable::Raced)
    }

    async fn write(&self, found: Option<Secret>, ca: &Authority) -> Result<(), Unavailable> {
        let parameters = PostParams::default();
        let exists = found.is_some();
        let secret = secret(found, ca);
        let (attempt, written) = if exists {
            (UPDATE, self.api.replace(SECRET, &parameters, &secret).await)
        } else {
            (CREATE, self.api.create(&parameters, &secret).await)
        };
        match written {
            Ok(_) => Ok(()),
            Err(kube::Error::Api(status)) if status.code == 409 => Err(Unavailable::Raced),
            // Deleted since it was read.
            Err(kube::Error::Api(status)) if status.code == 404 && exists => {
                Err(Unavailable::Raced)
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
mod tests {
    use super::*;
    use crate::fake_api::FakeApi;
    use http::Method;

    const PATH: &str = "/api/v1/namespaces/stow-system/secrets/stow-webhook";

    fn store(api: &FakeApi) -> Store {
        Store::new(api.client().0, "stow-system")
    }

    fn writes(api: &FakeApi) -> usize {
        api.calls()
            .iter()
            .filter(|call| call.method != Method::GET)
            .count()
    }

    #[tokio::test]
    async fn replicas_that_start_at_once_share_one_ca() {
        let api = FakeApi::new();
        let now = Timestamp::now();
        let (a, b, c) = (store(&api), store(&api), store(&api));
        let (a, b, c) = tokio::join!(
            a.obtain(None, now),
            b.obtain(None, now),
            c.obtain(None, now)
        );
        let a = a.unwrap();
        assert!(a.is(&b.unwrap()) && a.is(&c.unwrap()));
        let secret = api.get(PATH).unwrap();
        assert_eq!(secret["type"], "Opaque");
        assert_eq!(
            secret["metadata"]["labels"]["app.kubernetes.io/managed-by"],
            "stow"
        );
    }

    #[tokio::test]
    async fn a_good_ca_is_not_touched() {
        let api = FakeApi::new();
        let now = Timestamp::now();
        store(&api).obtain(None, now).await.unwrap();
        let before = writes(&api);
        store(&api).obtain(None, now).await.unwrap();
        assert_eq!(writes(&api), before);
    }

    #[tokio::test]
    async fn a_broken_or_expired_ca_is_replaced_under_its_resource_version() {
        let api = FakeApi::new();
        let now = Timestamp::now();
        let first = store(&api).obtain(None, now).await.unwrap();
        let mut secret = api.get(PATH).unwrap();
        secret["data"]["ca.key"] = serde_json::json!("bm9uc2Vuc2U=");
        api.put(PATH, secret);
        let version = api.get(PATH).unwrap()["metadata"]["resourceVersion"].clone();
        let second = store(&api).obtain(None, now).await.unwrap();
        assert!(!second.is(&first));
        let put = api
            .calls()
            .into_iter()
            .find(|call| call.method == Method::PUT)
            .unwrap();
        assert_eq!(put.body["metadata"]["resourceVersion"], version);

        let later = now + super::super::authority::AUTHORITY_LIFE;
        let third = store(&api).obtain(Some(&second), later).await.unwrap();
        assert!(!third.is(&second) && !third.is_expired(later));
    }

    #[tokio::test]
    async fn a_deleted_secret_comes_back_with_the_ca_in_use() {
        let api = FakeApi::new();
        let now = Timestamp::now();
        let first = store(&api).obtain(None, now).await.unwrap();
        api.delete(PATH);
        let again = store(&api).obtain(Some(&first), now).await.unwrap();
        assert!(again.is(&first));
    }

    #[tokio::test]
    async fn a_missing_right_is_named_and_so_is_a_missing_namespace() {
        let api = FakeApi::new();
        let now = Timestamp::now();
        for (method, code, expected) in [
            (Method::GET, 403, "get secrets \"stow-webhook\""),
            (Method::POST, 403, "create secrets"),
            (Method::POST, 404, "yaml/config-map.yaml"),
        ] {
            api.refuse(Some((method, code)));
            let error = store(&api).obtain(None, now).await.unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
            assert!(error.contains("yaml/"), "{error}");
        }
    }
}
