//! The proxy does to a call exactly what its rule says, and to others nothing.
//! The upstream is a server of the test's own, which counts what reaches it.

#![expect(
    clippy::unwrap_used,
    reason = "clippy exempts test functions, and not what they call"
)]

#[path = "proxy/upstream.rs"]
mod upstream;

use std::time::Duration;

use harness::{Answer, Call, Proxy, eventually};
use http::StatusCode;
use http_body_util::BodyExt;

use self::upstream::{Counting, get, post, send};

const SOON: Duration = Duration::from_secs(10);

#[tokio::test]
async fn forwards_and_keeps_a_journal() {
    let (server, proxy) = pair().await;
    let (status, body) = post(&proxy, "Action=CreateDBInstance&Engine=postgres")
        .await
        .unwrap();
    assert_eq!((status, body.as_str()), (StatusCode::OK, "1: /"));
    let (status, _) = get(&proxy, "/missing?a=b").await.unwrap();
    assert_eq!(status, StatusCode::NOT_FOUND);

    let calls = proxy.calls();
    assert_eq!(calls.len(), 2);
    assert_eq!((calls[0].sequence, calls[1].sequence), (0, 1));
    assert_eq!(calls[0].action(), Some("CreateDBInstance"));
    assert_eq!(calls[0].parameter("Engine"), Some("postgres"));
    assert_eq!(calls[0].text(), "Action=CreateDBInstance&Engine=postgres");
    assert_eq!(calls[1].path, "/missing");
    assert_eq!(calls[1].query("a"), Some("b"));
    assert_eq!(calls[1].status, Some(StatusCode::NOT_FOUND));
    assert!(calls.iter().all(|call| call.answered));
    assert_eq!(proxy.mutations().len(), 1);
    assert_eq!(proxy.count(|call| call.path == "/missing"), 1);
    assert_eq!(server.count(), 2);

    proxy.forget();
    assert!(proxy.calls().is_empty());
    get(&proxy, "/").await.unwrap();
    assert_eq!(proxy.calls()[0].sequence, 2);
}

#[tokio::test]
async fn what_is_lost_took_effect() {
    let (server, proxy) = pair().await;
    let rule = proxy.when(Call::is_mutation).once().lose();
    let error = post(&proxy, "Action=CreateDBInstance").await.unwrap_err();
    assert!(error.contains("closed"), "{error}");
    assert_eq!(server.count(), 1);
    assert_eq!(rule.hits(), 1);
    let call = &proxy.calls()[0];
    assert_eq!((call.status, call.answered), (Some(StatusCode::OK), false));

    // Once is once.
    post(&proxy, "Action=CreateDBInstance").await.unwrap();
}

#[tokio::test]
async fn what_is_misreported_took_effect() {
    let (server, proxy) = pair().await;
    let busy = StatusCode::GATEWAY_TIMEOUT;
    let answer = Answer::kubernetes_failure(busy, "Timeout", "later").retry_after(1);
    let rule = proxy.when(Call::is_mutation).once().misreport(answer);
    let (status, body) = post(&proxy, "Action=CreateDBInstance").await.unwrap();
    assert_eq!(status, busy);
    assert!(body.contains("later"), "{body}");
    assert_eq!((server.count(), rule.hits()), (1, 1));
    let call = &proxy.calls()[0];
    assert_eq!((call.status, call.answered), (Some(busy), true));
}

#[tokio::test]
async fn what_is_dropped_took_none() {
    let (server, proxy) = pair().await;
    let rule = proxy
        .when(|call| call.path == "/drop")
        .skip(1)
        .times(2)
        .drop();
    get(&proxy, "/drop").await.unwrap();
    get(&proxy, "/drop").await.unwrap_err();
    get(&proxy, "/other").await.unwrap();
    get(&proxy, "/drop").await.unwrap_err();
    get(&proxy, "/drop").await.unwrap();
    assert_eq!((server.count(), rule.hits()), (3, 2));
    assert_eq!(proxy.count(|call| call.status.is_none()), 2);
}

