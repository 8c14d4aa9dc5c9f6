//! The certificate authorities that an instance can name. Whichever it is, the
//! server's certificate is signed by drydock's own, which the admin
//! endpoint hands out.
//!
//! Must not know a thumbprint or a date of Amazon's: they would be invented.

use super::{
    Answer,
    page::{Filters, Page},
};
use crate::{
    dock::View,
    fault::{self, Fault},
    wire::{Element, Parameters},
};

/// The one that an instance has unless it names another.
pub(super) const DEFAULT: &str = "rds-ca-rsa2048-g1";

/// In alphabetical order.
const ALL: [&str; 3] = ["rds-ca-ecc384-g1", "rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1"];

pub(super) fn describe(view: &View<'_>, mut parameters: Parameters) -> Answer {
    let only = parameters.string("CertificateIdentifier");
    let _none_is_known = Filters::take(&mut parameters, &[])?;
    let page = Page::take(&mut parameters)?;
    parameters.finish()?;
    if let Some(only) = &only {
        exists(only)?;
    }
    let shown = ALL
        .into_iter()
        .filter(|name| only.as_ref().is_none_or(|only| only == name))
        .map(|name| {
            let element = Element::new("Certificate")
                .field("CertificateIdentifier", name)
                .field("CertificateType", "CA")
                .field(
                    "CertificateArn",
                    format!("arn:aws:rds:{}::cert:{name}", view.scope.region),
                )
                .field("CustomerOverride", false);
            (name.to_owned(), element)
        });
    Ok(Some(
        page.of("DescribeCertificatesResult", "Certificates", shown)
            .field("DefaultCertificateForNewLaunches", DEFAULT),
    ))
}

/// Whether an instance can name it.
pub(super) fn exists(name: &str) -> Result<(), Fault> {
    if ALL.contains(&name) {
        return Ok(());
    }
    Err(fault::CERTIFICATE_NOT_FOUND.because(format!("Certificate not found: {name}")))
}

/// All of them, as an engine version lists them.
pub(super) fn names() -> impl Iterator<Item = Element> {
    ALL.into_iter().map(|name| Element::text("member", name))
}
