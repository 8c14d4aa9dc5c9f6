//! Backup and maintenance windows.

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
    fn overlaps() {
        assert!(apart("05:00-05:30", "sun:05:30-sun:06:00").is_ok());
        assert!(apart("05:00-05:31", "sun:05:30-sun:06:00").is_err());
        assert!(apart("06:00-06:30", "sun:05:30-sun:06:00").is_ok());
        assert!(apart("05:59-06:30", "sun:05:30-sun:06:00").is_err());
        assert!(apart("23:45-00:15", "mon:00:00-mon:00:30").is_err());
    }
}
