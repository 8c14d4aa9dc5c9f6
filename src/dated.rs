//! What time it is by the API server, which each answer of it tells.
//!
//! Nothing here may set or judge a clock.

use http::{HeaderMap, Request, header};
use http_body_util::BodyExt;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use kube::Client;
use kube::client::Body;
use kube::core::Status;
use serde::de::DeserializeOwned;

/// A GET whose answer tells the API server's time too. Nothing where what is
/// asked for does not exist.
pub(crate) async fn dated<T: DeserializeOwned>(
    client: &Client,
    request: Request<Vec<u8>>,
) -> Result<(Option<T>, Option<Timestamp>), kube::Error> {
    let answer = client.send(request.map(Body::from)).await?;
    let date = date(answer.headers());
    let status = answer.status();
    let body = answer.into_body().collect().await?.to_bytes();
    if status.is_success() {
        let found = serde_json::from_slice(&body).map_err(kube::Error::SerdeError)?;
        return Ok((Some(found), date));
    }
    if status.as_u16() == 404 {
        return Ok((None, date));
    }
    // What stands before an API server answers in words of its own.
    let told = serde_json::from_slice::<Status>(&body);
    let told = told.unwrap_or_else(|_| Status::failure(&String::from_utf8_lossy(&body), ""));
    Err(kube::Error::Api(Box::new(told.with_code(status.as_u16()))))
}

fn date(headers: &HeaderMap) -> Option<Timestamp> {
    let text = headers.get(header::DATE)?.to_str().ok()?;
    DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_read_as_http_writes_it() {
        let mut headers = HeaderMap::new();
        assert_eq!(date(&headers), None);
        headers.insert(
            header::DATE,
            "Sun, 06 Nov 1994 08:49:37 GMT".parse().unwrap(),
        );
        assert_eq!(
            date(&headers),
            Some("1994-11-06T08:49:37Z".parse().unwrap())
        );
    }
}
