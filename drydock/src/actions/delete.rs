//! `DeleteDBInstance`.

use super::{Answer, describe::find, instance::instance, snapshots};
use crate::{
    dock::Turn,
    fault,
    machine::{Step, Work},
    rules::name,
    wire::{Element, Parameters},
};

/// Statuses in which no final snapshot can be taken.
const WITHOUT_SNAPSHOT: [&str; 4] = [
    "creating",
    "failed",
    "incompatible-restore",
    "incompatible-network",
];

pub(super) fn delete(turn: &mut Turn<'_>, mut parameters: Parameters) -> Answer {
    let asked = parameters.required("DBInstanceIdentifier")?;
    let skip = parameters.boolean("SkipFinalSnapshot")?.unwrap_or(false);
    let snapshot = parameters.string("FinalDBSnapshotIdentifier");
    let drop_backups = parameters
        .boolean("DeleteAutomatedBackups")?
        .unwrap_or(true);
    parameters.finish()?;

    let doomed = find(turn.region, &asked)?.clone();
    let status = doomed.status().to_owned();
    let identifier = doomed.identifier.clone();
    if doomed.is_deleting() {
        return Err(fault::INVALID_INSTANCE_STATE
            .because(format!("Instance {identifier} is already being deleted.")));
    }
    if doomed.configuration.deletion_protection {
        return Err(fault::INVALID_PARAMETER_COMBINATION.because(
            "Cannot delete protected DB Instance, please disable deletion protection and try \
             again.",
        ));
    }
    let snapshot = match (skip, snapshot) {
        (true, Some(_)) => {
            return Err(fault::INVALID_PARAMETER_COMBINATION.because(
                "FinalDBSnapshotIdentifier can not be specified when deleting with \
                 SkipFinalSnapshot.",
            ));
        }
        (false, None) => {
            return Err(fault::INVALID_PARAMETER_COMBINATION.because(
                "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.",
            ));
        }
        (true, None) => None,
        (false, Some(snapshot)) => Some(name::identifier(
            "FinalDBSnapshotIdentifier",
            &snapshot,
            255,
        )?),
    };
    let mut steps = Vec::new();
    if let Some(snapshot) = snapshot {
        if WITHOUT_SNAPSHOT.contains(&&*status) {
            return Err(fault::INVALID_INSTANCE_STATE.because(format!(
                "Cannot create a snapshot because the database instance {identifier} is not \
                 currently in the available state."
            )));
        }
        snapshots::add(turn, &doomed, &snapshot, snapshots::inherited(&doomed))?;
        steps.push(Step::new("deleting", Work::Snapshot { snapshot }));
    }
    let keep_backups = !drop_backups && doomed.configuration.backup_retention > 0;
    if keep_backups && turn.region.retained.len() >= turn.settings.retained_backups {
        return Err(fault::AUTOMATED_BACKUP_QUOTA_EXCEEDED
            .because("The quota for retained automated backups was exceeded."));
    }
    steps.push(Step::new("deleting", Work::Destroy { keep_backups }));

    let doomed = find(turn.region, &asked)?;
    doomed.steps = steps.into();
    doomed.veil = None;
    let doomed = doomed.clone();
    Ok(Some(
        Element::new("DeleteDBInstanceResult").with(instance(&turn.view(), &doomed)),
    ))
}
