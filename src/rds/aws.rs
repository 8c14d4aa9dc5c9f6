//! Amazon RDS through the AWS SDK, and STS for whose account it is: the one
//! place, with the files below it, that imports `aws_sdk_rds` and `aws_sdk_sts`.
//!
//! Nothing here may decide what to ask of RDS, or send a mutation twice: an
//! answer that was lost may belong to a call that took effect, so the caller
//! observes first.

mod actions;
mod caller;
mod classify;
mod decode;
mod send;
mod whole;

use std::error::Error as StdError;
use std::future::Future;
use std::time::Duration;

use aws_config::{BehaviorVersion, ConfigLoader, SdkConfig};
use aws_sdk_rds::Client;
use aws_sdk_rds::config::retry::RetryConfig;
use aws_sdk_rds::config::timeout::TimeoutConfig;
use aws_sdk_rds::config::{
    Builder, FrameworkMetadata, ProvideCredentials, SharedCredentialsProvider,
};
use aws_sdk_rds::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_rds::operation::describe_db_instances::DescribeDbInstancesOutput;
use backon::{ExponentialBuilder, Retryable};

use self::send::{Watch, attempt};
use super::calls::{Observer, Outcome};
use super::{Error, Password};
use crate::chain::Chain;

/// How long to wait for a connection: RDS endpoints are near, so a longer wait
/// only hides a firewall.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long one attempt may take, credentials included. RDS answers a mutation
/// in some seconds at worst; past this the answer counts as lost.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a check of the credentials may take: a role is assumed over the
/// network, through up to two services.
const CREDENTIALS_TIMEOUT: Duration = Duration::from_secs(20);

/// How often a read is sent again. The next sweep repeats it anyway; this only
/// keeps one lost page from costing a sweep of many.
const READ_RETRIES: usize = 2;
const READ_BACKOFF: Duration = Duration::from_millis(250);

/// RDS's largest page, and its default.
const PAGE: i32 = 100;

const DESCRIBE: &str = "DescribeDBInstances";

const NO_REGION: &str = "no AWS region: set AWS_REGION, or `region` in the profile that \
                         AWS_PROFILE names";
const NO_CREDENTIALS: &str = "no usable AWS credentials: annotate the ServiceAccount with \
                              eks.amazonaws.com/role-arn, or set AWS_PROFILE, or \
                              AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";

/// RDS in the account and the region that AWS's standard chain yields.
#[derive(Clone)]
pub struct AwsRds {
    client: Client,
    sts: aws_sdk_sts::Client,
    region: Option<String>,
    credentials: Option<SharedCredentialsProvider>,
    observer: Observer,
}

impl AwsRds {
    /// Connects by AWS's standard chain: environment, profile, SSO, web
    /// identity, container and instance metadata; `AWS_ENDPOINT_URL` and
    /// `AWS_ENDPOINT_URL_RDS` are honoured.
    ///
    /// Never fails and calls no RDS: what is missing is the error of
    /// [`check`](Self::check), and of each call until it is set.
    pub async fn connect(observer: Observer) -> Self {
        Self::connect_with(aws_config::defaults(BehaviorVersion::latest()), observer).await
    }

    /// [`connect`](Self::connect) by a chain that the caller has narrowed.
    pub async fn connect_with(chain: ConfigLoader, observer: Observer) -> Self {
        Self::new(&chain.load().await, observer)
    }

