//! Rules on the backup and maintenance windows.
//!
//! Nothing here may count before the text is known to be a window: what is not
//! counts for nothing.

use kube::core::Rule;

use super::across::{has, unchanged};
use super::fields::field;
use crate::limits::{DAY, DAYS, SHORTEST_WINDOW, WEEK};

const TIME: &str = "([01][0-9]|2[0-3]):[0-5][0-9]";

fn daily_pattern() -> String {
    format!("^{TIME}-{TIME}$")
}

fn weekly_pattern() -> String {
    let day = format!("({})", DAYS.join("|"));
    format!("^{day}:{TIME}-{day}:{TIME}$")
}

/// The minutes since midnight of the time at an offset of a text.
fn minutes(text: &str, at: usize) -> String {
    let number = |from: usize| format!("int({text}.substring({from}, {}))", from + 2);
    format!("{} * 60 + {}", number(at), number(at + 3))
}

/// The length of a daily window, in minutes.
fn daily_length(text: &str) -> String {
    let (start, end) = (minutes(text, 0), minutes(text, 6));
    format!("({end} - ({start}) + {DAY}) % {DAY}")
}

/// The length of a weekly window, in minutes.
fn weekly_length(text: &str) -> String {
    // A map, since the cost of a list's `indexOf` cannot be estimated.
    let days = DAYS.iter().enumerate();
    let days: Vec<_> = days.map(|(at, day)| format!("'{day}': {at}")).collect();
    let days = days.join(", ");
    let day = |at: usize| format!("{{{days}}}[{text}.substring({at}, {})]", at + 3);
    let (start, end) = (minutes(text, 4), minutes(text, 14));
    format!(
        "({} * {DAY} + {end} - ({} * {DAY} + {start}) + {WEEK}) % {WEEK}",
        day(10),
        day(0)
    )
}

pub(crate) fn backup_window() -> Rule {
    field(
        format!(
            "self.matches('{}') && {} >= {SHORTEST_WINDOW}",
            daily_pattern(),
            daily_length("self")
        ),
        format!(
            "backup.window must be a time of the day in UTC, hh:mm-hh:mm, of {SHORTEST_WINDOW} \
             minutes or more: write for example 03:00-03:30"
        ),
    )
}

pub(crate) fn maintenance_window() -> Rule {
    field(
        format!(
            "self.matches('{}') && {length} >= {SHORTEST_WINDOW} && {length} < {DAY}",
            weekly_pattern(),
            length = weekly_length("self")
        ),
        format!(
            "maintenanceWindow must be a time of the week in UTC, ddd:hh:mm-ddd:hh:mm, of \
             {SHORTEST_WINDOW} minutes to less than a day: write for example sun:05:00-sun:05:30"
        ),
    )
}

/// It passes while both windows are as they were. That it was broken before,
/// as other rules ask, cannot be asked here: the length of a text of the object
/// before is not known to the estimate of the cost.
pub(crate) fn windows_apart() -> Rule {
    let (backup, maintenance) = ("self.backup.window", "self.maintenanceWindow");
    let between = |from: &str, to: &str| format!("({to} - ({from}) + {DAY}) % {DAY}");
    let (daily, weekly) = (minutes(backup, 0), minutes(maintenance, 4));
    Rule::new(format!(
        "!({}) || !has({maintenance}) || \
         (oldSelf.hasValue() && {} && {}) || \
         !{backup}.matches('{}') || !{maintenance}.matches('{}') || ({} >= {} && {} >= {})",
        has("self", "backup.window"),
        unchanged("backup.window"),
        unchanged("maintenanceWindow"),
        daily_pattern(),
        weekly_pattern(),
        between(&daily, &weekly),
        daily_length(backup),
        between(&weekly, &daily),
        weekly_length(maintenance),
    ))
    .message(
        "maintenanceWindow must not overlap backup.window on any day: write windows apart, for \
         example backup.window: 03:00-03:30 and maintenanceWindow: sun:05:00-sun:05:30",
    )
    .field_path(".maintenanceWindow")
    .optional_old_self(true)
}
