//! Windows of the day and of the week, in UTC.

use jiff::{SignedDuration, Timestamp, civil::Weekday, tz::TimeZone};

const MINUTE: i32 = 60;
const DAY: i32 = 24 * MINUTE;
const WEEK: i32 = 7 * DAY;

/// Minutes since midnight and the length, of `hh:mm-hh:mm`.
pub fn daily(window: &str) -> Option<(i32, i32)> {
    let (from, to) = window.split_once('-')?;
    let (from, to) = (of_day(from)?, of_day(to)?);
    Some((from, (to - from).rem_euclid(DAY)))
}

/// Minutes since Monday's midnight and the length, of `ddd:hh:mm-ddd:hh:mm`.
pub fn weekly(window: &str) -> Option<(i32, i32)> {
    let (from, to) = window.split_once('-')?;
    let (from, to) = (of_week(from)?, of_week(to)?);
    Some((from, (to - from).rem_euclid(WEEK)))
}

fn of_day(time: &str) -> Option<i32> {
    let (hour, minute) = time.split_once(':')?;
    let two = |digits: &str, below: i32| {
        let digits = Some(digits).filter(|digits| digits.len() == 2)?;
        digits
            .parse()
            .ok()
            .filter(|number| (0..below).contains(number))
    };
    Some(two(hour, 24)? * MINUTE + two(minute, 60)?)
}

fn of_week(time: &str) -> Option<i32> {
    let (day, time) = time.split_once(':')?;
    let day = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        .iter()
        .position(|name| name.eq_ignore_ascii_case(day))?;
    Some(i32::try_from(day).ok()? * DAY + of_day(time)?)
}

/// When a maintenance window opens next, after a moment.
pub fn next_opening(window: &str, after: Timestamp) -> Option<Timestamp> {
    let (start, _) = weekly(window)?;
    let now = after.to_zoned(TimeZone::UTC);
    let day = i32::from(now.weekday().since(Weekday::Monday));
    let minute = day * DAY + i32::from(now.hour()) * MINUTE + i32::from(now.minute());
    let mut ahead = (start - minute).rem_euclid(WEEK);
    if ahead == 0 {
        ahead = WEEK;
    }
    let opening = now
        .with()
        .second(0)
        .subsec_nanosecond(0)
        .build()
        .ok()?
        .timestamp();
    Some(opening + SignedDuration::from_mins(i64::from(ahead)))
}

/// When a daily window opens next, after a moment.
pub fn next_daily(window: &str, after: Timestamp) -> Option<Timestamp> {
    let (start, _) = daily(window)?;
    let midnight = after.to_zoned(TimeZone::UTC).start_of_day().ok()?;
    let today = midnight.timestamp() + SignedDuration::from_mins(i64::from(start));
    Some(if today > after {
        today
    } else {
        today + SignedDuration::from_hours(24)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daily_window_opens_within_a_day() {
        let opening = |after: &str| {
            next_daily("03:00-03:30", after.parse().unwrap())
                .unwrap()
                .to_string()
        };
        assert_eq!(opening("2026-11-22T02:59:59Z"), "2026-11-22T03:00:00Z");
        assert_eq!(opening("2026-11-22T03:00:00Z"), "2026-11-23T03:00:00Z");
        assert_eq!(opening("2026-11-22T23:59:59Z"), "2026-11-23T03:00:00Z");
    }

    #[test]
    fn windows_are_read() {
        assert_eq!(daily("23:30-00:30"), Some((1410, 60)));
        assert_eq!(weekly("Sun:23:30-mon:00:30"), Some((10_050, 60)));
        for wrong in ["", "1:00-2:00", "24:00-01:00", "01:60-02:00", "01:00"] {
            assert_eq!(daily(wrong), None, "{wrong}");
        }
        assert_eq!(weekly("xyz:00:00-mon:01:00"), None);
    }

    #[test]
    fn a_window_opens_within_a_week() {
        // 2026-11-22 was a Sunday.
        let opening = |after: &str| {
            next_opening("sun:05:00-sun:06:00", after.parse().unwrap())
                .unwrap()
                .to_string()
        };
        assert_eq!(opening("2026-11-22T04:59:59Z"), "2026-11-22T05:00:00Z");
        assert_eq!(opening("2026-11-22T05:00:00Z"), "2026-11-29T05:00:00Z");
        assert_eq!(opening("2026-11-23T00:00:00Z"), "2026-11-29T05:00:00Z");
    }
}
