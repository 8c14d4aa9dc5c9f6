//! A validating webhook in miniature, over TLS, with a certificate for the
//! Service's name.

use std::{convert::Infallible, net::SocketAddr, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_rustls::TlsAcceptor;

pub(crate) struct Webhook {
    address: SocketAddr,
    ca_bundle: String,
    accepting: JoinHandle<()>,
}

impl Webhook {
    pub(crate) async fn start(name: &'static str) -> Self {
        let names = ["stow.stow-system.svc".to_owned()];
        let issued = rcgen::generate_simple_self_signed(names).unwrap();
        let key = PrivateKeyDer::try_from(issued.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![issued.cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let accepting = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    // A caller that trusts another webhook's CA hangs up here.
                    let Ok(stream) = acceptor.accept(stream).await else {
                        return;
                    };
                    let service = service_fn(move |request| refuse(request, name));
                    let mut http = http1::Builder::new();
                    // The API server keeps connections; each review of this
                    // test shall show where the relay leads now.
                    http.keep_alive(false);
                    let _ended = http.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self {
            address,
            ca_bundle: STANDARD.encode(issued.cert.pem()),
            accepting,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn ca_bundle(&self) -> &str {
        &self.ca_bundle
    }

    pub(crate) fn stop(&self) {
        self.accepting.abort();
    }
}

async fn refuse(
    request: Request<Incoming>,
    name: &str,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let review = request.into_body().collect().await.unwrap().to_bytes();
    let review: Value = serde_json::from_slice(&review).unwrap();
    let answer = json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "response": {
            "uid": review["request"]["uid"],
            "allowed": false,
            "status": {"message": format!("refused by {name}")},
        },
    });
    Ok(Response::new(Full::from(answer.to_string())))
}
