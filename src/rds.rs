//! What Stow asks of Amazon RDS, in its own terms: a narrow trait, the model
//! that it speaks, and errors named for the decision they call for.
//!
//! Nothing here may know Kubernetes, and nothing but `rds/aws.rs` and the files
//! below it may import the AWS SDK.

mod aws;
mod calls;
pub mod codes;
mod error;
mod model;
mod settings;

pub use aws::{ATTEMPT_TIMEOUT, AwsRds};
pub use calls::{Observer, Outcome};
pub use error::{Decision, Error, Refusal};
pub use model::{CreateInstance, DeleteInstance, Instance, ModifyInstance, Password, Pending};
pub use settings::Settings;

use std::collections::BTreeMap;
use std::future::Future;

/// The RDS API, as far as Stow uses it. One value serves one account and region.
///
/// Mutations are sent once: the caller observes before it sends one again, so
/// an answer that was lost is never followed by a blind retry.
pub trait Rds: Send + Sync + 'static {
    /// The account that the calls below are made in: 12 digits, by STS's
    /// `GetCallerIdentity`.
    fn account(&self) -> impl Future<Output = Result<String, Error>> + Send;

    /// Every DB instance of the region, from as many `DescribeDBInstances`
    /// pages as it takes. An error on any page is an error of the whole: a torn
    /// sweep proves nothing. Members of DB clusters are left out.
    fn sweep(&self) -> impl Future<Output = Result<Vec<Instance>, Error>> + Send;

    /// The instance of that identifier, or `None` where RDS answers
    /// `DBInstanceNotFound`.
    fn describe(
        &self,
        identifier: &str,
    ) -> impl Future<Output = Result<Option<Instance>, Error>> + Send;

    /// `CreateDBInstance`.
    fn create(
        &self,
        request: &CreateInstance,
    ) -> impl Future<Output = Result<Instance, Error>> + Send;

    /// `ModifyDBInstance`; what the request leaves out stays as it is.
    fn modify(
        &self,
        request: &ModifyInstance,
    ) -> impl Future<Output = Result<Instance, Error>> + Send;

    /// `DeleteDBInstance`. Automated backups are retained with a final snapshot,
    /// and go without one.
    fn delete(&self, request: &DeleteInstance) -> impl Future<Output = Result<(), Error>> + Send;

    /// `AddTagsToResource`: adds or overwrites these keys, and leaves the others.
    fn add_tags(
        &self,
        arn: &str,
        tags: &BTreeMap<String, String>,
    ) -> impl Future<Output = Result<(), Error>> + Send;
}
