//! Whose the credentials are: STS, at the endpoint that the same chain yields.
//!
//! Nothing here may compare the answer with anything.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_rds::config::retry::RetryConfig;
use aws_sdk_rds::config::timeout::TimeoutConfig;
use aws_sdk_sts::Client;
use aws_sdk_sts::config::Builder;

use super::send::Watch;
use super::{AwsRds, CONNECT_TIMEOUT};
use crate::rds::Error;

const IDENTIFY: &str = "GetCallerIdentity";

/// How long one question may take, and a second one after it: an operator whose
/// network has no way to STS asks in vain each time before it acts.
const ATTEMPT: Duration = Duration::from_secs(5);
const ATTEMPTS: u32 = 2;

/// A client of STS, by the chain that RDS's was made by.
pub(super) fn client(config: &SdkConfig) -> Client {
    let sts = Builder::from(config)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(CONNECT_TIMEOUT)
                .operation_attempt_timeout(ATTEMPT)
                .operation_timeout(ATTEMPT * ATTEMPTS)
                .build(),
        );
    Client::from_conf(sts.build())
}

impl AwsRds {
    /// The account of the credentials, by `GetCallerIdentity`, which needs no
    /// permission.
    pub(super) async fn caller(&self) -> Result<String, Error> {
        let watch = Watch::new(IDENTIFY);
        let request = self.sts.get_caller_identity().customize();
        let answer = request.interceptor(watch.clone()).send();
        let output = self.send(watch, None, answer).await?;
        let account = output.account.filter(|account| !account.is_empty());
        account.ok_or_else(|| Error::Unknown {
            action: IDENTIFY,
            message: "the answer names no account".to_owned(),
        })
    }
}
