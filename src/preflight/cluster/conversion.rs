//! Whether a conversion works: one object was read in both versions, of which it can
//! be stored in one alone.
//!
//! Nothing here may judge what came of the object.

use super::unread;
use crate::preflight::finding::{Check, Finding, Severity};
use crate::preflight::read::Unread;

/// What came of trying.
#[derive(Debug)]
pub(in crate::preflight) enum Trial {
    /// There is nothing to convert: one version is served, or none by a webhook. Or
    /// objects cannot be listed, which is told of all.
    Needless,
    /// There is no object to try it on, or none any more.
    Untried,
    /// An object was read in both versions.
    Works(String),
    /// It was not.
    Fails(Unread),
    /// It may not be read.
    Forbidden(Unread),
}

impl Trial {
    /// What is to be said of it.
    pub(in crate::preflight) fn judge(&self) -> Option<Finding> {
        let finding = |severity, text: String| Finding::new(severity, Check::Conversion, text);
        match self {
            Self::Needless => None,
            Self::Untried => Some(finding(
                Severity::Note,
                "There is no object to try a conversion on.".to_owned(),
            )),
            Self::Works(object) => Some(finding(
                Severity::Ok,
                format!("{object} was read in both versions: the API server converts it."),
            )),
            Self::Fails(why) => Some(
                finding(
                    Severity::Error,
                    format!("The API server does not show an object in both versions: {why}"),
                )
                .advise(
                    "Until the webhook converts, what needs a conversion fails. Start the \
                     operator, or mend what the API server names: docs/troubleshooting.md.",
                ),
            ),
            Self::Forbidden(why) => Some(unread(Check::Conversion, why)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_of_a_trial_is_told() {
        let why = || Unread::for_test("postgresdb shop/orders in v1alpha1", "connection refused");
        for (trial, told) in [
            (Trial::Needless, None),
            (Trial::Untried, Some((Severity::Note, "no object to try"))),
            (
                Trial::Works("shop/orders".to_owned()),
                Some((Severity::Ok, "shop/orders was read")),
            ),
            (
                Trial::Fails(why()),
                Some((Severity::Error, "in v1alpha1: connection refused")),
            ),
            (
                Trial::Forbidden(why()),
                Some((Severity::Unknown, "docs/preflight.md")),
            ),
        ] {
            let finding = trial.judge();
            let severity = finding.as_ref().map(|found| found.severity);
            assert_eq!(severity, told.map(|(severity, _)| severity), "{trial:?}");
            let text = finding.map(|found| found.to_string()).unwrap_or_default();
            assert!(told.is_none_or(|(_, words)| text.contains(words)), "{text}");
        }
    }
}
