//! The way from an API server to this webhook, as a replica sees it: what the CRD
//! publishes, and calls made for the sake of being called back.
//!
//! Nothing here may write, or judge what it sees.

use std::time::Duration;

use futures::StreamExt;
use futures::future::join_all;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition as Crd;
use kube::api::ListParams;
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::watch_object;
use kube::{Api, Client, ResourceExt};
use stow_versions::{CRD, GROUP, HUB, KIND, PLURAL, SPOKE};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::sight::Published;
use super::trust::Trust;

/// How often an API server is asked for an object, so that it converts one. Some
/// calls at once, since one connection to one replica would do for a single one.
const PROVOKE_EVERY: Duration = Duration::from_secs(1);
const CALLS: usize = 6;

/// How long such a call may take.
const CALL: Duration = Duration::from_secs(5);

/// The trust that a CRD publishes.
pub(super) fn published(crd: &Crd) -> Trust {
    let conversion = crd.spec.conversion.as_ref();
    let webhook = conversion.and_then(|conversion| conversion.webhook.as_ref());
    let client = webhook.and_then(|webhook| webhook.client_config.as_ref());
    let bundle = client.and_then(|client| client.ca_bundle.as_ref());
    bundle
        .and_then(|bundle| Trust::read(&bundle.0))
        .unwrap_or_default()
}

/// Whether a definition has v1alpha1 alone, as the operator of 2017 left it.
pub(super) fn has_nothing_to_convert(crd: &Crd) -> bool {
    matches!(crd.spec.versions.as_slice(), [only] if only.name == SPOKE)
}

/// Keeps up with what the CRD publishes, and since when; never ends.
pub(super) async fn follow(client: Client, told: &watch::Sender<(Published, Instant)>) {
    let mut crds = std::pin::pin!(watch_object(Api::<Crd>::all(client), CRD).default_backoff());
    while let Some(event) = crds.next().await {
        // A watch that broke proves nothing, and what was seen before is the best
        // that is known. The leader, who writes the CRD, says what is wrong.
        let Ok(crd) = event else { continue };
        let now = match crd {
            Some(crd) if !has_nothing_to_convert(&crd) => Published::Trust(published(&crd)),
            // Nobody is called for a definition of 2017, which the leader leaves as it
            // is: replicas have to be ready before it changes.
            Some(_) | None => Published::NoDefinition,
        };
        told.send_if_modified(|(last, since)| {
            let changed = *last != now;
            if changed {
                (*last, *since) = (now, Instant::now());
            }
            changed
        });
    }
}

/// Has the API server convert an object, if there is one, again and again. Who is
/// called by it shows elsewhere; the answers are worth nothing.
pub(super) async fn provoke(client: &Client) {
    loop {
        let _ = timeout(CALL, provoke_once(client)).await;
        sleep(PROVOKE_EVERY).await;
    }
}

async fn provoke_once(client: &Client) -> Result<(), kube::Error> {
    // One of them is not the version that the object is stored in.
    let [hub, spoke] = [HUB, SPOKE].map(|version| {
        ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(GROUP, version, KIND), PLURAL)
    });
    let all = Api::<DynamicObject>::all_with(client.clone(), &hub);
    let some = all.list_metadata(&ListParams::default().limit(1)).await?;
    let Some(object) = some.items.first() else {
        return Ok(());
    };
    let namespace = object.namespace().unwrap_or_default();
    let name = object.name_any();
    let gets = [&hub, &spoke]
        .into_iter()
        .cycle()
        .take(CALLS)
        .map(|version| {
            let api = Api::<DynamicObject>::namespaced_with(client.clone(), &namespace, version);
            let name = name.clone();
            async move { api.get_metadata(&name).await }
        });
    join_all(gets).await;
    Ok(())
}
