//! The Lease as a record: who holds it, whether it may be taken, and what is
//! written into it.
//!
//! Pure: no client, and no clock that is not handed in.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::ObjectMeta;
use tokio::time::Instant;

/// What a candidate may do about the Lease as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// There is none: create it.
    Absent,
    /// Nobody holds it, its holder was not heard of for its whole duration, or
    /// it is ours already (an answer was lost): write our claim.
    Free,
    /// Another holds it, and until then at least it may not be taken.
    Held {
        /// The holder's identity.
        by: String,
        /// The instant from which its silence counts as its end.
        until: Instant,
    },
}

/// What one candidate has seen of the Lease.
///
/// A holder is alive as long as its record CHANGES within the duration that it
/// promised, measured from when this process saw the change. Its timestamps are
/// never compared with a clock here: the two machines may differ by minutes.
#[derive(Debug)]
pub(super) struct Observer {
    identity: String,
    /// Where a record names no duration.
    default: Duration,
    seen: Option<(LeaseSpec, Instant)>,
}

impl Observer {
    pub(super) fn new(identity: String, default: Duration) -> Self {
        Self {
            identity,
            default,
            seen: None,
        }
    }

    /// Judges the record. `now` is an instant AFTER the answer that brought it
    /// had arrived: measured from before, silence would seem longer than it was.
    pub(super) fn judge(&mut self, lease: Option<&Lease>, now: Instant) -> Verdict {
        let Some(lease) = lease else {
            self.seen = None;
            return Verdict::Absent;
        };
        let spec = lease.spec.clone().unwrap_or_default();
        let Some(holder) = holder(lease).map(str::to_owned) else {
            self.seen = None;
            return Verdict::Free;
        };
        if holder == self.identity {
            self.seen = None;
            return Verdict::Free;
        }
        let promised = spec
            .lease_duration_seconds
            .and_then(|seconds| u64::try_from(seconds).ok())
            .filter(|seconds| *seconds > 0)
            .map_or(self.default, Duration::from_secs);
        let since = match &self.seen {
            Some((before, since)) if *before == spec => *since,
            _ => {
                self.seen = Some((spec, now));
                now
            }
        };
        let until = since + promised;
        if now < until {
            Verdict::Held { by: holder, until }
        } else {
            Verdict::Free
        }
    }
}

/// Who holds the Lease, as its record says.
pub(super) fn holder(lease: &Lease) -> Option<&str> {
    let holder = lease.spec.as_ref()?.holder_identity.as_deref()?;
    (!holder.is_empty()).then_some(holder)
}

/// The Lease with our claim on it, to create or, with the resourceVersion of
/// `previous`, to replace.
pub(super) fn claim(
    name: &str,
    previous: Option<Lease>,
    identity: &str,
    duration: Duration,
    now: Timestamp,
) -> Lease {
    let fresh = previous.is_none();
    let mut lease = previous.unwrap_or_else(|| Lease {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            ..ObjectMeta::default()
        },
        spec: None,
    });
    let ours = holder(&lease) == Some(identity);
    let spec = lease.spec.get_or_insert_default();
    if !ours {
        spec.acquire_time = Some(MicroTime(now));
        let before = spec.lease_transitions.unwrap_or(0);
        spec.lease_transitions = Some(if fresh { 0 } else { before.saturating_add(1) });
    }
    spec.holder_identity = Some(identity.to_owned());
    spec.lease_duration_seconds = Some(whole_seconds(duration));
    spec.renew_time = Some(MicroTime(now));
    lease
}

/// The Lease given back: whoever reads it next may take it at once.
pub(super) fn released(mut lease: Lease, now: Timestamp) -> Lease {
    let spec = lease.spec.get_or_insert_default();
    spec.holder_identity = None;
    spec.renew_time = Some(MicroTime(now));
    lease
}

