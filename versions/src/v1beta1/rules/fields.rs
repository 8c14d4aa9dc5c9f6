//! Rules on one field.
//!
//! Nothing here may look at another field: the API server decides by the field
//! alone whether it is judged anew.

use std::ops::RangeInclusive;

use kube::core::{Message, Rule};

use crate::limits;

/// A rule on one field.
pub(super) fn field(rule: impl Into<String>, message: impl Into<String>) -> Rule {
    Rule::new(rule).message(Message::Message(message.into()))
}

/// A number between two others.
fn number(name: &str, range: &RangeInclusive<i64>, what: &str, write: &str) -> Rule {
    let (least, most) = (range.start(), range.end());
    field(
        format!("self >= {least} && self <= {most}"),
        format!("{name} must be {least} to {most}{what}: write {write}"),
    )
}

pub(crate) fn size() -> Rule {
    field(
        r"self.matches('^db[.][a-z0-9-]+[.][a-z0-9-]+$')",
        "size must be an RDS instance class, db.<family>.<size>: write for example db.t3.small",
    )
}

pub(crate) fn storage() -> Rule {
    gibibytes("storage", "20Gi or 1Ti")
}

pub(crate) fn max_storage() -> Rule {
    gibibytes("maxStorage", "100Gi or 2Ti")
}

fn gibibytes(name: &str, example: &str) -> Rule {
    let (least, most) = (limits::STORAGE.start(), limits::STORAGE.end());
    field(
        format!(
            "self.matches('^[1-9][0-9]{{0,6}}(Gi|Ti)$') && \
             quantity(self).compareTo(quantity('{least}Gi')) >= 0 && \
             quantity(self).compareTo(quantity('{most}Gi')) <= 0"
        ),
        format!(
            "{name} must be a whole number of Gi or Ti, {least}Gi to {most}Gi: write for example \
             {example}"
        ),
    )
}

/// AWS takes no new magnetic storage; what is stored is not judged again.
pub(crate) fn storage_type() -> Rule {
    field(
        "self != 'standard'",
        "storageType cannot become standard, which AWS no longer offers: write gp3, or leave \
         storageType out",
    )
}

pub(crate) fn iops() -> Rule {
    let write = "a number in that range, or leave iops out and let storageType be gp3";
    number("iops", &limits::IOPS, "", write)
}

pub(crate) fn throughput() -> Rule {
    let write = "a number in that range, or leave throughput out";
    number("throughput", &limits::THROUGHPUT, " MiB a second", write)
}

pub(crate) fn engine_version() -> Rule {
    field(
        r"self.matches('^[1-9][0-9]([.][0-9]{1,2}(-rds[.][0-9]{8})?)?$')",
        "engineVersion must be a major or a minor version of PostgreSQL, from 10 on: write for \
         example \"17\", \"17.4\" or \"13.23-rds.20260224\", in quotes",
    )
}

pub(crate) fn port() -> Rule {
    number("port", &limits::PORT, "", "for example 5432")
}

pub(crate) fn backup_retention_days() -> Rule {
    let write = "for example 7";
    number(
        "backup.retentionDays",
        &limits::RETENTION_DAYS,
        " days",
        write,
    )
}

pub(crate) fn enhanced_interval() -> Rule {
    let all = limits::ENHANCED_INTERVALS.map(|seconds| seconds.to_string());
    field(
        format!("self in [{}]", all.join(", ")),
        format!(
            "monitoring.enhancedInterval must be one of {} seconds: write 60, or 0 for none",
            all.join(", ")
        ),
    )
}

pub(crate) fn log_exports_once() -> Rule {
    field(
        "self.all(one, self.exists_one(other, other == one))",
        "monitoring.logExports must name each log once: write for example [postgresql, upgrade]",
    )
}

pub(crate) fn parameter_group() -> Rule {
    field(
        r"self.matches('^([A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*|default[.]postgres[0-9]+)$')",
        "parameterGroup must be 1 to 255 letters, digits and hyphens, a letter first, with no \
         hyphen last or doubled: write the name of a DB parameter group, for example orders-pg17",
    )
}

