//! What becomes of the database of an object that is being deleted.
//!
//! Nothing here may need more of the spec than what is about deletion, or keep
//! less than the spec and the platform say: without either, a snapshot is taken.

use jiff::Timestamp;
use serde_json::Value;
use stow_versions::status::Reason;
use stow_versions::v1beta1::DeletionPolicy;

use crate::config::Configuration;
use crate::plan::{Goal, Obstacle, Subject};

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
    let least = configuration.map_or(DeletionPolicy::Snapshot, |known| {
        known.policy.minimum_deletion_policy
    });
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
