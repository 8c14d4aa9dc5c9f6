//! One request on its way through a proxy: recorded, judged by the rules,
//! forwarded, answered.

use std::{convert::Infallible, sync::Arc};

use http::{HeaderMap, HeaderName, Request, Response, Version, header};
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::body::{Bytes, Incoming};
use tokio::sync::oneshot;

use super::{
    Shared,
    call::Call,
    rule::{Answer, Effect, Held, Mapping},
};
use crate::error::Error;

type Body = BoxBody<Bytes, hyper::Error>;

/// Why a connection is closed without an answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Cut {
    #[error("a rule says so")]
    Ruled,
    #[error("the request broke off")]
    Request(#[source] hyper::Error),
    #[error("the upstream's answer broke off")]
    Answer(#[source] hyper::Error),
    #[error("no answer from the upstream")]
    Upstream(#[source] Error),
}

/// Headers about one connection, which say nothing about the next.
const HOP_BY_HOP: [HeaderName; 7] = [
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

pub(super) async fn serve(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Cut> {
    let (mut head, body) = request.into_parts();
    let body = body.collect().await.map_err(Cut::Request)?.to_bytes();
    let (sequence, effect) = shared.record(|sequence| Call::new(sequence, &head, &body));

    remove_hop_by_hop(&mut head.headers);
    if matches!(effect, Some(Effect::Map(_))) {
        // A mapping is on text, so the answer must not be compressed.
        head.headers.remove(header::ACCEPT_ENCODING);
    }
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = head.method;
    *request.uri_mut() = head.uri;
    *request.headers_mut() = head.headers;

    let response = match effect {
        None => forward(&shared, sequence, request).await?,
        Some(Effect::Delay(delay)) => {
            tokio::time::sleep(delay).await;
            forward(&shared, sequence, request).await?
        }
        Some(Effect::Drop) => return Err(Cut::Ruled),
        Some(Effect::Answer(answer)) => {
            shared.answered(sequence, answer.status);
            stand_in(answer)
        }
        Some(effect) => to_the_end(&shared, sequence, request, effect).await?,
    };
    shared.delivered(sequence);
    Ok(response)
}

/// Forwards, with the answer's body as a stream, as a watch needs it.
async fn forward(
    shared: &Shared,
    sequence: u64,
    request: Request<Full<Bytes>>,
) -> Result<Response<Body>, Cut> {
    let response = shared.upstream.send(request);
    let mut response = response.await.map_err(Cut::Upstream)?;
    shared.answered(sequence, response.status());
    remove_hop_by_hop(response.headers_mut());
    *response.version_mut() = Version::HTTP_11;
    Ok(response.map(BodyExt::boxed))
}

/// Forwards, and acts when the upstream has answered in full. That happens in a
/// task of its own: what takes effect must not depend on the caller's patience.
async fn to_the_end(
    shared: &Arc<Shared>,
    sequence: u64,
    request: Request<Full<Bytes>>,
    effect: Effect,
) -> Result<Response<Body>, Cut> {
    let (sender, receiver) = oneshot::channel();
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        let answer = whole(&shared, sequence, request, effect).await;
        // The caller may have gone; what it asked for is done all the same.
        let _gone = sender.send(answer);
    });
    receiver.await.unwrap_or(Err(Cut::Ruled))
}

async fn whole(
    shared: &Shared,
    sequence: u64,
    request: Request<Full<Bytes>>,
    effect: Effect,
) -> Result<Response<Body>, Cut> {
    let (head, body) = forward(shared, sequence, request).await?.into_parts();
    let body = body.collect().await.map_err(Cut::Answer)?.to_bytes();
    let response = Response::from_parts(head, body);
    let response = match effect {
        Effect::Hold(holds) => {
            let (release, released) = oneshot::channel();
            let call = shared.call(sequence).ok_or(Cut::Ruled)?;
            holds.send(Held { call, release }).map_err(|_| Cut::Ruled)?;
            released.await.map_err(|_| Cut::Ruled)?;
            response
        }
        Effect::Map(mapping) => map(response, &mapping),
        Effect::Misreport(answer) => {
            shared.answered(sequence, answer.status);
            return Ok(stand_in(answer));
        }
        Effect::Lose | Effect::Drop | Effect::Delay(_) | Effect::Answer(_) => {
            return Err(Cut::Ruled);
        }
    };
    Ok(response.map(full))
}

fn map(response: Response<Bytes>, mapping: &Mapping) -> Response<Bytes> {
    let (mut head, body) = response.into_parts();
    head.headers.remove(header::CONTENT_LENGTH);
    let text = String::from_utf8_lossy(&body).into_owned();
    Response::from_parts(head, Bytes::from(mapping(text)))
}

fn stand_in(answer: Answer) -> Response<Body> {
    let mut response = Response::new(full(Bytes::from(answer.body)));
    *response.status_mut() = answer.status;
    response.headers_mut().extend(answer.headers);
    response
}

fn full(bytes: Bytes) -> Body {
    Full::new(bytes)
        .map_err(|never: Infallible| match never {})
        .boxed()
}

fn remove_hop_by_hop(headers: &mut HeaderMap) {
    for name in &HOP_BY_HOP {
        headers.remove(name);
    }
    headers.remove("keep-alive");
}
