//! What a proxy shall do with the calls that a test picks out.
//!
//! A rule decides by the call alone; the journal is no business of a matcher.

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use http::{
    HeaderName, HeaderValue, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER},
};
use serde_json::json;
use tokio::sync::{mpsc, oneshot};

use super::{Shared, call::Call};
use crate::error::{Error, Result};

pub(super) type Matcher = Box<dyn Fn(&Call) -> bool + Send + Sync>;
pub(super) type Mapping = Arc<dyn Fn(String) -> String + Send + Sync>;

/// What happens to a call.
#[derive(Clone)]
pub(super) enum Effect {
    Lose,
    Drop,
    Delay(Duration),
    Answer(Answer),
    Misreport(Answer),
    Hold(mpsc::UnboundedSender<Held>),
    Map(Mapping),
}

pub(super) struct Entry {
    id: u64,
    matcher: Matcher,
    skip: u64,
    left: Option<u64>,
    hits: u64,
    effect: Effect,
}

impl Entry {
    /// The effect on this call, if the rule is for it; counts it then.
    pub(super) fn take(&mut self, call: &Call) -> Option<Effect> {
        if self.left == Some(0) || !(self.matcher)(call) {
            return None;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return None;
        }
        self.left = self.left.map(|left| left - 1);
        self.hits += 1;
        Some(self.effect.clone())
    }
}

/// A rule in the making. Without [`Self::once`] or [`Self::times`] it holds for
/// every call that matches.
#[must_use = "without an effect there is no rule"]
pub struct When<'a> {
    pub(super) shared: &'a Arc<Shared>,
    pub(super) matcher: Matcher,
    pub(super) skip: u64,
    pub(super) times: Option<u64>,
}

impl When<'_> {
    /// Lets the first `count` matching calls pass.
    pub fn skip(mut self, count: u64) -> Self {
        self.skip = count;
        self
    }

    /// For one call alone.
    pub fn once(self) -> Self {
        self.times(1)
    }

    /// For so many calls.
    pub fn times(mut self, count: u64) -> Self {
        self.times = Some(count);
        self
    }

    /// The call takes effect, and its answer is lost: when the upstream has
    /// answered in full, the connection is closed.
    pub fn lose(self) -> Rule {
        self.add(Effect::Lose)
    }

    /// The call is not forwarded; the connection is closed.
    pub fn drop(self) -> Rule {
        self.add(Effect::Drop)
    }

    /// The call is forwarded after a time.
    pub fn delay(self, delay: Duration) -> Rule {
        self.add(Effect::Delay(delay))
    }

    /// The call is not forwarded, but answered so.
    pub fn answer(self, answer: Answer) -> Rule {
        self.add(Effect::Answer(answer))
    }

    /// The call takes effect, and the caller is answered so, whatever came of it:
    /// as by a gateway that did not wait.
    pub fn misreport(self, answer: Answer) -> Rule {
        self.add(Effect::Misreport(answer))
    }

    /// The call takes effect, and its answer waits for what the test does with
    /// the [`Held`].
    pub fn hold(self) -> Holds {
        let (sender, receiver) = mpsc::unbounded_channel();
        let rule = self.add(Effect::Hold(sender));
        Holds { rule, receiver }
    }

    /// The body of the answer is rewritten; a watch never ends, so not its.
    pub fn map(self, mapping: impl Fn(String) -> String + Send + Sync + 'static) -> Rule {
        self.add(Effect::Map(Arc::new(mapping)))
    }

    fn add(self, effect: Effect) -> Rule {
        let mut state = self
            .shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let id = state.next_rule;
        state.next_rule += 1;
        state.rules.push(Entry {
            id,
            matcher: self.matcher,
            skip: self.skip,
            left: self.times,
            hits: 0,
            effect,
        });
        drop(state);
        Rule {
            shared: Arc::clone(self.shared),
            id,
        }
    }
}

/// A rule in force. It stays so when this is dropped.
pub struct Rule {
    shared: Arc<Shared>,
    id: u64,
}

impl Rule {
    /// How many calls it was applied to; 0 after its removal.
    pub fn hits(&self) -> u64 {
        let state = self
            .shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let entry = state.rules.iter().find(|entry| entry.id == self.id);
        entry.map_or(0, |entry| entry.hits)
    }

    /// Takes it back.
    pub fn remove(self) {
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .rules
            .retain(|entry| entry.id != self.id);
    }
}

/// The calls that a rule holds, in the order in which they were answered.
pub struct Holds {
    rule: Rule,
    receiver: mpsc::UnboundedReceiver<Held>,
}

impl Holds {
    /// The next one. Its effect has taken place, and its caller waits.
    pub async fn next(&mut self, within: Duration) -> Result<Held> {
        match tokio::time::timeout(within, self.receiver.recv()).await {
            Ok(Some(held)) => Ok(held),
            Ok(None) => Err(Error::Unexpected("the rule was removed".to_owned())),
            Err(_) => Err(Error::TimedOut {
                what: "a call to hold".to_owned(),
                waited: within,
                last: "no call matched".to_owned(),
            }),
        }
    }

    /// The rule itself.
    pub fn rule(&self) -> &Rule {
        &self.rule
    }
}

/// A call that took effect and whose answer is held back. Dropping it closes the
/// connection without an answer.
#[derive(Debug)]
pub struct Held {
    /// The call, with the status that its caller does not know yet.
    pub call: Call,
    pub(super) release: oneshot::Sender<()>,
}

impl Held {
    /// Lets the answer go to the caller, who may be gone.
    pub fn release(self) {
        let _gone = self.release.send(());
    }
}

/// An answer in the upstream's stead.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// Further headers.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body.
    pub body: String,
}

impl Answer {
    /// A fault as RDS words it, such as `InstanceQuotaExceeded`; of the two
    /// types the sender's below 500.
    pub fn rds_fault(status: StatusCode, code: &str, message: &str) -> Self {
        let fault = if status.is_server_error() {
            "Receiver"
        } else {
            "Sender"
        };
        Self {
            status,
            headers: vec![(CONTENT_TYPE, HeaderValue::from_static("text/xml"))],
            body: format!(
                "<ErrorResponse xmlns=\"http://rds.amazonaws.com/doc/2014-10-31/\"><Error>\
                 <Type>{fault}</Type><Code>{code}</Code><Message>{message}</Message></Error>\
                 <RequestId>00000000-0000-0000-0000-000000000000</RequestId></ErrorResponse>"
            ),
        }
    }

    /// The same, with the `Retry-After` that an API server sends while its queue
    /// is full.
    #[must_use]
    pub fn retry_after(mut self, seconds: u16) -> Self {
        self.headers.push((RETRY_AFTER, seconds.into()));
        self
    }

    /// A failure as Kubernetes words it, such as `Forbidden`.
    pub fn kubernetes_failure(status: StatusCode, reason: &str, message: &str) -> Self {
        let body = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": message, "reason": reason, "code": status.as_u16(),
        });
        Self {
            status,
            headers: vec![(CONTENT_TYPE, HeaderValue::from_static("application/json"))],
            body: body.to_string(),
        }
    }
}
