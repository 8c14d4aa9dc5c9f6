//! Over real TLS on loopback, with a client that writes its own bytes where an
//! HTTP library would not misbehave.

use super::*;
use crate::probes::Health;
use crate::tls::{Authority, Serving};
use http_body_util::Full;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::json;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::sync::CancellationToken;

const NAME: &str = "stow.stow-system.svc";

struct Server {
    address: SocketAddr,
    ca: Authority,
    serving: Arc<Serving>,
    metrics: Metrics,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

/// No lingering, and short patience where a test waits for its end.
fn limits() -> Limits {
    Limits {
        linger: Duration::ZERO,
        ..Limits::default()
    }
}

async fn start(limits: Limits, convert: Convert) -> Server {
    let ca = Authority::generate(Timestamp::now()).unwrap();
    let serving = Arc::new(Serving::default());
    serving.set(leaf(&ca));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (metrics, shutdown) = (Metrics::new(), CancellationToken::new());
    let webhook = Webhook::with(limits, metrics.clone(), convert);
    let component = Health::default().component("webhook");
    let tls = serving.server_config().unwrap();
    let task = tokio::spawn(webhook.serve(listener, tls, component, shutdown.clone()));
    Server {
        address,
        ca,
        serving,
        metrics,
        shutdown,
        task,
    }
}

fn leaf(ca: &Authority) -> Arc<rustls::sign::CertifiedKey> {
    ca.issue(&[NAME.to_owned()], Timestamp::now())
        .unwrap()
        .certificate
}

impl Server {
    async fn tls(&self, ca: &Authority) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = rustls::RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(ca.certificates().as_bytes()).unwrap())
            .unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(self.address).await?;
        TlsConnector::from(Arc::new(config))
            .connect(ServerName::try_from(NAME).unwrap(), stream)
            .await
    }

    async fn client(&self) -> Client {
        let stream = self.tls(&self.ca).await.unwrap();
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Client(sender)
    }

    async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.unwrap();
    }
}

struct Client(SendRequest<Full<Bytes>>);

type Reply = (StatusCode, http::HeaderMap, Bytes);

impl Client {
    async fn send(&mut self, body: impl Into<Bytes>) -> hyper::Result<Reply> {
        let request = Request::post("/convert")
            .header(header::HOST, NAME)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(body.into()))
            .unwrap();
        let (parts, body) = self.0.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok((parts.status, parts.headers, body))
    }

    async fn review(&mut self, desired: &str, objects: &Value) -> Value {
        let (status, _, body) = self.send(review(desired, objects)).await.unwrap();
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap()
    }
}

fn review(desired: &str, objects: &Value) -> Vec<u8> {
    // As kube-apiserver 1.37 writes it.
    format!(
        r#"{{"kind":"ConversionReview","apiVersion":"apiextensions.k8s.io/v1","request":{{"uid":"b1fc7a4e-5d44-4d5e-a2a1-5a2f7a3d2c4e","desiredAPIVersion":"{desired}","objects":{objects}}},"response":{{"uid":"","convertedObjects":null,"result":{{"metadata":{{}}}}}}}}"#
    )
    .into_bytes()
}

fn object(name: &str, ballast: usize) -> Value {
    json!({
        "apiVersion": "myob.com/v1alpha1", "kind": "PostgresDB",
        "metadata": {"name": name, "namespace": "default", "labels": {"app": "a"},
                     "annotations": {"note": "x".repeat(ballast)}},
        "spec": {"size": "db.t2.small", "storage": "10"},
    })
}

async fn until(condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), wait)
        .await
        .expect("it never happened");
}

#[tokio::test]
async fn a_review_of_an_api_server_is_answered_by_the_contract() {
    let server = start(limits(), between_versions).await;
    let mut client = server.client().await;
    let reply = client
        .review("myob.com/v1beta1", &json!([object("a", 1), object("b", 1)]))
        .await;
    assert_eq!(
        reply["response"]["uid"],
        "b1fc7a4e-5d44-4d5e-a2a1-5a2f7a3d2c4e"
    );
    assert_eq!(reply["response"]["result"]["status"], "Success");
    let converted = reply["response"]["convertedObjects"].as_array().unwrap();
    assert_eq!(converted.len(), 2);
    for (object, name) in converted.iter().zip(["a", "b"]) {
        assert_eq!(object["apiVersion"], "myob.com/v1beta1");
        assert_eq!(object["metadata"]["name"], name);
        assert_eq!(object["metadata"]["labels"], json!({"app": "a"}));
        assert_eq!(object["spec"]["storage"], "10Gi");
    }
    server.stop().await;
}

