//! CAs that were published, and that this replica serves under no more: others may
//! still, so they stay for a time.
//!
//! Nothing here may read a clock. It remembers nothing that a restart would lose
//! to anybody's harm: a leader that begins anew counts anew.

use std::time::Duration;

use rustls::pki_types::CertificateDer;
use tokio::time::Instant;

use super::super::held::Wanted;
use super::super::trust::Trust;

/// How long a CA stays of which this replica does not know that another took its
/// place: replicas that are configured otherwise serve under it, until a rollout
/// is over.
const STRANGE: Duration = Duration::from_hours(1);

/// Since when each was found to be one.
#[derive(Debug, Clone)]
pub(super) struct Former {
    overlap: Duration,
    since: Vec<(CertificateDer<'static>, Instant)>,
}

impl Former {
    /// Each that this replica once served under stays for so long.
    pub(super) fn new(overlap: Duration) -> Self {
        Self {
            overlap,
            since: Vec::new(),
        }
    }

    /// What is to be published, where this is. What stays keeps its place: another
    /// order would be another change of the CRD.
    pub(super) fn keep(&mut self, published: &Trust, wanted: &Wanted, now: Instant) -> Trust {
        self.since
            .retain(|(former, _)| published.has(former) && !wanted.now.has(former));
        for certificate in published.iter() {
            let known = self.since.iter().any(|(former, _)| former == certificate);
            if !known && !wanted.now.has(certificate) {
                let stays = if wanted.once.has(certificate) {
                    self.overlap
                } else {
                    self.overlap.max(STRANGE)
                };
                self.since.push((certificate.clone(), now + stays));
            }
        }
        let over = |certificate| {
            let mut since = self.since.iter();
            since.any(|(former, until)| former == certificate && *until <= now)
        };
        let stays = published.iter().filter(|certificate| !over(*certificate));
        stays.cloned().collect::<Trust>().and(&wanted.now)
    }

    /// When the next one goes.
    pub(super) fn next(&self) -> Option<Instant> {
        self.since.iter().map(|(_, until)| *until).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::Authority;
    use jiff::Timestamp;

    fn ca() -> Trust {
        Authority::generate(Timestamp::now()).unwrap().trust()
    }

    #[test]
    fn what_is_served_under_no_more_stays_for_the_overlap() {
        let (a, b) = (ca(), ca());
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let wanted = |now: &Trust| Wanted {
            now: now.clone(),
            once: a.and(&b),
        };
        let mut former = Former::new(Duration::from_mins(1));
        assert_eq!(former.keep(&Trust::default(), &wanted(&a), at(0)), a);
        assert_eq!(former.next(), None);
        // Both are about to be served under, for however long.
        let both = a.and(&b);
        assert_eq!(former.keep(&a, &wanted(&both), at(0)), both);
        assert_eq!(former.keep(&both, &wanted(&both), at(600)), both);
        // Now this replica has swapped; whoever looks how often.
        assert_eq!(former.keep(&both, &wanted(&b), at(600)), both);
        assert_eq!(former.next(), Some(at(660)));
        assert_eq!(former.keep(&both, &wanted(&b), at(659)), both);
        assert_eq!(former.keep(&both, &wanted(&b), at(660)), b);
        assert_eq!(former.keep(&b, &wanted(&b), at(661)), b);
        assert_eq!(former.next(), None);
        // Once more, it has its time once more.
        assert_eq!(former.keep(&both, &wanted(&b), at(900)), both);
    }

    #[test]
    fn what_others_may_serve_under_stays_until_a_rollout_is_over() {
        let (ours, theirs) = (ca(), ca());
        let wanted = Wanted {
            now: ours.clone(),
            once: ours.clone(),
        };
        let start = Instant::now();
        let both = theirs.and(&ours);
        let mut former = Former::new(Duration::from_mins(5));
        assert_eq!(former.keep(&theirs, &wanted, start), both);
        let soon = start + Duration::from_mins(59);
        assert_eq!(former.keep(&both, &wanted, soon), both);
        assert_eq!(former.keep(&both, &wanted, start + STRANGE), ours);
    }
}
