//! One thing that was found, and what all of them come to.
//!
//! Nothing here may look at a cluster.

use std::fmt;
use std::process::ExitCode;

use serde::Serialize;

/// How bad a finding is, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Something would be lost, refused or stalled, or does not work.
    Error,
    /// It could not be told.
    Unknown,
    /// Nothing breaks by it now; somebody should know.
    Warning,
    /// What will happen, or is to be done next.
    Note,
    /// In order.
    Ok,
}

impl Severity {
    /// As it is printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Unknown => "unknown",
            Self::Warning => "warning",
            Self::Note => "note",
            Self::Ok => "ok",
        }
    }
}

/// What was looked at: first what is about one object, then what is about the
/// cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// What conversion would not bring back.
    Lost,
    /// Fields that the API server drops, since no schema has them.
    Pruned,
    /// What the API server would refuse of a new object of this content.
    Refused,
    /// What the operator would report as `Stalled`.
    Stalled,
    /// Values of a type for which server-side applies are refused.
    WrongType,
    /// What could not be read of an object, by anybody or by this.
    Unreadable,
    /// The Secret of an object.
    Secret,
    /// Whether the objects could be read.
    Objects,
    /// Who still writes v1alpha1.
    Writers,
    /// The `CustomResourceDefinition`.
    Definition,
    /// Whether stored objects have to be rewritten.
    Migration,
    /// The `ValidatingAdmissionPolicies`.
    Policies,
    /// The rights of the operator and of tenants.
    Rights,
    /// The operator's `ConfigMap`.
    ConfigMap,
    /// The Service, its endpoints and what keeps them alive.
    Webhook,
    /// What the API server trusts the webhook by.
    Certificate,
    /// Whether the API server converts an object.
    Conversion,
}

impl Check {
    /// As it is printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Pruned => "pruned",
            Self::Refused => "refused",
            Self::Stalled => "stalled",
            Self::WrongType => "wrong-type",
            Self::Unreadable => "unreadable",
            Self::Secret => "secret",
            Self::Objects => "objects",
            Self::Writers => "writers",
            Self::Definition => "definition",
            Self::Migration => "migration",
            Self::Policies => "policies",
            Self::Rights => "rights",
            Self::ConfigMap => "config-map",
            Self::Webhook => "webhook",
            Self::Certificate => "certificate",
            Self::Conversion => "conversion",
        }
    }
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What was looked at.
    pub check: Check,
    /// The object, as `namespace/name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// The field of it, as `spec.size`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What was found. Never a value of a Secret.
    pub message: String,
    /// What to do about it; empty where nothing is to be done.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub advice: String,
}

impl Finding {
    /// A finding about the cluster.
    pub(super) fn new(severity: Severity, check: Check, message: impl Into<String>) -> Self {
        Self {
            severity,
            check,
            object: None,
            field: None,
            message: message.into(),
            advice: String::new(),
        }
    }

    /// The same, with what to do.
    pub(super) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = advice.into();
        self
    }

    /// The same, about a field.
    pub(super) fn at(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }
}

impl fmt::Display for Finding {
    /// What was found and what to do, as one text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if self.advice.is_empty() {
            return Ok(());
        }
        let end = if self.message.ends_with('.') { "" } else { "." };
        write!(f, "{end} {}", self.advice)
    }
}

/// What all findings come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Nothing has to be mended.
    Clean,
    /// Something would be lost, refused or stalled, or does not work.
    Mend,
    /// Nothing is known to be wrong, and not all could be told.
    Unknown,
}

impl Verdict {
    /// What the findings come to: what is known to be wrong comes before what is
    /// not known.
    pub fn of(findings: &[Finding]) -> Self {
        match findings.iter().map(|finding| finding.severity).min() {
            Some(Severity::Error) => Self::Mend,
            Some(Severity::Unknown) => Self::Unknown,
            _ => Self::Clean,
        }
    }

    /// The exit code of the process, as docs/preflight.md has it.
    pub fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Mend => 1,
            Self::Unknown => 2,
        }
    }
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> Self {
        verdict.code().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_comes_before_what_is_not_known() {
        use Severity::{Error, Note, Ok, Unknown, Warning};
        let table: [(&[Severity], Verdict, u8); 6] = [
            (&[], Verdict::Clean, 0),
            (&[Ok, Note, Warning], Verdict::Clean, 0),
            (&[Warning, Unknown], Verdict::Unknown, 2),
            (&[Unknown], Verdict::Unknown, 2),
            (&[Ok, Error], Verdict::Mend, 1),
            (&[Unknown, Error], Verdict::Mend, 1),
        ];
        for (severities, verdict, code) in table {
            let findings = severities.iter();
            let findings = findings.map(|severity| Finding::new(*severity, Check::Webhook, ""));
            let findings: Vec<_> = findings.collect();
            assert_eq!(Verdict::of(&findings), verdict, "{severities:?}");
            assert_eq!(verdict.code(), code);
        }
    }
}
