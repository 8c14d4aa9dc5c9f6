//! What becomes of the database of an object that is being deleted.
//!
//! Nothing here may need more of the spec than what is about deletion, or keep
//! less than the spec and the platform say; while nobody can tell what the platform
//! says, nothing goes.

use jiff::Timestamp;
use serde_json::Value;
use stow_versions::status::Reason;
use stow_versions::v1beta1::DeletionPolicy;

use crate::config::Configuration;
use crate::plan::{Goal, Obstacle, Subject};

use super::missing;

pub(super) fn goal(
    subject: &Subject,
    spec: &Value,
    deletion: Timestamp,
    configuration: Option<&Configuration>,
) -> Goal {
    Goal::Gone {
        policy: policy(spec, configuration),
        final_snapshot: subject.final_snapshot(deletion),
        deletion_protection: spec.get("deletionProtection").and_then(Value::as_bool),
    }
}

fn policy(spec: &Value, configuration: Option<&Configuration>) -> Result<DeletionPolicy, Obstacle> {
    let wanted = match spec.get("deletionPolicy") {
        None | Some(Value::Null) => DeletionPolicy::Snapshot,
        Some(value) => DeletionPolicy::ALL
            .into_iter()
            .find(|known| value.as_str() == Some(known.as_str()))
            .ok_or_else(|| {
                Obstacle::new(
                    Reason::InvalidSpec,
                    format!(
                        "spec.deletionPolicy is {value}: write Delete, Snapshot or Retain, and the database goes, or stays, by that."
                    ),
                )
            })?,
    };
    // Nothing keeps more than that.
    if wanted == DeletionPolicy::Retain {
        return Ok(wanted);
    }
    let least = least(configuration)?;
    if wanted >= least {
        return Ok(wanted);
    }
    // An object that states none asks for no less than the platform keeps.
    if spec.get("deletionPolicy").is_none_or(Value::is_null) {
        return Ok(least);
    }
    Err(Obstacle::new(
        Reason::NotAllowed,
        format!(
            "spec.deletionPolicy is {}, and policy.minimumDeletionPolicy of the operator's ConfigMap is {}: write {} or something stricter, or have the platform allow it.",
            wanted.as_str(),
            least.as_str(),
            least.as_str()
        ),
    ))
}

/// What the platform keeps at the least.
fn least(configuration: Option<&Configuration>) -> Result<DeletionPolicy, Obstacle> {
    let configuration = configuration.ok_or_else(missing)?;
    let Some(fault) = configuration.unreadable_departure() else {
        return Ok(configuration.policy.minimum_deletion_policy);
    };
    Err(Obstacle::new(
        Reason::InvalidConfiguration,
        format!(
            "The operator's ConfigMap does not tell what a deletion has to keep, and no database is deleted until it does: {fault}. spec.deletionPolicy: Retain lets the object go, and its database stay."
        ),
    ))
}
