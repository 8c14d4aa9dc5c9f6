//! Judges that nobody of this project wrote: boto3, the AWS CLI, botocore's model
//! of the service, moto, and a PostgreSQL driver.
//!
//! They are Python scripts of this folder. Here is only what they need around
//! them: a drydock of their own each, and their verdict.

#![expect(
    clippy::unwrap_used,
    reason = "what helpers cannot go on with fails the test"
)]

mod berth;
mod fifty;
mod lives;
mod wire;
