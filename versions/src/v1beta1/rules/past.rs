//! Rules on what was: fields that never change, and what is in effect.
//!
//! Nothing here may trust the earlier spec to be in effect: a typo that AWS
//! never applied must be possible to undo.

use kube::core::{Message, Rule};

use super::across::{OLD, has, unchanged};

/// A transition on one field: it is judged only where both old and new have
/// the field. So before there is a database, a value can be taken out and then
/// written anew; once there is one, `set_before_the_database` stands against
/// that. The operator compares with RDS in any case.
pub(crate) fn immutable(name: &str) -> Rule {
    unchanging(name, "oldSelf")
}

/// The same for a field that is true or false.
pub(crate) fn immutable_boolean(name: &str) -> Rule {
    unchanging(name, "(oldSelf ? 'true' : 'false')")
}

fn unchanging(name: &str, old: &str) -> Rule {
    Rule::new("self == oldSelf").message(Message::Expression(format!(
        "'{name} cannot change once it is set: write ' + {old} + ' again; a value that never \
         took effect can be corrected by removing {name} first'"
    )))
}

pub(crate) fn restore_never_changes() -> Rule {
    Rule::new("self == oldSelf").message(
        "restoreFrom cannot change once it is set: write it as it was; one that never took \
         effect can be corrected by removing restoreFrom first",
    )
}

/// The fields that are decided when a database is made: each one's path in the
/// spec, and where `status.madeWith` shows what was decided.
const DECIDED_AT_CREATION: [(&str, Option<&str>); 7] = [
    ("databaseName", Some("databaseName")),
    ("masterUsername", Some("masterUsername")),
    ("network.subnetGroup", Some("subnetGroup")),
    ("encryption.enabled", Some("encrypted")),
    ("encryption.kmsKey", Some("kmsKey")),
    ("restoreFrom", None),
    ("adopt", None),
];

/// Each field that is decided when a database is made cannot be set while there
/// is one: not by taking it out and writing another in its place either. What
/// is so already may be written down. `status.ready` is there exactly while RDS
/// shows the database.
pub(crate) fn set_before_the_database(index: usize) -> Rule {
    let (path, shown) = DECIDED_AT_CREATION[index];
    let field = format!("spec.{path}");
    let (is, was) = (has("self", &field), has(OLD, &field));
    let rule = format!(
        "!({is}) || !has(self.status) || !has(self.status.ready) || !oldSelf.hasValue() || ({was})"
    );
    let why = format!(
        "{path} cannot be set once the database exists, which keeps what it was made with: "
    );
    let instead = format!("leave {path} out, or write it in a new object");
    let (rule, message) = match shown {
        None => (rule, Message::Message(format!("{why}{instead}"))),
        Some(name) => {
            let shown = format!("status.madeWith.{name}");
            let known = has("self", &shown);
            let text = match name {
                "encrypted" => format!("(self.{shown} ? 'true' : 'false')"),
                _ => format!("self.{shown}"),
            };
            (
                format!("{rule} || ({known} && self.{shown} == self.{field})"),
                Message::Expression(format!(
                    "'{why}' + ({known} ? 'write ' + {text} + ', ' : '') + '{instead}'"
                )),
            )
        }
    };
    Rule::new(rule)
        .message(message)
        .field_path(format!(".{field}"))
        .optional_old_self(true)
}

/// Whether a field of the object is as it was before this write.
fn as_before(field: &str) -> String {
    format!("(oldSelf.hasValue() && {})", unchanged(field))
}

/// It is judged against what is in effect, not against the earlier spec, or a
/// typo that AWS never applied could not be undone.
pub(crate) fn storage_never_shrinks() -> Rule {
    Rule::new(format!(
        "!({}) || !({}) || {} || !isQuantity(self.spec.storage) || \
         !isQuantity(self.status.storage) || \
         quantity(self.spec.storage).compareTo(quantity(self.status.storage)) >= 0",
        has("self", "spec.storage"),
        has("self", "status.storage"),
        as_before("spec.storage"),
    ))
    .message(Message::Expression(
        "'storage cannot be less than the ' + self.status.storage + ' in effect, because RDS \
         never shrinks storage: write ' + self.status.storage + ' or more, or leave storage out'"
            .to_owned(),
    ))
    .field_path(".spec.storage")
    .optional_old_self(true)
}

/// What holds of the majors of the version that is asked for and the one that
/// runs, where both can be told.
fn majors(compare: &str, unless: &str) -> Rule {
    let major = |of: &str| format!("int(self.{of}.engineVersion.substring(0, 2))");
    let told = |of: &str| format!("self.{of}.engineVersion.matches('^[1-9][0-9]([.]|$)')");
    Rule::new(format!(
        "!({}) || !({}) || {} || !{} || !{} || {} {compare} {}{unless}",
        has("self", "spec.engineVersion"),
        has("self", "status.engineVersion"),
        as_before("spec.engineVersion"),
        told("spec"),
        told("status"),
        major("spec"),
        major("status"),
    ))
    .field_path(".spec.engineVersion")
    .optional_old_self(true)
}

pub(crate) fn engine_version_never_goes_back() -> Rule {
    majors(">=", "").message(Message::Expression(
        "'engineVersion cannot go back to an earlier major than that of the ' + \
         self.status.engineVersion + ' that runs: write ' + self.status.engineVersion + ' or \
         later, or leave engineVersion out'"
            .to_owned(),
    ))
}

pub(crate) fn a_major_upgrade_needs_a_word() -> Rule {
    let allowed = " || (has(self.spec.allowMajorVersionUpgrade) && \
                   self.spec.allowMajorVersionUpgrade)";
    majors("<=", allowed).message(Message::Expression(
        "'engineVersion is of a later major than the ' + self.status.engineVersion + ' that \
         runs, which needs allowMajorVersionUpgrade, because it cannot be undone: write \
         allowMajorVersionUpgrade: true beside it, or an engineVersion of the same major'"
            .to_owned(),
    ))
}
