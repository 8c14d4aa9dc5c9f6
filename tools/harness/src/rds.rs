//! RDS's Query protocol in the raw, for tests that look past the operator.
//!
//! It parses no more of an answer than the text of an element; a test that wants
//! the whole truth of the wire uses an SDK.

use http::{Request, StatusCode, header};
use http_body_util::Full;

use crate::{
    error::{Error, Result},
    exchange::Upstream,
};

/// RDS as a test sees it: its Query protocol, in the raw.
#[derive(Clone, Debug)]
pub struct Rds {
    upstream: Upstream,
    region: String,
}

impl Rds {
    /// RDS of one region, at this endpoint.
    pub(crate) fn of(upstream: Upstream, region: &str) -> Self {
        Self {
            upstream,
            region: region.to_owned(),
        }
    }

    /// Calls an action with its parameters, and returns the answer's XML.
    pub async fn call(
        &self,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> Result<(StatusCode, String)> {
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("Action", action)
            .append_pair("Version", "2014-10-31")
            .extend_pairs(parameters)
            .finish();
        // An endpoint for tests reads the service and the region from here, and
        // checks nothing.
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential=test/20260101/{}/rds/aws4_request, \
             SignedHeaders=host, Signature=0",
            self.region
        );
        let request = Request::post("/")
            .header(header::AUTHORIZATION, authorization)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::from(body))
            .map_err(|error| Error::Unexpected(error.to_string()))?;
        self.upstream.text(request).await
    }

    /// The texts of every `<element>` in what a successful call answered.
    pub async fn texts(
        &self,
        action: &str,
        parameters: &[(&str, &str)],
        element: &str,
    ) -> Result<Vec<String>> {
        let (status, xml) = self.call(action, parameters).await?;
        if !status.is_success() {
            return Err(Error::Unexpected(format!(
                "{action} answered {status}: {xml}"
            )));
        }
        Ok(texts(&xml, element))
    }
}

/// The texts of every `<element>` of an XML document, in its order. For plain
/// texts, as identifiers are: entities stay as they are written.
pub fn texts(xml: &str, element: &str) -> Vec<String> {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    let after_each = xml.split(&open).skip(1);
    after_each
        .filter_map(|rest| rest.split_once(&close))
        .map(|(text, _)| text.to_owned())
        .collect()
}
