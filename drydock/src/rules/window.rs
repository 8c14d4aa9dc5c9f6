//! Backup and maintenance windows.
//!
//! Must not know the time: whether one is open is the machine's part.

use super::invalid;
use crate::{
    fault::Fault,
    machine::{daily, weekly},
};

/// The shortest window, in minutes.
const SHORTEST: i32 = 30;
/// A maintenance window is shorter than a day.
const DAY: i32 = 24 * 60;

/// A daily backup window, `hh:mm-hh:mm`.
pub fn backup(window: &str) -> Result<(), Fault> {
    match daily(window) {
        Some((_, length)) if length >= SHORTEST => Ok(()),
        _ => Err(invalid(format!(
            "Invalid backup window: {window}. It has the format hh24:mi-hh24:mi and lasts 30 \
             minutes at least."
        ))),
    }
}

/// A weekly maintenance window, `ddd:hh:mm-ddd:hh:mm`.
pub fn maintenance(window: &str) -> Result<(), Fault> {
    match weekly(window) {
        Some((_, length)) if (SHORTEST..DAY).contains(&length) => Ok(()),
        _ => Err(invalid(format!(
            "Invalid maintenance window: {window}. It has the format \
             ddd:hh24:mi-ddd:hh24:mi, and lasts from 30 minutes to 24 hours."
        ))),
    }
}

/// The backup window must not run into the maintenance window.
pub fn apart(backup: &str, maintenance: &str) -> Result<(), Fault> {
    let (Some((from, length)), Some((start, span))) = (daily(backup), weekly(maintenance)) else {
        return Ok(());
    };
    let after = (start - from).rem_euclid(DAY);
    let before = (from - start).rem_euclid(DAY);
    if after < length || before < span {
        return Err(invalid(
            "The backup window and maintenance window must not overlap.",
        ));
    }
    Ok(())
}

/// The windows of an instance for which one or both were left to RDS. RDS draws
/// them at random; here they are the same each time, and never overlap what was
/// given.
pub fn chosen(backup: Option<String>, maintenance: Option<String>) -> (String, String) {
    let clock = |half: u32| format!("{:02}:{:02}", half / 2 % 24, half % 2 * 30);
    let daily = |half| format!("{}-{}", clock(half), clock(half + 1));
    let sunday = |half| format!("sun:{}-sun:{}", clock(half), clock(half + 1));
    match (backup, maintenance) {
        (Some(backup), Some(maintenance)) => (backup, maintenance),
        (None, maintenance) => {
            let maintenance = maintenance.unwrap_or_else(|| sunday(10));
            let backup = (6..54)
                .map(daily)
                .find(|backup| apart(backup, &maintenance).is_ok())
                .unwrap_or_else(|| daily(6));
            (backup, maintenance)
        }
        (Some(backup), None) => {
            // Those that end on the same day.
            let maintenance = (10..47)
                .map(sunday)
                .find(|maintenance| apart(&backup, maintenance).is_ok())
                .unwrap_or_else(|| sunday(10));
            (backup, maintenance)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows() {
        assert!(backup("05:00-05:30").is_ok());
        assert!(backup("23:45-00:15").is_ok());
        assert!(backup("05:00-05:29").is_err());
        assert!(backup("5-6").is_err());
        assert!(maintenance("sun:05:00-sun:06:00").is_ok());
        assert!(maintenance("sun:23:45-mon:00:15").is_ok());
        assert!(maintenance("sun:05:00-mon:05:00").is_err());
        assert!(maintenance("05:00-06:00").is_err());
    }

    #[test]
    fn what_is_chosen_fits_what_was_given() {
        let chosen = |backup: Option<&str>, maintenance: Option<&str>| {
            super::chosen(backup.map(str::to_owned), maintenance.map(str::to_owned))
        };
        let (one, other) = chosen(None, None);
        assert_eq!((&*one, &*other), ("03:00-03:30", "sun:05:00-sun:05:30"));
        let (backup, _) = chosen(None, Some("tue:02:45-tue:04:10"));
        assert_eq!(backup, "04:30-05:00");
        let (_, maintenance) = chosen(Some("04:00-05:30"), None);
        assert_eq!(maintenance, "sun:05:30-sun:06:00");
        for hour in 0..23 {
            let given = format!("{hour:02}:00-{:02}:00", hour + 1);
            let (backup, maintenance) = chosen(Some(&given), None);
            assert!(super::maintenance(&maintenance).is_ok(), "{maintenance}");
            assert!(
                apart(&backup, &maintenance).is_ok(),
                "{backup} {maintenance}"
            );
        }
    }

    #[test]
    fn overlaps() {
        assert!(apart("05:00-05:30", "sun:05:30-sun:06:00").is_ok());
        assert!(apart("05:00-05:31", "sun:05:30-sun:06:00").is_err());
        assert!(apart("06:00-06:30", "sun:05:30-sun:06:00").is_ok());
        assert!(apart("05:59-06:30", "sun:05:30-sun:06:00").is_err());
        assert!(apart("23:45-00:15", "mon:00:00-mon:00:30").is_err());
    }
}
