//! One operator, and what a test can see of it.

use std::net::SocketAddr;

use harness::{Error, Operator, OperatorConfig, Proxy, Result, Upstream};
use http::Request;
use http_body_util::Full;

/// One operator, and the proxies that all of its calls go through.
pub(crate) struct Replica {
    pub(crate) operator: Operator,
    /// Between it and RDS.
    pub(crate) rds: Proxy,
    /// Between it and the API server.
    pub(crate) api: Proxy,
    pub(super) config: OperatorConfig,
    pub(crate) webhook: SocketAddr,
    pub(super) metrics: SocketAddr,
}

impl Replica {
    /// Whether its `/readyz` says so.
    pub(crate) async fn is_ready(&self) -> bool {
        page(self.metrics, "/readyz").await.is_ok()
    }

    /// The page of every metric.
    pub(crate) async fn metrics(&self) -> Result<String> {
        page(self.metrics, "/metrics").await
    }

    /// A metric's value, by its whole name and labels; zero where it is absent.
    pub(crate) async fn metric(&self, name: &str) -> Result<f64> {
        let text = self.metrics().await?;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        Ok(line
            .and_then(|value| value.parse().ok())
            .unwrap_or_default())
    }
}

pub(super) async fn page(at: SocketAddr, path: &str) -> Result<String> {
    let request = Request::get(path)
        .body(Full::default())
        .map_err(|error| Error::Unexpected(error.to_string()))?;
    match Upstream::http(at.to_string()).text(request).await? {
        (status, text) if status.is_success() => Ok(text),
        (status, text) => Err(Error::Unexpected(format!("{status}: {text}"))),
    }
}
