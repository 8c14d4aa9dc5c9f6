//! Leader election by a Lease: one replica reconciles, and proves to itself
//! before every mutation that it is still the one.
//!
//! The proof is a [`Fence`], whose deadline lies on this machine's monotonic
//! clock before the instant from which another replica may take the Lease. A
//! process that was frozen, or cut off from the API server, so stops by itself.
//!
//! Nothing here may know what the leader does, and losing the lead never ends
//! the process: it goes on converting.

mod fence;
mod record;
mod term;

pub use fence::{Fence, NotLeading};

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use kube::{Api, Client};
use tokio_util::sync::CancellationToken;

use crate::complaint::Attempt;
use crate::metrics::Metrics;
use term::Ending;

/// The Lease's name, in the operator's namespace.
pub const LEASE: &str = "stow";

const MANIFEST: &str = "yaml/deployment.yaml";
const GET: Attempt<'static> = Attempt {
    verb: "get",
    resource: "leases.coordination.k8s.io \"stow\"",
    manifest: MANIFEST,
};
const CREATE: Attempt<'static> = Attempt {
    verb: "create",
    resource: "leases.coordination.k8s.io",
    manifest: MANIFEST,
};
const UPDATE: Attempt<'static> = Attempt {
    verb: "update",
    ..GET
};

/// How long things take in an election.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// How long a holder is trusted without a renewal. Others wait that long.
    pub lease: Duration,
    /// How much earlier than others may take the Lease its holder stops: time
    /// for what it has already sent to arrive or to die.
    pub margin: Duration,
    /// How often a holder renews.
    pub renew_every: Duration,
    /// How long one call about the Lease may take: several have to fit between
    /// a renewal and the deadline, or one lost packet would cost the lead.
    pub attempt: Duration,
    /// How often a candidate looks, and the first pause after an error; how long
    /// after a renewal that failed the next is sent.
    pub retry_every: Duration,
}

impl Default for Timing {
    /// The durations of Kubernetes' own controllers, with their renewal pulled
    /// forward, so that one lost renewal is no lost lead.
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(15),
            margin: Duration::from_secs(3),
            renew_every: Duration::from_secs(5),
            attempt: Duration::from_secs(3),
            retry_every: Duration::from_secs(2),
        }
    }
}

impl Timing {
    /// The durations that go with a lease. A shorter one than the default
    /// shortens the others in proportion, or the deadline would come before the
    /// first renewal; a longer one leaves them, since candidates should not be
    /// slower to see that a Lease was given back.
    pub fn of(lease: Duration) -> Self {
        let usual = Self::default();
        let share = (lease.as_secs_f64() / usual.lease.as_secs_f64()).min(1.0);
        Self {
            lease,
            margin: usual.margin.mul_f64(share),
            renew_every: usual.renew_every.mul_f64(share),
            attempt: usual.attempt.mul_f64(share),
            retry_every: usual.retry_every.mul_f64(share),
        }
    }
}

/// A replica that stands for election.
#[derive(Clone)]
pub struct Candidate {
    api: Api<Lease>,
    identity: String,
    timing: Timing,
    metrics: Metrics,
}

impl Candidate {
    /// `identity` must be this process's alone, and not its Pod's name alone: a
    /// container that restarts keeps the name, but not what it had in flight.
    pub fn new(
        client: Client,
        namespace: &str,
        identity: impl Into<String>,
        timing: Timing,
        metrics: Metrics,
    ) -> Self {
        Self {
            api: Api::namespaced(client, namespace),
            identity: identity.into(),
            timing,
            metrics,
        }
    }

    /// Stands for election until `shutdown`, and runs `work` whenever this
    /// replica leads, with the fence of that term.
    ///
    /// The work is dropped when the lead is lost. On `shutdown` it is dropped
    /// first, and then the Lease is given back, so that another replica takes
    /// over at once. Work that ends by itself gives the Lease back too.
    pub async fn run<W, F>(&self, shutdown: CancellationToken, mut work: W)
    where
        W: FnMut(Fence) -> F,
        F: Future<Output = ()>,
    {
        self.metrics.leading(false);
        let mut observer = self.observer();
        loop {
            let mut term = tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                term = self.campaign(&mut observer) => term,
            };
            tracing::info!(identity = self.identity, "this replica leads");
            self.metrics.leading(true);
            let ending = {
                let work = pin!(work(term.fence()));
                tokio::select! {
                    biased;
                    () = shutdown.cancelled() => Ending::Shutdown,
                    ending = self.hold(&mut term) => ending,
                    () = work => Ending::WorkEnded,
                }
            };
            drop(term);
            self.metrics.leading(false);
            match ending {
                Ending::Shutdown => break,
                Ending::WorkEnded => {
                    tracing::error!("the leader's work ended by itself; giving the lead back");
                    self.release().await;
                    self.pause(&shutdown, self.timing.retry_every).await;
                }
                lost => tracing::warn!("this replica does not lead any more: {lost}"),
            }
        }
        // Also as a candidate: a claim may be on its way whose answer we did
        // not wait for.
        self.release().await;
    }

    async fn pause(&self, shutdown: &CancellationToken, time: Duration) {
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(time) => {}
        }
    }
}

/// A fence of a term that is over, for the tests of what obeys one.
#[cfg(test)]
pub(crate) fn shut_fence() -> Fence {
    fence::Gate::new(tokio::time::Instant::now()).1
}

#[cfg(test)]
mod tests;