    fn new(config: &SdkConfig, observer: Observer) -> Self {
        let mut rds = Builder::from(config)
            // Set here and not in the chain: the services that yield credentials
            // keep their own retries.
            .retry_config(RetryConfig::disabled())
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(CONNECT_TIMEOUT)
                    .operation_attempt_timeout(ATTEMPT_TIMEOUT)
                    .operation_timeout(ATTEMPT_TIMEOUT)
                    .build(),
            );
        // CloudTrail then tells Stow's calls from others with the same role.
        if let Ok(stow) = FrameworkMetadata::new("stow", Some(env!("CARGO_PKG_VERSION"))) {
            rds = rds.framework_metadata(stow);
        }
        Self {
            client: Client::from_conf(rds.build()),
            sts: caller::client(config),
            region: config.region().map(ToString::to_string),
            credentials: config.credentials_provider(),
            observer,
        }
    }

    /// The region that the chain yields, such as `eu-west-1`.
    pub fn region(&self) -> Option<String> {
        self.region.clone()
    }

    /// Whether a call could be sent: there is a region, and the chain yields
    /// credentials. Asks no RDS. The error is [`Error::Unconfigured`] and says
    /// all that is missing.
    pub async fn check(&self) -> Result<(), Error> {
        let missing: Vec<String> = [self.region_missing(), self.credentials_missing().await]
            .into_iter()
            .flatten()
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(Error::Unconfigured {
            action: DESCRIBE,
            message: missing.join("; "),
        })
    }

    fn region_missing(&self) -> Option<String> {
        self.region.is_none().then(|| NO_REGION.to_owned())
    }

    async fn credentials_missing(&self) -> Option<String> {
        let Some(provider) = &self.credentials else {
            return Some(NO_CREDENTIALS.to_owned());
        };
        match tokio::time::timeout(CREDENTIALS_TIMEOUT, provider.provide_credentials()).await {
            Ok(Ok(_)) => None,
            Ok(Err(error)) => Some(format!("{NO_CREDENTIALS} ({})", Chain(&error))),
            Err(_) => Some(format!(
                "{NO_CREDENTIALS} (no answer within {} s)",
                CREDENTIALS_TIMEOUT.as_secs()
            )),
        }
    }

    /// One attempt, counted. What keeps a call from being sent is said in words
    /// that name the setting, which the SDK's do not.
    async fn send<T, E>(
        &self,
        watch: Watch,
        secret: Option<&Password>,
        answer: impl Future<Output = Result<T, SdkError<E>>> + Send,
    ) -> Result<T, Error>
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        let action = watch.action();
        let result = match self.region_missing() {
            Some(message) => Err(Error::Unconfigured { action, message }),
            None => attempt(watch, secret, answer).await,
        };
        (self.observer)(action, Outcome::of(&result));
        match result {
            Err(Error::Unconfigured { action, message }) if self.region.is_some() => {
                let message = self.credentials_missing().await.unwrap_or(message);
                Err(Error::Unconfigured { action, message })
            }
            result => result,
        }
    }

    /// One `DescribeDBInstances`, of a page or of one instance, sent again where
    /// it was throttled or lost.
    async fn read(
        &self,
        identifier: Option<&str>,
        marker: Option<&str>,
    ) -> Result<DescribeDbInstancesOutput, Error> {
        let once = || async {
            let watch = Watch::new(DESCRIBE);
            let mut request = self
                .client
                .describe_db_instances()
                .set_db_instance_identifier(identifier.map(str::to_owned))
                .set_marker(marker.map(str::to_owned));
            if identifier.is_none() {
                request = request.max_records(PAGE);
            }
            let answer = request.customize().interceptor(watch.clone()).send();
            self.send(watch, None, answer).await
        };
        once.retry(
            ExponentialBuilder::default()
                .with_min_delay(READ_BACKOFF)
                .with_max_times(READ_RETRIES)
                .with_jitter(),
        )
        .when(|error| matches!(error, Error::Throttled { .. } | Error::Unknown { .. }))
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn no_call_may_hang_and_the_sdk_repeats_none() {
        let chain = aws_config::defaults(BehaviorVersion::latest())
            .empty_test_environment()
            .region(aws_config::Region::new("eu-west-1"))
            // What a user sets for other tools must not loosen ours.
            .retry_config(RetryConfig::standard().with_max_attempts(9))
            .timeout_config(TimeoutConfig::disabled())
            .test_credentials();
        let rds = AwsRds::connect_with(chain, Arc::new(|_, _| ())).await;
        let config = rds.client.config();
        let timeouts = config.timeout_config().expect("timeouts");
        assert_eq!(timeouts.connect_timeout(), Some(CONNECT_TIMEOUT));
        assert_eq!(timeouts.operation_attempt_timeout(), Some(ATTEMPT_TIMEOUT));
        assert_eq!(timeouts.operation_timeout(), Some(ATTEMPT_TIMEOUT));
        let attempts = config.retry_config().map(RetryConfig::max_attempts);
        assert_eq!(attempts, Some(1));
    }
}
