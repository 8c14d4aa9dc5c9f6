//! All that is read of the cluster: this file alone talks to it, and only with
//! GET and LIST.
//!
//! Nothing here may judge. What cannot be read is handed on as such, so that a
//! missing right is never taken for a missing object.

mod pages;
mod trial;

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::time::Duration;

use futures::{StreamExt, stream};
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition as Crd;
use kube::api::{DynamicObject, ListParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Api, Client};
use serde_json::Value;
use stow_versions::{CRD, HUB};
use tokio::time::timeout;

use super::Error;
use super::shipped::Shipped;
use crate::chain::Chain;
use crate::complaint::unreadable;
use crate::untyped::is_gone;

/// How long one call may take: a page whose objects a webhook has to convert, and
/// that does not answer, takes the API server half a minute.
const PATIENCE: Duration = Duration::from_mins(1);

/// How many reads are under way at once. An API server takes far more, and has
/// others to serve.
const AT_ONCE: usize = 8;

/// Why something could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    what: String,
    why: String,
    /// Whether an API server answered.
    reached: bool,
    /// Whether it said that a right is missing.
    denied: bool,
    /// Whether it said that there is no object of that name.
    gone: bool,
}

#[cfg(test)]
impl Unread {
    pub(super) fn for_test(what: &str, why: &str) -> Self {
        Self {
            what: what.to_owned(),
            why: why.to_owned(),
            reached: true,
            denied: false,
            gone: false,
        }
    }
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.why)
    }
}

/// What was read; `None` where it does not exist.
pub(super) type Read<T> = Result<Option<T>, Unread>;

/// All of the cluster but the objects and their Secrets.
#[derive(Clone, Debug)]
pub(super) struct Installation {
    /// The namespace of the operator.
    pub(super) namespace: String,
    /// The CRD.
    pub(super) definition: Read<Crd>,
    /// The data of the operator's ConfigMap.
    pub(super) config_map: Read<BTreeMap<String, String>>,
    /// What Stow ships, each with what the cluster has in its place.
    pub(super) shipped: Vec<(Shipped, Read<Value>)>,
    /// Where the webhook's Service leads.
    pub(super) slices: Result<Vec<EndpointSlice>, Unread>,
    /// The name of the Secret with the webhook's CA.
    pub(super) certificate: String,
    /// `ca.crt` of it.
    pub(super) authority: Read<Vec<u8>>,
}

impl Installation {
    /// The CRD, if it is there and could be read.
    pub(super) fn definition(&self) -> Option<&Crd> {
        self.definition.as_ref().ok()?.as_ref()
    }

    /// Whether the cluster serves v1beta1: from then on all that Stow ships has
    /// to be there, and before, none of it.
    pub(super) fn serves_hub(&self) -> bool {
        let versions = self.definition().into_iter();
        let mut versions = versions.flat_map(|crd| &crd.spec.versions);
        versions.any(|version| version.name == HUB && version.served)
    }

    /// Whether the cluster converts by a webhook.
    pub(super) fn converts(&self) -> bool {
        let conversion = self
            .definition()
            .and_then(|crd| crd.spec.conversion.as_ref());
        conversion.is_some_and(|conversion| conversion.strategy == "Webhook")
    }
}

/// Reads a cluster.
pub(super) struct Reader {
    client: Client,
    namespace: String,
    certificate: String,
}

impl Reader {
    pub(super) fn new(client: Client, namespace: &str, certificate: &str) -> Self {
        Self {
            client,
            namespace: namespace.to_owned(),
            certificate: certificate.to_owned(),
        }
    }

