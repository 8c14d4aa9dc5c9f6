use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body as Answer;
use http::{Method, Request, Response};
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};

use super::*;

struct Nobody;

impl Stage for Nobody {
    fn begins(&self, _: Task, _: u64) {}
    fn outcome(&self, _: Task, _: &Outcome) {}
    fn say(&self, _: &str) {}
}

/// An API server with objects by name, each with its resourceVersion.
#[derive(Default)]
struct Server {
    objects: BTreeMap<String, u64>,
    /// Of them, those that a write would store differently.
    stale: Vec<String>,
    /// How many objects a page holds.
    page: usize,
    /// Tokens that are too old, with the one to go on from.
    expired: BTreeMap<String, Option<String>>,
    writes: Vec<String>,
}

impl Server {
    fn of(count: usize, page: usize) -> Self {
        let objects = (0..count).map(|number| (format!("db-{number:03}"), 7));
        Self {
            objects: objects.collect(),
            page,
            ..Self::default()
        }
    }

    fn object(&self, name: &str) -> Value {
        json!({"apiVersion": "myob.com/v1beta1", "kind": "PostgresDB", "metadata": {
            "name": name, "namespace": "shop", "uid": name,
            "resourceVersion": self.objects[name].to_string()}})
    }

    fn answer(&mut self, request: &Request<Body>) -> (u16, Value) {
        let name = request.uri().path().rsplit('/').next().unwrap_or_default();
        if request.method() == Method::PATCH {
            self.writes.push(name.to_owned());
            if self.stale.iter().any(|stale| stale == name) {
                self.stale.retain(|stale| stale != name);
                *self.objects.get_mut(name).unwrap() += 1;
            }
            return (200, self.object(name));
        }
        let query = request.uri().query().unwrap_or_default();
        let token = query
            .split('&')
            .find_map(|part| part.strip_prefix("continue="));
        if let Some(next) = token.and_then(|token| self.expired.remove(token)) {
            return (
                410,
                json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 410,
                    "reason": "Expired", "message": "too old", "metadata": {"continue": next}}),
            );
        }
        let start: usize = token.map_or(0, |token| token.parse().unwrap());
        let names: Vec<_> = self.objects.keys().skip(start).take(self.page).collect();
        let items: Vec<_> = names.iter().map(|name| self.object(name)).collect();
        let left = self.objects.len() - start - items.len();
        let next = (left > 0).then(|| (start + items.len()).to_string());
        (
            200,
            json!({"metadata": {"continue": next, "remainingItemCount": left}, "items": items}),
        )
    }
}

/// Walks over what the server has.
async fn walked(server: &Arc<Mutex<Server>>, task: Task, proof: &mut Proof) -> Tally {
    let server = Arc::clone(server);
    let service = tower::service_fn(move |request: Request<Body>| {
        let (code, body) = server.lock().unwrap().answer(&request);
        let answer = Response::builder().status(code);
        let answer = answer.body(Answer::from(body.to_string()));
        async move { Ok::<_, std::convert::Infallible>(answer.unwrap()) }
    });
    let client = Client::new(service, "default");
    let calls = Calls::new(client, Duration::from_mins(1), 8, &Nobody);
    walk(&calls, task, proof).await.unwrap()
}

#[tokio::test]
async fn every_object_of_every_page_is_written_once_and_then_read_back() {
    let server = Arc::new(Mutex::new(Server::of(1200, 500)));
    let names: Vec<_> = server.lock().unwrap().objects.keys().cloned().collect();
    server.lock().unwrap().stale = names.clone();
    let mut proof = Proof::default();
    let tally = walked(&server, Task::Rewrite, &mut proof).await;
    assert_eq!(
        (tally.objects, tally.rewritten, tally.stale),
        (1200, 1200, 1200)
    );
    let mut writes = std::mem::take(&mut server.lock().unwrap().writes);
    writes.sort_unstable();
    assert_eq!(writes, names);

    let tally = walked(&server, Task::Prove, &mut proof).await;
    assert_eq!((tally.objects, tally.rewritten), (1200, 0));
    assert_eq!(server.lock().unwrap().writes, <[&str; 0]>::default());
}

#[tokio::test]
async fn what_is_in_another_state_than_it_was_left_in_is_written_again() {
    let server = Arc::new(Mutex::new(Server::of(20, 500)));
    let mut proof = Proof::default();
    walked(&server, Task::Rewrite, &mut proof).await;
    {
        let mut server = server.lock().unwrap();
        server.writes.clear();
        // Stored in the old version by somebody; written by somebody; made.
        server.stale = vec!["db-003".to_owned()];
        for name in ["db-003", "db-011"] {
            *server.objects.get_mut(name).unwrap() += 1;
        }
        server.objects.insert("new".to_owned(), 9);
    }
    let tally = walked(&server, Task::Prove, &mut proof).await;
    assert_eq!((tally.objects, tally.rewritten, tally.stale), (21, 1, 1));
    let mut writes = server.lock().unwrap().writes.clone();
    writes.sort_unstable();
    assert_eq!(writes, ["db-003", "db-011", "new"]);
}

#[tokio::test]
async fn verifying_takes_no_earlier_word() {
    let server = Arc::new(Mutex::new(Server::of(3, 500)));
    let tally = walked(&server, Task::Verify, &mut Proof::default()).await;
    assert_eq!((tally.objects, tally.remaining.len()), (3, 0));
    assert_eq!(server.lock().unwrap().writes.len(), 3);
}

#[tokio::test]
async fn a_list_goes_on_where_its_token_is_too_old() {
    for next in [Some("500".to_owned()), None] {
        let mut objects = Server::of(700, 500);
        objects.expired.insert("500".to_owned(), next.clone());
        let server = Arc::new(Mutex::new(objects));
        let mut proof = Proof::default();
        walked(&server, Task::Rewrite, &mut proof).await;
        let mut writes = server.lock().unwrap().writes.clone();
        writes.sort_unstable();
        writes.dedup();
        assert_eq!(writes.len(), 700, "{next:?}");
    }
}
