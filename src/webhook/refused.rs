//! What is not answered with a review, and how HTTP says so.
//!
//! Nothing here may tell of a conversion that failed: the API server takes its
//! message from a review alone.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use super::review::Malformed;
use crate::metrics::Review;

/// What is not answered with a review.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error(transparent)]
    Malformed(#[from] Malformed),
    #[error("the review is larger than {0} bytes, which is what this webhook takes")]
    TooLarge(usize),
    #[error("no room for the review in time: others are being converted")]
    NoRoom,
    #[error("the review did not arrive in time")]
    Slow,
    #[error("the review broke off: {0}")]
    BrokeOff(axum::Error),
    #[error("the conversion crashed: this is a bug in Stow")]
    Crashed,
}

impl Refused {
    pub(super) fn counts_as(&self) -> Review {
        match self {
            Self::Malformed(_) | Self::BrokeOff(_) => Review::Malformed,
            Self::TooLarge(_) => Review::TooLarge,
            Self::NoRoom | Self::Slow => Review::TimedOut,
            Self::Crashed => Review::Failure,
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Malformed(_) | Self::BrokeOff(_) => StatusCode::BAD_REQUEST,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NoRoom => StatusCode::SERVICE_UNAVAILABLE,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Crashed => StatusCode::INTERNAL_SERVER_ERROR,
        };
        tracing::warn!("refused a conversion review: {self}");
        // What is left of the body is not worth reading.
        let close = [(header::CONNECTION, HeaderValue::from_static("close"))];
        (status, close, format!("{self}\n")).into_response()
    }
}
