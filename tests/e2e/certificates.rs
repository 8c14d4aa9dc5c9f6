//! The webhook's certificates in a cluster: rotated, lost, broken, replaced and
//! brought along, while the API server calls under them.

mod brought;
mod replaced;
mod rotated;
mod stanza;
mod strict;

use std::net::SocketAddr;
use std::sync::Arc;

use harness::{Error, Result, eventually};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::load::ca_bundle;
use crate::stage::{PATIENCE, Stage, decoded};

/// A CA is dropped soon, and the lead taken over soon.
const SHORT: [&str; 4] = ["--webhook-ca-overlap", "20s", "--lease-duration", "5s"];

/// Three replicas, and no server behind an instance.
async fn three(arguments: &[&str]) -> Result<Stage> {
    let mut stage = Stage::boot_with(&["--without-postgres"]).await?;
    for _ in 0..3 {
        stage.start(arguments).await?;
    }
    Ok(stage)
}

/// A value of a Secret of the operator's.
async fn secret(stage: &Stage, name: &str, key: &str) -> Result<String> {
    let get = ["get", "-n", "stow-system", "secret", name, "-o", "json"];
    let text = stage.kubectl(&get).await?;
    let secret = serde_json::from_str(&text);
    decoded(&secret.map_err(|error| unexpected(&error))?, key)
}

/// Waits until what is published, and what each replica serves under, is this CA
/// and no other.
async fn settled_on(stage: &Stage, ca: &str) -> Result<()> {
    let settled = eventually("one CA alone", PATIENCE, || async {
        for replica in &stage.replicas {
            if serves(replica.webhook, ca).await?.is_none() {
                return Err(Error::Unexpected("a replica serves under another".into()));
            }
        }
        match ca_bundle(stage).await? {
            bundle if bundle == ca => Ok(()),
            other => Err(Error::Unexpected(format!("{ca}, wanting it of {other}"))),
        }
    });
    settled.await.map_err(|error| stage.explain(&error))
}

/// The leaf of who listens there, where a client that trusts this CA alone accepts
/// it.
async fn serves(at: SocketAddr, ca: &str) -> Result<Option<Vec<u8>>> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(ca.as_bytes()) {
        let certificate = certificate.map_err(|error| unexpected(&error))?;
        roots.add(certificate).map_err(|error| unexpected(&error))?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| unexpected(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(at)
        .await
        .map_err(|error| unexpected(&error))?;
    let name = ServerName::try_from("stow.stow-system.svc").map_err(|error| unexpected(&error))?;
    let connector = TlsConnector::from(Arc::new(config));
    let Ok(stream) = connector.connect(name, stream).await else {
        return Ok(None);
    };
    let chain = stream.get_ref().1.peer_certificates();
    Ok(chain.and_then(|chain| Some(chain.first()?.to_vec())))
}

fn unexpected(error: &dyn std::error::Error) -> Error {
    Error::Unexpected(error.to_string())
}