/// Rounded up: others must wait at least as long as the holder may act.
fn whole_seconds(duration: Duration) -> i32 {
    let up = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    i32::try_from(up.max(1)).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULT: Duration = Duration::from_secs(15);

    fn lease(holder: Option<&str>, duration: Option<i32>, renewed: i64) -> Lease {
        Lease {
            metadata: ObjectMeta::default(),
            spec: Some(LeaseSpec {
                holder_identity: holder.map(str::to_owned),
                lease_duration_seconds: duration,
                renew_time: Some(MicroTime(Timestamp::from_second(renewed).unwrap())),
                lease_transitions: Some(4),
                ..LeaseSpec::default()
            }),
        }
    }

    fn after(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn what_a_first_look_says() {
        let now = Instant::now();
        let held = |seconds| Verdict::Held {
            by: "other".to_owned(),
            until: now + after(seconds),
        };
        let table = [
            (None, Verdict::Absent),
            (Some(lease(None, None, 0)), Verdict::Free),
            (Some(lease(Some(""), Some(15), 0)), Verdict::Free),
            (Some(Lease::default()), Verdict::Free),
            (Some(lease(Some("me"), Some(15), 0)), Verdict::Free),
            // Renewed in 1970 by the holder's clock: that proves nothing.
            (Some(lease(Some("other"), Some(15), 0)), held(15)),
            (Some(lease(Some("other"), Some(60), 0)), held(60)),
            (Some(lease(Some("other"), None, 0)), held(15)),
            (Some(lease(Some("other"), Some(0), 0)), held(15)),
            (Some(lease(Some("other"), Some(-3), 0)), held(15)),
        ];
        for (lease, verdict) in table {
            let mut observer = Observer::new("me".to_owned(), DEFAULT);
            assert_eq!(observer.judge(lease.as_ref(), now), verdict, "{lease:?}");
        }
    }

    #[test]
    fn silence_counts_from_the_change_that_was_seen_last() {
        let start = Instant::now();
        let mut observer = Observer::new("me".to_owned(), DEFAULT);
        let mut look = |lease: Lease, seconds| {
            matches!(
                observer.judge(Some(&lease), start + after(seconds)),
                Verdict::Free
            )
        };
        assert!(!look(lease(Some("other"), Some(15), 100), 0));
        assert!(!look(lease(Some("other"), Some(15), 100), 14));
        // It renewed; the clock it renewed by runs backwards, and no matter.
        assert!(!look(lease(Some("other"), Some(15), 50), 14));
        assert!(!look(lease(Some("other"), Some(15), 50), 28));
        assert!(look(lease(Some("other"), Some(15), 50), 29));
        // A third one took it meanwhile.
        assert!(!look(lease(Some("third"), Some(15), 50), 30));
    }

    #[test]
    fn a_claim_keeps_the_books() {
        let now = Timestamp::from_second(1000).unwrap();
        let first = claim("stow", None, "me", DEFAULT, now).spec.unwrap();
        assert_eq!(first.lease_transitions, Some(0));
        assert_eq!(first.acquire_time, Some(MicroTime(now)));
        assert_eq!(first.lease_duration_seconds, Some(15));

        let taken = claim(
            "stow",
            Some(lease(Some("other"), None, 1)),
            "me",
            DEFAULT,
            now,
        );
        assert_eq!(taken.spec.unwrap().lease_transitions, Some(5));

        let ours = lease(Some("me"), None, 1);
        let renewed = claim("stow", Some(ours), "me", DEFAULT, now).spec.unwrap();
        assert_eq!(
            renewed.lease_transitions,
            Some(4),
            "a renewal is no transition"
        );
        assert_eq!(renewed.acquire_time, None, "and no acquisition");
        assert_eq!(renewed.renew_time, Some(MicroTime(now)));
    }

    #[test]
    fn a_released_lease_is_free_at_once() {
        let now = Timestamp::from_second(1000).unwrap();
        let given_back = released(lease(Some("other"), Some(15), 1), now);
        let mut observer = Observer::new("me".to_owned(), DEFAULT);
        assert_eq!(
            observer.judge(Some(&given_back), Instant::now()),
            Verdict::Free
        );
    }

    #[test]
    fn a_fraction_of_a_second_is_never_cut_off() {
        assert_eq!(whole_seconds(Duration::from_millis(1500)), 2);
        assert_eq!(whole_seconds(Duration::ZERO), 1);
    }
}
