use super::*;
use crate::fake_api::FakeApi;
use crate::metrics::Metrics;
use crate::tls::authority::AUTHORITY_LIFE;
use http::Method;
use jiff::SignedDuration;

const PATH: &str = "/api/v1/namespaces/stow-system/secrets/stow-webhook";

fn store(api: &FakeApi) -> Store {
    Store::new(api.client().0, "stow-system")
}

fn present() -> Clock {
    Clock::new(Metrics::new())
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
    let (a, b, c) = (store(&api), store(&api), store(&api));
    let mut clocks = [(); 3].map(|()| present());
    let [first, second, third] = &mut clocks;
    let (a, b, c) = tokio::join!(
        a.obtain(None, first),
        b.obtain(None, second),
        c.obtain(None, third)
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
    let now = &mut present();
    store(&api).obtain(None, now).await.unwrap();
    let before = writes(&api);
    store(&api).obtain(None, now).await.unwrap();
    assert_eq!(writes(&api), before);
}

#[tokio::test]
async fn a_broken_or_expired_ca_is_replaced_under_its_resource_version() {
    let api = FakeApi::new();
    let now = &mut present();
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

    let later = &mut Clock::later_by(AUTHORITY_LIFE);
    let third = store(&api).obtain(Some(&second), later).await.unwrap();
    assert!(!third.is(&second) && !third.is_expired(later.now()));
}

#[tokio::test]
async fn a_deleted_secret_comes_back_with_the_ca_in_use() {
    let api = FakeApi::new();
    let now = &mut present();
    let first = store(&api).obtain(None, now).await.unwrap();
    api.delete(PATH);
    let again = store(&api).obtain(Some(&first), now).await.unwrap();
    assert!(again.is(&first));
}

#[tokio::test]
async fn a_missing_right_is_named_and_so_is_a_missing_namespace() {
    let api = FakeApi::new();
    let now = &mut present();
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

#[tokio::test]
async fn the_next_ca_comes_when_it_is_due_and_once() {
    let api = FakeApi::new();
    let first = store(&api).obtain(None, &mut present()).await.unwrap();
    let later = &mut Clock::later_by(AUTHORITY_LIFE / 3 * 2);
    let second = store(&api).obtain(Some(&first), later).await.unwrap();
    assert!(!second.is(&first));
    let same = store(&api).obtain(Some(&first), later).await.unwrap();
    assert!(same.is(&second));
}

#[tokio::test]
async fn another_ca_comes_when_it_is_asked_for_and_once_for_each_value() {
    let api = FakeApi::new();
    let now = &mut present();
    let mut last = store(&api).obtain(None, now).await.unwrap();
    for wish in ["leaked", "leaked again"] {
        let mut secret = api.get(PATH).unwrap();
        secret["metadata"]["annotations"][ROTATE] = serde_json::json!(wish);
        api.put(PATH, secret);
        let next = store(&api).obtain(Some(&last), now).await.unwrap();
        assert!(!next.is(&last), "{wish}");
        let same = store(&api).obtain(Some(&last), now).await.unwrap();
        assert!(same.is(&next), "{wish}");
        last = next;
    }
}

/// A repair puts back the CA in use, which is what somebody wanted to be rid
/// of.
#[tokio::test]
async fn a_repair_is_no_rotation() {
    let api = FakeApi::new();
    let now = &mut present();
    let first = store(&api).obtain(None, now).await.unwrap();
    let mut secret = api.get(PATH).unwrap();
    secret["metadata"]["annotations"][ROTATE] = serde_json::json!("leaked");
    secret["data"]["ca.key"] = serde_json::json!("");
    api.put(PATH, secret);
    let second = store(&api).obtain(Some(&first), now).await.unwrap();
    assert!(!second.is(&first));
}

#[tokio::test]
async fn whatever_breaks_the_secret_heals_with_the_ca_in_use() {
    let api = FakeApi::new();
    let now = &mut present();
    let first = store(&api).obtain(None, now).await.unwrap();
    let other = Authority::generate(now.now()).unwrap();
    let early = Authority::generate(now.now() + AUTHORITY_LIFE).unwrap();
    let encoded = |text: &str| serde_json::json!(ByteString(text.as_bytes().to_vec()));
    let broken = [
        serde_json::json!(null),
        serde_json::json!({}),
        serde_json::json!({"ca.crt": "", "ca.key": ""}),
        serde_json::json!({"ca.crt": encoded("garbage"), "ca.key": encoded("garbage")}),
        serde_json::json!({
            "ca.crt": encoded(first.certificates()), "ca.key": encoded(&other.key()),
        }),
        serde_json::json!({
            "ca.crt": encoded(early.certificates()), "ca.key": encoded(&early.key()),
        }),
    ];
    for data in broken {
        let mut secret = api.get(PATH).unwrap();
        secret["data"] = data.clone();
        api.put(PATH, secret);
        let healed = store(&api).obtain(Some(&first), now).await.unwrap();
        assert!(healed.is(&first), "{data}");
        let anew = store(&api).obtain(None, now).await.unwrap();
        assert!(anew.is(&first), "{data}");
    }
}

/// A machine whose clock is years off makes no CA that nobody else accepts.
#[tokio::test]
async fn a_ca_is_made_by_the_api_servers_clock() {
    let api = FakeApi::new();
    let server = Timestamp::now() - AUTHORITY_LIFE;
    api.tell_time(server);
    let mut clock = present();
    let made = store(&api).obtain(None, &mut clock).await.unwrap();
    assert!(
        !made.is_expired(server)
            && made.is_expired(Timestamp::now() + SignedDuration::from_mins(1))
    );
    assert!(clock.now().duration_since(server).abs() < SignedDuration::from_mins(1));
}
