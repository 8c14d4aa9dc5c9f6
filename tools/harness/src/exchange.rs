//! HTTP/1.1 exchanges over fresh connections, plain or over TLS with one CA.
//!
//! No pool, and so no guessing whether a broken exchange took effect: a request
//! is written once, to a connection that carries nothing else.

use std::{fmt, sync::Arc};

use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::{Bytes, Incoming},
    client::conn::http1,
};
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::error::{Error, Result};

/// A server on loopback that requests can be sent to.
#[derive(Clone)]
pub struct Upstream {
    url: String,
    authority: String,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Upstream {
    /// One that speaks plain HTTP; `authority` is `host:port`.
    pub fn http(authority: impl Into<String>) -> Self {
        let authority = authority.into();
        Self {
            url: format!("http://{authority}"),
            authority,
            tls: None,
        }
    }

    /// One that speaks TLS with a certificate of the CA given as PEM;
    /// `authority` is `host:port`.
    pub fn https(authority: impl Into<String>, ca_pem: &str) -> Result<Self> {
        let authority = authority.into();
        let invalid = |error: &dyn fmt::Display| Error::Exchange {
            url: format!("https://{authority}"),
            reason: error.to_string(),
        };
        let mut roots = RootCertStore::empty();
        let ca =
            CertificateDer::from_pem_slice(ca_pem.as_bytes()).map_err(|error| invalid(&error))?;
        roots.add(ca).map_err(|error| invalid(&error))?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| invalid(&error))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let host = authority.rsplit_once(':').map_or("", |(host, _)| host);
        let name = ServerName::try_from(host.to_owned()).map_err(|error| invalid(&error))?;
        Ok(Self {
            url: format!("https://{authority}"),
            tls: Some((TlsConnector::from(Arc::new(config)), name)),
            authority,
        })
    }

    /// Scheme, host and port.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Sends a request whose URI is path and query, and returns once the head of
    /// the answer is there. Dropping the answer's body closes the connection.
    pub async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>> {
        let broken = |error: &dyn fmt::Display| Error::Exchange {
            url: self.url.clone(),
            reason: error.to_string(),
        };
        let stream = TcpStream::connect(&self.authority)
            .await
            .map_err(|error| broken(&error))?;
        stream.set_nodelay(true).map_err(|error| broken(&error))?;
        match &self.tls {
            None => exchange(TokioIo::new(stream), request).await,
            Some((connector, name)) => {
                let stream = connector
                    .connect(name.clone(), stream)
                    .await
                    .map_err(|error| broken(&error))?;
                exchange(TokioIo::new(stream), request).await
            }
        }
        .map_err(|error| broken(&error))
    }

    /// Sends a request, and returns the whole answer as text.
    pub async fn text(&self, mut request: Request<Full<Bytes>>) -> Result<(StatusCode, String)> {
        if !request.headers().contains_key(http::header::HOST)
            && let Ok(host) = self.authority.parse()
        {
            request.headers_mut().insert(http::header::HOST, host);
        }
        let (head, body) = self.send(request).await?.into_parts();
        let body = body.collect().await.map_err(|error| Error::Exchange {
            url: self.url.clone(),
            reason: error.to_string(),
        })?;
        let text = String::from_utf8_lossy(&body.to_bytes()).into_owned();
        Ok((head.status, text))
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Upstream").field(&self.url).finish()
    }
}

async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> hyper::Result<Response<Incoming>>
where
    S: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(stream).await?;
    // It ends with the answer; an error of it is the sender's or the body's too.
    tokio::spawn(connection);
    sender.send_request(request).await
}
