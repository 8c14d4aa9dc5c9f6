//! Whether the API servers accept what a replica is about to serve: what the CRD
//! publishes, and which connections brought a call since.
//!
//! Nothing here may talk to the API server, or write anything. A change of the CRD
//! is live in an API server some time after it was written, and no status tells
//! when: a call that came over a connection made since is the proof.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::trust::Trust;

/// How long a change of the CRD may take until the last of several API servers
/// goes by it: 281 ms was the longest seen of one. One that has called proves
/// nothing of the others.
pub(super) const SETTLE: Duration = Duration::from_secs(5);

/// How long a call is waited for: where no object exists there is none to convert,
/// and one that is provoked may go to other replicas again and again.
pub(super) const UNCALLED: Duration = Duration::from_secs(30);

/// How long a leaf waits for a CRD that cannot be read: long enough for the leader
/// to have published its CA.
pub(super) const UNSEEN: Duration = Duration::from_secs(150);

/// Connections that brought a call, told by whoever serves them.
#[derive(Debug, Clone)]
pub struct Arrivals(watch::Sender<Option<Instant>>);

impl Default for Arrivals {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl Arrivals {
    /// A call came over a connection that began to be made then.
    pub fn came(&self, born: Instant) {
        self.0.send_if_modified(|youngest| {
            let younger = youngest.is_none_or(|youngest| youngest < born);
            if younger {
                *youngest = Some(born);
            }
            younger
        });
    }

    /// The youngest of them.
    pub(super) fn youngest(&self) -> watch::Receiver<Option<Instant>> {
        self.0.subscribe()
    }
}

/// What the CRD was last seen to publish.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Published {
    /// It could not be read yet.
    #[default]
    Unknown,
    /// There is no CRD, so nobody calls.
    NoDefinition,
    /// These; none where it has no `caBundle`.
    Trust(Trust),
}

/// All that a replica knows about how it is reached.
#[derive(Debug, Clone)]
pub(super) struct Sight {
    pub(super) published: Published,
    /// When that was first seen.
    pub(super) since: Instant,
    pub(super) youngest: Option<Instant>,
}

/// Whether a CA can be served under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Yes,
    /// From then on, whatever is seen until then.
    At(Instant),
    /// It is published, and a call would prove that this is live. From then on
    /// without one.
    UnlessCalled(Instant),
    /// Not before it is published.
    Unpublished,
}

impl Sight {
    /// Whether leaves of a CA that was found at `found` are accepted at `now`.
    pub(super) fn judge(&self, trust: &Trust, found: Instant, now: Instant) -> Verdict {
        let verdict = match &self.published {
            Published::NoDefinition => Verdict::Yes,
            Published::Unknown => Verdict::At(found + UNSEEN),
            Published::Trust(published) if !published.covers(trust) => Verdict::Unpublished,
            Published::Trust(_) => match self.youngest {
                Some(born) if born > self.since => Verdict::At(self.since + SETTLE),
                _ => Verdict::UnlessCalled(self.since + UNCALLED),
            },
        };
        match verdict {
            Verdict::At(due) | Verdict::UnlessCalled(due) if due <= now => Verdict::Yes,
            other => other,
        }
    }

    /// Whether it is known that what is published does not cover this.
    pub(super) fn denies(&self, trust: &Trust) -> bool {
        match &self.published {
            Published::Unknown | Published::NoDefinition => false,
            Published::Trust(published) => !published.covers(trust),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::Authority;
    use jiff::Timestamp;

    #[test]
    fn when_a_ca_can_be_served_under() {
        let [old, new] = [(); 2].map(|()| Authority::generate(Timestamp::now()).unwrap().trust());
        let since = Instant::now();
        let at = |seconds| since + Duration::from_secs(seconds);
        let before = since.checked_sub(Duration::from_secs(1));
        let both = Published::Trust(old.and(&new));
        let table = [
            (Published::NoDefinition, None, 0, Verdict::Yes),
            (Published::Unknown, None, 149, Verdict::At(at(150))),
            (Published::Unknown, None, 150, Verdict::Yes),
            (
                Published::Trust(Trust::default()),
                None,
                900,
                Verdict::Unpublished,
            ),
            (
                Published::Trust(old),
                Some(at(2)),
                900,
                Verdict::Unpublished,
            ),
            (both.clone(), None, 29, Verdict::UnlessCalled(at(30))),
            (both.clone(), before, 29, Verdict::UnlessCalled(at(30))),
            (both.clone(), Some(since), 29, Verdict::UnlessCalled(at(30))),
            (both.clone(), None, 30, Verdict::Yes),
            (both.clone(), Some(at(1)), 4, Verdict::At(at(5))),
            (both, Some(at(1)), 5, Verdict::Yes),
        ];
        for (published, youngest, now, expected) in table {
            let sight = Sight {
                published,
                since,
                youngest,
            };
            assert_eq!(
                sight.judge(&new, since, at(now)),
                expected,
                "{sight:?} {now}"
            );
        }
    }

    #[test]
    fn the_youngest_connection_is_told_and_no_older_one_after_it() {
        let arrivals = Arrivals::default();
        let first = Instant::now();
        let second = first + Duration::from_secs(1);
        let mut youngest = arrivals.youngest();
        arrivals.came(second);
        assert_eq!(*youngest.borrow_and_update(), Some(second));
        arrivals.came(first);
        arrivals.came(second);
        assert!(!youngest.has_changed().unwrap());
    }
}