    /// Reads all but the objects. It fails only where no API server answers.
    pub(super) async fn installation(&self, shipped: Vec<Shipped>) -> Result<Installation, Error> {
        let crds = Api::<Crd>::all(self.client.clone());
        let what = format!("customresourcedefinition {CRD}");
        let definition = timed(what, crds.get_opt(CRD)).await;
        if let Err(unread) = &definition
            && !unread.reached
        {
            return Err(Error::Unreachable(unread.clone()));
        }
        let shipped = stream::iter(shipped).map(|shipped| async {
            let live = self.live(&shipped).await;
            (shipped, live)
        });
        let (config_map, slices, authority) =
            tokio::join!(self.config_map(), self.slices(), self.authority());
        Ok(Installation {
            namespace: self.namespace.clone(),
            definition,
            config_map,
            shipped: shipped.buffered(AT_ONCE).collect().await,
            slices,
            certificate: self.certificate.clone(),
            authority,
        })
    }

    async fn config_map(&self) -> Read<BTreeMap<String, String>> {
        let api = Api::<ConfigMap>::namespaced(self.client.clone(), &self.namespace);
        let what = format!("configmap {}/stow", self.namespace);
        let found = timed(what, api.get_opt("stow")).await?;
        Ok(found.map(|found| found.data.unwrap_or_default()))
    }

    async fn slices(&self) -> Result<Vec<EndpointSlice>, Unread> {
        let api = Api::<EndpointSlice>::namespaced(self.client.clone(), &self.namespace);
        let what = format!("endpointslices of service {}/stow", self.namespace);
        let of_service = ListParams::default().labels("kubernetes.io/service-name=stow");
        let found = timed(what, api.list(&of_service)).await?;
        Ok(found.items)
    }

    async fn authority(&self) -> Read<Vec<u8>> {
        let found = self.secret(&self.namespace, &self.certificate).await?;
        let data = found.and_then(|found| found.data);
        Ok(data.and_then(|mut data| Some(data.remove("ca.crt")?.0)))
    }

    async fn secret(&self, namespace: &str, name: &str) -> Read<Secret> {
        let api = Api::<Secret>::namespaced(self.client.clone(), namespace);
        timed(format!("secret {namespace}/{name}"), api.get_opt(name)).await
    }

    /// What the cluster has in place of a shipped manifest.
    async fn live(&self, shipped: &Shipped) -> Read<Value> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let manifest = &shipped.manifest;
        let (version, kind) = (text(&manifest["apiVersion"]), text(&manifest["kind"]));
        let (group, version) = version.split_once('/').unwrap_or(("", &version));
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, &kind));
        let name = text(&manifest["metadata"]["name"]);
        let client = self.client.clone();
        let api = match manifest["metadata"]["namespace"].as_str() {
            Some(namespace) => Api::<DynamicObject>::namespaced_with(client, namespace, &resource),
            None => Api::all_with(client, &resource),
        };
        let what = shipped.name();
        let Some(found) = timed(what.clone(), api.get_opt(&name)).await? else {
            return Ok(None);
        };
        let value = serde_json::to_value(found).map_err(|error| Unread {
            what,
            why: unreadable(&error),
            reached: true,
            denied: false,
            gone: false,
        })?;
        Ok(Some(value))
    }
}

/// What a call came to, within [`PATIENCE`].
async fn timed<T>(
    what: String,
    call: impl Future<Output = Result<T, kube::Error>>,
) -> Result<T, Unread> {
    let Ok(outcome) = timeout(PATIENCE, call).await else {
        let why = format!("no answer within {} s", PATIENCE.as_secs());
        return Err(Unread {
            what,
            why,
            reached: false,
            denied: false,
            gone: false,
        });
    };
    outcome.map_err(|error| Unread {
        what,
        denied: matches!(&error, kube::Error::Api(status) if status.is_forbidden()),
        gone: matches!(&error, kube::Error::Api(status) if is_gone(status)),
        reached: matches!(error, kube::Error::Api(_) | kube::Error::SerdeError(_)),
        why: match &error {
            kube::Error::Api(status) => status.message.clone(),
            kube::Error::SerdeError(error) => unreadable(error),
            error => Chain(error).to_string(),
        },
    })
}

#[cfg(test)]
mod tests;
