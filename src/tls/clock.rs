//! The time by which certificates are made and judged: that of the API server,
//! which is who checks them.
//!
//! Nothing here may change a clock, or hide that it is wrong.

use jiff::{SignedDuration, Timestamp};

use crate::complaint::Complaint;
use crate::metrics::Metrics;

/// How far apart two clocks may be said to be by an answer that was under way
/// for some seconds, and whose date knows whole seconds.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(60);

/// This machine's clock, and by how much it is ahead of the API server's.
#[derive(Debug)]
pub(super) struct Clock {
    ahead: SignedDuration,
    complaint: Complaint,
    /// What nobody but the log has been told.
    news: Option<String>,
    metrics: Metrics,
}

impl Clock {
    /// Taken to be right until an answer says otherwise.
    pub(super) fn new(metrics: Metrics) -> Self {
        Self {
            ahead: SignedDuration::ZERO,
            complaint: Complaint::default(),
            news: None,
            metrics,
        }
    }

    /// One by which it is so much later than by this machine's.
    #[cfg(test)]
    pub(super) fn later_by(duration: SignedDuration) -> Self {
        Self {
            ahead: -duration,
            ..Self::new(Metrics::new())
        }
    }

    /// The API server's time, as well as it is known.
    pub(super) fn now(&self) -> Timestamp {
        let ours = Timestamp::now();
        ours.checked_sub(self.ahead).unwrap_or(ours)
    }

    /// An answer of the API server bore this date.
    pub(super) fn compare(&mut self, date: Timestamp) {
        let ahead = Timestamp::now().duration_since(date);
        self.metrics.clock_skew(ahead);
        if ahead.abs() <= TOLERANCE {
            self.ahead = SignedDuration::ZERO;
            self.news = None;
            if self.complaint.settle() {
                tracing::info!("the clock agrees with the API server's again");
            }
            return;
        }
        self.ahead = ahead;
        let side = if ahead.is_positive() {
            "ahead of"
        } else {
            "behind"
        };
        // In words that stay the same while a wrong clock goes on ticking.
        if self.complaint.is_new(side) {
            let text = format!(
                "the clock of this machine is {:#} {side} the API server's: set both by NTP. \
                 Certificates are made by the API server's; AWS refuses calls more than five \
                 minutes off",
                SignedDuration::from_secs(ahead.abs().as_secs())
            );
            tracing::warn!("{text}");
            self.news = Some(text);
        }
    }

    /// What is wrong with it, as long as nobody was told.
    pub(super) fn news(&self) -> Option<&str> {
        self.news.as_deref()
    }

    /// Somebody was.
    pub(super) fn told(&mut self) {
        self.news = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skew(metrics: &Metrics) -> f64 {
        let page = metrics.encode().unwrap();
        let line = page
            .lines()
            .find_map(|line| line.strip_prefix("stow_clock_skew_seconds "));
        line.unwrap().parse().unwrap()
    }

    #[test]
    fn a_wrong_clock_is_told_and_its_time_is_the_servers() {
        let metrics = Metrics::new();
        let mut clock = Clock::new(metrics.clone());
        for hours in [-50_i32, 50_000] {
            let server = Timestamp::now() + SignedDuration::from_hours(hours.into());
            clock.compare(server);
            let apart = clock.now().duration_since(server).abs();
            assert!(apart < TOLERANCE, "{apart:?}");
            let side = if hours < 0 { "50h ahead of" } else { "behind" };
            assert!(clock.news().is_some_and(|news| news.contains(side)));
            clock.compare(server);
            clock.told();
            clock.compare(server);
            assert_eq!(clock.news(), None, "it is told once");
            let ours_ahead = -f64::from(hours) * 3600.0;
            assert!((skew(&metrics) - ours_ahead).abs() < 60.0);
        }
        // What is right again was never news.
        clock.compare(Timestamp::now() + SignedDuration::from_hours(1));
        clock.compare(Timestamp::now() - SignedDuration::from_hours(1));
        assert!(clock.news().is_some());
        // So little may be the answer's way.
        clock.compare(Timestamp::now() - SignedDuration::from_secs(20));
        assert_eq!(clock.ahead, SignedDuration::ZERO);
        assert_eq!(clock.news(), None);
    }
}
