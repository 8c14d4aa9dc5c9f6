//! Rules across fields: how each is made, and those that no other file has.
//!
//! Each blames one field. It is judged with every write, since the API server
//! cannot know which fields it reads; so an object that broke it before may
//! keep the field that it blames, and everything else of it can be mended.
//!
//! Nothing here may fail to evaluate: what cannot be read, another rule judges.

use kube::core::{Message, Rule};

/// Whether a path of names with dots between them is there: `has(self.a) &&
/// has(self.a.b)`.
pub(crate) fn has(root: &str, path: &str) -> String {
    let mut place = root.to_owned();
    let mut steps = Vec::new();
    for name in path.split('.') {
        place = format!("{place}.{name}");
        steps.push(format!("has({place})"));
    }
    steps.join(" && ")
}

/// What a rule across fields cannot do without: the object before it, which is
/// none when the object is new.
pub(super) const OLD: &str = "oldSelf.value()";

/// Whether a field is as it was, absence included.
pub(super) fn unchanged(path: &str) -> String {
    let (is, was) = (has("self", path), has(OLD, path));
    format!("(({was}) == ({is}) && (!({is}) || {OLD}.{path} == self.{path}))")
}

/// A rule that blames one field. `holds` says what must hold of the object that
/// a name stands for.
pub(super) fn across(blamed: &str, holds: impl Fn(&str) -> String, message: String) -> Rule {
    Rule::new(format!(
        "({}) || (oldSelf.hasValue() && {} && !({}))",
        holds("self"),
        unchanged(blamed),
        holds(OLD),
    ))
    .message(Message::Message(message))
    .field_path(format!(".{blamed}"))
    .optional_old_self(true)
}

pub(crate) fn kms_key_needs_encryption() -> Rule {
    let holds =
        |group: &str| format!("!has({group}.kmsKey) || !has({group}.enabled) || {group}.enabled");
    let message = "encryption.kmsKey must not be set where encryption.enabled is false: leave \
                   kmsKey out, or write enabled: true";
    across("kmsKey", holds, message.to_owned())
}

pub(crate) fn one_source() -> Rule {
    let holds = |group: &str| format!("has({group}.snapshot) != has({group}.pointInTime)");
    let message = "restoreFrom must have either snapshot or pointInTime: write one of the two";
    across("snapshot", holds, message.to_owned())
}

pub(crate) fn point_in_time_needs_an_object() -> Rule {
    let holds = |group: &str| format!("has({group}.object)");
    let message = "restoreFrom.pointInTime must have an object: write the name of the PostgresDB \
                   whose past it is";
    across("object", holds, message.to_owned())
}

pub(crate) fn adopt_needs_an_identifier() -> Rule {
    let holds = |group: &str| format!("has({group}.identifier)");
    let message = "adopt must have an identifier: write the identifier of an RDS instance, or \
                   leave adopt out";
    across("identifier", holds, message.to_owned())
}

pub(crate) fn one_origin() -> Rule {
    let holds = |spec: &str| format!("!has({spec}.adopt) || !has({spec}.restoreFrom)");
    let message = "adopt and restoreFrom exclude each other: write one of the two, or neither \
                   for a new database";
    across("adopt", holds, message.to_owned())
}
