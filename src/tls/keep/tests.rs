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
    let keeper = Keeper::new(client, "stow-system", own(), Metrics::new());
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
