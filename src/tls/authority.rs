//! The CA that all replicas share, and the leaf that each issues for itself.
//!
//! Pure but for the randomness of keys: the time is handed in. The CA's private
//! key leaves this file only for its Secret, and `Debug` does not show it.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PublicKeyData, SanType,
};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use x509_parser::prelude::{ASN1Time, FromDer, X509Certificate};

use super::trust::Trust;

/// A CA that nobody has to think of: ten years.
pub(super) const AUTHORITY_LIFE: SignedDuration = SignedDuration::from_hours(24 * 3650);

/// A leaf lives in one process's memory. Long enough to serve on through any
/// outage of the API server, short enough that a stolen one is soon worthless.
const LEAF_LIFE: SignedDuration = SignedDuration::from_hours(24 * 30);

/// How far an API server's clock may be behind ours.
const SKEW: SignedDuration = SignedDuration::from_hours(1);

/// Why a CA that was found cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A key of the Secret is missing.
    #[error("it has no {0}")]
    Missing(&'static str),
    /// A key of the Secret does not hold what it should.
    #[error("its {0} cannot be read")]
    Unreadable(&'static str),
    /// The certificate and the key are not a pair.
    #[error("no certificate in its ca.crt is that of its ca.key")]
    Unpaired,
    /// The certificate may not issue others.
    #[error("its certificate is not that of a CA")]
    NotAnAuthority,
    /// It has run out.
    #[error("it expired at {0}")]
    Expired(Timestamp),
    /// Its time has not come: made by a clock that was ahead.
    #[error("it is not valid before {0}")]
    Early(Timestamp),
    /// A certificate that is given and that the API servers would not accept.
    #[error("its tls.crt would not be accepted as {name}'s: {why}")]
    Unacceptable {
        /// The host name under which the webhook is called.
        name: String,
        /// As rustls says it.
        why: String,
    },
}

/// A certificate could not be made.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// By rcgen: a name that cannot stand in a certificate.
    #[error("making a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// By rustls: a key that it cannot use.
    #[error("using a certificate just made: {0}")]
    Key(#[from] rustls::Error),
}

/// A CA with its key.
pub struct Authority {
    certificates: String,
    trust: Trust,
    unreadable: Vec<usize>,
    key: KeyPair,
    issuer: CertificateDer<'static>,
    renew: Timestamp,
    expires: Timestamp,
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority")
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

impl Authority {
    /// A new CA.
    pub fn generate(now: Timestamp) -> Result<Self, IssueError> {
        let key = KeyPair::generate()?;
        let expires = whole(now + AUTHORITY_LIFE);
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "stow-webhook");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        valid(&mut params, now, expires);
        let certificate = params.self_signed(&key)?;
        Ok(Self {
            certificates: certificate.pem(),
            trust: std::iter::once(certificate.der().clone()).collect(),
            unreadable: Vec::new(),
            key,
            issuer: certificate.der().clone(),
            renew: two_thirds(now, expires),
            expires,
        })
    }

    /// A CA as its Secret holds it, in PEM. `certificates` may hold several, to
    /// be trusted all; the one of the key issues. One that cannot be read is left
    /// out, or API servers would refuse all of what is published.
    pub fn read(certificates: &[u8], key: &[u8], now: Timestamp) -> Result<Self, Broken> {
        const CERTIFICATES: Broken = Broken::Unreadable("ca.crt");
        let text = std::str::from_utf8(certificates).map_err(|_| CERTIFICATES)?;
        let key = std::str::from_utf8(key)
            .ok()
            .and_then(|key| KeyPair::from_pem(key).ok())
            .ok_or(Broken::Unreadable("ca.key"))?;
        let found: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(certificates)
            .collect::<Result<_, _>>()
            .map_err(|_| CERTIFICATES)?;
        if found.is_empty() {
            return Err(CERTIFICATES);
        }
        let public = key.subject_public_key_info();
        let (mut trusted, mut unreadable, mut own) = (Vec::new(), Vec::new(), None);
        for (index, der) in found.into_iter().enumerate() {
            let Some(parsed) = parsed(&der) else {
                unreadable.push(index + 1);
                continue;
            };
            if own.is_none() && parsed.public_key().raw == public {
                own = Some((der.clone(), parsed.is_ca(), validity(&parsed)));
            }
            trusted.push(der);
        }
        let Some((issuer, is_ca, validity)) = own else {
            let all = trusted.is_empty();
            return Err(if all { CERTIFICATES } else { Broken::Unpaired });
        };
        if !is_ca {
            return Err(Broken::NotAnAuthority);
        }
        let (since, expires) = validity.ok_or(CERTIFICATES)?;
        if expires <= now {
            return Err(Broken::Expired(expires));
        }
        if since > now {
            return Err(Broken::Early(since));
        }
        Ok(Self {
            certificates: text.to_owned(),
            trust: trusted.into_iter().collect(),
            unreadable,
            key,
            issuer,
            renew: two_thirds(since, expires),
            expires,
        })
    }

    /// The certificates as its Secret has them.
    pub fn certificates(&self) -> &str {
        &self.certificates
    }

    /// The private key as PEM, for the Secret alone.
    pub(super) fn key(&self) -> String {
        self.key.serialize_pem()
    }

    /// What clients have to trust, as a `caBundle` is put together from.
    pub fn trust(&self) -> Trust {
        self.trust.clone()
    }

    /// Which of its Secret's certificates cannot be read, counted from one.
    pub(super) fn unreadable(&self) -> &[usize] {
        &self.unreadable
    }

    /// When it ends.
    pub fn expires(&self) -> Timestamp {
        self.expires
    }

    /// Whether two thirds of its life are over, and the next one is due.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.renew <= now
    }

    /// Whether both are the same CA, and trust the same.
    pub fn is(&self, other: &Self) -> bool {
        self.issuer == other.issuer && self.certificates == other.certificates
    }

    /// Whether it has run out.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires <= now
    }

    /// A leaf for these host names and addresses.
    pub fn issue(&self, names: &[String], now: Timestamp) -> Result<Leaf, IssueError> {
        let key = KeyPair::generate()?;
        // One that outlived its issuer would only look valid.
        let expires = whole((now + LEAF_LIFE).min(self.expires));
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "stow");
        params.subject_alt_names = names
            .iter()
            .map(|name| subject(name))
            .collect::<Result<_, _>>()?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        valid(&mut params, now, expires);
        let issuer = Issuer::from_ca_cert_der(&self.issuer, &self.key)?;
        let certificate = params.signed_by(&key, &issuer)?;
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let chain = vec![certificate.der().clone()];
        let certified = CertifiedKey::from_der(chain, private, &default_provider())?;
        Ok(Leaf {
            certificate: Arc::new(certified),
            renew: two_thirds(now, expires),
            expires,
        })
    }
}

