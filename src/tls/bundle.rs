//! The CRD's way to the webhook: the leader keeps `spec.conversion` pointing
//! here, with a `caBundle` under which every replica is accepted.
//!
//! Nothing here may touch anything else of the CRD. What is right is not
//! written again, so that its generation stands still.

mod former;

use std::time::Duration;

use backon::BackoffBuilder;
use futures::StreamExt;
use k8s_openapi::ByteString;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceConversion, CustomResourceDefinition as Crd,
};
use kube::api::{ListParams, Patch, PatchParams};
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, watch_object};
use kube::{Api, Client, ResourceExt};
use serde_json::{Value, json};
use stow_versions::CRD;
use stow_versions::crd::Webhook;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use self::former::Former;
use super::held::Wanted;
use super::trust::Trust;
use super::way::{has_nothing_to_convert, published};
use crate::complaint::{Attempt, Complaint};
use crate::lead::{Fence, NotLeading};

/// Who owns `caBundle` and `strategy`.
const FIELD_MANAGER: &str = "stow-webhook";

const MANIFEST: &str = "yaml/deployment.yaml";
const WATCH: Attempt<'static> = Attempt {
    verb: "list and watch",
    resource: "customresourcedefinitions.apiextensions.k8s.io \"postgresdbs.myob.com\"",
    manifest: MANIFEST,
};
const PATCH: Attempt<'static> = Attempt {
    verb: "patch",
    ..WATCH
};

/// How long one write may take before it is tried again.
const CALL: Duration = Duration::from_secs(15);

/// What has to be written to the CRD.
#[derive(Debug, PartialEq)]
enum Step {
    Nothing,
    /// Two fields by server-side apply: every re-apply of the manifest keeps
    /// them, and it suits a Service as well as a URL.
    Publish(Value),
    /// The whole stanza by merge patch. Strategy `None` cannot stand beside a
    /// webhook, so whoever set it has dropped the webhook, and an apply of two
    /// fields is refused. Applying all would make Stow the owner of what the
    /// manifest owns.
    Restore(Value),
}

/// Keeps the CRD's conversion stanza; run by the leader.
#[derive(Clone)]
pub struct Bundle {
    api: Api<Crd>,
    name: String,
    target: Webhook,
    trust: watch::Receiver<Option<Wanted>>,
    former: Former,
}

impl Bundle {
    /// `trust` is [`super::Keeper::trust`]; `target` is where the API server
    /// finds the webhook, should the CRD have lost it. A CA that is not of `trust`
    /// any more stays published for `overlap`.
    pub fn new(
        client: Client,
        target: Webhook,
        trust: watch::Receiver<Option<Wanted>>,
        overlap: Duration,
    ) -> Self {
        Self {
            api: Api::all(client),
            name: CRD.to_owned(),
            target,
            trust,
            former: Former::new(overlap),
        }
    }

    /// Keeps it until the fence shuts.
    pub async fn keep(mut self, fence: Fence) -> NotLeading {
        let mut crds = std::pin::pin!(watch_object(self.api.clone(), &self.name).default_backoff());
        let backoff = super::backoff();
        let mut pauses = backoff.build();
        let mut complaint = Complaint::default();
        let mut latest: Option<Crd> = None;
        let mut again: Option<Instant> = None;
        loop {
            let event = tokio::select! {
                event = crds.next() => event,
                Ok(()) = self.trust.changed() => None,
                () = sleep_until(again.unwrap_or_else(Instant::now)), if again.is_some() => None,
            };
            match event {
                Some(Ok(Some(crd))) => latest = Some(crd),
                Some(Ok(None)) => {
                    latest = None;
                    let text = format!(
                        "CustomResourceDefinition {} does not exist: apply yaml/crd.yaml, \
                         or what `stow crd --webhook-url` prints",
                        self.name
                    );
                    warn_once(&mut complaint, &text);
                }
                // The last state that was seen proves nothing now; the watch goes
                // on by itself, and begins with the state as it then is.
                Some(Err(error)) => {
                    warn_once(&mut complaint, &explain(&error));
                    continue;
                }
                None => {}
            }
            again = match self.tend(latest.as_ref(), &fence).await {
                Ok(None) => None,
                Ok(Some(tended)) => {
                    if complaint.settle() {
                        tracing::info!("CustomResourceDefinition {} is in order again", self.name);
                    }
                    latest = Some(tended);
                    pauses = backoff.build();
                    self.former.next()
                }
                Err(Failure::NotLeading(end)) => return end,
                Err(Failure::Api(text)) => {
                    warn_once(&mut complaint, &text);
                    pauses.next().map(|pause| Instant::now() + pause)
                }
            };
        }
    }

