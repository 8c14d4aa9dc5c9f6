//! One attempt at a call: sent, counted, and its failure named.
//!
//! Nothing here may send anything twice: whether a call may be repeated is for
//! its action to know.

use std::error::Error as StdError;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use aws_sdk_rds::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_rds::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_rds::error::{BoxError, ProvideErrorMetadata, SdkError};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;

use super::classify::classify;
use super::whole::is_whole;
use crate::chain::Chain;
use crate::rds::{Error, Password};

const SESSION_TOKEN: &str = "x-amz-security-token";

/// How the text that replaces a password reads.
const HIDDEN: &str = "(hidden)";

/// What the Query protocol escapes: all but RFC 3986's unreserved characters.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Watches one attempt from within the SDK.
///
/// It notes whether the request ever left: a call that failed before has had no
/// effect, and what it lacks is for a person to set. And it refuses an answer
/// that is not whole: the SDK reads XML that is cut between two instances, or
/// lacks a tag, as a shorter list, in which the rest would seem gone.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    action: &'static str,
    transmitted: Arc<AtomicBool>,
    /// The session token that was sent. AWS repeats the headers that it cannot
    /// verify a signature of, this one among them.
    token: Arc<OnceLock<Password>>,
}

impl Watch {
    /// Watches an attempt at `action`, such as `CreateDBInstance`.
    pub(super) fn new(action: &'static str) -> Self {
        Self {
            action,
            transmitted: Arc::default(),
            token: Arc::default(),
        }
    }

    /// The action that it was made for.
    pub(super) fn action(&self) -> &'static str {
        self.action
    }

    fn transmitted(&self) -> bool {
        self.transmitted.load(Ordering::Acquire)
    }
}

impl Intercept for Watch {
    fn name(&self) -> &'static str {
        "Watch"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(token) = context.request().headers().get(SESSION_TOKEN) {
            self.token.get_or_init(|| Password::new(token.to_owned()));
        }
        self.transmitted.store(true, Ordering::Release);
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        let body = response.body().bytes().unwrap_or_default();
        let root = format!("{}Response", self.action);
        if response.status().is_success() && !is_whole(body, &root) {
            return Err("the answer is not whole".into());
        }
        Ok(())
    }
}

/// Waits for the answer and names its failure. `secret` is the password of the
/// request, which no error may repeat, and neither may it a session token.
pub(super) async fn attempt<T, E>(
    watch: Watch,
    secret: Option<&Password>,
    answer: impl Future<Output = Result<T, SdkError<E>>>,
) -> Result<T, Error>
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    let result = match secret {
        None => answer.await,
        // The SDK logs each failed answer, verbatim, at the level of traces.
        Some(_) => answer.with_subscriber(NoSubscriber::default()).await,
    };
    result.map_err(|error| {
        let error = without_secret(name(&watch, &error), secret);
        without_secret(error, watch.token.get())
    })
}

fn name<E>(watch: &Watch, error: &SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    let action = watch.action;
    if !watch.transmitted() {
        return Error::Unconfigured {
            action,
            message: Chain(error).to_string(),
        };
    }
    match error {
        SdkError::ServiceError(answer) => classify(
            action,
            answer.err().code(),
            answer.err().message().unwrap_or("no message"),
            answer.raw().status().as_u16(),
        ),
        // An error status whose body is no error document: HTML, or nothing.
        SdkError::ResponseError(answer) if !answer.raw().status().is_success() => {
            classify(action, None, "", answer.raw().status().as_u16())
        }
        _ => Error::Unknown {
            action,
            message: Chain(error).to_string(),
        },
    }
}

/// AWS's messages can quote what they refuse.
fn without_secret(error: Error, secret: Option<&Password>) -> Error {
    let Some(secret) = secret.map(Password::expose).filter(|text| !text.is_empty()) else {
        return error;
    };
    let encoded = utf8_percent_encode(secret, QUERY).to_string();
    let hide = |text: String| text.replace(secret, HIDDEN).replace(&encoded, HIDDEN);
    match error {
        Error::Refused {
            refusal,
            action,
            code,
            message,
        } => Error::Refused {
            refusal,
            action,
            code: hide(code),
            message: hide(message),
        },
        Error::Unknown { action, message } => Error::Unknown {
            action,
            message: hide(message),
        },
        Error::Unconfigured { action, message } => Error::Unconfigured {
            action,
            message: hide(message),
        },
        throttled @ Error::Throttled { .. } => throttled,
    }
}
