//! Pages, by an API server that says what it is told to.

mod trial;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use axum::body::Body as Answer;
use http::{Request, Response};
use kube::client::Body;
use serde_json::json;

use super::*;
use crate::config::Configuration;
use crate::preflight::finding::{Check, Severity, Verdict};
use crate::preflight::objects::Standards;
use stow_versions::crd::{Webhook, crd};

/// The calls that were made: path and query.
type Calls = Arc<Mutex<Vec<String>>>;

/// A reader of an API server that answers each call with a status and a body.
fn reader(answer: impl Fn(&str, &str) -> (u16, Value) + Send + Sync + 'static) -> (Reader, Calls) {
    let calls = Calls::default();
    let (answer, noted) = (Arc::new(answer), calls.clone());
    let service = tower::service_fn(move |request: Request<Body>| {
        let (answer, noted) = (answer.clone(), noted.clone());
        async move {
            assert_eq!(request.method(), http::Method::GET);
            let (path, query) = (request.uri().path(), request.uri().query().unwrap_or(""));
            noted.lock().unwrap().push(format!("{path}?{query}"));
            let (status, body) = answer(path, query);
            let answer = Response::builder().status(status);
            Ok::<_, Infallible>(answer.body(Answer::from(body.to_string())).unwrap())
        }
    });
    let reader = Reader::new(
        Client::new(service, "default"),
        "stow-system",
        "stow-webhook",
    );
    (reader, calls)
}

fn failure(code: u16, message: &str) -> (u16, Value) {
    let reason = match code {
        403 => "Forbidden",
        404 => "NotFound",
        _ => "Other",
    };
    let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "code": code,
        "status": "Failure", "message": message, "reason": reason});
    (code, status)
}

fn page(names: &[&str], next: &str) -> (u16, Value) {
    let items: Vec<_> = names
        .iter()
        .map(|name| {
            json!({"apiVersion": "myob.com/v1beta1", "kind": "PostgresDB",
                "metadata": {"name": name, "namespace": "shop", "uid": name}})
        })
        .collect();
    (200, json!({"metadata": {"continue": next}, "items": items}))
}

fn installation() -> Installation {
    Installation {
        namespace: "stow-system".to_owned(),
        definition: Ok(Some(crd(&Webhook::Url(String::new())))),
        config_map: Ok(Some(BTreeMap::new())),
        shipped: Vec::new(),
        slices: Ok(Vec::new()),
        certificate: "stow-webhook".to_owned(),
        authority: Ok(None),
    }
}

fn standards() -> Standards {
    Standards::new(None, None).unwrap()
}

#[tokio::test]
async fn every_page_is_read_and_each_object_once() {
    let (reader, calls) = reader(|path, query| {
        if path.contains("/secrets/") {
            failure(404, "none")
        } else if query.contains("continue=two") {
            page(&["c"], "")
        } else {
            page(&["a", "b"], "two")
        }
    });
    let survey = reader.objects(&installation(), &standards()).await;
    assert_eq!((survey.objects, survey.clean), (3, 3));
    let calls = calls.lock().unwrap();
    let lists: Vec<_> = calls
        .iter()
        .filter(|call| call.contains("/postgresdbs"))
        .collect();
    assert_eq!(lists.len(), 2, "{lists:?}");
    assert!(lists.iter().all(|call| call.contains("limit=500")));
    assert!(lists.iter().all(|call| call.contains("/v1beta1/")));
}

#[tokio::test]
async fn a_listing_that_expired_is_begun_anew_and_counted_once() {
    let seconds = Mutex::new(0);
    let (reader, _) = reader(move |path, query| {
        if path.contains("/secrets/") {
            return failure(404, "none");
        }
        if !query.contains("continue=") {
            return page(&["a"], "two");
        }
        let mut seconds = seconds.lock().unwrap();
        *seconds += 1;
        if *seconds == 1 {
            failure(410, "expired")
        } else {
            page(&["b"], "")
        }
    });
    let survey = reader.objects(&installation(), &standards()).await;
    assert_eq!(survey.objects, 2);
    assert!(survey.findings.is_empty(), "{:?}", survey.findings);
}

#[tokio::test]
async fn what_expires_again_and_again_is_not_told_of_in_part() {
    let (reader, _) = reader(|path, query| {
        if path.contains("/secrets/") {
            failure(404, "none")
        } else if query.contains("continue=") {
            failure(410, "expired")
        } else {
            page(&["a"], "two")
        }
    });
    let survey = reader.objects(&installation(), &standards()).await;
    assert_eq!(survey.objects, 0);
    assert_eq!(Verdict::of(&survey.findings), Verdict::Unknown);
}