/// A certificate to serve with, and when to replace it.
#[derive(Debug, Clone)]
pub struct Leaf {
    /// With its key.
    pub certificate: Arc<CertifiedKey>,
    /// At two thirds of its life.
    pub renew: Timestamp,
    /// When clients stop accepting it.
    pub expires: Timestamp,
}

fn subject(name: &str) -> Result<SanType, rcgen::Error> {
    match name.parse::<IpAddr>() {
        Ok(address) => Ok(SanType::IpAddress(address)),
        Err(_) => Ok(SanType::DnsName(name.try_into()?)),
    }
}

/// A certificate, with nothing behind it: whatever else is there, an API server
/// would take for no certificate.
fn parsed<'a>(der: &'a CertificateDer<'_>) -> Option<X509Certificate<'a>> {
    let (rest, parsed) = X509Certificate::from_der(der).ok()?;
    rest.is_empty().then_some(parsed)
}

/// From when to when a certificate is valid.
pub(super) fn validity(certificate: &X509Certificate<'_>) -> Option<(Timestamp, Timestamp)> {
    let validity = certificate.validity();
    let second = |time: ASN1Time| Timestamp::from_second(time.timestamp()).ok();
    Some((second(validity.not_before)?, second(validity.not_after)?))
}

/// When to renew what lives so long: a third of its life is left for whatever
/// keeps that from being done.
pub(super) fn two_thirds(since: Timestamp, until: Timestamp) -> Timestamp {
    since + until.duration_since(since) / 3 * 2
}

/// A certificate knows whole seconds.
fn whole(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

/// Valid from a little before `now` on. rcgen's type of time is not one that it
/// re-exports, so it is counted up from a date.
fn valid(params: &mut CertificateParams, now: Timestamp, until: Timestamp) {
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let since = |time: Timestamp| Duration::from_secs(u64::try_from(time.as_second()).unwrap_or(0));
    params.not_before = epoch + since(now - SKEW);
    params.not_after = epoch + since(until);
}

#[cfg(test)]
mod tests;
