//! What an answer of the API server comes to: final, or worth another try.
//!
//! Nothing here may make a call, or wait.

use std::time::Duration;

use kube::core::Status;

use crate::chain::Chain;
use crate::migrate::Error;
use crate::untyped::is_gone;

/// Why a call was not carried out, and will not be however often it is made.
#[derive(Debug)]
pub(in crate::migrate) enum Refusal {
    /// What it was for is not there.
    Gone,
    /// There are no such objects at all: the CRD is gone, or this API server has
    /// not heard of it yet.
    Unserved,
    /// It was about another state of the object than there is.
    Conflict,
    /// A page token was too old; perhaps with another to go on from.
    Expired(Option<String>),
    /// The API server's words.
    Refused(String),
    /// There is no going on at all.
    Fatal(Error),
}

/// What passes by itself.
pub(super) struct Trouble {
    pub(super) words: String,
    /// When the API server asked to be asked again.
    pub(super) after: Option<Duration>,
}

impl Trouble {
    pub(super) fn new(words: String) -> Self {
        Self { words, after: None }
    }
}

/// What an answer comes to.
pub(super) enum Judged {
    Final(Refusal),
    /// The same, with the API server's words, unless it has only just begun: until
    /// it has read who may do what, and what it serves, it refuses whatever it is
    /// asked.
    Doubtful(Refusal, String),
    /// It was not answered at all: why.
    Away(String),
    Passing(Trouble),
}

/// What a failed call comes to.
pub(super) fn judged(error: kube::Error) -> Judged {
    let status = match error {
        kube::Error::Api(status) => status,
        kube::Error::SerdeError(error) => {
            let words = crate::complaint::unreadable(&error);
            return Judged::Final(Refusal::Fatal(Error::Away(format!("to go on: {words}"))));
        }
        kube::Error::Auth(error) => {
            let words = Chain(&error).to_string();
            return Judged::Final(Refusal::Fatal(Error::Denied(words)));
        }
        other => return Judged::Away(Chain(&other).to_string()),
    };
    let words = status.message.clone();
    let doubtful = |refusal| Judged::Doubtful(refusal, status.message.clone());
    Judged::Final(match status.code {
        401 => return doubtful(Refusal::Fatal(Error::Denied(words))),
        403 => return doubtful(Refusal::Refused(words)),
        404 if is_gone(&status) => Refusal::Gone,
        404 => return doubtful(Refusal::Unserved),
        409 => Refusal::Conflict,
        410 => Refusal::Expired(next(&status)),
        408 | 429 | 500.. => {
            let seconds = status.details.map(|details| details.retry_after_seconds);
            return Judged::Passing(Trouble {
                words,
                after: seconds.map(|seconds| Duration::from_secs(seconds.into())),
            });
        }
        _ => Refusal::Refused(words),
    })
}

/// Where a list can go on whose token is too old, if it can.
fn next(status: &Status) -> Option<String> {
    status.metadata.as_ref()?.continue_.clone()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(status: serde_json::Value) -> Refusal {
        let status = serde_json::from_value(status).unwrap();
        match judged(kube::Error::Api(Box::new(status))) {
            Judged::Final(refusal) | Judged::Doubtful(refusal, _) => refusal,
            Judged::Passing(trouble) => panic!("{}", trouble.words),
            Judged::Away(words) => panic!("{words}"),
        }
    }

    #[test]
    fn an_object_that_is_gone_is_none_of_an_api_server_that_knows_no_such_objects() {
        let gone = json!({"status": "Failure", "code": 404, "reason": "NotFound",
            "message": "postgresdbs.myob.com \"a\" not found",
            "details": {"name": "a", "group": "myob.com", "kind": "postgresdbs"}});
        assert!(matches!(refused(gone), Refusal::Gone));
        for unserved in [
            json!({"status": "Failure", "code": 404, "message": "404 page not found"}),
            json!({"status": "Failure", "code": 404, "reason": "NotFound", "details": {},
                "message": "the server could not find the requested resource"}),
        ] {
            assert!(matches!(refused(unserved), Refusal::Unserved));
        }
    }
}
