//! What the spec asks to change and RDS never changes.
//!
//! Nothing here may act on it: it is told. Admission refuses it too, in both
//! versions; this is for what was stored by another way.

use stow_versions::status::Reason;

use crate::rds::Instance;

use super::{Database, Obstacle};

/// Each field that says otherwise than the instance was made with.
pub(super) fn differences(database: &Database, instance: &Instance) -> Vec<Obstacle> {
    let text = |wanted: &Option<String>| wanted.clone();
    let flag = |wanted: Option<bool>| wanted.map(|wanted| wanted.to_string());
    let exact = |wanted: &str, has: Option<&str>| Some(wanted) == has;
    // RDS keeps these names in lowercase.
    let folded =
        |wanted: &str, has: Option<&str>| has.is_none_or(|has| has.eq_ignore_ascii_case(wanted));
    let shown = |wanted: &str, has: Option<&str>| has.is_none_or(|has| has == wanted);
    let rows: [(&str, Option<String>, Option<String>, Same); 5] = [
        (
            "databaseName",
            text(&database.database_name),
            instance.database_name.clone(),
            exact,
        ),
        (
            "masterUsername",
            text(&database.master_username),
            Some(instance.master_username.clone()),
            exact,
        ),
        (
            "network.subnetGroup",
            text(&database.subnet_group),
            instance.subnet_group.clone(),
            folded,
        ),
        (
            "encryption.enabled",
            flag(database.encrypted),
            flag(instance.encrypted),
            shown,
        ),
        (
            "encryption.kmsKey",
            text(&database.kms_key),
            instance.kms_key.clone(),
            is_key,
        ),
    ];
    let differing = rows.into_iter().filter(|(_, wanted, has, same)| {
        let differs = |wanted: &String| !same(wanted, has.as_deref());
        wanted.as_ref().is_some_and(differs)
    });
    differing
        .map(|(field, _, has, _)| obstacle(field, has.as_deref()))
        .collect()
}

/// Whether what is wanted is what the instance has; what RDS does not show is
/// no difference, but for a database that it would show.
type Same = fn(&str, Option<&str>) -> bool;

/// RDS shows a key's ARN. An alias stands for a key that only KMS knows.
fn is_key(wanted: &str, has: Option<&str>) -> bool {
    let is_alias = wanted.starts_with("alias/") || wanted.contains(":alias/");
    let of_id = |arn: &str| arn.rsplit('/').next() == Some(wanted);
    is_alias || has.is_none_or(|arn| arn == wanted || of_id(arn))
}

fn obstacle(field: &str, has: Option<&str>) -> Obstacle {
    let write = has.map_or("remove it".to_owned(), |has| {
        format!("write {has:?} or remove it")
    });
    let message = format!("spec.{field} cannot change on a database that exists: {write}.");
    Obstacle::new(Reason::InvalidSpec, message)
}