    /// Writes what has to be written. Returns the CRD as it then is, or nothing
    /// where there is none yet, or nothing to publish.
    async fn tend(&mut self, crd: Option<&Crd>, fence: &Fence) -> Result<Option<Crd>, Failure> {
        fence.check()?;
        let Some(crd) = crd else { return Ok(None) };
        let Some(wanted) = self.trust.borrow().clone() else {
            return Ok(None);
        };
        let trust = self.former.keep(&published(crd), &wanted, Instant::now());
        let patched = match decide(crd, &trust.pem(), &self.target) {
            Step::Nothing => return Ok(Some(crd.clone())),
            Step::Publish(body) => {
                let parameters = PatchParams::apply(FIELD_MANAGER).force();
                self.patch(fence, &parameters, &Patch::Apply(body)).await?
            }
            Step::Restore(body) => {
                tracing::warn!(
                    "CustomResourceDefinition {} had lost its conversion webhook: restoring it",
                    self.name
                );
                let parameters = PatchParams {
                    field_manager: Some(FIELD_MANAGER.to_owned()),
                    ..PatchParams::default()
                };
                self.patch(fence, &parameters, &Patch::Merge(body)).await?
            }
        };
        tracing::info!(
            "published the webhook's CA in CustomResourceDefinition {}",
            self.name
        );
        Ok(Some(patched))
    }

    async fn patch(
        &self,
        fence: &Fence,
        parameters: &PatchParams,
        body: &Patch<Value>,
    ) -> Result<Crd, Failure> {
        let request = self.api.patch(&self.name, parameters, body);
        match fence.bound(timeout(CALL, request)).await? {
            Ok(Ok(crd)) => Ok(crd),
            Ok(Err(error)) => Err(Failure::Api(PATCH.explain(&error))),
            Err(_) => Err(Failure::Api("the API server does not answer".to_owned())),
        }
    }
}

fn decide(crd: &Crd, trust: &str, target: &Webhook) -> Step {
    // One of 2017 has nothing to convert to, and is not Stow's to change: an
    // upgrade starts the webhook first, and may go back.
    if has_nothing_to_convert(crd) {
        return Step::Nothing;
    }
    let conversion = crd.spec.conversion.as_ref();
    if !conversion.is_some_and(is_complete) {
        let mut whole = stow_versions::crd::crd(target).spec.conversion;
        let webhook = whole.as_mut().and_then(|whole| whole.webhook.as_mut());
        if let Some(client) = webhook.and_then(|webhook| webhook.client_config.as_mut()) {
            client.ca_bundle = Some(ByteString(trust.as_bytes().to_vec()));
        }
        return Step::Restore(json!({
            // Of the state that was judged, or not at all: whoever changed it
            // meanwhile may have put it right.
            "metadata": {"resourceVersion": crd.metadata.resource_version},
            "spec": {"conversion": whole},
        }));
    }
    if conversion.is_some_and(|conversion| publishes(conversion, trust)) {
        return Step::Nothing;
    }
    Step::Publish(publication(&crd.name_any(), trust))
}

/// What is applied, whole each time: a field that is left out is given up.
fn publication(name: &str, trust: &str) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": name},
        "spec": {"conversion": {"strategy": "Webhook", "webhook": {
            "clientConfig": {"caBundle": ByteString(trust.as_bytes().to_vec())},
        }}},
    })
}

/// Adds CAs to those that the CRD publishes, if it publishes any: for a replica of
/// which the leader does not know, since it is configured otherwise. Whether it
/// did.
pub(super) async fn introduce(client: Client, trust: &Trust) -> Result<bool, String> {
    let api = Api::<Crd>::all(client);
    // By its name and yet a list: that right is there for the watch.
    let named = ListParams::default().fields(&format!("metadata.name={CRD}"));
    let found = api.list(&named).await.map_err(|e| WATCH.explain(&e))?;
    let Some(crd) = found.items.first() else {
        return Ok(false);
    };
    let known = published(crd);
    if known == Trust::default() || known.covers(trust) {
        return Ok(false);
    }
    let mut body = publication(CRD, &known.and(trust).pem());
    // The leader's own change is never undone.
    body["metadata"]["resourceVersion"] = json!(crd.metadata.resource_version);
    let parameters = PatchParams::apply(FIELD_MANAGER).force();
    let patched = api.patch(CRD, &parameters, &Patch::Apply(body)).await;
    patched.map(|_| true).map_err(|e| PATCH.explain(&e))
}

fn is_complete(conversion: &CustomResourceConversion) -> bool {
    conversion.webhook.as_ref().is_some_and(|webhook| {
        let client = webhook.client_config.as_ref();
        client.is_some_and(|client| client.service.is_some() || client.url.is_some())
            && !webhook.conversion_review_versions.is_empty()
    })
}

fn publishes(conversion: &CustomResourceConversion, trust: &str) -> bool {
    let client = conversion
        .webhook
        .as_ref()
        .and_then(|webhook| webhook.client_config.as_ref());
    let bundle = client.and_then(|client| client.ca_bundle.as_ref());
    conversion.strategy == "Webhook" && bundle.is_some_and(|bundle| bundle.0 == trust.as_bytes())
}

/// Why the CRD is not as it should be.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    NotLeading(#[from] NotLeading),
    #[error("{0}")]
    Api(String),
}

fn explain(error: &watcher::Error) -> String {
    match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => WATCH.explain(error),
        other => other.to_string(),
    }
}

fn warn_once(complaint: &mut Complaint, text: &str) {
    if complaint.is_new(text) {
        tracing::warn!("{text}");
    }
}

#[cfg(test)]
mod tests;
