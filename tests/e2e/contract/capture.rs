//! The conversion reviews that a real API server sends, kept as files for the
//! tests of the webhook.
//!
//! The webhook is this test's own, since what passes between the API server and
//! an operator is encrypted.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use harness::{ControlPlane, Error, Result, eventually};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use serde_json::{Value, json};
use stow::tls::{Authority, Serving};
use stow_versions::convert::convert;
use stow_versions::crd::{Webhook, crd};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::manifest;
use crate::at_rest::key;
use crate::stage::{NAMESPACE, PATIENCE, file};

/// Reviews of one step and one direction that are worth keeping.
const KEPT: usize = 2;

type Reviews = Arc<Mutex<Vec<Bytes>>>;

fn wrong(error: &dyn std::error::Error) -> Error {
    Error::Unexpected(error.to_string())
}

/// A webhook that keeps what it is sent. Returns its URL and its CA.
async fn keeping(reviews: Reviews) -> Result<(String, String)> {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .map_err(|error| wrong(&error))?;
    let address = listener.local_addr().map_err(|error| wrong(&error))?;
    let now = Timestamp::now();
    let ca = Authority::generate(now).map_err(|error| wrong(&error))?;
    let leaf = ca
        .issue(&["127.0.0.1".to_owned()], now)
        .map_err(|error| wrong(&error))?;
    let serving = Arc::new(Serving::default());
    serving.set(leaf.certificate);
    let config = serving.server_config().map_err(|error| wrong(&error))?;
    let tls = TlsAcceptor::from(config);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(connection(stream, tls.clone(), Arc::clone(&reviews)));
        }
    });
    Ok((
        format!("https://{address}/convert"),
        ca.certificates().to_owned(),
    ))
}

