//! Certificates that change, and a server that stops.

use super::*;
use tokio::sync::watch;

#[tokio::test]
async fn a_new_certificate_is_served_to_new_connections_and_the_old_ones_stay() {
    let server = start(limits(), between_versions).await;
    let mut standing = server.client().await;
    let objects = json!([object("a", 1)]);
    standing.review("myob.com/v1beta1", &objects).await;

    let other = Authority::generate(Timestamp::now()).unwrap();
    server.serving.set(leaf(&other));
    assert!(
        server.tls(&server.ca).await.is_err(),
        "the former CA vouches for it no more"
    );
    assert!(server.tls(&other).await.is_ok());
    standing.review("myob.com/v1beta1", &objects).await;
    drop(standing);
    server.stop().await;
}

#[tokio::test]
async fn without_a_certificate_a_handshake_fails_and_nothing_else() {
    let server = start(limits(), between_versions).await;
    let empty = Arc::new(Serving::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let bare = Server {
        address: listener.local_addr().unwrap(),
        ca: Authority::generate(Timestamp::now()).unwrap(),
        serving: Arc::clone(&empty),
        metrics: Metrics::new(),
        shutdown: server.shutdown.clone(),
        task: tokio::spawn(Webhook::new(limits(), Metrics::new()).serve(
            listener,
            empty.server_config().unwrap(),
            Health::default().component("webhook"),
            server.shutdown.clone(),
        )),
    };
    assert!(bare.tls(&bare.ca).await.is_err());
    empty.set(leaf(&bare.ca));
    bare.client()
        .await
        .review("myob.com/v1beta1", &json!([]))
        .await;
    bare.stop().await;
    server.stop().await;
}

/// A conversion that says when it began, and waits to be let go.
static GATE: std::sync::LazyLock<watch::Sender<(bool, bool)>> =
    std::sync::LazyLock::new(|| watch::Sender::new((false, false)));

fn gated(object: ObjectText<'_>, desired: &str, out: &mut Vec<u8>) -> Result<(), String> {
    GATE.send_modify(|state| state.0 = true);
    let mut gate = GATE.subscribe();
    futures::executor::block_on(gate.wait_for(|state| state.1)).map_err(|e| e.to_string())?;
    between_versions(object, desired, out)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn shutdown_finishes_a_review_in_progress_and_a_long_one_blocks_nothing() {
    let server = start(limits(), gated).await;
    let (address, mut client) = (server.address, server.client().await);
    let mut idle = server.client().await;
    // Large enough to leave the one thread that this runtime has.
    let body = review("myob.com/v1beta1", &json!([object("a", INLINE)]));
    let busy = tokio::spawn(async move { client.send(body).await });
    until(|| GATE.borrow().0).await;
    let (status, _, _) = idle.send("garbage").await.unwrap();
    assert_eq!(status, 400, "another connection is served meanwhile");

    server.shutdown.cancel();
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!server.task.is_finished(), "it stays for the review");
    GATE.send_modify(|state| state.1 = true);
    let (status, _, body) = busy.await.unwrap().unwrap();
    assert_eq!(status, 200);
    let reply: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(reply["response"]["result"]["status"], "Success");
    server.task.await.unwrap();
}

#[tokio::test]
async fn while_it_lingers_reviews_are_answered_and_connections_end() {
    let lingering = Limits {
        linger: Duration::from_mins(1),
        ..limits()
    };
    let server = start(lingering, between_versions).await;
    let mut standing = server.client().await;
    let body = review("myob.com/v1beta1", &json!([object("a", 1)]));
    let (_, headers, _) = standing.send(body.clone()).await.unwrap();
    assert_eq!(headers.get(header::CONNECTION), None);
    server.shutdown.cancel();
    let mut late = server.client().await;
    for client in [&mut standing, &mut late] {
        let (status, headers, _) = client.send(body.clone()).await.unwrap();
        assert_eq!(status, 200);
        assert_eq!(headers[header::CONNECTION], "close");
    }
    server.task.abort();
}
