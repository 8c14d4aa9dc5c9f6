//! etcd's own view of the objects, past the API server: how a test stores what
//! admission would refuse, and sees what is really stored.
//!
//! Over etcd's JSON gateway, since its gRPC would need a code generator.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};

use crate::{
    error::{Error, Result},
    exchange::Upstream,
};

/// A client of one etcd.
#[derive(Clone, Debug)]
pub struct Etcd(Upstream);

impl Etcd {
    pub(crate) fn at(authority: impl Into<String>) -> Self {
        Self(Upstream::http(authority))
    }

    /// The base URL of the JSON gateway.
    pub fn url(&self) -> &str {
        self.0.url()
    }

    /// The value of a key, such as `/registry/myob.com/postgresdbs/<namespace>/<name>`.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        let answer = self
            .call("range", &json!({"key": BASE64.encode(key)}))
            .await?;
        // A key that exists with an empty value has no "value" in proto3's JSON.
        let Some(found) = answer["kvs"].get(0) else {
            return Ok(None);
        };
        let value = found["value"].as_str().unwrap_or_default();
        BASE64.decode(value).map(Some).map_err(|error| {
            Error::Unexpected(format!("etcd's value of {key} is not base64: {error}"))
        })
    }

    /// Stores a value; the API server's watches see it as any other write.
    pub async fn put(&self, key: &str, value: impl AsRef<[u8]>) -> Result<()> {
        let body = json!({"key": BASE64.encode(key), "value": BASE64.encode(value)});
        self.call("put", &body).await.map(drop)
    }

    /// Every key that begins so, with its value, such as all of
    /// `/registry/myob.com/`.
    pub async fn under(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>> {
        // etcd's own way to ask for a prefix: up to the next text of its length.
        let mut end = prefix.as_bytes().to_vec();
        if let Some(last) = end.last_mut() {
            *last = last.saturating_add(1);
        }
        let body = json!({"key": BASE64.encode(prefix), "range_end": BASE64.encode(end)});
        let answer = self.call("range", &body).await?;
        let decoded = |found: &Value, field: &str| {
            let text = found[field].as_str().unwrap_or_default();
            BASE64.decode(text).map_err(|error| {
                Error::Unexpected(format!(
                    "etcd's {field} under {prefix} is not base64: {error}"
                ))
            })
        };
        let found = answer["kvs"].as_array().map_or(&[][..], Vec::as_slice);
        found
            .iter()
            .map(|found| {
                let key = String::from_utf8_lossy(&decoded(found, "key")?).into_owned();
                Ok((key, decoded(found, "value")?))
            })
            .collect()
    }

    async fn call(&self, method: &str, body: &Value) -> Result<Value> {
        let request = Request::post(format!("/v3/kv/{method}"))
            .body(Full::from(body.to_string()))
            .map_err(|error| Error::Unexpected(error.to_string()))?;
        let (status, text) = self.0.text(request).await?;
        let answer = serde_json::from_str(&text).ok();
        answer.filter(|_| status.is_success()).ok_or_else(|| {
            Error::Unexpected(format!("etcd answered {method} with {status}: {text}"))
        })
    }
}
