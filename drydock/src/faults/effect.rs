//! What can happen to a request.
//!
//! Only says what; the wire does it.

use serde::{Deserialize, Serialize};

use crate::{
    fault::{self, Fault},
    meddle::Meddling,
};

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// `Throttling`, HTTP 400. The action does not happen, as with every refusal
    /// here.
    Throttling,
    /// `ThrottlingException`, HTTP 400, which is the same in other words.
    ThrottlingException,
    /// `AccessDenied`, HTTP 403, with AWS's words.
    AccessDenied,
    /// `InternalFailure`, HTTP 500
    InternalFailure,
    /// `ServiceUnavailable`, HTTP 503
    ServiceUnavailable,
    /// Any refusal.
    Error(Refusal),
    /// HTTP 502 with a page of HTML, as from a gateway. The action does not
    /// happen.
    BadGateway,
    /// The connection is reset, and the action does not happen.
    Reset,
    /// The action happens, then the connection ends without an answer.
    LoseAnswer,
    /// The action happens so many milliseconds later, also if the client has
    /// given up by then.
    DelayAction(u64),
    /// The action happens, and the answer comes so many milliseconds later.
    DelayAnswer(u64),
    /// The action happens twice, as when something on the way repeats what it
    /// had no answer to. The second answer is sent.
    Duplicate,
    /// The action happens, and the second half of the answer is missing.
    TruncateAnswer,
    /// The action happens, and the answer is no XML that one can read.
    GarbleAnswer,
    /// For `DescribeDBInstances` with a Marker: the page begins so many
    /// instances later, so that they are missed, or (negative) earlier, so that
    /// they are seen twice, as when the list changed since the page before.
    Shift(i32),
    /// Before the action, something happens to an instance.
    Meddle(Behind),
}

/// A refusal with any code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// What clients branch on.
    pub code: String,
    /// The HTTP status: 400 to 599.
    #[serde(default = "bad_request")]
    pub status: u16,
    /// For people.
    #[serde(default = "by_a_rule")]
    pub message: String,
}

fn bad_request() -> u16 {
    400
}

fn by_a_rule() -> String {
    "Refused by a rule of drydock's.".to_owned()
}

/// Something that happens to an instance behind its clients' backs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behind {
    /// The instance's identifier, in the request's region.
    pub instance: String,
    /// What happens.
    pub how: Meddling,
}

impl Effect {
    /// What it is called, as in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Throttling => "throttling",
            Self::ThrottlingException => "throttling-exception",
            Self::AccessDenied => "access-denied",
            Self::InternalFailure => "internal-failure",
            Self::ServiceUnavailable => "service-unavailable",
            Self::Error(_) => "error",
            Self::BadGateway => "bad-gateway",
            Self::Reset => "reset",
            Self::LoseAnswer => "lose-answer",
            Self::DelayAction(_) => "delay-action",
            Self::DelayAnswer(_) => "delay-answer",
            Self::Duplicate => "duplicate",
            Self::TruncateAnswer => "truncate-answer",
            Self::GarbleAnswer => "garble-answer",
            Self::Shift(_) => "shift",
            Self::Meddle(_) => "meddle",
        }
    }

    /// The refusal that it is for a caller from this account, if it is one.
    pub fn refusal(&self, account: &str, action: &str) -> Option<Fault> {
        Some(match self {
            Self::Throttling => fault::THROTTLING.because("Rate exceeded"),
            Self::ThrottlingException => fault::THROTTLING_EXCEPTION.because("Rate exceeded"),
            Self::AccessDenied => fault::ACCESS_DENIED.because(format!(
                "User: arn:aws:iam::{account}:user/drydock is not authorized to perform: \
                 rds:{action} because no identity-based policy allows the rds:{action} action"
            )),
            Self::InternalFailure => {
                fault::INTERNAL_FAILURE.because("An internal error, by a rule of drydock's.")
            }
            Self::ServiceUnavailable => {
                fault::SERVICE_UNAVAILABLE.because("Unavailable, by a rule of drydock's.")
            }
            Self::Error(Refusal {
                code,
                status,
                message,
            }) => Fault {
                code: code.clone(),
                status: *status,
                message: message.clone(),
            },
            Self::BadGateway
            | Self::Reset
            | Self::LoseAnswer
            | Self::DelayAction(_)
            | Self::DelayAnswer(_)
            | Self::Duplicate
            | Self::TruncateAnswer
            | Self::GarbleAnswer
            | Self::Shift(_)
            | Self::Meddle(_) => return None,
        })
    }
}
