use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body as Answer;
use http::{Request, Response};
use kube::client::Body;
use serde_json::json;

use super::*;
use crate::migrate::Task;
use crate::migrate::object::Outcome;

struct Nobody;

impl Stage for Nobody {
    fn begins(&self, _: Task, _: u64) {}
    fn outcome(&self, _: Task, _: &Outcome) {}
    fn say(&self, _: &str) {}
}

/// What a read of the CRD comes to where calls are answered with these codes in
/// turn, 0 for none, and 200 from then on; and how many calls it took.
async fn read(codes: &'static [u16]) -> (Result<Value, Refusal>, usize) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    let service = tower::service_fn(move |_: Request<Body>| {
        let call = counted.fetch_add(1, Ordering::SeqCst);
        let code = codes.get(call).copied().unwrap_or(200);
        async move {
            if code == 0 {
                return Err(io::Error::from(io::ErrorKind::ConnectionRefused));
            }
            let body = json!({"kind": "Status", "apiVersion": "v1", "metadata": {},
                "status": "Failure", "code": code, "message": "no"});
            let answer = Response::builder().status(code);
            Ok(answer.body(Answer::from(body.to_string())).unwrap())
        }
    });
    let client = Client::new(service, "default");
    let calls = Calls::new(client, Duration::from_mins(5), 4, &Nobody);
    let read = calls.definition().await;
    (read, count.load(Ordering::SeqCst))
}

#[tokio::test(start_paused = true)]
async fn an_api_server_that_only_just_begins_is_not_believed() {
    for codes in [&[0, 403, 401, 404, 403][..], &[503, 0, 0, 403], &[429]] {
        let (read, calls) = read(codes).await;
        assert!(read.is_ok(), "{codes:?}: {read:?}");
        assert_eq!(calls, codes.len() + 1, "{codes:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_was_there_all_the_time_is() {
    for codes in [&[403][..], &[401], &[404], &[429, 403]] {
        let (read, calls) = read(codes).await;
        assert!(read.is_err(), "{codes:?}");
        assert_eq!(calls, codes.len(), "{codes:?}");
    }
    // Nor does it begin for ever.
    let (read, calls) = read(&[0, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403]).await;
    assert!(matches!(read, Err(Refusal::Refused(_))), "{read:?}");
    assert!((3..12).contains(&calls), "{calls}");
}

#[tokio::test(start_paused = true)]
async fn what_all_objects_hang_on_is_never_taken_for_one_of_them() {
    // A list fails for good beside writes that are answered.
    let service = tower::service_fn(|request: Request<Body>| async move {
        let list = request.uri().path().ends_with("/postgresdbs");
        let (code, body) = if list {
            let message = "conversion webhook for myob.com/v1alpha1 failed";
            (
                500,
                json!({"kind": "Status", "status": "Failure", "code": 500, "message": message}),
            )
        } else {
            (200, json!({"metadata": {"name": "a"}}))
        };
        let answer = Response::builder().status(code);
        Ok::<_, io::Error>(answer.body(Answer::from(body.to_string())).unwrap())
    });
    let client = Client::new(service, "default");
    let calls = Calls::new(client, Duration::from_mins(1), 4, &Nobody);
    let object = Untyped::from(json!({"metadata": {"name": "a", "namespace": "shop"}}));
    let writes = async {
        loop {
            let written = calls.patch(&object, &json!({}), "git", false).await;
            assert!(written.is_ok(), "{written:?}");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    let list = tokio::select! {
        list = calls.page(None) => list,
        () = writes => unreachable!(),
    };
    let Err(Refusal::Fatal(error)) = list else {
        panic!("{list:?}");
    };
    let words = error.to_string();
    assert!(
        words.starts_with("gave up to list postgresdbs: conversion webhook")
            && words.contains("stow preflight"),
        "{words}"
    );
}