pub(crate) fn subnet_group() -> Rule {
    field(
        r"self.matches('^[A-Za-z0-9._ -]+$')",
        "network.subnetGroup must be 1 to 255 letters, digits, spaces, dots, underscores and \
         hyphens: write the name of a DB subnet group, for example private",
    )
}

pub(crate) fn security_groups() -> Rule {
    field(
        r"size(self) >= 1 && self.all(id, id.matches('^sg-([0-9a-f]{8}|[0-9a-f]{17})$'))",
        format!(
            "network.securityGroups must be 1 to {} ids of VPC security groups, sg- and 8 or 17 \
             hexadecimal digits: write for example [sg-0123456789abcdef0], or leave \
             securityGroups out",
            limits::MOST_SECURITY_GROUPS
        ),
    )
}

pub(crate) fn security_groups_once() -> Rule {
    field(
        "self.all(id, self.exists_one(other, other == id))",
        "network.securityGroups must name each group once: write each id a single time",
    )
}

pub(crate) fn kms_key() -> Rule {
    field(
        r"self.matches('^(arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:(key|alias)/[A-Za-z0-9/_-]+|alias/[A-Za-z0-9/_-]+|mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$')",
        "encryption.kmsKey must be the ARN, the id or the alias of a KMS key: write for example \
         arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    )
}

pub(crate) fn tag_keys() -> Rule {
    field(
        "self.all(key, size(key) >= 1 && size(key) <= 128)",
        "tags must have keys of 1 to 128 characters: write a key of that length",
    )
}

pub(crate) fn tag_prefixes() -> Rule {
    field(
        r"self.all(key, !key.matches('(?i)^(aws:|rds:|stow[.]myob[.]com/)'))",
        "tags must not have keys that begin with aws:, rds: or stow.myob.com/, which are \
         reserved: write another key",
    )
}

/// The tags of 2017, which Stow still sets.
pub(crate) fn tag_keys_of_2017() -> Rule {
    field(
        "self.all(key, !(key in ['Namespace', 'Resource', 'Created By']))",
        "tags must not have the keys Namespace, Resource and Created By, which are reserved for \
         Stow: write another key",
    )
}

pub(crate) fn database_name() -> Rule {
    field(
        "self.matches('^[A-Za-z][A-Za-z0-9_]*$')",
        "databaseName must be 1 to 63 letters, digits and underscores, a letter first: write for \
         example orders",
    )
}

pub(crate) fn master_username() -> Rule {
    field(
        "self.matches('^[A-Za-z][A-Za-z0-9_]*$')",
        "masterUsername must be 1 to 16 letters, digits and underscores, a letter first: write \
         for example dbowner",
    )
}

pub(crate) fn master_username_reserved() -> Rule {
    field(
        "!self.matches('(?i)^(admin$|rdsadmin$|pg_)')",
        "masterUsername must not be admin, rdsadmin, or begin with pg_, which PostgreSQL and RDS \
         reserve: write for example dbowner",
    )
}

pub(crate) fn secret_name() -> Rule {
    dns_name("secretName", "orders-db")
}

pub(crate) fn object_name() -> Rule {
    dns_name("restoreFrom.pointInTime.object", "orders")
}

fn dns_name(name: &str, example: &str) -> Rule {
    field(
        "self.matches('^[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*$')",
        format!(
            "{name} must be a DNS-1123 name, lowercase letters, digits, hyphens and dots, a \
             letter or digit at both ends: write for example {example}"
        ),
    )
}

pub(crate) fn snapshot() -> Rule {
    field(
        r"self.matches('^((rds|awsbackup):)?[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*$')",
        "restoreFrom.snapshot must be the identifier of a DB snapshot, 1 to 255 letters, digits \
         and hyphens, a letter first, with no hyphen last or doubled: write for example \
         orders-20261122",
    )
}

pub(crate) fn restore_time() -> Rule {
    field(
        r"self.matches('^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$')",
        "restoreFrom.pointInTime.time must be a time in UTC, to the second: write for example \
         2026-11-22T09:30:00Z, or leave time out for the latest",
    )
}

pub(crate) fn adopt_identifier() -> Rule {
    field(
        r"self.matches('^[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*$')",
        "adopt.identifier must be 1 to 63 letters, digits and hyphens, a letter first, with no \
         hyphen last or doubled: write the identifier of an RDS instance, for example orders-1",
    )
}