#[tokio::test]
async fn partial_objects_convert_and_get_metadata() {
    let server = start(limits(), between_versions).await;
    let mut client = server.client().await;
    let partial = json!([
        {"apiVersion": "myob.com/v1alpha1", "kind": "PostgresDB"},
        {"apiVersion": "myob.com/v1alpha1", "kind": "PostgresDB", "metadata": {"name": "a"}},
        {"apiVersion": "myob.com/v1alpha1", "kind": "PostgresDB", "spec": {"size": "db.t2.small"}},
        {"apiVersion": "myob.com/v1alpha1", "kind": "PostgresDB", "spec": null},
    ]);
    let reply = client.review("myob.com/v1beta1", &partial).await;
    assert_eq!(reply["response"]["result"]["status"], "Success", "{reply}");
    for object in reply["response"]["convertedObjects"].as_array().unwrap() {
        assert!(object["metadata"].is_object(), "{object}");
        assert_ne!(object.get("spec"), Some(&Value::Null), "{object}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_failure_is_a_200_that_names_the_object() {
    let server = start(limits(), between_versions).await;
    let mut client = server.client().await;
    let mut foreign = object("orders", 1);
    foreign["kind"] = json!("MySQL");
    let reply = client
        .review("myob.com/v1beta1", &json!([object("a", 1), foreign]))
        .await;
    let result = &reply["response"]["result"];
    assert_eq!(result["status"], "Failure");
    assert!(
        result["message"]
            .as_str()
            .unwrap()
            .contains("default/orders"),
        "{result}"
    );
    let page = server.metrics.encode().unwrap();
    assert!(
        page.contains("stow_conversion_reviews_total{result=\"Failure\"} 1"),
        "{page}"
    );
    server.stop().await;
}

#[tokio::test]
async fn garbage_is_refused_in_words_and_the_server_lives() {
    let server = start(limits(), between_versions).await;
    for garbage in [&b""[..], b"{", b"\xff\xfe\x00", b"[1,2]", b"\"\"", b"null"] {
        let (status, _, body) = server.client().await.send(garbage).await.unwrap();
        assert_eq!(status, 400);
        let text = String::from_utf8(body.to_vec()).unwrap();
        assert!(text.contains("ConversionReview"), "{text}");
    }
    // Not even HTTP, and not even TLS.
    let mut stream = server.tls(&server.ca).await.unwrap();
    stream.write_all(&[0; 512]).await.unwrap();
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    let mut plain = TcpStream::connect(server.address).await.unwrap();
    plain
        .write_all(b"POST /convert HTTP/1.1\r\n\r\n")
        .await
        .unwrap();
    let _ = plain.read_to_end(&mut rest).await;

    let reply = server
        .client()
        .await
        .review("myob.com/v1beta1", &json!([object("a", 1)]))
        .await;
    assert_eq!(reply["response"]["result"]["status"], "Success");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_megabytes_are_a_review_like_any_other() {
    let server = start(limits(), between_versions).await;
    let objects: Vec<Value> = (0..64)
        .map(|i| object(&format!("db-{i}"), 1 << 20))
        .collect();
    let body = review("myob.com/v1beta1", &json!(objects));
    assert!(body.len() > 64 << 20);
    let (status, _, body) = server.client().await.send(body).await.unwrap();
    assert_eq!(status, 200);
    let reply: Value = serde_json::from_slice(&body).unwrap();
    let converted = reply["response"]["convertedObjects"].as_array().unwrap();
    assert_eq!(converted.len(), 64);
    assert_eq!(converted[63]["metadata"], objects[63]["metadata"]);
    server.stop().await;
}

#[tokio::test]
async fn past_the_bound_is_a_clean_failure_with_a_length_and_without() {
    let small = Limits {
        review: 2 << 20,
        ..limits()
    };
    let server = start(small, between_versions).await;

    let mut stream = server.tls(&server.ca).await.unwrap();
    let head = format!(
        "POST /convert HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n",
        3 << 20
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("larger than 2097152 bytes"), "{answer}");

    let stream = server.tls(&server.ca).await.unwrap();
    let (mut from, mut to) = tokio::io::split(stream);
    let head = "POST /convert HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
    to.write_all(head.as_bytes()).await.unwrap();
    let flood = tokio::spawn(async move {
        let chunk = [b"10000\r\n".as_slice(), &[b' '; 0x10000], b"\r\n"].concat();
        while to.write_all(&chunk).await.is_ok() {}
    });
    let mut answer = vec![0; 12];
    from.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, b"HTTP/1.1 413");
    drop(from);
    flood.await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn a_full_house_makes_wait_and_turns_nobody_away() {
    let tight = Limits {
        review: 4 << 20,
        large_in_flight: 4 << 20,
        ..limits()
    };
    let server = Arc::new(start(tight, between_versions).await);
    let clients = (0..8).map(|_| {
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            let objects = json!([object("a", 3 << 20)]);
            let reply = server
                .client()
                .await
                .review("myob.com/v1beta1", &objects)
                .await;
            assert_eq!(reply["response"]["result"]["status"], "Success");
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
    Arc::into_inner(server).unwrap().stop().await;
}

#[tokio::test]
async fn slow_clients_are_cut_off_and_hold_nobody_up() {
    let hasty = Limits {
        review: 2 << 20,
        large_in_flight: 2 << 20,
        connections: 3,
        handshake: Duration::from_millis(300),
        idle: Duration::from_millis(300),
        patience: Duration::from_millis(300),
        ..limits()
    };
    let server = start(hasty, between_versions).await;
    // No handshake; half a head; half a body that reserves all room there is.
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    let mut head = server.tls(&server.ca).await.unwrap();
    head.write_all(b"POST /convert HTTP/1.1\r\nho")
        .await
        .unwrap();
    let mut body = server.tls(&server.ca).await.unwrap();
    let partial = format!(
        "POST /convert HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n{{",
        2 << 20
    );
    body.write_all(partial.as_bytes()).await.unwrap();

    let objects = json!([object("a", 3 << 19)]);
    let reply = server
        .client()
        .await
        .review("myob.com/v1beta1", &objects)
        .await;
    assert_eq!(reply["response"]["result"]["status"], "Success");

    let mut rest = Vec::new();
    assert_eq!(silent.read_to_end(&mut rest).await.unwrap_or(0), 0);
    let _ = head.read_to_end(&mut rest).await;
    let mut answer = String::new();
    let _ = body.read_to_string(&mut answer).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn an_answer_that_nobody_reads_does_not_keep_its_room() {
    let hasty = Limits {
        review: 16 << 20,
        large_in_flight: 16 << 20,
        patience: Duration::from_secs(1),
        ..limits()
    };
    let server = start(hasty, between_versions).await;
    let body = review("myob.com/v1beta1", &json!([object("a", 15 << 20)]));
    let mut deaf = server.tls(&server.ca).await.unwrap();
    let head = format!(
        "POST /convert HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    deaf.write_all(head.as_bytes()).await.unwrap();
    deaf.write_all(&body).await.unwrap();
    deaf.flush().await.unwrap();
    // Only one of them fits at a time: this one waits for the other's end.
    until(|| {
        server
            .metrics
            .encode()
            .unwrap()
            .contains("reviews_total{result=\"Success\"} 1")
    })
    .await;
    let mut tries = 0;
    loop {
        let (status, _, _) = server.client().await.send(body.clone()).await.unwrap();
        if status == 200 {
            break;
        }
        assert_eq!(status, 503);
        tries += 1;
        assert!(tries < 30, "the room never came back");
    }
    drop(deaf);
    server.stop().await;
}

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_get_each_their_own_answer() {
    let server = Arc::new(start(limits(), between_versions).await);
    let clients = (0..20).map(|i| {
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            let mut client = server.client().await;
            for j in 0..20 {
                let name = format!("db-{i}-{j}");
                // Some inline, some off the runtime's threads.
                let objects = json!([object(&name, if j % 4 == 0 { 100_000 } else { 10 })]);
                let reply = client.review("myob.com/v1beta1", &objects).await;
                assert_eq!(
                    reply["response"]["convertedObjects"][0]["metadata"]["name"],
                    *name
                );
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
    let page = server.metrics.encode().unwrap();
    assert!(
        page.contains("stow_conversion_objects_total 400\n"),
        "{page}"
    );
    Arc::into_inner(server).unwrap().stop().await;
}

/// A conversion that says when it began, and waits to be let go.
static GATE: std::sync::LazyLock<watch::Sender<(bool, bool)>> =
    std::sync::LazyLock::new(|| watch::Sender::new((false, false)));

fn gated(object: Value, _desired: &str) -> Result<Value, String> {
    GATE.send_modify(|state| state.0 = true);
    let mut gate = GATE.subscribe();
    futures::executor::block_on(gate.wait_for(|state| state.1)).map_err(|e| e.to_string())?;
    Ok(object)
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
        linger: Duration::from_secs(60),
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

fn panicking(_object: Value, _desired: &str) -> Result<Value, String> {
    panic!("a bug")
}

#[tokio::test]
async fn a_panic_is_answered_on_the_connection_it_met() {
    let server = start(limits(), panicking).await;
    let mut client = server.client().await;
    for ballast in [1, 2 * INLINE] {
        let reply = client
            .review("myob.com/v1beta1", &json!([object("a", ballast)]))
            .await;
        assert_eq!(reply["response"]["result"]["status"], "Failure");
    }
    server.stop().await;
}

#[tokio::test]
async fn other_paths_and_methods_are_not_served() {
    let server = start(limits(), between_versions).await;
    let mut client = server.client().await;
    for (method, path, expected) in [("GET", "/convert", 405), ("POST", "/", 404)] {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, NAME)
            .body(Full::new(Bytes::new()))
            .unwrap();
        let status = client.0.send_request(request).await.unwrap().status();
        assert_eq!(status, expected);
    }
    server.stop().await;
}
