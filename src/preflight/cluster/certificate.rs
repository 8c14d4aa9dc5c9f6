//! What the API server trusts the webhook by: `caBundle`, beside the CA that
//! the replicas issue their certificates from.
//!
//! Nothing here may look at a private key.

use jiff::{SignedDuration, Timestamp};

use crate::preflight::finding::{Check, Finding, Severity};
use crate::preflight::read::Installation;
use crate::tls::Trust;

/// Less than this is worth a word: the operator renews much earlier.
const SOON: SignedDuration = SignedDuration::from_hours(24 * 30);

/// Whether the API server can trust the webhook.
pub(super) fn trusted(installation: &Installation, now: Timestamp) -> Vec<Finding> {
    let Some(installed) = installation.definition() else {
        return Vec::new();
    };
    if !installation.converts() {
        // That is the definition's own trouble, or there is no webhook yet.
        return Vec::new();
    }
    let conversion = installed.spec.conversion.as_ref();
    let client = conversion
        .and_then(|conversion| conversion.webhook.as_ref())
        .and_then(|webhook| webhook.client_config.as_ref());
    let bundle = client.and_then(|client| client.ca_bundle.as_ref());
    let authority = installation
        .authority
        .as_ref()
        .ok()
        .and_then(Option::as_deref);
    let authority = authority.map(|pem| (&*installation.certificate, pem));
    vec![judge(bundle.map(|bundle| &*bundle.0), authority, now)]
}

fn judge(bundle: Option<&[u8]>, authority: Option<(&str, &[u8])>, now: Timestamp) -> Finding {
    let finding = |severity, text: String| Finding::new(severity, Check::Certificate, text);
    let heal = "The leading replica writes it within seconds: see to it that one runs and leads.";
    let Some(bundle) = bundle.filter(|bundle| !bundle.is_empty()) else {
        let text = "The definition has no caBundle, so that no conversion succeeds".to_owned();
        return finding(Severity::Error, text).advise(heal);
    };
    let unreadable = || {
        let text = "The definition's caBundle holds no certificate that can be read".to_owned();
        finding(Severity::Error, text).advise(heal)
    };
    let Some(mut trusted) = Trust::read(bundle) else {
        return unreadable();
    };
    // Of several, those that replicas issue from matter.
    if let Some((secret, pem)) = authority
        && let Some(issuing) = Trust::read(pem)
    {
        trusted = trusted.common(&issuing);
        if trusted.is_empty() {
            let text = format!(
                "The definition's caBundle has no certificate of Secret {secret}, by which the \
                 replicas serve, so that no conversion succeeds"
            );
            return finding(Severity::Error, text).advise(heal);
        }
    }
    let Some(lives) = trusted.lives() else {
        return unreadable();
    };
    let begun = lives.iter().filter(|(begins, _)| *begins <= now);
    let Some(last) = begun.map(|(_, ends)| *ends).max() else {
        let text = "The webhook's CA is not valid yet: a clock is wrong".to_owned();
        return finding(Severity::Error, text).advise("Compare the clocks of the nodes.");
    };
    if last <= now {
        let text = format!("The webhook's CA expired at {last}, so that no conversion succeeds");
        return finding(Severity::Error, text).advise(heal);
    }
    if last < now + SOON {
        let text = format!("The webhook's CA expires at {last}");
        return finding(Severity::Warning, text).advise(
            "The operator renews it in time while a replica leads: see to it that one does.",
        );
    }
    finding(
        Severity::Ok,
        format!("The webhook's CA is trusted, until {last}."),
    )
}
