//! Whether a replica can take calls, and when it has to speak for itself.
//!
//! Pure: nothing here may read a clock, or publish anything.

use std::time::Duration;

use tokio::time::Instant;

use super::sight::{SETTLE, Sight};
use super::trust::Trust;

/// How long the leader is given to publish the CA of a replica that takes no calls
/// yet. A leader that is configured otherwise, in the middle of a rollout, does not
/// know it.
const STARTING: Duration = Duration::from_secs(15);

/// The same, of a replica that takes calls: they fail until then.
const SERVING: Duration = Duration::from_secs(1);

/// A replica that starts is not ready while the CRD is known to publish other CAs
/// alone. Once it is, it stays so.
#[derive(Debug)]
pub(super) struct Standing {
    ready: bool,
    /// Since when the CRD has been known not to publish its CA.
    denied: Option<Instant>,
    /// When what the CRD publishes is what API servers go by.
    settled: Instant,
}

impl Standing {
    /// Where all is well at a start, nothing has to settle.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            ready: false,
            denied: None,
            settled: now,
        }
    }

    /// This is how it is reached now. Whether it can take calls.
    pub(super) fn see(&mut self, sight: &Sight, trust: &Trust, now: Instant) -> bool {
        if sight.denies(trust) {
            self.denied = self.denied.or(Some(now));
        } else {
            if self.denied.take().is_some() {
                self.settled = sight.since + SETTLE;
            }
            self.ready = self.ready || self.settled <= now;
        }
        self.ready
    }

    /// When it publishes its CA itself, unless that is published until then.
    pub(super) fn introduction(&self) -> Option<Instant> {
        let grace = if self.ready { SERVING } else { STARTING };
        self.denied.map(|since| since + grace)
    }

    /// It has tried to.
    pub(super) fn introduced(&mut self, now: Instant) {
        self.denied = Some(now);
    }

    /// When it has to be looked at again, whatever happens.
    pub(super) fn due(&self) -> Option<Instant> {
        let settling = !self.ready && self.denied.is_none();
        self.introduction().or(settling.then_some(self.settled))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::Authority;
    use crate::tls::sight::Published;
    use jiff::Timestamp;

    fn ca() -> Trust {
        Authority::generate(Timestamp::now()).unwrap().trust()
    }

    fn sight(published: Published, since: Instant) -> Sight {
        Sight {
            published,
            since,
            youngest: None,
        }
    }

    #[test]
    fn a_replica_takes_calls_once_its_ca_is_published_and_settled() {
        let (ours, theirs, start) = (ca(), ca(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut standing = Standing::new(start);
        let others = sight(Published::Trust(theirs.clone()), start);
        assert!(!standing.see(&others, &ours, at(0)));
        assert_eq!(standing.introduction(), Some(at(0) + STARTING));
        assert!(!standing.see(&others, &ours, at(60)));
        standing.introduced(at(60));
        assert_eq!(standing.due(), Some(at(60) + STARTING));

        let both = sight(Published::Trust(theirs.and(&ours)), at(61));
        assert!(!standing.see(&both, &ours, at(62)));
        assert_eq!(standing.due(), Some(at(61) + SETTLE));
        assert!(standing.see(&both, &ours, at(61) + SETTLE));
        assert_eq!(standing.due(), None);

        // It goes on, and says sooner that it is there.
        assert!(standing.see(&others, &ours, at(90)));
        assert_eq!(standing.introduction(), Some(at(90) + SERVING));
    }

    #[test]
    fn where_nobody_knows_better_it_takes_calls_at_once() {
        let (ours, start) = (ca(), Instant::now());
        for published in [
            Published::Unknown,
            Published::NoDefinition,
            Published::Trust(ours.clone()),
        ] {
            let mut standing = Standing::new(start);
            assert!(standing.see(&sight(published, start), &ours, start));
        }
    }
}
