//! The certificate authority of a cache folder, and the certificate that every
//! front shows. It is kept, so that a user who trusts it once can say
//! `sslmode=verify-full` from then on.

use std::{fs, path::Path, sync::Arc};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject};
use rustls::{ServerConfig, crypto::aws_lc_rs};

use super::{error::Error, tree, user::User};

const CERTIFICATE: &str = "authority.crt";
const KEY: &str = "authority.key";
/// What a client with `sslnegotiation=direct` asks for.
const PROTOCOL: &[u8] = b"postgresql";

/// The authority's certificate as PEM, and what the fronts serve with.
pub(super) fn load(cache: &Path, names: &[String]) -> Result<(String, Arc<ServerConfig>), Error> {
    let (pem, issuer) = authority(cache)?;
    let mut params = CertificateParams::new(names).map_err(|error| tls(&error))?;
    params
        .distinguished_name
        .push(DnType::CommonName, "drydock database");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate().map_err(|error| tls(&error))?;
    let leaf = params
        .signed_by(&key, &issuer)
        .map_err(|error| tls(&error))?;
    let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes())
        .map_err(|error| tls(&error))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| tls(&error))?
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .map_err(|error| tls(&error))?;
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    Ok((pem, Arc::new(config)))
}

fn authority(cache: &Path) -> Result<(String, Issuer<'static, KeyPair>), Error> {
    let (certificate, key) = (cache.join(CERTIFICATE), cache.join(KEY));
    // The key is written first: where there is a certificate, there is its key.
    let (pem, key) = match (fs::read_to_string(&certificate), fs::read_to_string(&key)) {
        (Ok(pem), Ok(key)) => (pem, KeyPair::from_pem(&key).map_err(|error| tls(&error))?),
        _ => issue(&certificate, &key)?,
    };
    let issuer = Issuer::from_ca_cert_pem(&pem, key).map_err(|error| tls(&error))?;
    Ok((pem, issuer))
}

fn issue(certificate: &Path, key: &Path) -> Result<(String, KeyPair), Error> {
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(DnType::CommonName, "drydock authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let pair = KeyPair::generate().map_err(|error| tls(&error))?;
    let pem = params
        .self_signed(&pair)
        .map_err(|error| tls(&error))?
        .pem();
    tree::write(&User::OURSELVES, key, pair.serialize_pem().as_bytes())?;
    tree::write(&User::OURSELVES, certificate, pem.as_bytes())?;
    Ok((pem, pair))
}

fn tls(error: &impl ToString) -> Error {
    Error::Tls(error.to_string())
}
