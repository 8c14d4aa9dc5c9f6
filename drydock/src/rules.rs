//! What RDS for PostgreSQL accepts, as pure checks; each answers with the code
//! that RDS would.
//!
//! Must not look at what exists: that is the actions' part.

pub mod group;
pub mod monitoring;
pub mod name;
pub mod storage;
pub mod tag;
pub mod version;
pub mod window;

use crate::fault::{self, Fault};

/// A refused value, in RDS's words.
fn invalid(message: impl Into<String>) -> Fault {
    fault::INVALID_PARAMETER_VALUE.because(message)
}

/// Values that do not go together.
fn combination(message: impl Into<String>) -> Fault {
    fault::INVALID_PARAMETER_COMBINATION.because(message)
}

/// A number that must lie in a range.
pub fn within(name: &str, value: i32, least: i32, most: i32) -> Result<(), Fault> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(invalid(format!(
        "Invalid {name}: {value}. It must be between {least} and {most}."
    )))
}
