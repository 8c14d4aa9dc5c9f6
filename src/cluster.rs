//! What reconcile asks of Kubernetes: objects, their status and finalizers,
//! Secrets, Events, the ConfigMap; a narrow trait, and one implementation on
//! kube.
//!
//! Nothing here may know AWS, or decide anything.

mod api;
mod object;

pub use api::KubeCluster;
pub use object::{Neighbour, PostgresDB, SecretRead, is_secret_name, subject_of};

use std::collections::BTreeMap;
use std::future::Future;

use stow_versions::status::PostgresDBStatus;

use crate::plan::{HeldSecret, SecretContent};

/// The Kubernetes API, as far as reconcile uses it. Every write carries a
/// precondition, so that a write on a stale view is refused.
pub trait Cluster: Send + Sync + 'static {
    /// The object as the API server has it now, not as a cache does.
    fn fetch(
        &self,
        namespace: &str,
        name: &str,
    ) -> impl Future<Output = Result<Option<PostgresDB>, Error>> + Send;

    /// Puts Stow's finalizer on an object, or takes it off.
    fn set_finalizer(
        &self,
        object: &PostgresDB,
        present: bool,
    ) -> impl Future<Output = Result<PostgresDB, Error>> + Send;

    /// Writes the status, all of it.
    fn set_status(
        &self,
        object: &PostgresDB,
        status: &PostgresDBStatus,
    ) -> impl Future<Output = Result<PostgresDB, Error>> + Send;

    /// Reads a Secret, past every cache. One whose name no Secret can have is
    /// missing.
    fn secret(
        &self,
        namespace: &str,
        name: &str,
    ) -> impl Future<Output = Result<SecretRead, Error>> + Send;

    /// Creates a Secret that is owned by the object.
    fn create_secret(
        &self,
        owner: &PostgresDB,
        content: &SecretContent,
    ) -> impl Future<Output = Result<(), Error>> + Send;

    /// Sets keys of a Secret, if it still is the one that was read.
    fn update_secret(
        &self,
        namespace: &str,
        held: &HeldSecret,
        content: &SecretContent,
    ) -> impl Future<Output = Result<(), Error>> + Send;

    /// Deletes a Secret, if it still is the one that was read.
    fn delete_secret(
        &self,
        namespace: &str,
        held: &HeldSecret,
    ) -> impl Future<Output = Result<(), Error>> + Send;

    /// Publishes an Event about an object.
    fn publish(
        &self,
        object: &PostgresDB,
        event: &Event,
    ) -> impl Future<Output = Result<(), Error>> + Send;

    /// The data of the operator's ConfigMap; `None` where it does not exist.
    fn config_map(&self) -> Option<BTreeMap<String, String>>;

    /// Every other object of a namespace, as the watch shows them.
    fn neighbours(&self, namespace: &str, uid: &str) -> Vec<Neighbour>;

    /// The ConfigMap `stow-identity`, past every cache; `None` where it does not
    /// exist.
    fn identity(&self) -> impl Future<Output = Result<Option<Kept>, Error>> + Send;

    /// Sets keys of the ConfigMap `stow-identity`: of the one with that
    /// `resourceVersion`, or of a new one.
    fn pin_identity(
        &self,
        data: &BTreeMap<String, String>,
        over: Option<&str>,
    ) -> impl Future<Output = Result<(), Error>> + Send;
}

/// A ConfigMap as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// `data`.
    pub data: BTreeMap<String, String>,
    /// `metadata.resourceVersion`.
    pub resource_version: String,
}

/// What happened to an object, for whoever reads `kubectl describe`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Whether somebody should look.
    pub warning: bool,
    /// CamelCase, such as `Creating`.
    pub reason: String,
    /// What the operator did or met, CamelCase.
    pub action: String,
    /// For a person.
    pub note: String,
}

/// Why a Kubernetes call did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Somebody else wrote first, or the object is another one now: what was
    /// read is stale.
    #[error("{what} changed meanwhile")]
    Conflict {
        /// The object.
        what: String,
    },
    /// It does not exist.
    #[error("{what} does not exist")]
    NotFound {
        /// The object.
        what: String,
    },
    /// The API server forbids it: a right is missing, or the namespace is
    /// being deleted.
    #[error(
        "the API server forbids {what}: {message}. Apply yaml/deployment.yaml, which grants what the \
         operator needs; in a namespace that is being deleted nothing can be created"
    )]
    Forbidden {
        /// The call.
        what: String,
        /// The API server's message.
        message: String,
    },
    /// The API server refuses what was sent.
    #[error("the API server refuses {what}: {message}")]
    Invalid {
        /// The call.
        what: String,
        /// The API server's message.
        message: String,
    },
    /// The call failed on the way, or the API server failed.
    #[error("{what} did not complete: {message}")]
    Unavailable {
        /// The call.
        what: String,
        /// What went wrong.
        message: String,
    },
}