#[tokio::test]
async fn answers_in_the_upstreams_stead() {
    let (server, proxy) = pair().await;
    let quota = Answer::rds_fault(
        StatusCode::BAD_REQUEST,
        "InstanceQuotaExceeded",
        "Too many.",
    );
    let rule = proxy
        .when(|call| call.action() == Some("CreateDBInstance"))
        .answer(quota);
    for _ in 0..2 {
        let (status, body) = post(&proxy, "Action=CreateDBInstance").await.unwrap();
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(
            body.contains("<Code>InstanceQuotaExceeded</Code>"),
            "{body}"
        );
    }
    assert_eq!(server.count(), 0);
    assert_eq!(proxy.calls()[0].status, Some(StatusCode::BAD_REQUEST));
    rule.remove();
    let (status, _) = post(&proxy, "Action=CreateDBInstance").await.unwrap();
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn rewrites_what_the_upstream_answers() {
    let (_server, proxy) = pair().await;
    let _rule = proxy
        .when(|call| call.path == "/map")
        .map(|body| body.replace("/map", "/a longer path than before"));
    let (_, body) = get(&proxy, "/map").await.unwrap();
    assert_eq!(body, "1: /a longer path than before");
    proxy.clear_rules();
    let (_, body) = get(&proxy, "/map").await.unwrap();
    assert_eq!(body, "2: /map");
}

#[tokio::test]
async fn a_held_answer_waits_for_the_test() {
    let (server, proxy) = pair().await;
    let mut holds = proxy.when(|call| call.path == "/hold").hold();

    let first = tokio::spawn(send(proxy.url(), "/hold"));
    let held = holds.next(SOON).await.unwrap();
    assert_eq!(server.count(), 1);
    assert_eq!(held.call.status, Some(StatusCode::OK));
    assert!(!first.is_finished());
    // Others pass while one is held.
    get(&proxy, "/other").await.unwrap();
    held.release();
    assert_eq!(first.await.unwrap().unwrap().1, "1: /hold");

    let second = tokio::spawn(send(proxy.url(), "/hold"));
    drop(holds.next(SOON).await.unwrap());
    second.await.unwrap().unwrap_err();
    assert_eq!(server.count(), 3);
}

#[tokio::test]
async fn a_held_call_takes_effect_though_its_caller_is_gone() {
    let (server, proxy) = pair().await;
    let mut holds = proxy.when(|call| call.path == "/slow").hold();
    let caller = tokio::spawn(send(proxy.url(), "/slow"));
    eventually("the call to be under way", SOON, || async {
        proxy.calls().len() == 1
    })
    .await
    .unwrap();
    caller.abort();
    server.open_the_gate();
    let held = holds.next(SOON).await.unwrap();
    assert_eq!(held.call.status, Some(StatusCode::OK));
    held.release();
}

#[tokio::test]
async fn delays_no_other() {
    let (_server, proxy) = pair().await;
    let _rule = proxy
        .when(|call| call.path == "/late")
        .delay(Duration::from_hours(1));
    let late = tokio::spawn(send(proxy.url(), "/late"));
    eventually("the late call", SOON, || async { proxy.calls().len() == 1 })
        .await
        .unwrap();
    get(&proxy, "/other").await.unwrap();
    assert!(!late.is_finished());
    assert_eq!(proxy.calls()[0].status, None);
    late.abort();
}

#[tokio::test]
async fn streams_and_cuts_what_streams() {
    let (_server, proxy) = pair().await;
    let mut body = upstream::open(&proxy, "/stream").await.unwrap();
    // The upstream has not ended its answer, and yet its beginning is here.
    for _ in 0..3 {
        let frame = body.frame().await.unwrap().unwrap();
        assert!(frame.is_data());
    }
    proxy.block();
    let to_the_end = async { while let Some(Ok(_)) = body.frame().await {} };
    tokio::time::timeout(SOON, to_the_end).await.unwrap();
    get(&proxy, "/").await.unwrap_err();
    proxy.unblock();
    get(&proxy, "/").await.unwrap();
}

#[tokio::test]
async fn a_dead_upstream_is_no_answer() {
    let (server, proxy) = pair().await;
    server.stop();
    get(&proxy, "/").await.unwrap_err();
    assert_eq!(proxy.calls()[0].status, None);
}

async fn pair() -> (Counting, Proxy) {
    let server = Counting::start().await;
    let proxy = Proxy::start(server.upstream()).await.unwrap();
    (server, proxy)
}
