//! The servers that are written in Rust, each in its own process.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use stow::metrics::Metrics;
use stow::probes::Health;
use stow::tls::Serving;
use stow::webhook::{Limits, Webhook};
use tokio::io::BufReader;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::Result;

#[derive(Args)]
pub(crate) struct Options {
    #[arg(long)]
    port: u16,
    /// The folder of tls.crt and tls.key.
    #[arg(long)]
    certificates: PathBuf,
    /// The file to answer every review with; without it, reviews are converted.
    #[arg(long)]
    answer: Option<PathBuf>,
}

pub(crate) async fn serve(options: Options) -> Result<()> {
    let address = SocketAddr::from(([127, 0, 0, 1], options.port));
    let listener = TcpListener::bind(address).await?;
    let certificate = CertificateDer::from_pem_file(options.certificates.join("tls.crt"))?;
    let key = PrivateKeyDer::from_pem_file(options.certificates.join("tls.key"))?;
    let certificate = CertifiedKey::from_der(vec![certificate], key, &default_provider())?;
    let serving = Arc::new(Serving::default());
    serving.set(Arc::new(certificate));
    let tls = serving.server_config()?;
    if let Some(answer) = options.answer {
        return echo(listener, tls, std::fs::read(answer)?.into()).await;
    }
    let webhook = Webhook::new(Limits::default(), Metrics::new());
    let component = Health::default().component("webhook");
    let never = CancellationToken::new();
    webhook.serve(listener, tls, component, never).await;
    Ok(())
}

/// Reads each request to its end, and answers with the same bytes.
async fn echo(listener: TcpListener, tls: Arc<rustls::ServerConfig>, answer: Bytes) -> Result<()> {
    let acceptor = TlsAcceptor::from(tls);
    loop {
        let (stream, _) = listener.accept().await?;
        let (acceptor, answer) = (acceptor.clone(), answer.clone());
        tokio::spawn(async move {
            stream.set_nodelay(true)?;
            // As Stow's listener reads.
            let stream = BufReader::with_capacity(64 << 10, stream);
            let stream = acceptor.accept(stream).await?;
            let service = service_fn(|request: Request<Incoming>| {
                let answer = answer.clone();
                async move {
                    let mut body = request.into_body();
                    while let Some(Ok(_)) = body.frame().await {}
                    let mut response = Response::new(Full::new(answer));
                    let json = HeaderValue::from_static("application/json");
                    response.headers_mut().insert(header::CONTENT_TYPE, json);
                    Ok::<_, Infallible>(response)
                }
            });
            http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), service)
                .await?;
            Result::<()>::Ok(())
        });
    }
}
