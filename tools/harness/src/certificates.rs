//! The certificate authority of one control plane, and what it signs.
//!
//! Files are written with the folder's protection alone: everything here is
//! thrown away with the control plane.

use std::{fs, path::Path};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};

use crate::error::{Error, Result};

/// Who a certificate is for.
pub(crate) enum Subject<'a> {
    /// A server, under these DNS names and IP addresses.
    Server(&'a [&'a str]),
    /// A client: a Kubernetes user, and a group if one is needed.
    Client {
        user: &'a str,
        group: Option<&'a str>,
    },
}

/// A CA of our own.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Result<Self> {
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "Stow test control plane");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().map_err(refused)?;
        CertifiedIssuer::self_signed(params, key)
            .map(Self)
            .map_err(refused)
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// Writes `<name>.crt` and `<name>.key` into the folder, as PEM.
    pub(crate) fn issue(&self, folder: &Path, name: &str, subject: &Subject<'_>) -> Result<()> {
        let (names, user, group, usage) = match *subject {
            Subject::Server(names) => (names, name, None, ExtendedKeyUsagePurpose::ServerAuth),
            Subject::Client { user, group } => {
                (&[][..], user, group, ExtendedKeyUsagePurpose::ClientAuth)
            }
        };
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).map_err(refused)?;
        params.distinguished_name.push(DnType::CommonName, user);
        if let Some(group) = group {
            params
                .distinguished_name
                .push(DnType::OrganizationName, group);
        }
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().map_err(refused)?;
        let certificate = params.signed_by(&key, &self.0).map_err(refused)?;
        write(folder, &format!("{name}.crt"), &certificate.pem())?;
        write(folder, &format!("{name}.key"), &key.serialize_pem())
    }
}

/// Writes the pair that signs `ServiceAccount` tokens: `<name>.key`, and
/// `<name>.pub`, since kube-apiserver reads no public key out of PKCS #8.
pub(crate) fn signing_pair(folder: &Path, name: &str) -> Result<()> {
    let key = KeyPair::generate().map_err(refused)?;
    write(folder, &format!("{name}.key"), &key.serialize_pem())?;
    write(folder, &format!("{name}.pub"), &key.public_key_pem())
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is handed to map_err, which gives the error away"
)]
fn refused(error: rcgen::Error) -> Error {
    Error::Unexpected(format!("making a certificate: {error}"))
}

pub(crate) fn write(folder: &Path, name: &str, content: &str) -> Result<()> {
    let path = folder.join(name);
    fs::write(&path, content).map_err(Error::system(format!("writing {}", path.display())))
}
