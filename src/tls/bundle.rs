//! The CRD's way to the webhook: the leader keeps `spec.conversion` pointing
//! here, with a `caBundle` under which every replica is accepted.
//!
//! Nothing here may touch anything else of the CRD. What is right is not
//! written again, so that its generation stands still.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use futures::StreamExt;
use k8s_openapi::ByteString;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceConversion, CustomResourceDefinition as Crd,
};
use kube::api::{Patch, PatchParams};
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, watch_object};
use kube::{Api, Client};
use serde_json::{Value, json};
use stow_versions::crd::Webhook;
use stow_versions::{GROUP, PLURAL};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

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
    trust: watch::Receiver<Option<String>>,
}

impl Bundle {
    /// `trust` is [`super::Keeper::trust`]; `target` is where the API server
    /// finds the webhook, should the CRD have lost it.
    pub fn new(client: Client, target: Webhook, trust: watch::Receiver<Option<String>>) -> Self {
        Self {
            api: Api::all(client),
            name: format!("{PLURAL}.{GROUP}"),
            target,
            trust,
        }
    }

    /// Keeps it until the fence shuts.
    pub async fn keep(mut self, fence: Fence) -> NotLeading {
        let mut crds = std::pin::pin!(watch_object(self.api.clone(), &self.name).default_backoff());
        let backoff = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(500))
            .with_max_delay(Duration::from_secs(15))
            .with_jitter()
            .without_max_times();
        let mut pauses = backoff.build();
        let mut complaint = Complaint::default();
        let mut latest: Option<Crd> = None;
        let mut retry = None;
        loop {
            let event = tokio::select! {
                event = crds.next() => event,
                Ok(()) = self.trust.changed() => None,
                () = sleep(retry.unwrap_or_default()), if retry.is_some() => None,
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
                Some(Err(error)) => warn_once(&mut complaint, &explain(&error)),
                None => {}
            }
            retry = match self.tend(latest.as_ref(), &fence).await {
                Ok(None) => continue,
                Ok(Some(tended)) => {
                    if complaint.settle() {
                        tracing::info!("CustomResourceDefinition {} is in order again", self.name);
                    }
                    latest = Some(tended);
                    pauses = backoff.build();
                    None
                }
                Err(Failure::NotLeading(end)) => return end,
                Err(Failure::Api(text)) => {
                    warn_once(&mut complaint, &text);
                    pauses.next()
                }
            };
        }
    }

    /// Writes what has to be written. Returns the CRD as it then is, or nothing
    /// where there is none yet, or nothing to publish.
    async fn tend(&self, crd: Option<&Crd>, fence: &Fence) -> Result<Option<Crd>, Failure> {
        fence.check()?;
        let Some(crd) = crd else { return Ok(None) };
        let Some(trust) = self.trust.borrow().clone() else {
            return Ok(None);
        };
        let patched = match decide(crd, &trust, &self.target) {
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
    Step::Publish(json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": crd.metadata.name},
        "spec": {"conversion": {"strategy": "Webhook", "webhook": {
            "clientConfig": {"caBundle": ByteString(trust.as_bytes().to_vec())},
        }}},
    }))
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
mod tests {
    use super::*;
    use crate::fake_api::FakeApi;
    use http::Method;

    const PATH: &str =
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/postgresdbs.myob.com";

