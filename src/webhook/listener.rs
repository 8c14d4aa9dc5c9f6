//! The webhook's socket: accept, TLS, HTTP/1.1, and leaving in good order.
//!
//! Nothing here may know what a request asks.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::response::Response;
use http::{HeaderValue, Request, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::BufReader;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::Service;

use super::{Limits, Webhook};
use crate::complaint::Complaint;
use crate::probes::Component;
use crate::tls::Arrivals;

/// What is read from a socket at once. rustls by itself asks for 4 KiB, which is
/// more than a thousand system calls for a page of a list.
const READ_AT_ONCE: usize = 64 << 10;

/// How often a connection is looked at for an answer that nobody reads.
const LOOK_EVERY: Duration = Duration::from_secs(5);

impl Webhook {
    /// Serves until `shutdown`, and then until the reviews in progress are
    /// answered, within [`Limits::linger`] and [`Limits::drain`].
    ///
    /// The certificate is taken from `tls` anew for each connection. The
    /// component is ready from the first moment on.
    pub async fn serve(
        self,
        listener: TcpListener,
        tls: Arc<rustls::ServerConfig>,
        component: Component,
        shutdown: CancellationToken,
    ) {
        let limits = self.limits;
        let server = Server {
            acceptor: TlsAcceptor::from(tls),
            arrivals: self.arrivals.clone(),
            router: self.router(),
            limits,
            leaving: shutdown.clone(),
            closing: CancellationToken::new(),
        };
        let mut connections = JoinSet::new();
        component.ready();
        let stop = async {
            shutdown.cancelled().await;
            sleep(limits.linger).await;
        };
        tokio::select! {
            () = server.accept(&listener, &mut connections) => {}
            () = stop => {}
        }
        drop(listener);
        server.closing.cancel();
        let finished = async { while connections.join_next().await.is_some() {} };
        if timeout(limits.drain, finished).await.is_err() {
            tracing::warn!("stopped with {} reviews unanswered", connections.len());
        }
    }
}

#[derive(Clone)]
struct Server {
    acceptor: TlsAcceptor,
    router: Router,
    arrivals: Arrivals,
    limits: Limits,
    /// No connection is kept behind its next answer.
    leaving: CancellationToken,
    /// No request is taken any more.
    closing: CancellationToken,
}

impl Server {
    async fn accept(&self, listener: &TcpListener, connections: &mut JoinSet<()>) {
        let slots = Arc::new(Semaphore::new(self.limits.connections));
        let mut complaint = Complaint::default();
        loop {
            let Ok(slot) = Arc::clone(&slots).acquire_owned().await else {
                return;
            };
            match listener.accept().await {
                Ok((stream, _)) => {
                    complaint.settle();
                    let server = self.clone();
                    connections.spawn(async move {
                        server.connection(stream).await;
                        drop(slot);
                    });
                }
                // Out of descriptors, or a peer that left already: both pass.
                Err(error) => {
                    let text = error.to_string();
                    if complaint.is_new(&text) {
                        tracing::warn!("accepting a connection: {text}");
                    }
                    sleep(Duration::from_millis(100)).await;
                }
            }
            while connections.try_join_next().is_some() {}
        }
    }

    async fn connection(self, stream: TcpStream) {
        let born = Instant::now();
        // An answer is written at once; waiting to fill a packet only delays it.
        let _ = stream.set_nodelay(true);
        let stream = BufReader::with_capacity(READ_AT_ONCE, stream);
        let handshake = timeout(self.limits.handshake, self.acceptor.accept(stream));
        let stream = match handshake.await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return tracing::debug!("TLS handshake: {error}"),
            Err(_) => return tracing::debug!("the TLS handshake took too long"),
        };
        let activity = Activity::default();
        let service = service_fn(|request| self.respond(request, activity.clone(), born));
        let mut connection = pin!(
            http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(self.limits.idle)
                .serve_connection(TokioIo::new(stream), service)
        );
        let mut look = interval(LOOK_EVERY.min(self.limits.patience));
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut told = false;
        loop {
            tokio::select! {
                ended = connection.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!("a connection ended early: {error}");
                    }
                    return;
                }
                () = self.closing.cancelled(), if !told => {
                    told = true;
                    connection.as_mut().graceful_shutdown();
                }
                // Arriving and being converted has its own limit; what is busy
                // after twice that is an answer that nobody reads.
                _ = look.tick() => if activity.busy_for() > 2 * self.limits.patience {
                    return tracing::debug!("closed a connection that does not read its answer");
                }
            }
        }
    }

    async fn respond(
        &self,
        mut request: Request<Incoming>,
        activity: Activity,
        born: Instant,
    ) -> Result<Response, Infallible> {
        self.arrivals.came(born);
        request.extensions_mut().insert(activity);
        let mut response = self.router.clone().call(request).await?;
        if self.leaving.is_cancelled() || born.elapsed() > self.limits.age {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
        Ok(response)
    }
}

/// Since when a connection has been busy with a request, its answer included.
/// HTTP/1.1 has one at a time.
#[derive(Debug, Clone, Default)]
pub(super) struct Activity(Arc<Mutex<Option<Instant>>>);

/// A request in progress, until dropped.
#[derive(Debug)]
pub(super) struct Busy(Activity);

impl Activity {
    pub(super) fn begin(&self) -> Busy {
        self.set(Some(Instant::now()));
        Busy(self.clone())
    }

    fn busy_for(&self) -> Duration {
        let since = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    fn set(&self, since: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.set(None);
    }
}
