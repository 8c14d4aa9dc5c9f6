//! The conversion webhook: `/convert` over TLS, in every replica.
//!
//! Nothing here may know AWS, the API server or the operator's own objects: it
//! depends on its certificate alone, since the operator reads its own objects
//! through it.

mod budget;
mod buffers;
mod listener;
mod refused;
mod review;

use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::{HeaderValue, Request, header};
use http_body_util::BodyExt;
use stow_versions::convert::ObjectText;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use crate::metrics::{Metrics, Review};
use crate::tls::Arrivals;
use budget::{Budget, Room};
use buffers::{Buffer, Buffers};
use listener::{Activity, Busy};
use refused::Refused;
use review::{Convert, Outcome};

/// Above this size a conversion leaves the runtime's threads: smaller ones take
/// less than the handover, larger ones would hold up everything else.
const INLINE: usize = 64 << 10;

/// What one webhook takes. The defaults suit a Pod with half a gigabyte.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The largest review, in bytes. A list sends all its objects at once, and
    /// one refusal fails it whole: 64 MB, thousands of objects, must pass. Twice
    /// that, with its answer, is what a Pod can still hold.
    pub review: usize,
    /// Bytes in flight of reviews up to 1 MiB, and of larger ones.
    pub small_in_flight: usize,
    /// See [`Limits::small_in_flight`]. A review that is larger than this is alone.
    /// More than a few at once finish no sooner, and each takes memory; the others
    /// wait in their sockets.
    pub large_in_flight: usize,
    /// Connections at once. An API server opens a few dozen; what comes beyond
    /// waits in the kernel.
    pub connections: usize,
    /// Time for the TLS handshake.
    pub handshake: Duration,
    /// Time for a request's head, idling before it included. More than the 90 s
    /// after which an API server closes an idle connection: were we the first,
    /// a review that just crosses our close would be lost.
    pub idle: Duration,
    /// Time for a review to arrive and find room. The API server waits 30 s.
    pub patience: Duration,
    /// After this a connection is closed behind its next answer, so that load
    /// spreads over the replicas again.
    pub age: Duration,
    /// How long reviews are still accepted on shutdown, each answer closing its
    /// connection: until the endpoint has left every API server's table.
    pub linger: Duration,
    /// How long reviews in progress may then take.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            review: 128 << 20,
            small_in_flight: 64 << 20,
            large_in_flight: 32 << 20,
            connections: 512,
            handshake: Duration::from_secs(10),
            idle: Duration::from_mins(2),
            patience: Duration::from_secs(30),
            age: Duration::from_mins(10),
            linger: Duration::from_secs(5),
            drain: Duration::from_secs(30),
        }
    }
}

/// The webhook, before it is given a socket.
#[derive(Debug, Clone)]
pub struct Webhook {
    limits: Limits,
    budget: Budget,
    metrics: Metrics,
    convert: Convert,
    /// Turns for large conversions: as many as there are processors. More would
    /// finish no sooner, and each has its answer in memory beside its review.
    turns: Arc<Semaphore>,
    buffers: Buffers,
    arrivals: Arrivals,
}

impl Webhook {
    /// A webhook that converts `PostgresDB`.
    pub fn new(limits: Limits, metrics: Metrics) -> Self {
        Self::with(limits, metrics, between_versions)
    }

    fn with(limits: Limits, metrics: Metrics, convert: Convert) -> Self {
        Self {
            budget: Budget::new(limits.small_in_flight, limits.large_in_flight),
            limits,
            metrics,
            convert,
            turns: Arc::new(Semaphore::new(processors())),
            buffers: Buffers::default(),
            arrivals: Arrivals::default(),
        }
    }

    /// The same, which tells of the connections that bring reviews.
    #[must_use]
    pub fn telling(self, arrivals: Arrivals) -> Self {
        Self { arrivals, ..self }
    }

