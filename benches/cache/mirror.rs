//! A webhook that gives each object back with nothing changed but its version: what
//! the API server's own part of a conversion takes.
//!
//! It must not read an object: what it would cost to is what is measured beside it.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;

use crate::Result;

/// A running webhook, which ends with this value.
pub(crate) struct Mirror {
    pub(crate) url: String,
    /// Its certificate, as PEM: a CA of its own.
    pub(crate) ca: String,
    accepting: AbortHandle,
}

impl Mirror {
    pub(crate) async fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address: SocketAddr = listener.local_addr()?;
        let made = rcgen::generate_simple_self_signed([address.ip().to_string()])?;
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], made.signing_key.into())?;
        let ca = made.cert.pem();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(acceptor.clone(), stream));
            }
        });
        Ok(Self {
            url: format!("https://{address}/convert"),
            ca,
            accepting: accepting.abort_handle(),
        })
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn serve(acceptor: TlsAcceptor, stream: TcpStream) -> Result<()> {
    stream.set_nodelay(true)?;
    let stream = acceptor.accept(stream).await?;
    let service = service_fn(|request: Request<Incoming>| async {
        let review = request.into_body().collect().await;
        let answer = review.ok().and_then(|review| answer(&review.to_bytes()));
        let mut response = Response::new(Full::new(Bytes::default()));
        match answer {
            Some(answer) => *response.body_mut() = answer.into(),
            None => *response.status_mut() = StatusCode::BAD_REQUEST,
        }
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        Ok::<_, Infallible>(response)
    });
    http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await?;
    Ok(())
}

/// The answer to a review as an API server writes it: members in Go's order, and
/// those of an object by name, so that its version comes first.
fn answer(review: &[u8]) -> Option<String> {
    let review = std::str::from_utf8(review).ok()?;
    let (_, uid) = review.split_once(r#""uid":""#)?;
    let (uid, rest) = uid.split_once('"')?;
    let (_, wanted) = rest.split_once(r#""desiredAPIVersion":"myob.com/"#)?;
    let (wanted, rest) = wanted.split_once('"')?;
    let (_, objects) = rest.split_once(r#""objects":["#)?;
    let (objects, _) = objects.rsplit_once(r#"],"response""#).or_else(|| {
        let (objects, _) = objects.rsplit_once(r#"]},"response""#)?;
        Some((objects, ""))
    })?;
    let other = if wanted == "v1beta1" {
        "v1alpha1"
    } else {
        "v1beta1"
    };
    let begins = |version| format!(r#"{{"apiVersion":"myob.com/{version}","kind":"#);
    let converted = objects.replace(&begins(other), &begins(wanted));
    Some(format!(
        r#"{{"kind":"ConversionReview","apiVersion":"apiextensions.k8s.io/v1","response":{{"uid":"{uid}","convertedObjects":[{converted}],"result":{{"status":"Success"}}}}}}"#
    ))
}