async fn connection(stream: TcpStream, tls: TlsAcceptor, reviews: Reviews) {
    // Who breaks off is the API server, which says so where it matters.
    let Ok(stream) = tls.accept(stream).await else {
        return;
    };
    let service = service_fn(move |request: Request<Incoming>| {
        let reviews = Arc::clone(&reviews);
        async move {
            let body = request.into_body().collect().await?.to_bytes();
            let answer = answer(&body);
            let mut reviews = reviews.lock().unwrap_or_else(PoisonError::into_inner);
            reviews.push(body);
            Ok::<_, hyper::Error>(Response::new(Full::<Bytes>::from(answer)))
        }
    });
    let _ended = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

fn answer(review: &[u8]) -> String {
    let review: Value = serde_json::from_slice(review).expect("a review");
    let request = &review["request"];
    let desired = request["desiredAPIVersion"].as_str().expect("a version");
    let objects = request["objects"].as_array().expect("objects");
    let converted = objects
        .iter()
        .map(|object| convert(object.clone(), desired).expect("an object that converts"));
    let converted: Vec<_> = converted.collect();
    json!({
        "apiVersion": review["apiVersion"], "kind": review["kind"],
        "response": {
            "uid": request["uid"], "convertedObjects": converted, "result": {"status": "Success"},
        },
    })
    .to_string()
}

/// What is done, and what the files are called after.
fn steps() -> Vec<(&'static str, Vec<&'static str>, Option<Value>)> {
    let apply = || vec!["apply", "-f", "-"];
    let by = |manager| {
        vec![
            "apply",
            "--server-side",
            "--field-manager",
            manager,
            "-f",
            "-",
        ]
    };
    let list = |version: &str| {
        let path = format!("/apis/myob.com/{version}/namespaces/{NAMESPACE}/postgresdbs");
        vec!["get", "--raw", Box::leak(path.into_boxed_str())]
    };
    let old = json!({"size": "db.t2.small", "storage": 10, "ha": true, "tags": {"team": "shop"}});
    let new = json!({
        "storage": "1Ti", "storageType": "gp3", "backup": {"retentionDays": 14},
        "deletionPolicy": "Retain",
    });
    let less = json!({"storageType": "gp3"});
    let apart = json!({"size": "db.t3.small", "ha": false});
    vec![
        (
            "create-v1alpha1",
            apply(),
            Some(manifest("v1alpha1", "one", &old)),
        ),
        (
            "create-v1beta1",
            apply(),
            Some(manifest("v1beta1", "two", &new)),
        ),
        (
            "apply-v1alpha1",
            by("team-old"),
            Some(manifest("v1alpha1", "three", &apart)),
        ),
        (
            "apply-v1beta1",
            by("team-new"),
            Some(manifest("v1beta1", "three", &new)),
        ),
        (
            "apply-less-v1beta1",
            by("team-new"),
            Some(manifest("v1beta1", "three", &less)),
        ),
        (
            "apply-moves",
            by("team-old"),
            Some(manifest(
                "v1beta1",
                "three",
                &json!({"size": "db.t3.small"}),
            )),
        ),
        ("list-v1alpha1", list("v1alpha1"), None),
        ("list-v1beta1", list("v1beta1"), None),
        (
            "delete",
            vec!["delete", "postgresdb", "one", "-n", NAMESPACE],
            None,
        ),
    ]
}

/// Run by hand, where the API server to be captured is another:
/// `cargo test --test e2e -- --ignored contract::capture`.
#[tokio::test]
#[ignore = "writes tests/corpus/reviews"]
async fn reviews_of_a_real_api_server() -> Result<()> {
    let cluster = ControlPlane::start().await?;
    let reviews = Reviews::default();
    let (url, ca) = keeping(Arc::clone(&reviews)).await?;
    let mut crd = serde_json::to_value(crd(&Webhook::Url(url))).map_err(|error| wrong(&error))?;
    let bundle = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, ca);
    crd["spec"]["conversion"]["webhook"]["clientConfig"]["caBundle"] = json!(bundle);
    cluster
        .kubectl(&["create", "namespace", NAMESPACE])
        .await?
        .ok()?;
    cluster
        .kubectl_in(&crd.to_string(), &["apply", "-f", "-"])
        .await?
        .ok()?;
    eventually("both versions", PATIENCE, || async {
        cluster
            .kubectl(&["get", "postgresdbs.v1alpha1.myob.com", "-A"])
            .await?
            .ok()
    })
    .await?;

    let taken = || std::mem::take(&mut *reviews.lock().unwrap_or_else(PoisonError::into_inner));
    for (name, arguments, input) in steps() {
        drop(taken());
        let input = input.map(|input| input.to_string()).unwrap_or_default();
        cluster.kubectl_in(&input, &arguments).await?.ok()?;
        if name.starts_with("list") {
            write(name, taken())?;
            continue;
        }
        // The watch cache of the other version follows.
        eventually("a call", PATIENCE, || async {
            !reviews
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .is_empty()
        })
        .await?;
        write(name, taken())?;
    }
    // As 2017 stored it: a list and a cold cache convert.
    for name in ["two", "three"] {
        let stored = cluster.etcd().get(&key(name)).await?.unwrap_or_default();
        let stored = serde_json::from_slice(&stored).map_err(|error| wrong(&error))?;
        let old = convert(stored, "myob.com/v1alpha1").map_err(|error| wrong(&error))?;
        drop(taken());
        cluster.etcd().put(&key(name), old.to_string()).await?;
        eventually("the watch", PATIENCE, || async {
            !reviews
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .is_empty()
        })
        .await?;
        write("watch", taken())?;
    }
    let path = format!("/apis/myob.com/v1beta1/namespaces/{NAMESPACE}/postgresdbs?limit=10");
    cluster.kubectl(&["get", "--raw", &path]).await?.ok()?;
    write("list-of-2017", taken())
}

/// Keeps the first reviews of each direction.
fn write(step: &str, reviews: Vec<Bytes>) -> Result<()> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for body in reviews {
        let review: Value = serde_json::from_slice(&body).map_err(|error| wrong(&error))?;
        let desired = review["request"]["desiredAPIVersion"]
            .as_str()
            .unwrap_or_default();
        let to = desired.rsplit('/').next().unwrap_or_default().to_owned();
        let count = counts.entry(to.clone()).or_default();
        *count += 1;
        if *count <= KEPT {
            let path = file("tests/corpus/reviews").join(format!("{step}.to-{to}.{count}.json"));
            std::fs::write(path, &body).map_err(|error| wrong(&error))?;
        }
    }
    Ok(())
}
