//! The webhook's certificates: a CA that all replicas share through a Secret, a
//! leaf that each replica issues for itself, and the CRD's `caBundle`. Or a Secret
//! that somebody else fills, such as cert-manager.
//!
//! The order of a rotation needs no state but the Secret and the CRD: the Secret
//! says what to serve under, the leader publishes that beside what was published,
//! and each replica swaps once the CRD has it and API servers go by it. Then the
//! leader drops what nobody serves under any more.
//!
//! Nothing here may know what is served under a certificate.

mod authority;
mod bundle;
mod clock;
mod credential;
mod held;
mod keep;
mod look;
mod notice;
mod secret;
mod serving;
mod sight;
mod source;
mod standing;
mod trust;
mod way;

use std::time::Duration;

use backon::ExponentialBuilder;

pub use authority::{Authority, Broken, IssueError, Leaf};
pub use bundle::Bundle;
pub use held::Wanted;
pub use keep::Keeper;
pub use secret::SECRET;
pub use serving::Serving;
pub use sight::Arrivals;
pub use source::Source;
pub use trust::Trust;

/// The pauses of a task that tries until it succeeds, while the API server is
/// away: as long as it takes.
fn backoff() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(500))
        .with_max_delay(Duration::from_secs(15))
        .with_jitter()
        .without_max_times()
}

/// The host name under which an API server calls the webhook's Service.
pub fn service_name(namespace: &str) -> String {
    format!("stow.{namespace}.svc")
}

/// The one name under which API servers call the webhook.
pub fn called_as(namespace: &str, url: Option<&http::Uri>) -> String {
    let mut names = names(namespace, url);
    names.pop().unwrap_or_default()
}

/// Every name under which the webhook is called: its Service's, and the host of
/// the URL by which an API server outside the cluster's network reaches it.
pub fn names(namespace: &str, url: Option<&http::Uri>) -> Vec<String> {
    let host = url.and_then(http::Uri::host);
    // An IPv6 address stands in brackets in a URL, and bare in a certificate.
    let host = host.map(|host| host.trim_matches(['[', ']']).to_owned());
    std::iter::once(service_name(namespace))
        .chain(host)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_a_url_is_named_as_a_certificate_has_it() {
        for (url, host) in [
            ("https://127.0.0.1:9443/convert", "127.0.0.1"),
            ("https://[::1]:9443/convert", "::1"),
            ("https://stow.example.com/convert", "stow.example.com"),
        ] {
            let url = url.parse().unwrap();
            assert_eq!(
                names("stow-system", Some(&url)),
                ["stow.stow-system.svc", host]
            );
            assert_eq!(called_as("stow-system", Some(&url)), host);
        }
        assert_eq!(names("a", None), ["stow.a.svc"]);
        assert_eq!(called_as("a", None), "stow.a.svc");
    }
}
