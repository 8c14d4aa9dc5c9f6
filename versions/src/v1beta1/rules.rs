//! The rules of v1beta1 in CEL, each with a message that says what to write.
//!
//! Nothing here may block what was stored before the rule existed. A rule on
//! one field is not judged while that field is unchanged; the API server sees
//! to that. A rule across fields sees `oldSelf`, and passes while the fields
//! that it names are unchanged: without that, it would refuse even a label on
//! an object that breaks it.
//!
//! `has(x) && …` rather than `.orValue()`, and a bound on every text: the API
//! server estimates the cost of each rule from them, and refuses a CRD whose
//! estimate is too high.

use kube::core::{Message, Rule};

/// A rule on one field.
fn field(rule: &str, message: &str) -> Rule {
    Rule::new(rule).message(message)
}

pub(super) fn size() -> Rule {
    field(
        r"self.matches('^db[.][a-z0-9-]+[.][a-z0-9-]+$')",
        "size must be an RDS instance class, db.<family>.<size>: write for example db.t3.small",
    )
}

pub(super) fn storage() -> Rule {
    field(
        r"self.matches('^[1-9][0-9]{0,6}(Gi|Ti)$')",
        "storage must be a whole number of Gi or Ti: write for example 20Gi or 1Ti",
    )
}

pub(super) fn iops() -> Rule {
    field(
        "self >= 1000 && self <= 256000",
        "iops must be 1000 to 256000: write a number in that range, or leave iops out and let \
         storageType be gp3",
    )
}

pub(super) fn tag_keys() -> Rule {
    field(
        "self.all(key, size(key) >= 1 && size(key) <= 128)",
        "tags must have keys of 1 to 128 characters: write a key of that length",
    )
}

pub(super) fn tag_prefixes() -> Rule {
    field(
        r"self.all(key, !key.matches('(?i)^(aws:|rds:|stow[.]myob[.]com/)'))",
        "tags must not have keys that begin with aws:, rds: or stow.myob.com/, which are \
         reserved: write another key",
    )
}

pub(super) fn database_name() -> Rule {
    field(
        "self.matches('^[A-Za-z][A-Za-z0-9_]*$')",
        "databaseName must be 1 to 63 letters, digits and underscores, a letter first: write for \
         example orders",
    )
}

pub(super) fn master_username() -> Rule {
    field(
        "self.matches('^[A-Za-z][A-Za-z0-9_]*$')",
        "masterUsername must be 1 to 16 letters, digits and underscores, a letter first: write \
         for example dbowner",
    )
}

pub(super) fn master_username_reserved() -> Rule {
    field(
        "!self.matches('(?i)^(admin$|rdsadmin$|pg_)')",
        "masterUsername must not be admin, rdsadmin, or begin with pg_, which PostgreSQL and RDS \
         reserve: write for example dbowner",
    )
}

pub(super) fn secret_name() -> Rule {
    field(
        "self.matches('^[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*$')",
        "secretName must be a DNS-1123 name, lowercase letters, digits, hyphens and dots, a \
         letter or digit at both ends: write for example orders-db",
    )
}

/// A transition on one field: it is judged only where both old and new have
/// the field. So a value that was never applied, a typo, can still be taken
/// out and then written anew; the operator compares with RDS in any case.
pub(super) fn immutable(name: &str) -> Rule {
    Rule::new("self == oldSelf").message(Message::Expression(format!(
        "'{name} cannot change once it is set: write ' + oldSelf + ' again; a value that never \
         took effect can be corrected by removing {name} first'"
    )))
}

/// It is judged against what is in effect, not against the earlier spec, or a
/// typo that AWS never applied could not be undone.
pub(super) fn storage_never_shrinks() -> Rule {
    Rule::new(
        "!has(self.spec) || !has(self.spec.storage) || !has(self.status) || \
         !has(self.status.storage) || \
         (oldSelf.hasValue() && has(oldSelf.value().spec) && \
         has(oldSelf.value().spec.storage) && \
         oldSelf.value().spec.storage == self.spec.storage) || \
         !isQuantity(self.spec.storage) || !isQuantity(self.status.storage) || \
         quantity(self.spec.storage).compareTo(quantity(self.status.storage)) >= 0",
    )
    .message(Message::Expression(
        "'storage cannot be less than the ' + self.status.storage + ' in effect, because RDS \
         never shrinks storage: write ' + self.status.storage + ' or more, or leave storage out'"
            .to_owned(),
    ))
    .field_path(".spec.storage")
    .optional_old_self(true)
}

/// What decides whether IOPS fit, unchanged since the object was last written.
const IOPS_UNCHANGED: &str = "(oldSelf.hasValue() && \
    has(oldSelf.value().iops) == has(self.iops) && \
    (!has(self.iops) || oldSelf.value().iops == self.iops) && \
    has(oldSelf.value().storageType) == has(self.storageType) && \
    (!has(self.storageType) || oldSelf.value().storageType == self.storageType) && \
    has(oldSelf.value().storage) == has(self.storage) && \
    (!has(self.storage) || oldSelf.value().storage == self.storage))";

pub(super) fn iops_need_a_type_that_takes_them() -> Rule {
    Rule::new(format!(
        "{IOPS_UNCHANGED} || !has(self.iops) || !has(self.storageType) || \
         self.storageType == 'io1' || self.storageType == 'io2' || \
         (self.storageType == 'gp3' && (!has(self.storage) || !isQuantity(self.storage) || \
         quantity(self.storage).compareTo(quantity('400Gi')) >= 0))"
    ))
    .message(
        "iops can be set with storageType io1 or io2, or with gp3 and a storage of 400Gi or more: \
         leave iops out, or write storageType: io2",
    )
    .field_path(".iops")
    .optional_old_self(true)
}

pub(super) fn provisioned_types_need_iops() -> Rule {
    Rule::new(format!(
        "{IOPS_UNCHANGED} || !has(self.storageType) || has(self.iops) || \
         (self.storageType != 'io1' && self.storageType != 'io2')"
    ))
    .message("storageType io1 and io2 need iops: write for example iops: 3000, or storageType: gp3")
    .field_path(".storageType")
    .optional_old_self(true)
}
