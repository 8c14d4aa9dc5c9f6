//! The Actions: each takes its parameters, checks them against the rules and
//! what exists, changes or looks, and answers.
//!
//! Each is one synchronous turn; what takes time are steps (`machine`).

mod absent;
mod backups;
mod certificates;
mod create;
mod delete;
mod describe;
mod instance;
mod maintenance;
mod modify;
mod monitoring;
mod orderable;
mod page;
mod parameter_groups;
mod placement;
mod power;
mod restore;
mod snapshots;
mod subnet_groups;
mod tags;
mod versions;

use std::sync::Arc;

use crate::{
    dock::{Dock, Turn, View},
    fault::{self, Fault},
    model::Scope,
    wire::{Element, Parameters, Service},
};

/// The `…Result` element's content; some Actions answer without one.
type Answer = Result<Option<Element>, Fault>;

enum Action {
    Read(fn(&View<'_>, Parameters) -> Answer),
    Write(fn(&mut Turn<'_>, Parameters) -> Answer),
}

/// Performs an Action.
pub fn perform(
    dock: &Arc<Dock>,
    scope: &Scope,
    service: Service,
    name: &str,
    parameters: Parameters,
) -> Answer {
    let Some(action) = find(service, name) else {
        return Err(fault::INVALID_ACTION.because(format!("Could not find operation {name}.")));
    };
    match action {
        Action::Read(look) => dock.read(scope, |view| look(view, parameters)),
        Action::Write(change) => dock.write(scope, |turn| change(turn, parameters)),
    }
}

/// Whether there is an Action of this name, of any service.
pub fn exists(name: &str) -> bool {
    [Service::Rds, Service::Sts]
        .into_iter()
        .any(|service| find(service, name).is_some())
}

fn find(service: Service, name: &str) -> Option<Action> {
    use Action::{Read, Write};
    if service == Service::Sts {
        return (name == "GetCallerIdentity").then_some(Read(identity));
    }
    Some(match name {
        "CreateDBInstance" => Write(create::create),
        "DescribeDBInstances" => Read(describe::instances),
        "ModifyDBInstance" => Write(modify::modify),
        "DeleteDBInstance" => Write(delete::delete),
        "StartDBInstance" => Write(power::start),
        "StopDBInstance" => Write(power::stop),
        "RebootDBInstance" => Write(power::reboot),
        "RestoreDBInstanceFromDBSnapshot" => Write(restore::from_snapshot),
        "RestoreDBInstanceToPointInTime" => Write(restore::to_point_in_time),
        "CreateDBSnapshot" => Write(snapshots::create),
        "DescribeDBSnapshots" => Read(snapshots::describe),
        "CopyDBSnapshot" => Write(snapshots::copy),
        "DeleteDBSnapshot" => Write(snapshots::delete),
        "DescribeDBInstanceAutomatedBackups" => Read(backups::describe),
        "DeleteDBInstanceAutomatedBackup" => Write(backups::delete),
        "AddTagsToResource" => Write(tags::add),
        "RemoveTagsFromResource" => Write(tags::remove),
        "ListTagsForResource" => Read(tags::list),
        "DescribeCertificates" => Read(certificates::describe),
        "DescribeDBEngineVersions" => Read(versions::engine_versions),
        "DescribeOrderableDBInstanceOptions" => Read(orderable::describe),
        "CreateDBParameterGroup" => Write(parameter_groups::create),
        "DescribeValidDBInstanceModifications" => Read(orderable::modifications),
        "DescribePendingMaintenanceActions" => Read(maintenance::describe),
        "DescribeDBParameterGroups" => Read(parameter_groups::describe),
        "DescribeDBParameters" => Read(parameter_groups::parameters),
        "ModifyDBParameterGroup" => Write(parameter_groups::modify),
        "ResetDBParameterGroup" => Write(parameter_groups::reset),
        "DeleteDBParameterGroup" => Write(parameter_groups::delete),
        "CreateDBSubnetGroup" => Write(subnet_groups::create),
        "DescribeDBSubnetGroups" => Read(subnet_groups::describe),
        "ModifyDBSubnetGroup" => Write(subnet_groups::modify),
        "DeleteDBSubnetGroup" => Write(subnet_groups::delete),
        _ => return None,
    })
}

fn identity(view: &View<'_>, parameters: Parameters) -> Answer {
    parameters.finish()?;
    let account = &view.scope.account;
    let result = Element::new("GetCallerIdentityResult")
        .field("Arn", format!("arn:aws:iam::{account}:user/drydock"))
        .field("UserId", "AIDADRYDOCK")
        .field("Account", account);
    Ok(Some(result))
}