    fn router(self) -> Router {
        Router::new()
            .route(stow_versions::CONVERT_PATH, post(handle))
            .with_state(Arc::new(self))
    }

    async fn review(&self, body: Body, busy: Busy) -> Result<(Option<usize>, Response), Refused> {
        let deadline = Instant::now() + self.limits.patience;
        let length = body.size_hint().exact();
        if length.is_some_and(|length| length > self.limits.review as u64) {
            return Err(Refused::TooLarge(self.limits.review));
        }
        let room = timeout_at(deadline, self.budget.room(length))
            .await
            .map_err(|_| Refused::NoRoom)?;
        let review = timeout_at(deadline, self.read(body, length))
            .await
            .map_err(|_| Refused::Slow)??;
        let (bytes, outcome, room) = self.answer(review, room).await?;
        let converted = match outcome {
            Ok(count) => Some(count),
            Err(message) => {
                tracing::warn!("{message}");
                None
            }
        };
        let body = Bytes::from_owner(InFlight {
            bytes,
            _room: room,
            _busy: busy,
        });
        let json = HeaderValue::from_static("application/json");
        Ok((
            converted,
            ([(header::CONTENT_TYPE, json)], body).into_response(),
        ))
    }

    async fn read(&self, mut body: Body, length: Option<u64>) -> Result<Buffer, Refused> {
        let limit = self.limits.review;
        let length = length.and_then(|length| usize::try_from(length).ok());
        let expected = length.unwrap_or(0).min(limit);
        let mut bytes = match length {
            Some(length) if length <= INLINE => Buffer::default().another(expected),
            _ => self.buffers.take(expected),
        };
        while let Some(frame) = body.frame().await {
            // Trailers carry nothing of a review.
            let Ok(data) = frame.map_err(Refused::BrokeOff)?.into_data() else {
                continue;
            };
            if bytes.len() + data.len() > limit {
                return Err(Refused::TooLarge(limit));
            }
            bytes.extend_from_slice(&data);
        }
        Ok(bytes)
    }

    /// The room goes with the review wherever it is converted, so that a caller
    /// who gave up does not give back what is still in use.
    async fn answer(&self, review: Buffer, room: Room) -> Result<(Buffer, Outcome, Room), Refused> {
        let convert = self.convert;
        let inline = review.len() <= INLINE;
        let answer = move || {
            let mut out = review.another(review.len());
            let outcome = review::answer(&review, &mut out, convert)?;
            Ok((out, outcome, room))
        };
        if inline {
            return answer();
        }
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        tokio::task::spawn_blocking(move || {
            let answer = answer();
            drop(turn);
            answer
        })
        .await
        .map_err(|_| Refused::Crashed)?
    }
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// The seam to the versions: a conversion whose error is text for the user.
fn between_versions(
    object: ObjectText<'_>,
    desired: &str,
    out: &mut Vec<u8>,
) -> Result<(), String> {
    object
        .convert(desired, out)
        .map_err(|error| error.to_string())
}

async fn handle(
    State(webhook): State<Arc<Webhook>>,
    Extension(activity): Extension<Activity>,
    request: Request<Body>,
) -> Response {
    let start = Instant::now();
    let answered = webhook.review(request.into_body(), activity.begin()).await;
    let (result, objects) = match &answered {
        Ok((Some(objects), _)) => (Review::Success, *objects),
        Ok((None, _)) => (Review::Failure, 0),
        Err(refused) => (refused.counts_as(), 0),
    };
    webhook.metrics.review(result, objects, start.elapsed());
    match answered {
        Ok((_, response)) => response,
        Err(refused) => refused.into_response(),
    }
}

/// An answer until its last byte was written: it holds its room, and keeps its
/// connection busy, as long as the other side takes to read it.
struct InFlight {
    bytes: Buffer,
    _room: Room,
    _busy: Busy,
}

impl AsRef<[u8]> for InFlight {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests;
