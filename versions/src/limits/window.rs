//! Windows of the day and of the week, as RDS reads and compares them.
//!
//! Nothing here may know which window an instance has, or what time it is.

use super::{DAY, DAYS, SHORTEST_WINDOW, WEEK};

/// A window of the day or of the week, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Minutes since midnight, or since Monday's midnight.
    pub start: i64,
    /// Its length, in minutes.
    pub length: i64,
}

impl Window {
    /// A backup window, `hh:mm-hh:mm`; `None` where it is not written so.
    pub fn daily(text: &str) -> Option<Self> {
        let (from, to) = text.split_once('-')?;
        let (start, end) = (of_day(from)?, of_day(to)?);
        let length = (end - start).rem_euclid(DAY);
        Some(Self { start, length })
    }

    /// A maintenance window, `ddd:hh:mm-ddd:hh:mm`; `None` where it is not
    /// written so.
    pub fn weekly(text: &str) -> Option<Self> {
        let (from, to) = text.split_once('-')?;
        let (start, end) = (of_week(from)?, of_week(to)?);
        let length = (end - start).rem_euclid(WEEK);
        Some(Self { start, length })
    }

    /// Whether RDS takes a window of this length.
    pub fn is_long_enough(self) -> bool {
        (SHORTEST_WINDOW..DAY).contains(&self.length)
    }

    /// Whether two windows overlap on any day. One may begin as the other ends.
    pub fn overlaps(self, other: Self) -> bool {
        (other.start - self.start).rem_euclid(DAY) < self.length
            || (self.start - other.start).rem_euclid(DAY) < other.length
    }
}

fn of_day(text: &str) -> Option<i64> {
    let (hour, minute) = text.split_once(':')?;
    Some(two_digits(hour, 24)? * 60 + two_digits(minute, 60)?)
}

fn two_digits(text: &str, below: i64) -> Option<i64> {
    let plain = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
    let number = text.parse().ok().filter(|_| plain)?;
    (number < below).then_some(number)
}

fn of_week(text: &str) -> Option<i64> {
    let (day, time) = text.split_once(':')?;
    let day = DAYS.iter().position(|name| *name == day)?;
    Some(i64::try_from(day).ok()? * DAY + of_day(time)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_read_and_compared() {
        let backup = |text| Window::daily(text).expect("a window");
        let maintenance = |text| Window::weekly(text).expect("a window");
        let across_midnight = backup("23:45-00:15");
        assert_eq!((across_midnight.start, across_midnight.length), (1_425, 30));
        assert_eq!(maintenance("sun:23:45-mon:00:15").length, 30);
        for wrong in ["", "3:00-4:00", "24:00-01:00", "01:60-02:00", "+1:00-02:00"] {
            assert_eq!(Window::daily(wrong), None, "{wrong}");
        }
        assert_eq!(Window::weekly("Sun:05:00-Sun:06:00"), None);
        assert!(backup("05:00-05:30").is_long_enough());
        assert!(!backup("05:00-05:29").is_long_enough());
        assert!(!maintenance("sun:05:00-mon:05:00").is_long_enough());
        let late = maintenance("sun:05:30-sun:06:00");
        assert!(!backup("05:00-05:30").overlaps(late));
        assert!(backup("05:00-05:31").overlaps(late));
        assert!(!backup("06:00-06:30").overlaps(late));
        assert!(backup("05:59-06:30").overlaps(late));
        assert!(across_midnight.overlaps(maintenance("mon:00:00-mon:00:30")));
    }
}
