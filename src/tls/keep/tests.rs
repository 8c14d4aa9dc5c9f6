use super::*;
use crate::fake_api::FakeApi;
use crate::probes::Health;
use http::Method;
use tokio::time::sleep;

const PATH: &str = "/api/v1/namespaces/stow-system/secrets/stow-webhook";

fn own() -> Source {
    Source::Own {
        names: vec!["stow.stow-system.svc".to_owned()],
    }
}

#[tokio::test(start_paused = true)]
async fn it_waits_for_the_api_server_and_then_outlives_it() {
    let api = FakeApi::new();
    api.refuse(Some((Method::GET, 403)));
    let (client, _cut) = api.client();
    let keeper = Keeper::new(client, "stow-system", own(), "stow-0", Metrics::new());
    let (mut trust, health) = (keeper.trust(), Health::default());
    let shutdown = CancellationToken::new();
    let task = tokio::spawn(keeper.run(health.component("certificate"), shutdown.clone()));
    sleep(Duration::from_mins(1)).await;
    let reason = health.unready().unwrap();
    assert!(reason.contains("get secrets"), "{reason}");

    api.refuse(None);
    let _ = trust.wait_for(Option::is_some).await.unwrap();
    while health.unready().is_some() {
        sleep(Duration::from_millis(10)).await;
    }
    let stored = api.get(PATH).unwrap();
    api.freeze(true);
    sleep(Duration::from_mins(10)).await;
    assert_eq!(health.unready(), None);

    api.freeze(false);
    api.delete(PATH);
    while api.get(PATH).is_none() {
        sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(
        api.get(PATH).unwrap()["data"],
        stored["data"],
        "the same CA again"
    );
    shutdown.cancel();
    task.await.unwrap();
}

const CRD: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const EVENTS: &str = "/apis/events.k8s.io/v1/namespaces/default/events";

/// Every Event that was published.
fn events(api: &FakeApi) -> Vec<serde_json::Value> {
    let mut calls = api.calls();
    calls.retain(|call| call.method != Method::GET && call.path.starts_with(EVENTS));
    calls.into_iter().map(|call| call.body).collect()
}

#[tokio::test(start_paused = true)]
async fn a_wrong_clock_is_an_event_on_the_definition_once() {
    let api = FakeApi::new();
    api.tell_time(jiff::Timestamp::now() + jiff::SignedDuration::from_hours(30));
    let (client, _cut) = api.client();
    let keeper = Keeper::new(client, "stow-system", own(), "stow-0", Metrics::new());
    let shutdown = CancellationToken::new();
    let health = Health::default();
    let task = tokio::spawn(keeper.run(health.component("certificate"), shutdown.clone()));
    // There is no definition yet, and then nobody may write Events.
    sleep(Duration::from_mins(2)).await;
    assert_eq!(events(&api).len(), 0);
    api.refuse(Some((Method::POST, 403)));
    let crd = serde_json::json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": stow_versions::CRD, "uid": "c0ffee"},
    });
    api.put(&format!("{CRD}/{}", stow_versions::CRD), crd);
    sleep(Duration::from_mins(2)).await;
    assert!(events(&api).len() > 1, "it is tried again");
    api.refuse(None);
    let refused = events(&api).len();
    sleep(Duration::from_mins(10)).await;

    let told = events(&api).split_off(refused);
    assert_eq!(told.len(), 1, "{told:?}");
    let event = &told[0];
    assert_eq!(event["type"], "Warning");
    assert_eq!(event["reason"], "ClockSkew");
    assert_eq!(event["reportingInstance"], "stow-0");
    assert_eq!(event["regarding"]["uid"], "c0ffee");
    let note = event["note"].as_str().unwrap();
    assert!(
        note.contains("behind the API server's") && note.contains("NTP"),
        "{note}"
    );
    shutdown.cancel();
    task.await.unwrap();
}
