use super::*;
use crate::fake_api::FakeApi;
use crate::tls::Authority;
use http::Method;
use jiff::Timestamp;
use tokio::time::sleep;

const PATH: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/postgresdbs.myob.com";

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
        port: 8443,
    }
}

fn encoded(trust: &str) -> Value {
    json!(ByteString(trust.as_bytes().to_vec()))
}

/// An upgrade starts Stow before it changes the definition, and may go back.
#[test]
fn a_definition_of_2017_is_left_as_it_is() {
    let with = |names: &[&str]| {
        let version = |name| json!({"name": name, "served": true, "storage": true});
        let mut crd = serde_json::to_value(crd(&json!({"strategy": "None"}))).unwrap();
        crd["spec"]["versions"] = names.iter().map(version).collect();
        decide(&serde_json::from_value(crd).unwrap(), "CA", &target())
    };
    assert_eq!(with(&["v1alpha1"]), Step::Nothing);
    for names in [&["v1beta1", "v1alpha1"][..], &["v1beta1"]] {
        assert!(matches!(with(names), Step::Restore(_)), "{names:?}");
    }
}

type Expected<'a> = &'a dyn Fn(&Step) -> bool;

#[test]
fn what_each_state_of_the_crd_calls_for() {
    let service = json!({"namespace": "elsewhere", "name": "s"});
    let publish = |step: &Step| matches!(step, Step::Publish(_));
    let restore = |step: &Step| matches!(step, Step::Restore(_));
    let nothing = |step: &Step| *step == Step::Nothing;
    let table: [(Value, Expected<'_>); 8] = [
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

const OVERLAP: Duration = Duration::from_mins(5);

fn ca() -> Trust {
    Authority::generate(Timestamp::now()).unwrap().trust()
}

/// Under that, and once under these as well.
fn wanted(now: &Trust, once: &[&Trust]) -> Wanted {
    Wanted {
        now: now.clone(),
        once: once.iter().fold(now.clone(), |all, one| all.and(one)),
    }
}

fn bundle(api: &FakeApi, trust: Option<Trust>) -> Bundle {
    let trust = watch::channel(trust.map(|trust| wanted(&trust, &[]))).1;
    Bundle::new(api.client().0, target(), trust, OVERLAP)
}

fn bundle_of(api: &FakeApi) -> Value {
    let crd = api.get(PATH).unwrap();
    crd["spec"]["conversion"]["webhook"]["clientConfig"]["caBundle"].clone()
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
    let mut bundle = bundle(&api, Some(ca()));
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
    let tended = bundle(&api, Some(ca())).tend(Some(&state), &shut).await;
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
    let tended = bundle(&api, Some(ca()))
        .tend(Some(&state), &Fence::open())
        .await;
    let text = tended.unwrap_err().to_string();
    assert!(text.contains("patch customresourcedefinitions"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn what_is_undone_is_healed_and_a_new_ca_is_published() {
    let api = FakeApi::new();
    let (sender, trust) = watch::channel(None);
    let bundle = Bundle::new(api.client().0, target(), trust, OVERLAP);
    let task = tokio::spawn(bundle.keep(Fence::open()));
    let (first, second) = (ca(), ca());
    let both = first.and(&second);
    let published = |trust: &Trust| {
        let (api, trust) = (api.clone(), trust.pem());
        async move {
            let wait = async {
                while !api.get(PATH).is_some_and(|crd| {
                    let conversion = &crd["spec"]["conversion"];
                    conversion["strategy"] == "Webhook"
                        && conversion["webhook"]["clientConfig"]["caBundle"] == encoded(&trust)
                }) {
                    sleep(Duration::from_millis(10)).await;
                }
            };
            let limit = Duration::from_secs(5);
            timeout(limit, wait).await.expect("it was not published");
        }
    };
    // The CRD comes after the operator, and the CA after the CRD.
    sleep(Duration::from_secs(90)).await;
    let manifest = webhook(&json!({"service": {"namespace": "stow-system", "name": "stow"}}));
    let manifest = serde_json::to_value(crd(&manifest)).unwrap();
    api.put(PATH, manifest.clone());
    sleep(Duration::from_secs(1)).await;
    assert_eq!(patches(&api).len(), 0);
    sender.send_replace(Some(wanted(&first, &[])));
    published(&first).await;

    api.put(PATH, manifest);
    published(&first).await;
    api.put(
        PATH,
        serde_json::to_value(crd(&json!({"strategy": "None"}))).unwrap(),
    );
    published(&first).await;
    sender.send_replace(Some(wanted(&both, &[])));
    published(&both).await;
    // What this replica serves under no more, others may for a while.
    sender.send_replace(Some(wanted(&second, &[&first])));
    let swapped = tokio::time::Instant::now();
    while bundle_of(&api) != encoded(&second.pem()) {
        sleep(Duration::from_secs(1)).await;
    }
    assert!(swapped.elapsed() >= OVERLAP, "{:?}", swapped.elapsed());

    // And then it is quiet.
    let writes = patches(&api).len();
    sleep(Duration::from_mins(10)).await;
    assert_eq!(patches(&api).len(), writes);
    assert_eq!(writes, 5);
    task.abort();
}

#[tokio::test]
async fn a_replica_that_the_leader_does_not_know_is_introduced_beside_the_others() {
    let api = FakeApi::new();
    let (theirs, ours) = (ca(), ca());
    let service = json!({"namespace": "stow-system", "name": "stow"});
    let stored = |client: &Value| serde_json::to_value(crd(&webhook(client))).unwrap();
    assert_eq!(introduce(api.client().0, &ours).await, Ok(false), "no CRD");
    // One that publishes nothing is the leader's to mend.
    api.put(PATH, stored(&json!({"service": service})));
    assert_eq!(introduce(api.client().0, &ours).await, Ok(false));
    let published = json!({"service": service, "caBundle": encoded(&theirs.pem())});
    api.put(PATH, stored(&published));
    assert_eq!(introduce(api.client().0, &ours).await, Ok(true));
    assert_eq!(bundle_of(&api), encoded(&theirs.and(&ours).pem()));
    let patch = api.calls().pop().unwrap();
    assert!(patch.body["metadata"]["resourceVersion"].is_string());
    assert_eq!(patch.body["spec"]["conversion"]["strategy"], "Webhook");
    assert_eq!(introduce(api.client().0, &ours).await, Ok(false));
}