#[tokio::test]
async fn where_one_version_cannot_be_shown_the_other_is_read() {
    let (reader, _) = reader(|path, _| {
        if path.contains("/v1beta1/") {
            failure(500, "conversion webhook failed")
        } else if path.contains("/secrets/") {
            failure(404, "none")
        } else {
            page(&["a"], "")
        }
    });
    let survey = reader.objects(&installation(), &standards()).await;
    assert_eq!(survey.objects, 1);
    assert!(survey.findings.is_empty(), "{:?}", survey.findings);
}

#[tokio::test]
async fn secrets_that_are_not_shown_are_told_of_once_for_each_namespace() {
    let (reader, _) = reader(|path, _| {
        if path.contains("/secrets/") {
            failure(403, "secrets is forbidden")
        } else {
            page(&["a", "b"], "")
        }
    });
    let survey = reader.objects(&installation(), &standards()).await;
    assert_eq!(survey.objects, 2);
    let [finding] = &survey.findings[..] else {
        panic!("{:?}", survey.findings);
    };
    assert_eq!(
        (finding.severity, finding.check),
        (Severity::Unknown, Check::Secret)
    );
    let text = finding.to_string();
    assert!(text.contains("2 objects in namespace shop"), "{text}");
}

#[tokio::test]
async fn objects_are_counted_across_pages_where_the_platform_counts() {
    let (reader, calls) = reader(|path, query| {
        let made = |name: &str, second: &str| {
            json!({"apiVersion": "myob.com/v1beta1", "kind": "PostgresDB", "metadata": {
                "name": name, "namespace": "shop", "uid": name,
                "creationTimestamp": format!("2026-01-01T00:00:0{second}Z"),
            }, "spec": {"size": "db.t4g.small"}})
        };
        if path.contains("/secrets/") {
            failure(404, "none")
        } else if query.contains("continue=two") {
            (200, json!({"items": [made("oldest", "1")]}))
        } else {
            let items = [made("newest", "3"), made("second", "2")];
            (
                200,
                json!({"metadata": {"continue": "two"}, "items": items}),
            )
        }
    });
    let data = [("policy.maxPerNamespace".to_owned(), "2".to_owned())];
    let standards = Standards::new(None, Some(Configuration::read(&data.into()))).unwrap();
    let survey = reader.objects(&installation(), &standards).await;
    let stalled: Vec<_> = survey
        .findings
        .iter()
        .map(|finding| (finding.check, finding.object.as_deref()))
        .collect();
    assert_eq!(stalled, [(Check::Stalled, Some("shop/newest"))]);
    let text = survey.findings[0].to_string();
    assert!(text.contains("2 are older"), "{text}");
    let calls = calls.lock().unwrap();
    let lists = calls.iter().filter(|call| call.contains("/postgresdbs"));
    assert_eq!(lists.count(), 4);
}

#[tokio::test]
async fn an_object_that_is_nested_too_deep_is_named_and_the_others_are_judged() {
    let deep = |depth: usize| (0..depth).fold(json!({}), |inner, _| json!({"f:a": inner}));
    let (reader, _) = reader(move |path, _| {
        if path.contains("/secrets/") {
            return failure(404, "none");
        }
        let (_, mut list) = page(&["managed", "spoilt", "sound"], "");
        list["items"][0]["metadata"]["managedFields"] = json!([{"fieldsV1": deep(200)}]);
        list["items"][1]["spec"] = json!({"tags": deep(200)});
        (200, list)
    });
    let survey = reader.objects(&installation(), &standards()).await;
    assert_eq!((survey.objects, survey.clean), (3, 1));
    let told: Vec<_> = survey
        .findings
        .iter()
        .map(|finding| {
            let object = finding.object.as_deref().unwrap_or_default();
            (finding.severity, finding.check, object)
        })
        .collect();
    assert_eq!(
        told,
        [
            (Severity::Error, Check::Migration, "shop/managed"),
            // It converts, and was not judged: that is no error, and not clean.
            (Severity::Unknown, Check::Unreadable, "shop/spoilt")
        ]
    );
    let text = survey.findings[0].to_string();
    assert!(
        text.contains("kubectl patch postgresdb managed -n shop"),
        "{text}"
    );
}

#[tokio::test]
async fn no_api_server_is_not_an_empty_cluster() {
    let service = tower::service_fn(|_: Request<Body>| async {
        Err::<Response<Answer>, _>(std::io::Error::other("refused"))
    });
    let reader = Reader::new(
        Client::new(service, "default"),
        "stow-system",
        "stow-webhook",
    );
    let outcome = reader.installation(Vec::new()).await;
    let error = outcome.map(drop).unwrap_err().to_string();
    assert!(error.contains("refused"), "{error}");
}
