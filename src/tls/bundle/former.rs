//! CAs that were published, and that this replica serves under no more: others may
//! still, so they stay for a time.
//!
//! Nothing here may read a clock. It remembers nothing that a restart would lose
//! to anybody's harm: a leader that begins anew counts anew.

use std::time::Duration;

use rustls::pki_types::CertificateDer;
use tokio::time::Instant;

use super::super::trust::Trust;

/// Since when each was found to be one.
#[derive(Debug, Clone)]
pub(super) struct Former {
    overlap: Duration,
    since: Vec<(CertificateDer<'static>, Instant)>,
}

impl Former {
    /// Each stays for so long.
    pub(super) fn new(overlap: Duration) -> Self {
        Self {
            overlap,
            since: Vec::new(),
        }
    }

    /// What is to be published, where this is, and this has to be.
    pub(super) fn keep(&mut self, published: &Trust, wanted: &Trust, now: Instant) -> Trust {
        self.since
            .retain(|(former, _)| published.has(former) && !wanted.has(former));
        for certificate in published.iter() {
            let known = self.since.iter().any(|(former, _)| former == certificate);
            if !known && !wanted.has(certificate) {
                self.since.push((certificate.clone(), now));
            }
        }
        let overlap = self.overlap;
        let kept = self
            .since
            .iter()
            .filter(|(_, since)| *since + overlap > now);
        wanted.and(&kept.map(|(former, _)| former.clone()).collect())
    }

    /// When the next one goes.
    pub(super) fn next(&self) -> Option<Instant> {
        let ends = self.since.iter().map(|(_, since)| *since + self.overlap);
        ends.min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::Authority;
    use jiff::Timestamp;

    #[test]
    fn what_is_served_under_no_more_stays_for_the_overlap() {
        let [a, b] = [(); 2].map(|()| Authority::generate(Timestamp::now()).unwrap().trust());
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut former = Former::new(Duration::from_mins(1));
        assert_eq!(former.keep(&Trust::default(), &a, at(0)), a);
        assert_eq!(former.next(), None);
        // Both are about to be served under, for however long.
        let both = a.and(&b);
        assert_eq!(former.keep(&a, &both, at(0)), both);
        assert_eq!(former.keep(&both, &both, at(600)), both);
        // Now this replica has swapped; whoever looks how often.
        assert_eq!(former.keep(&both, &b, at(600)), b.and(&a));
        assert_eq!(former.next(), Some(at(660)));
        assert_eq!(former.keep(&b.and(&a), &b, at(659)), b.and(&a));
        assert_eq!(former.keep(&b.and(&a), &b, at(660)), b);
        assert_eq!(former.keep(&b, &b, at(661)), b);
        assert_eq!(former.next(), None);
        // Once more, it has its time once more.
        assert_eq!(former.keep(&both, &b, at(900)), b.and(&a));
    }
}
