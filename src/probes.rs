//! `/metrics`, `/healthz` and `/readyz`, in plain HTTP for the kubelet and
//! Prometheus.
//!
//! Nothing here may look into a component: each says of itself how it is.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, header};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::metrics::{CONTENT_TYPE, Metrics};

#[derive(Debug, Clone, PartialEq, Eq)]
enum Condition {
    /// Not there yet, or not any more, for this reason: no traffic.
    Waiting(String),
    Ready,
    /// Its task is gone: only a restart helps.
    Dead,
}

#[derive(Debug, Default)]
struct Conditions {
    components: BTreeMap<&'static str, Condition>,
    stopping: bool,
}

/// How the process is, told by its components. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Health(Arc<Mutex<Conditions>>);

impl Health {
    /// A component without which the process is of no use. It waits until it
    /// says [`Component::ready`], and is dead once its [`Component`] is dropped,
    /// by returning as by a panic.
    pub fn component(&self, name: &'static str) -> Component {
        let component = Component {
            name,
            health: self.clone(),
        };
        component.waiting("it has not started yet");
        component
    }

    /// The process was told to stop: it takes no more traffic, and a component
    /// that ends is no failure any more.
    pub fn stopping(&self) {
        self.with(|conditions| conditions.stopping = true);
    }

    /// What keeps the process from serving, or nothing.
    pub fn unready(&self) -> Option<String> {
        self.with(|conditions| {
            if conditions.stopping {
                return Some("stopping".to_owned());
            }
            say(&conditions.components, |condition| match condition {
                Condition::Waiting(reason) => Some(reason),
                Condition::Dead => Some("its task ended"),
                Condition::Ready => None,
            })
        })
    }

    /// Which essential task is gone, or nothing.
    pub fn dead(&self) -> Option<String> {
        self.with(|conditions| {
            say(&conditions.components, |condition| match condition {
                Condition::Dead => Some("its task ended"),
                Condition::Waiting(_) | Condition::Ready => None,
            })
        })
    }

    fn with<T>(&self, f: impl FnOnce(&mut Conditions) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn set(&self, name: &'static str, condition: Condition) {
        self.with(|conditions| conditions.components.insert(name, condition));
    }
}

fn say(
    components: &BTreeMap<&'static str, Condition>,
    complaint: impl Fn(&Condition) -> Option<&str>,
) -> Option<String> {
    let lines: Vec<String> = components
        .iter()
        .filter_map(|(name, condition)| Some(format!("{name}: {}", complaint(condition)?)))
        .collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// One component's word about itself. Held by its task, so that it goes with it.
#[derive(Debug)]
pub struct Component {
    name: &'static str,
    health: Health,
}

impl Component {
    /// It does its work.
    pub fn ready(&self) {
        self.health.set(self.name, Condition::Ready);
    }

    /// It cannot do its work yet, for this reason.
    pub fn waiting(&self, reason: impl Into<String>) {
        self.health
            .set(self.name, Condition::Waiting(reason.into()));
    }
}

impl Drop for Component {
    fn drop(&mut self) {
        self.health.with(|conditions| {
            if !conditions.stopping {
                conditions.components.insert(self.name, Condition::Dead);
            }
        });
    }
}

/// Serves the three pages until `shutdown`.
pub async fn serve(
    listener: TcpListener,
    health: Health,
    metrics: Metrics,
    shutdown: CancellationToken,
) -> io::Result<()> {
    axum::serve(listener, router(health, metrics))
        .with_graceful_shutdown(shutdown.cancelled_owned())
        .await
}

fn router(health: Health, metrics: Metrics) -> Router {
    Router::new()
        .route(
            "/healthz",
            get(async |State(h): State<Health>| verdict(h.dead())),
        )
        .route(
            "/readyz",
            get(async |State(h): State<Health>| verdict(h.unready())),
        )
        .with_state(health)
        .merge(
            Router::new()
                .route("/metrics", get(page))
                .with_state(metrics),
        )
}

fn verdict(complaint: Option<String>) -> Response {
    match complaint {
        None => "ok\n".into_response(),
        Some(text) => (StatusCode::SERVICE_UNAVAILABLE, text + "\n").into_response(),
    }
}

async fn page(State(metrics): State<Metrics>) -> Response {
    match metrics.encode() {
        Ok(page) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], page).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    async fn ask(health: &Health, path: &str) -> (StatusCode, String) {
        let answer = router(health.clone(), Metrics::new())
            .oneshot(Request::get(path).body(axum::body::Body::empty()).unwrap())
            .await
            .unwrap();
        let status = answer.status();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn readiness_gives_the_reason_and_liveness_does_not_mind() {
        let health = Health::default();
        let webhook = health.component("webhook");
        webhook.waiting("no certificate yet");
        let (status, text) = ask(&health, "/readyz").await;
        assert_eq!(status, 503);
        assert_eq!(text, "webhook: no certificate yet\n");
        assert_eq!(ask(&health, "/healthz").await.0, 200);

        webhook.ready();
        assert_eq!(ask(&health, "/readyz").await.0, 200);
    }

    #[tokio::test]
    async fn a_task_that_ends_is_dead_whatever_it_said_before() {
        let health = Health::default();
        let component = health.component("webhook");
        component.ready();
        let task = tokio::spawn(async move {
            let _component = component;
            panic!("a bug");
        });
        assert!(task.await.is_err());
        let (status, text) = ask(&health, "/healthz").await;
        assert_eq!(status, 503);
        assert!(text.contains("webhook"), "{text}");
        assert_eq!(ask(&health, "/readyz").await.0, 503);
    }

    #[tokio::test]
    async fn stopping_takes_no_traffic_and_is_no_death() {
        let health = Health::default();
        let component = health.component("webhook");
        component.ready();
        health.stopping();
        drop(component);
        assert_eq!(ask(&health, "/readyz").await.0, 503);
        assert_eq!(ask(&health, "/healthz").await.0, 200);
    }

    #[tokio::test]
    async fn metrics_are_served_as_openmetrics() {
        let (status, text) = ask(&Health::default(), "/metrics").await;
        assert_eq!(status, 200);
        assert!(text.contains("stow_leader 0"), "{text}");
    }
}
