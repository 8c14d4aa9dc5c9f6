//! `StartDBInstance`, `StopDBInstance`, `RebootDBInstance`.

use super::{Answer, describe::find, instance::instance, snapshots};
use crate::{
    dock::Turn,
    fault::{self, Fault},
    machine::{Step, Work},
    rules::name,
    wire::{Element, Parameters},
};

pub(super) fn start(turn: &mut Turn<'_>, mut parameters: Parameters) -> Answer {
    let asked = parameters.required("DBInstanceIdentifier")?;
    parameters.finish()?;
    begin(
        turn,
        "StartDBInstanceResult",
        &asked,
        &["stopped"],
        vec![Step::new("starting", Work::Start)],
    )
}

pub(super) fn stop(turn: &mut Turn<'_>, mut parameters: Parameters) -> Answer {
    let asked = parameters.required("DBInstanceIdentifier")?;
    let snapshot = parameters.string("DBSnapshotIdentifier");
    parameters.finish()?;
    let from = ["available", "storage-optimization", "storage-full"];
    let mut steps = vec![Step::new("stopping", Work::Stop)];
    if let Some(snapshot) = snapshot {
        let snapshot = name::identifier("DBSnapshotIdentifier", &snapshot, 255)?;
        let source = find(turn.region, &asked)?.clone();
        in_status(&source, &from)?;
        let tags = snapshots::inherited(&source);
        snapshots::add(turn, &source, &snapshot, tags)?;
        steps.insert(0, Step::new("stopping", Work::Snapshot { snapshot }));
    }
    begin(turn, "StopDBInstanceResult", &asked, &from, steps)
}

pub(super) fn reboot(turn: &mut Turn<'_>, mut parameters: Parameters) -> Answer {
    let asked = parameters.required("DBInstanceIdentifier")?;
    let failover = parameters.boolean("ForceFailover")?.unwrap_or(false);
    parameters.finish()?;
    if failover && !find(turn.region, &asked)?.configuration.multi_az {
        return Err(fault::INVALID_PARAMETER_COMBINATION
            .because("You can't specify ForceFailover if the instance is not Multi-AZ."));
    }
    begin(
        turn,
        "RebootDBInstanceResult",
        &asked,
        &[
            "available",
            "storage-optimization",
            "incompatible-parameters",
        ],
        vec![Step::new("rebooting", Work::Reboot)],
    )
}

fn in_status(source: &crate::model::Instance, statuses: &[&str]) -> Result<(), Fault> {
    if statuses.contains(&source.status()) {
        return Ok(());
    }
    Err(fault::INVALID_INSTANCE_STATE.because(format!(
        "Instance {} is not in {} state.",
        source.identifier,
        statuses.join(" or ")
    )))
}

fn begin(
    turn: &mut Turn<'_>,
    result: &str,
    asked: &str,
    from: &[&str],
    steps: Vec<Step>,
) -> Answer {
    let it = find(turn.region, asked)?;
    in_status(it, from)?;
    for step in steps.into_iter().rev() {
        it.steps.push_front(step);
    }
    let it = it.clone();
    Ok(Some(Element::new(result).with(instance(&turn.view(), &it))))
}
