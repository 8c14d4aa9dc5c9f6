//! What a replica serves with, and what clients have to trust for that; and how
//! it is read from a Secret that somebody else fills, such as cert-manager.
//!
//! Nothing here may talk to the API server, or decide when to serve with it.

use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Secret;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::authority::{Authority, Broken, IssueError, Leaf, two_thirds, validity};
use super::trust::Trust;

const CERTIFICATE: &str = "tls.crt";
const KEY: &str = "tls.key";
const AUTHORITY: &str = "ca.crt";

/// A leaf, and the CA under which it is accepted.
#[derive(Debug)]
pub(super) struct Credential {
    pub(super) leaf: Leaf,
    pub(super) trust: Trust,
    /// When the first certificate of `trust` ends.
    pub(super) trust_expires: Timestamp,
    /// What further leaves are issued by; none where they are given.
    pub(super) authority: Option<Authority>,
}

impl Credential {
    /// A leaf of this replica's own.
    pub(super) fn issue(
        authority: Authority,
        names: &[String],
        now: Timestamp,
    ) -> Result<Self, IssueError> {
        Ok(Self {
            leaf: authority.issue(names, now)?,
            trust: authority.trust(),
            trust_expires: authority.expires(),
            authority: Some(authority),
        })
    }

    /// What a Secret of type `kubernetes.io/tls` holds, with the `ca.crt` that
    /// cert-manager adds, if an API server that calls `name` would accept it.
    pub(super) fn given(secret: &Secret, name: &str, now: Timestamp) -> Result<Self, Broken> {
        let data = |key| {
            let value = secret.data.as_ref().and_then(|data| data.get(key));
            let value = value.map(|value| value.0.as_slice());
            value
                .filter(|value| !value.is_empty())
                .ok_or(Broken::Missing(key))
        };
        let trust = Trust::read(data(AUTHORITY)?).ok_or(Broken::Unreadable(AUTHORITY))?;
        let chain = CertificateDer::pem_slice_iter(data(CERTIFICATE)?);
        let chain = chain.collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(|_| Broken::Unreadable(CERTIFICATE))?;
        let key = PrivateKeyDer::from_pem_slice(data(KEY)?);
        let key = key.map_err(|_| Broken::Unreadable(KEY))?;
        let refused = |error: rustls::Error| Broken::Unacceptable {
            name: name.to_owned(),
            why: error.to_string(),
        };
        let certificate =
            CertifiedKey::from_der(chain, key, &default_provider()).map_err(refused)?;
        accepted(&certificate, &trust, name, now).map_err(refused)?;

        let (since, expires) = certificate
            .end_entity_cert()
            .ok()
            .and_then(lifetime)
            .ok_or(Broken::Unreadable(CERTIFICATE))?;
        let ends = trust.iter().filter_map(|der| Some(lifetime(der)?.1));
        Ok(Self {
            leaf: Leaf {
                certificate: Arc::new(certificate),
                renew: two_thirds(since, expires),
                expires,
            },
            trust_expires: ends.min().unwrap_or(expires),
            trust,
            authority: None,
        })
    }
}

fn lifetime(der: &CertificateDer<'_>) -> Option<(Timestamp, Timestamp)> {
    validity(&X509Certificate::from_der(der).ok()?.1)
}

/// As an API server judges it, with nothing but the `caBundle`.
fn accepted(
    certificate: &CertifiedKey,
    trust: &Trust,
    name: &str,
    now: Timestamp,
) -> Result<(), rustls::Error> {
    let roots = trust.roots().map(Arc::new).ok_or_else(|| {
        rustls::Error::General("its ca.crt holds what is no CA's certificate".to_owned())
    })?;
    let verifier = WebPkiServerVerifier::builder_with_provider(roots, Arc::new(default_provider()))
        .build()
        .map_err(|error| rustls::Error::General(error.to_string()))?;
    let name = ServerName::try_from(name.to_owned())
        .map_err(|error| rustls::Error::General(error.to_string()))?;
    let now = UnixTime::since_unix_epoch(now.as_duration().unsigned_abs());
    let end = certificate.end_entity_cert()?;
    let rest = certificate.cert.get(1..).unwrap_or_default();
    verifier
        .verify_server_cert(end, rest, &name, &[], now)
        .map(drop)
}

#[cfg(test)]
mod tests;
