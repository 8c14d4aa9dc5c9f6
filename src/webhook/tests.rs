//! Over real TLS on loopback, with a client that writes its own bytes where an
//! HTTP library would not misbehave.

mod captured;
mod fuzz;
mod hostile;
mod lifecycle;

use super::*;
use crate::probes::Health;
use crate::tls::{Authority, Serving};
use http::StatusCode;
use http_body_util::Full;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::{Value, json};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
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
    let objects = objects.to_string();
    envelope(desired, &objects[1..objects.len() - 1])
}

fn envelope(desired: &str, objects: &str) -> Vec<u8> {
    // As kube-apiserver 1.37 writes it.
    format!(
        r#"{{"kind":"ConversionReview","apiVersion":"apiextensions.k8s.io/v1","request":{{"uid":"b1fc7a4e-5d44-4d5e-a2a1-5a2f7a3d2c4e","desiredAPIVersion":"{desired}","objects":[{objects}]}},"response":{{"uid":"","convertedObjects":null,"result":{{"metadata":{{}}}}}}}}"#
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
    tokio::time::timeout(Duration::from_mins(1), wait)
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn property_09_sixty_four_megabytes_are_a_review_like_any_other() {
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

fn panicking(_: ObjectText<'_>, _: &str, _: &mut Vec<u8>) -> Result<(), String> {
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
