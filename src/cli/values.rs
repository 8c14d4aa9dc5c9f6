//! Values that are more than text or a number.
//!
//! Nothing here may know which command takes them. A refusal says what to write.

use std::time::Duration;

use http::Uri;
use jiff::SignedDuration;

/// A URL of the webhook, as an API server accepts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookUrl {
    /// As it was written.
    pub text: String,
    /// Its parts.
    pub uri: Uri,
}

pub(super) fn webhook_url(text: &str) -> Result<WebhookUrl, String> {
    let example = "write it as https://HOST:PORT/convert";
    let uri: Uri = text
        .parse()
        .map_err(|error| format!("{error}; {example}"))?;
    if uri.scheme_str() != Some("https") {
        return Err(format!(
            "an API server calls webhooks over https alone; {example}"
        ));
    }
    if uri.path() != stow_versions::CONVERT_PATH || uri.query().is_some() {
        return Err(format!(
            "the webhook is served at {}; {example}",
            stow_versions::CONVERT_PATH
        ));
    }
    if uri.host().is_none_or(str::is_empty) {
        return Err(example.to_owned());
    }
    Ok(WebhookUrl {
        text: text.to_owned(),
        uri,
    })
}

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let example = "write a duration such as 30s, 5m or 1h";
    let parsed: SignedDuration = text
        .parse()
        .map_err(|error| format!("{error}; {example}"))?;
    Duration::try_from(parsed)
        .ok()
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| example.to_owned())
}

/// The name of a Secret that is not Stow's own, which no other may fill.
pub(super) fn secret(text: &str) -> Result<String, String> {
    if text.is_empty() || text == crate::tls::SECRET {
        return Err(format!(
            "write the name of a Secret other than {}, which is Stow's own",
            crate::tls::SECRET
        ));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn webhook_urls_are_what_an_api_server_takes() {
        for text in [
            "https://127.0.0.1:9443/convert",
            "https://[::1]:9443/convert",
            "https://stow.example/convert",
        ] {
            assert!(webhook_url(text).is_ok(), "{text}");
        }
        for text in [
            "http://127.0.0.1/convert",
            "https://127.0.0.1/",
            "https://a/convert?x=1",
            "convert",
            "",
        ] {
            assert!(
                webhook_url(text).is_err_and(|error| error.contains("/convert")),
                "{text}"
            );
        }
    }

    #[test]
    fn durations_are_positive() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("5m"), Ok(Duration::from_mins(5)));
        for text in ["0s", "-1s", "5", "", "soon"] {
            assert!(duration(text).is_err(), "{text}");
        }
        assert!(secret("stow-webhook-tls").is_ok());
        assert!(secret("stow-webhook").is_err() && secret("").is_err());
    }
}
