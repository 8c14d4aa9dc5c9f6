//! Objects at rest: as etcd has them, past the API server, and what the CRD says of
//! it.
//!
//! Nothing here may assert what a test is about.

use harness::{Error, Result};
use serde_json::Value;

use crate::stage::{NAMESPACE, Stage};

/// Where etcd has every object.
pub(crate) const REGISTRY: &str = "/registry/myob.com/postgresdbs/";

/// Where it has one of the tests' namespace.
pub(crate) fn key(name: &str) -> String {
    format!("{REGISTRY}{NAMESPACE}/{name}")
}

impl Stage {
    /// Every object as etcd has it, by its key.
    pub(crate) async fn at_rest(&self) -> Result<Vec<(String, Vec<u8>)>> {
        self.cluster.etcd().under(REGISTRY).await
    }

    /// What etcd has of an object of the tests' namespace.
    pub(crate) async fn stored(&self, name: &str) -> Result<Value> {
        let key = key(name);
        let bytes = self.cluster.etcd().get(&key).await?;
        let bytes = bytes.ok_or_else(|| Error::Unexpected(format!("etcd has no {key}")))?;
        serde_json::from_slice(&bytes).map_err(|error| Error::Unexpected(error.to_string()))
    }

    /// Puts an object into etcd, past all that would refuse it.
    pub(crate) async fn plant(&self, name: &str, object: &Value) -> Result<()> {
        let etcd = self.cluster.etcd();
        etcd.put(&key(name), object.to_string()).await
    }

    /// The keys under which etcd says the old version's name.
    pub(crate) async fn old_at_rest(&self) -> Result<Vec<String>> {
        let says_so = |value: &[u8]| String::from_utf8_lossy(value).contains("myob.com/v1alpha1");
        let old = self.at_rest().await?.into_iter();
        let old = old.filter(|(_, value)| says_so(value));
        Ok(old.map(|(key, _)| key).collect())
    }

    /// The versions that objects may be stored in, as the CRD says.
    pub(crate) async fn stored_versions(&self) -> Result<Value> {
        let crd = self.get("crd/postgresdbs.myob.com").await?;
        Ok(crd["status"]["storedVersions"].clone())
    }
}