    fn crd(conversion: &Value) -> Crd {
        serde_json::from_value(json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": "postgresdbs.myob.com", "resourceVersion": "7"},
            "spec": {"group": "myob.com", "scope": "Namespaced", "versions": [],
                     "names": {"kind": "PostgresDB", "plural": "postgresdbs"},
                     "conversion": conversion},
        }))
        .unwrap()
    }

    fn webhook(client: &Value) -> Value {
        json!({"strategy": "Webhook",
               "webhook": {"clientConfig": client, "conversionReviewVersions": ["v1"]}})
    }

    fn target() -> Webhook {
        Webhook::Service {
            namespace: "stow-system".to_owned(),
            name: "stow".to_owned(),
            port: 443,
        }
    }

    fn encoded(trust: &str) -> Value {
        json!(ByteString(trust.as_bytes().to_vec()))
    }

    #[test]
    fn what_each_state_of_the_crd_calls_for() {
        let service = json!({"namespace": "elsewhere", "name": "s"});
        let publish = |step: &Step| matches!(step, Step::Publish(_));
        let restore = |step: &Step| matches!(step, Step::Restore(_));
        let nothing = |step: &Step| *step == Step::Nothing;
        let table: [(Value, &dyn Fn(&Step) -> bool); 8] = [
            (webhook(&json!({"service": service})), &publish),
            (
                webhook(&json!({"url": "https://127.0.0.1:1/convert"})),
                &publish,
            ),
            (
                webhook(&json!({"service": service, "caBundle": encoded("old")})),
                &publish,
            ),
            (
                webhook(&json!({"service": service, "caBundle": encoded("CA")})),
                &nothing,
            ),
            (json!({"strategy": "None"}), &restore),
            (json!(null), &restore),
            (json!({"strategy": "Webhook"}), &restore),
            (webhook(&json!({"caBundle": encoded("CA")})), &restore),
        ];
        for (conversion, expected) in table {
            let step = decide(&crd(&conversion), "CA", &target());
            assert!(expected(&step), "{conversion} gave {step:?}");
        }
    }

    #[test]
    fn an_apply_names_two_fields_and_no_more() {
        let state = webhook(&json!({"url": "https://127.0.0.1:1/convert"}));
        let Step::Publish(body) = decide(&crd(&state), "CA", &target()) else {
            panic!("nothing was published");
        };
        assert_eq!(
            body["spec"],
            json!({"conversion": {"strategy": "Webhook",
                   "webhook": {"clientConfig": {"caBundle": encoded("CA")}}}})
        );
        assert_eq!(body["metadata"], json!({"name": "postgresdbs.myob.com"}));
    }

    #[test]
    fn a_restored_stanza_is_whole_and_bound_to_what_was_seen() {
        let url = Webhook::Url("https://127.0.0.1:9/convert".to_owned());
        let Step::Restore(body) = decide(&crd(&json!({"strategy": "None"})), "CA", &url) else {
            panic!("nothing was restored");
        };
        assert_eq!(body["metadata"]["resourceVersion"], "7");
        assert_eq!(
            body["spec"]["conversion"],
            webhook(&json!({"caBundle": encoded("CA"), "url": "https://127.0.0.1:9/convert"}))
        );
    }

    fn bundle(api: &FakeApi, trust: Option<&str>) -> Bundle {
        let trust = watch::channel(trust.map(str::to_owned)).1;
        Bundle::new(api.client().0, target(), trust)
    }

    fn patches(api: &FakeApi) -> Vec<String> {
        let calls = api.calls().into_iter();
        calls
            .filter(|call| call.method == Method::PATCH)
            .map(|call| call.query)
            .collect()
    }

    #[tokio::test]
    async fn it_writes_once_and_then_leaves_it_alone() {
        let api = FakeApi::new();
        let state = crd(&webhook(
            &json!({"service": {"namespace": "stow-system", "name": "stow"}}),
        ));
        api.put(PATH, serde_json::to_value(&state).unwrap());
        let bundle = bundle(&api, Some("CA"));
        let tended = bundle.tend(Some(&state), &Fence::open()).await.unwrap();
        bundle.tend(tended.as_ref(), &Fence::open()).await.unwrap();
        let patches = patches(&api);
        assert_eq!(patches.len(), 1, "{patches:?}");
        assert!(
            patches[0].contains("fieldManager=stow-webhook"),
            "{patches:?}"
        );
        assert!(patches[0].contains("force=true"), "{patches:?}");
    }

    #[tokio::test]
    async fn without_the_lead_or_a_ca_nothing_is_written() {
        let api = FakeApi::new();
        let state = crd(&json!({"strategy": "None"}));
        let shut = crate::lead::shut_fence();
        let tended = bundle(&api, Some("CA")).tend(Some(&state), &shut).await;
        assert!(matches!(tended, Err(Failure::NotLeading(_))));
        let tended = bundle(&api, None).tend(Some(&state), &Fence::open()).await;
        assert!(matches!(tended, Ok(None)));
        assert_eq!(patches(&api), [""; 0]);
    }

    #[tokio::test]
    async fn a_missing_right_is_named() {
        let api = FakeApi::new();
        api.refuse(Some((Method::PATCH, 403)));
        let state = crd(&json!({"strategy": "None"}));
        let tended = bundle(&api, Some("CA"))
            .tend(Some(&state), &Fence::open())
            .await;
        let text = tended.unwrap_err().to_string();
        assert!(text.contains("patch customresourcedefinitions"), "{text}");
    }
}
