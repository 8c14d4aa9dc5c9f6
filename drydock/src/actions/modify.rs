//! `ModifyDBInstance`: what takes effect at once, and what `ApplyImmediately`
//! flushes of that which waits (`deferred`).
//!
//! Must not do the work: that is of the steps that it adds.

mod deferred;

use super::{
    Answer, absent, create, describe::find, instance::instance, monitoring, placement,
    subnet_groups,
};
use crate::{
    dock::Turn,
    fault::{self, Fault},
    machine::{Step, Work, apply_steps},
    model::{Change, Configuration, Instance, Veil, put},
    rules::name,
    wire::{Element, Parameters},
};

/// Statuses in which RDS takes a Modify.
const MODIFIABLE: [&str; 4] = [
    "available",
    "storage-optimization",
    "storage-full",
    "incompatible-parameters",
];

pub(super) fn modify(turn: &mut Turn<'_>, mut parameters: Parameters) -> Answer {
    let take = &mut parameters;
    let asked = take.required("DBInstanceIdentifier")?;
    let before = find(turn.region, &asked)?.clone();
    absent::refuse(take)?;
    let flush = take.boolean("ApplyImmediately")?.unwrap_or(false);
    let mut after = before.clone();
    let mut steps = immediate(turn, take, &mut after.configuration)?;
    let (mut change, regrouped) = deferred::take(turn, take, &before, &mut after.configuration)?;
    let password = take.string("MasterUserPassword");
    if let Some(password) = &password {
        name::password(password)?;
    }
    parameters.finish()?;

    if !MODIFIABLE.contains(&before.status()) {
        return Err(fault::INVALID_INSTANCE_STATE.because(format!(
            "Database instance {} is not in available state.",
            before.identifier
        )));
    }
    if regrouped {
        steps.push(Step::new("modifying", Work::Parameters));
    }
    if let Some(port) = change.port.take_if(|_| !flush) {
        // It restarts the database whether or not that waits, and so applies
        // what waits for a reboot, but not what waits for the window.
        after.configuration.port = port;
        steps.push(Step::new("modifying", Work::Reboot));
    }
    after.pending.absorb(change);
    after.pending.settle(&before);
    after.pending_since = if after.pending.is_empty() {
        None
    } else {
        before.pending_since.or(Some(turn.now))
    };
    let mut eventual = after.configuration.clone();
    after.pending.clone().apply(&mut eventual);
    placement::check(&eventual)?;
    after.pending.password = password;
    let mut due = after.clone();
    if !flush {
        due.pending = Change {
            password: after.pending.password.clone(),
            ..Change::default()
        };
    }
    steps.extend(apply_steps(&due));
    // The optimization under way goes on after it.
    steps.extend(std::mem::take(&mut after.steps));
    after.steps = steps.into();
    veil(turn, &before, &mut after);
    turn.region
        .instances
        .insert(after.identifier.clone(), after.clone());
    Ok(Some(
        Element::new("ModifyDBInstanceResult").with(instance(&turn.view(), &after)),
    ))
}

/// Describe goes on showing the instance as it was, for the settable lag.
fn veil(turn: &Turn<'_>, before: &Instance, after: &mut Instance) {
    let lag = std::time::Duration::from_millis(turn.settings.lag);
    if lag.is_zero() {
        return;
    }
    after.veil = Some(Veil {
        until: turn.now + lag,
        earlier: before.seen(turn.now).map(|seen| {
            Box::new(Instance {
                veil: None,
                ..seen.clone()
            })
        }),
    });
}

/// Puts what takes effect at once into the configuration, and returns the
/// statuses that RDS shows meanwhile.
fn immediate(
    turn: &Turn<'_>,
    take: &mut Parameters,
    it: &mut Configuration,
) -> Result<Vec<Step>, Fault> {
    if let Some(engine) = take.string("Engine") {
        create::engine(&engine)?;
    }
    if let Some(group) = take.string("DBSubnetGroupName") {
        subnet_groups::moved(turn.region, it.subnet_group.as_deref(), &group)?;
    }
    put(
        &mut it.security_groups,
        take.strings("VpcSecurityGroupIds", "VpcSecurityGroupId")?,
    );
    put(&mut it.backup_window, take.string("PreferredBackupWindow"));
    put(
        &mut it.maintenance_window,
        take.string("PreferredMaintenanceWindow"),
    );
    put(
        &mut it.auto_minor_version_upgrade,
        take.boolean("AutoMinorVersionUpgrade")?,
    );
    put(
        &mut it.copy_tags_to_snapshot,
        take.boolean("CopyTagsToSnapshot")?,
    );
    put(
        &mut it.deletion_protection,
        take.boolean("DeletionProtection")?,
    );
    put(
        &mut it.publicly_accessible,
        take.boolean("PubliclyAccessible")?,
    );
    put(
        &mut it.lifecycle_support,
        take.string("EngineLifecycleSupport"),
    );
    put(&mut it.network_type, take.string("NetworkType"));
    let mut steps = Vec::new();
    if monitoring::put(take, turn.scope, &mut it.monitoring)? {
        steps.push(Step::new("configuring-enhanced-monitoring", Work::Wait));
    }
    if exports(take, &mut it.log_exports)? {
        steps.push(Step::new("configuring-log-exports", Work::Wait));
    }
    Ok(steps)
}

/// Whether the exported logs changed.
fn exports(take: &mut Parameters, logs: &mut Vec<String>) -> Result<bool, Fault> {
    let mut of = |list| {
        let name = format!("CloudwatchLogsExportConfiguration.{list}");
        Ok(take.strings(&name, "member")?.unwrap_or_default())
    };
    let (on, off) = (of("EnableLogTypes")?, of("DisableLogTypes")?);
    let before = logs.clone();
    for log in &off {
        placement::log_type(log)?;
    }
    logs.extend(on);
    logs.retain(|log| !off.contains(log));
    logs.sort();
    logs.dedup();
    Ok(*logs != before)
}
