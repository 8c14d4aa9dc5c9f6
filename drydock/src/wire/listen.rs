//! The socket: accepts, reads HTTP/1.1 within limits, and leaves in good order.
//!
//! Must not know what a request asks.

use std::{io, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::Request};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
    time::{sleep, timeout},
};
use tower::ServiceExt;

use super::spoilt::Broken;

/// Before the next try where the system refuses a connection (no descriptors).
const PAUSE: Duration = Duration::from_millis(100);

/// How much of clients is borne.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long a request's head may take, and a connection may be idle.
    pub patience: Duration,
    /// Bytes of a request's head.
    pub head: usize,
    /// Connections at once; more wait to be accepted.
    pub connections: usize,
    /// How long answers under way may take at the end.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            patience: Duration::from_mins(1),
            head: 64 << 10,
            connections: 1_000,
            drain: Duration::from_secs(5),
        }
    }
}

/// Why a connection ends without an answer.
#[derive(Debug, thiserror::Error)]
#[error("by a rule: {0:?}")]
struct Unanswered(Broken);

/// Answers until `end`, and then as long as answers under way take, within
/// [`Limits::drain`].
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    end: impl Future<Output = ()>,
) {
    let (leave, leaving) = watch::channel(());
    let mut connections = JoinSet::new();
    tokio::select! {
        () = accept(&listener, &router, limits, &leaving, &mut connections) => {}
        () = end => {}
    }
    drop(listener);
    drop(leave);
    let finished = async { while connections.join_next().await.is_some() {} };
    if timeout(limits.drain, finished).await.is_err() {
        tracing::warn!("{} connections were cut off", connections.len());
    }
}

async fn accept(
    listener: &TcpListener,
    router: &Router,
    limits: Limits,
    leaving: &watch::Receiver<()>,
    connections: &mut JoinSet<()>,
) {
    let slots = Arc::new(Semaphore::new(limits.connections));
    loop {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else {
            return;
        };
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _peer)) => {
                let (router, leaving) = (router.clone(), leaving.clone());
                connections.spawn(async move {
                    if let Err(error) = connection(stream, router, limits, leaving).await {
                        tracing::debug!(%error, "a connection ended early");
                    }
                    drop(slot);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                sleep(PAUSE).await;
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    router: Router,
    limits: Limits,
    mut leaving: watch::Receiver<()>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        respond(router.clone(), request.map(Body::new))
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.patience)
        .max_buf_size(limits.head)
        .serve_connection(TokioIo::new(stream), service);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        _gone = leaving.changed() => {
            Pin::new(&mut connection).graceful_shutdown();
            (&mut connection).await
        }
    };
    let Err(error) = ended else {
        return Ok(());
    };
    let cause = std::error::Error::source(&error);
    let unanswered = cause.and_then(|cause| cause.downcast_ref::<Unanswered>());
    if let Some(Unanswered(Broken::Reset)) = unanswered {
        let stream = connection.into_parts().io.into_inner();
        // Dropped like this, it sends a reset.
        return stream.set_zero_linger();
    }
    Err(io::Error::other(error))
}

async fn respond(router: Router, request: Request) -> Result<axum::response::Response, Unanswered> {
    let Ok(response) = router.oneshot(request).await;
    match response.extensions().get::<Broken>() {
        Some(broken) => Err(Unanswered(*broken)),
        None => Ok(response),
    }
}
