//! An API server in memory, for tests under paused time: objects by path, with
//! resourceVersions and the errors that matter. It can freeze, and refuse.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use axum::body::Body as Answer;
use futures::StreamExt;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, StreamBody};
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};
use tokio::sync::{broadcast, watch};

/// One request as it came in: method, path without query, query, body.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) body: Value,
}

#[derive(Default)]
struct State {
    objects: BTreeMap<String, Value>,
    version: u64,
    calls: Vec<Call>,
    lost: usize,
    refusal: Option<(Method, u16)>,
    date: Option<String>,
    events: Option<broadcast::Sender<(String, Value)>>,
}

#[derive(Clone)]
pub(crate) struct FakeApi {
    state: Arc<Mutex<State>>,
    frozen: watch::Sender<bool>,
}

impl FakeApi {
    pub(crate) fn new() -> Self {
        Self {
            state: Arc::default(),
            frozen: watch::Sender::new(false),
        }
    }

    /// A client of its own connection, which can be cut without the others'.
    pub(crate) fn client(&self) -> (Client, watch::Sender<bool>) {
        let cut = watch::Sender::new(false);
        let (api, own) = (self.clone(), cut.clone());
        let service = tower::service_fn(move |request: Request<Body>| {
            let (api, own) = (api.clone(), own.clone());
            async move {
                // What is asked of a frozen server is done when it thaws, if
                // anybody still waits: as a real one would.
                let _ = api.frozen.subscribe().wait_for(|frozen| !frozen).await;
                let _ = own.subscribe().wait_for(|cut| !cut).await;
                if api.loses_one() {
                    std::future::pending::<()>().await;
                }
                Ok::<_, Infallible>(api.answer(request).await)
            }
        });
        (Client::new(service, "stow-system"), cut)
    }

    /// So many of the next requests are never answered, nor done.
    pub(crate) fn lose(&self, count: usize) {
        self.state.lock().unwrap().lost = count;
    }

    fn loses_one(&self) -> bool {
        let lost = &mut self.state.lock().unwrap().lost;
        let loses = *lost > 0;
        *lost = lost.saturating_sub(1);
        loses
    }

    pub(crate) fn freeze(&self, frozen: bool) {
        self.frozen.send_replace(frozen);
    }

    /// Every request of that method is answered with this status from now on.
    pub(crate) fn refuse(&self, refusal: Option<(Method, u16)>) {
        self.state.lock().unwrap().refusal = refusal;
    }

    /// Every answer bears this date from now on; none does before.
    pub(crate) fn tell_time(&self, now: jiff::Timestamp) {
        let date = now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        self.state.lock().unwrap().date = Some(date);
    }

    pub(crate) fn put(&self, path: &str, object: Value) {
        let mut state = self.state.lock().unwrap();
        state.store(path.to_owned(), object, StatusCode::OK);
    }

    pub(crate) fn get(&self, path: &str) -> Option<Value> {
        self.state.lock().unwrap().objects.get(path).cloned()
    }

    pub(crate) fn delete(&self, path: &str) {
        self.state.lock().unwrap().objects.remove(path);
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.state.lock().unwrap().calls.clone()
    }

    async fn answer(&self, request: Request<Body>) -> Response<Answer> {
        let (parts, body) = request.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        let call = Call {
            method: parts.method,
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            body,
        };
        if call.query.contains("watch=true") {
            return self.watch(&call.path);
        }
        let (status, answer) = self.state.lock().unwrap().handle(call);
        let date = self.state.lock().unwrap().date.clone();
        let dated = date.into_iter().fold(Response::builder(), |answer, date| {
            answer.header(http::header::DATE, date)
        });
        dated
            .status(status)
            .body(Answer::from(serde_json::to_vec(&answer).unwrap()))
            .unwrap()
    }
}

impl FakeApi {
    /// Every later write below that collection, as a watch tells it.
    fn watch(&self, collection: &str) -> Response<Answer> {
        let prefix = format!("{collection}/");
        let mut state = self.state.lock().unwrap();
        let sender = state.events.get_or_insert_with(|| broadcast::channel(64).0);
        let events = futures::stream::unfold(sender.subscribe(), async |mut events| {
            Some((events.recv().await.ok()?, events))
        });
        let lines = events.filter_map(move |(path, object)| {
            let line = json!({"type": "MODIFIED", "object": object}).to_string() + "\n";
            let frame = hyper::body::Frame::data(axum::body::Bytes::from(line));
            std::future::ready(
                path.starts_with(&prefix)
                    .then_some(Ok::<_, Infallible>(frame)),
            )
        });
        Response::new(Answer::new(StreamBody::new(lines)))
    }
}

impl State {
    fn list(&self, collection: &str) -> Value {
        let prefix = format!("{collection}/");
        let items: Vec<&Value> = self
            .objects
            .iter()
            .filter(|(path, _)| path.starts_with(&prefix))
            .map(|(_, object)| object)
            .collect();
        let metadata = json!({"resourceVersion": self.version.to_string()});
        json!({"kind": "List", "apiVersion": "v1", "metadata": metadata, "items": items})
    }

    fn handle(&mut self, call: Call) -> (StatusCode, Value) {
        self.calls.push(call.clone());
        if let Some((method, code)) = &self.refusal
            && *method == call.method
        {
            return failure(*code, "refused by the test");
        }
        let present = self.objects.get(&call.path).cloned();
        match (call.method, present) {
            (Method::GET, Some(object)) => (StatusCode::OK, object),
            (Method::GET, None) if call.query.contains("fieldSelector") => {
                (StatusCode::OK, self.list(&call.path))
            }
            (Method::POST, _) => {
                let name = call.body["metadata"]["name"].as_str().unwrap();
                let path = format!("{}/{name}", call.path);
                if self.objects.contains_key(&path) {
                    return failure(409, "it exists already");
                }
                self.store(path, call.body, StatusCode::CREATED)
            }
            (Method::PUT, Some(object)) => {
                let theirs = &call.body["metadata"]["resourceVersion"];
                if !theirs.is_null() && *theirs != object["metadata"]["resourceVersion"] {
                    return failure(409, "it has been modified");
                }
                self.store(call.path, call.body, StatusCode::OK)
            }
            (Method::PATCH, Some(mut object)) => {
                merge(&mut object, &call.body);
                self.store(call.path, object, StatusCode::OK)
            }
            (_, None) => failure(404, "not found"),
            (method, _) => panic!("the fake API server knows no {method}"),
        }
    }

    fn store(
        &mut self,
        path: String,
        mut object: Value,
        status: StatusCode,
    ) -> (StatusCode, Value) {
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        self.objects.insert(path.clone(), object.clone());
        if let Some(events) = &self.events {
            let _ = events.send((path, object.clone()));
        }
        (status, object)
    }
}

fn failure(code: u16, message: &str) -> (StatusCode, Value) {
    let reason = match code {
        403 => "Forbidden",
        404 => "NotFound",
        409 => "Conflict",
        _ => "InternalError",
    };
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": code,
    });
    (StatusCode::from_u16(code).unwrap(), status)
}

fn merge(target: &mut Value, patch: &Value) {
    match patch {
        Value::Object(fields) => {
            if !target.is_object() {
                *target = json!({});
            }
            for (key, value) in fields {
                merge(&mut target[key.as_str()], value);
            }
        }
        other => *target = other.clone(),
    }
}
