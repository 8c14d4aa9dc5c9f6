//! Engine versions: those that are here, and what a request's version means.

use super::{combination, invalid};
use crate::{
    fault::{self, Fault},
    servers::Version,
};

/// The version that a request means: a whole one, a major (its newest minor), or
/// none (the newest of all).
pub fn resolve(asked: Option<&str>, here: &[Version]) -> Result<Version, Fault> {
    let newest = |major: Option<u32>| {
        here.iter()
            .filter(|version| major.is_none_or(|major| version.major == major))
            .max()
            .copied()
    };
    let found = match asked {
        None => newest(None),
        Some(asked) => match asked.parse::<u32>() {
            Ok(major) => newest(Some(major)),
            Err(_) => here
                .iter()
                .find(|version| version.to_string() == asked)
                .copied(),
        },
    };
    found.ok_or_else(|| {
        fault::INVALID_PARAMETER_COMBINATION.because(format!(
            "Cannot find version {} for postgres",
            asked.unwrap_or("(any)")
        ))
    })
}

/// Whether an instance may go from one version to the other.
pub fn upgrade(from: Version, to: Version, allow_major: bool) -> Result<(), Fault> {
    if to < from {
        return Err(combination(format!(
            "Cannot upgrade postgres from {from} to {to}"
        )));
    }
    if to.major > from.major && !allow_major {
        return Err(invalid(
            "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major \
             version.",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn what_a_version_means() {
        let here = ["16.9", "16.11", "17.6"].map(version);
        let resolve = |asked| resolve(asked, &here).map(|version| version.to_string());
        assert_eq!(resolve(None).as_deref(), Ok("17.6"));
        assert_eq!(resolve(Some("16")).as_deref(), Ok("16.11"));
        assert_eq!(resolve(Some("16.9")).as_deref(), Ok("16.9"));
        for wrong in ["15", "16.10", "", "x", "16.", "17.6-rds"] {
            assert!(resolve(Some(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn versions_only_go_up() {
        let check = |from, to, major| upgrade(version(from), version(to), major).is_ok();
        assert!(check("16.9", "16.11", false));
        assert!(!check("16.11", "16.9", false));
        assert!(!check("16.11", "17.6", false));
        assert!(check("16.11", "17.6", true));
    }
}
