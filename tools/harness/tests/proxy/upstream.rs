//! A server that counts what reaches it, and requests to it through a proxy.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use harness::{Proxy, Upstream};
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::{
    body::{Body, Bytes, Frame, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::TcpListener,
    sync::Semaphore,
    task::JoinHandle,
    time::{Interval, interval},
};

/// Answers `<n>: <path>` to the n-th request; 404 at `/missing`; without end at
/// `/stream`; and at `/slow` once the gate is open.
pub(crate) struct Counting {
    upstream: Upstream,
    count: Arc<AtomicUsize>,
    gate: Arc<Semaphore>,
    accepting: JoinHandle<()>,
}

impl Counting {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let upstream = Upstream::http(listener.local_addr().unwrap().to_string());
        let count = Arc::new(AtomicUsize::new(0));
        let gate = Arc::new(Semaphore::new(0));
        let state = (Arc::clone(&count), Arc::clone(&gate));
        let accepting = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (count, gate) = state.clone();
                let service = service_fn(move |request| {
                    answer(request, Arc::clone(&count), Arc::clone(&gate))
                });
                let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                tokio::spawn(served);
            }
        });
        Self {
            upstream,
            count,
            gate,
            accepting,
        }
    }

    pub(crate) fn upstream(&self) -> Upstream {
        self.upstream.clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    pub(crate) fn open_the_gate(&self) {
        self.gate.add_permits(1);
    }

    pub(crate) fn stop(&self) {
        self.accepting.abort();
    }
}

async fn answer(
    request: Request<Incoming>,
    count: Arc<AtomicUsize>,
    gate: Arc<Semaphore>,
) -> Result<Response<BoxBody<Bytes, Infallible>>, Infallible> {
    let path = request.uri().path().to_owned();
    request.into_body().collect().await.unwrap();
    if path == "/slow" {
        gate.acquire().await.unwrap().forget();
    }
    let number = count.fetch_add(1, Ordering::SeqCst) + 1;
    if path == "/stream" {
        return Ok(Response::new(
            Endless(interval(Duration::from_millis(5))).boxed(),
        ));
    }
    let mut response = Response::new(Full::from(format!("{number}: {path}")).boxed());
    if path == "/missing" {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    Ok(response)
}

struct Endless(Interval);

impl Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0
            .poll_tick(context)
            .map(|_| Some(Ok(Frame::data(Bytes::from_static(b"more\n")))))
    }
}

fn through(url: &str) -> Upstream {
    Upstream::http(url.trim_start_matches("http://"))
}

fn request(method: &str, path: &str, body: &str) -> Request<Full<Bytes>> {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Full::from(body.to_owned()))
        .unwrap()
}

type Answered = Result<(StatusCode, String), String>;

pub(crate) async fn send(url: String, path: &'static str) -> Answered {
    let answered = through(&url).text(request("GET", path, "")).await;
    answered.map_err(|error| error.to_string())
}

pub(crate) async fn get(proxy: &Proxy, path: &'static str) -> Answered {
    send(proxy.url(), path).await
}

pub(crate) async fn post(proxy: &Proxy, form: &str) -> Answered {
    let answered = through(&proxy.url()).text(request("POST", "/", form)).await;
    answered.map_err(|error| error.to_string())
}

pub(crate) async fn open(proxy: &Proxy, path: &str) -> Result<Incoming, String> {
    let answered = through(&proxy.url()).send(request("GET", path, "")).await;
    answered
        .map(Response::into_body)
        .map_err(|error| error.to_string())
}
