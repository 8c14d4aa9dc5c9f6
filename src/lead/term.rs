//! One candidate's dealings with the API server: winning the Lease, holding it,
//! giving it back.
//!
//! Nothing here may judge a record: that is `record`'s.

use std::fmt;

use backon::{BackoffBuilder, ExponentialBuilder};
use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use kube::api::PostParams;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::fence::{Fence, Gate};
use super::record::{Observer, Verdict, claim, holder, released};
use super::{CREATE, Candidate, GET, LEASE, UPDATE};
use crate::complaint::{Attempt, Complaint};

/// A Lease that is ours, as it was last written.
#[derive(Debug)]
pub(super) struct Term {
    lease: Lease,
    gate: Gate,
    fence: Fence,
    renewed: Instant,
    deadline: Instant,
}

impl Term {
    pub(super) fn fence(&self) -> Fence {
        self.fence.clone()
    }
}

/// Why a term ended.
#[derive(Debug)]
pub(super) enum Ending {
    Shutdown,
    WorkEnded,
    /// Another replica holds the Lease.
    Taken(String),
    /// The Lease was deleted: another may have created and taken a new one.
    Deleted,
    /// No renewal succeeded in time.
    Expired,
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shutdown => f.write_str("it stops"),
            Self::WorkEnded => f.write_str("its work ended"),
            Self::Taken(by) => write!(f, "{by} holds the Lease"),
            Self::Deleted => f.write_str("the Lease was deleted"),
            Self::Expired => f.write_str("the Lease could not be renewed in time"),
        }
    }
}

/// How one request about the Lease went.
enum Written {
    Done(Box<Lease>),
    /// It has changed since we read it, or is not there, or is there already.
    Stale,
    Gone,
    Failed(String),
}

impl Candidate {
    pub(super) fn observer(&self) -> Observer {
        Observer::new(self.identity.clone(), self.timing.lease)
    }

    /// Waits until the Lease is ours.
    pub(super) async fn campaign(&self, observer: &mut Observer) -> Term {
        let mut complaint = Complaint::default();
        let backoff = ExponentialBuilder::default()
            .with_min_delay(self.timing.retry_every)
            .with_max_delay(self.timing.lease.max(self.timing.retry_every))
            .with_jitter()
            .without_max_times();
        let mut pauses = backoff.build();
        let mut told = None;
        loop {
            let pause = match self.try_claim(observer).await {
                Ok(Claim::Won(term)) => return *term,
                Ok(Claim::Held { by, until }) => {
                    if told.as_ref() != Some(&by) {
                        tracing::info!("{by} leads; this replica stands by");
                        told = Some(by);
                    }
                    self.timing
                        .retry_every
                        .min(until.saturating_duration_since(Instant::now()))
                }
                Ok(Claim::Raced) => self.timing.retry_every,
                Err(text) => {
                    if complaint.is_new(&text) {
                        tracing::warn!("standing for election: {text}");
                    }
                    sleep(pauses.next().unwrap_or(self.timing.lease)).await;
                    continue;
                }
            };
            if complaint.settle() {
                pauses = backoff.build();
            }
            sleep(pause).await;
        }
    }

    async fn try_claim(&self, observer: &mut Observer) -> Result<Claim, String> {
        let found = self.read(None).await?;
        let previous = match observer.judge(found.as_ref(), Instant::now()) {
            Verdict::Held { by, until } => return Ok(Claim::Held { by, until }),
            Verdict::Absent => None,
            Verdict::Free => found,
        };
        let sent = Instant::now();
        let deadline = self.deadline(sent);
        match self.write(previous, deadline).await {
            // An answer that came too late is worth nothing: the next look
            // finds a Lease that is ours already, and renews it.
            Written::Done(_) if Instant::now() >= deadline => Ok(Claim::Raced),
            Written::Done(lease) => {
                let (gate, fence) = Gate::new(deadline);
                Ok(Claim::Won(Box::new(Term {
                    lease: *lease,
                    gate,
                    fence,
                    renewed: sent,
                    deadline,
                })))
            }
            Written::Stale | Written::Gone => Ok(Claim::Raced),
            Written::Failed(text) => Err(text),
        }
    }

