//! What clients have to trust: certificates of CAs, as a `caBundle` holds them.
//!
//! Nothing here may judge a certificate, or know who serves under it.

use jiff::Timestamp;
use pem::{EncodeConfig, LineEnding, Pem};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::authority::validity;

/// Certificates, each once, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trust(Vec<CertificateDer<'static>>);

impl Trust {
    /// Every certificate of a text in PEM; nothing where it cannot be read, or
    /// holds none.
    pub fn read(text: &[u8]) -> Option<Self> {
        let found = CertificateDer::pem_slice_iter(text).collect::<Result<Vec<_>, _>>();
        let found = found.ok().filter(|found| !found.is_empty())?;
        Some(found.into_iter().collect())
    }

    /// As a `caBundle` has it, before its base64.
    pub fn pem(&self) -> String {
        let config = EncodeConfig::new().set_line_ending(LineEnding::LF);
        let blocks = self.0.iter();
        blocks
            .map(|der| pem::encode_config(&Pem::new("CERTIFICATE", der.to_vec()), config))
            .collect()
    }

    /// Its certificates.
    pub fn iter(&self) -> impl Iterator<Item = &CertificateDer<'static>> {
        self.0.iter()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it has this one.
    pub fn has(&self, certificate: &CertificateDer<'_>) -> bool {
        self.0.contains(certificate)
    }

    /// Whether it has all of the other's.
    pub fn covers(&self, other: &Self) -> bool {
        other.iter().all(|certificate| self.has(certificate))
    }

    /// Its own, and then what more the other has.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        self.iter().chain(other.iter()).cloned().collect()
    }

    /// What both have.
    #[must_use]
    pub fn common(&self, other: &Self) -> Self {
        let shared = self.iter().filter(|certificate| other.has(certificate));
        shared.cloned().collect()
    }

    /// From when to when each is valid; nothing where one of them cannot be read.
    pub fn lives(&self) -> Option<Vec<(Timestamp, Timestamp)>> {
        let lives = self.iter().map(|der| {
            let (_, certificate) = X509Certificate::from_der(der).ok()?;
            validity(&certificate)
        });
        lives.collect()
    }

    /// For a client in this process; nothing where one is no CA's certificate.
    pub(super) fn roots(&self) -> Option<RootCertStore> {
        let mut roots = RootCertStore::empty();
        for certificate in self.iter() {
            roots.add(certificate.clone()).ok()?;
        }
        Some(roots)
    }
}

impl FromIterator<CertificateDer<'static>> for Trust {
    fn from_iter<I: IntoIterator<Item = CertificateDer<'static>>>(certificates: I) -> Self {
        let mut trust = Self::default();
        for certificate in certificates {
            if !trust.has(&certificate) {
                trust.0.push(certificate);
            }
        }
        trust
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::Authority;
    use jiff::Timestamp;

    #[test]
    fn a_text_is_read_and_written_again_with_each_certificate_once() {
        let [a, b] = [(); 2].map(|()| Authority::generate(Timestamp::now()).unwrap());
        let (a, b) = (a.certificates(), b.certificates());
        let both = Trust::read([a, b, a].concat().as_bytes()).unwrap();
        assert_eq!(both.pem(), [a, b].concat());
        let one = Trust::read(b.as_bytes()).unwrap();
        assert!(both.covers(&one) && !one.covers(&both));
        assert_eq!(one.and(&both).pem(), [b, a].concat());
        assert_eq!(both.common(&one), one);
        assert!(one.common(&Trust::read(a.as_bytes()).unwrap()).is_empty());
    }

    #[test]
    fn certificates_say_how_long_they_live() {
        let now = Timestamp::now();
        let ca = Authority::generate(now).unwrap();
        let trust = Trust::read(ca.certificates().as_bytes()).unwrap();
        let lives = trust.lives().unwrap();
        let valid = lives
            .iter()
            .filter(|(since, until)| *since <= now && now < *until);
        assert_eq!((lives.len(), valid.count()), (1, 1));
        let odd = Trust::from_iter([CertificateDer::from(vec![1, 2, 3])]);
        assert_eq!(trust.and(&odd).lives(), None);
    }

    #[test]
    fn what_holds_no_certificate_is_no_trust() {
        for text in [
            "",
            "nonsense",
            "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
        ] {
            assert_eq!(Trust::read(text.as_bytes()), None, "{text}");
        }
    }
}