    /// Renews until that is over.
    pub(super) async fn hold(&self, term: &mut Term) -> Ending {
        let mut complaint = Complaint::default();
        let mut next = term.renewed + self.timing.renew_every;
        loop {
            sleep_until(next.min(term.deadline)).await;
            let sent = Instant::now();
            if sent >= term.deadline {
                return Ending::Expired;
            }
            match self.write(Some(term.lease.clone()), term.deadline).await {
                Written::Done(lease) => {
                    term.lease = *lease;
                    term.renewed = sent;
                    // Not from now: others count from when the server wrote it,
                    // which was after it was sent and maybe long before now.
                    term.deadline = self.deadline(sent);
                    term.gate.extend(term.deadline);
                    next = sent + self.timing.renew_every;
                    complaint.settle();
                    continue;
                }
                Written::Gone => return Ending::Deleted,
                Written::Stale => match self.read(Some(term.deadline)).await {
                    Ok(None) => return Ending::Deleted,
                    Ok(Some(lease)) => match holder(&lease) {
                        // Ours still: somebody set a label, or a renewal had
                        // arrived of which we lost the answer.
                        Some(by) if by == self.identity => {
                            term.lease = lease;
                            next = Instant::now();
                            continue;
                        }
                        by => return Ending::Taken(by.unwrap_or("nobody").to_owned()),
                    },
                    Err(text) => warn_once(&mut complaint, &text),
                },
                Written::Failed(text) => warn_once(&mut complaint, &text),
            }
            next = sent + self.timing.retry_every;
        }
    }

    /// Gives the Lease back where it is ours, so that nobody has to wait for it.
    /// Best effort: it runs out by itself where this fails.
    pub(super) async fn release(&self) {
        let lease = match self.read(None).await {
            Ok(Some(lease)) if holder(&lease) == Some(&self.identity) => lease,
            Ok(_) => return,
            Err(text) => return tracing::warn!("giving the Lease back: {text}"),
        };
        // With the resourceVersion just read: another's claim is never undone.
        let lease = released(lease, Timestamp::now());
        let parameters = PostParams::default();
        let request = self.api.replace(LEASE, &parameters, &lease);
        match timeout_at(Instant::now() + self.timing.attempt, request).await {
            Ok(Ok(_)) => tracing::info!("gave the Lease back"),
            Ok(Err(error)) => tracing::warn!("giving the Lease back: {}", UPDATE.explain(&error)),
            Err(_) => tracing::warn!("giving the Lease back: {}", late(UPDATE)),
        }
    }

    fn deadline(&self, sent: Instant) -> Instant {
        sent + self.timing.lease.saturating_sub(self.timing.margin)
    }

    async fn read(&self, deadline: Option<Instant>) -> Result<Option<Lease>, String> {
        let limit = Instant::now() + self.timing.attempt;
        let limit = deadline.map_or(limit, |deadline| deadline.min(limit));
        match timeout_at(limit, self.api.get_opt(LEASE)).await {
            Ok(answer) => answer.map_err(|error| GET.explain(&error)),
            Err(_) => Err(late(GET)),
        }
    }

    async fn write(&self, previous: Option<Lease>, deadline: Instant) -> Written {
        let exists = previous.is_some();
        let attempt = if exists { UPDATE } else { CREATE };
        let lease = claim(
            LEASE,
            previous,
            &self.identity,
            self.timing.lease,
            Timestamp::now(),
        );
        let limit = deadline.min(Instant::now() + self.timing.attempt);
        let parameters = PostParams::default();
        let request = async {
            if exists {
                self.api.replace(LEASE, &parameters, &lease).await
            } else {
                self.api.create(&parameters, &lease).await
            }
        };
        match timeout_at(limit, request).await {
            Ok(Ok(lease)) => Written::Done(Box::new(lease)),
            Ok(Err(kube::Error::Api(status))) if status.code == 409 => Written::Stale,
            Ok(Err(kube::Error::Api(status))) if exists && status.code == 404 => Written::Gone,
            Ok(Err(error)) => Written::Failed(attempt.explain(&error)),
            Err(_) => Written::Failed(late(attempt)),
        }
    }
}

/// How one attempt to win the Lease went.
enum Claim {
    Won(Box<Term>),
    Held { by: String, until: Instant },
    Raced,
}

fn warn_once(complaint: &mut Complaint, text: &str) {
    if complaint.is_new(text) {
        tracing::warn!("renewing the Lease: {text}");
    }
}

fn late(attempt: Attempt<'_>) -> String {
    format!(
        "the API server did not answer in time to {} {}",
        attempt.verb, attempt.resource
    )
}
