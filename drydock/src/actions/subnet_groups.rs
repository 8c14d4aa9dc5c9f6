//! DB subnet groups, as far as instances refer to them. Any subnet's id is
//! taken; each next one lies in the next of three zones, and all of them in the
//! one VPC that there is, with IPv4. The group `default` is always there.
//!
//! Must not reach a network: an instance is on loopback, whatever its group.

use super::{
    Answer,
    page::{Filters, Page},
};
use crate::{
    dock::{Turn, View},
    fault::{self, Fault},
    model::{Region, Scope, SubnetGroup},
    rules::{name, tag},
    wire::{Element, Parameters},
};

/// The group of an instance that names none.
pub(super) const DEFAULT: &str = "default";
const ZONES: [char; 3] = ['a', 'b', 'c'];

pub(super) fn create(turn: &mut Turn<'_>, mut parameters: Parameters) -> Answer {
    let name = name::subnet_group(&parameters.required("DBSubnetGroupName")?)?;
    let group = SubnetGroup {
        name: name.clone(),
        description: parameters.required("DBSubnetGroupDescription")?,
        subnets: subnets(&mut parameters)?,
        tags: tag::take(&mut parameters)?.unwrap_or_default(),
    };
    parameters.finish()?;
    if turn.region.subnet_groups.contains_key(&name) {
        return Err(fault::SUBNET_GROUP_ALREADY_EXISTS
            .because(format!("The DB subnet group '{name}' already exists.")));
    }
    turn.region.subnet_groups.insert(name, group.clone());
    Ok(Some(
        Element::new("CreateDBSubnetGroupResult").with(element(&turn.view(), &group)),
    ))
}

pub(super) fn describe(view: &View<'_>, mut parameters: Parameters) -> Answer {
    let only = parameters.string("DBSubnetGroupName");
    let _none_is_known = Filters::take(&mut parameters, &[])?;
    let page = Page::take(&mut parameters)?;
    parameters.finish()?;
    if let Some(only) = &only {
        exists(view.region, only)?;
    }
    let default = default();
    let own = view.region.subnet_groups.values();
    let mut all: Vec<_> = own.chain([&default]).collect();
    all.sort_by(|one, other| one.name.cmp(&other.name));
    let shown = all
        .into_iter()
        .filter(|group| {
            only.as_ref()
                .is_none_or(|only| only.eq_ignore_ascii_case(&group.name))
        })
        .map(|group| (group.name.clone(), element(view, group)));
    Ok(Some(page.of(
        "DescribeDBSubnetGroupsResult",
        "DBSubnetGroups",
        shown,
    )))
}

pub(super) fn modify(turn: &mut Turn<'_>, mut parameters: Parameters) -> Answer {
    let name = parameters.required("DBSubnetGroupName")?;
    let description = parameters.string("DBSubnetGroupDescription");
    let subnets = subnets(&mut parameters)?;
    parameters.finish()?;
    let group = turn
        .region
        .subnet_groups
        .get_mut(&name.to_ascii_lowercase())
        .ok_or_else(|| not_found(&name))?;
    group.subnets = subnets;
    if let Some(description) = description {
        group.description = description;
    }
    let group = group.clone();
    Ok(Some(
        Element::new("ModifyDBSubnetGroupResult").with(element(&turn.view(), &group)),
    ))
}

pub(super) fn delete(turn: &mut Turn<'_>, mut parameters: Parameters) -> Answer {
    let asked = parameters.required("DBSubnetGroupName")?;
    parameters.finish()?;
    exists(turn.region, &asked)?;
    let name = asked.to_ascii_lowercase();
    if name == DEFAULT {
        return Err(fault::INVALID_SUBNET_GROUP_STATE
            .because("The default DB subnet group can't be deleted."));
    }
    let user = turn
        .region
        .instances
        .values()
        .find(|instance| instance.configuration.subnet_group.as_ref() == Some(&name));
    if let Some(user) = user {
        return Err(fault::INVALID_SUBNET_GROUP_STATE.because(format!(
            "Cannot delete the subnet group '{name}' because at least one database instance: {} \
             is still using it.",
            user.identifier
        )));
    }
    turn.region.subnet_groups.remove(&name);
    Ok(None)
}

fn subnets(parameters: &mut Parameters) -> Result<Vec<String>, Fault> {
    let mut subnets = parameters
        .strings("SubnetIds", "SubnetIdentifier")?
        .unwrap_or_default();
    if let Some(wrong) = subnets.iter().find(|id| !id.starts_with("subnet-")) {
        return Err(
            fault::INVALID_SUBNET.because(format!("Some input subnets are invalid: {wrong}"))
        );
    }
    subnets.sort();
    subnets.dedup();
    if subnets.len() < 2 {
        return Err(fault::SUBNET_GROUP_DOES_NOT_COVER_ENOUGH_AZS.because(
            "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Add \
             subnets to cover at least 2 AZs.",
        ));
    }
    Ok(subnets)
}

/// Whether an instance can be in a subnet group.
pub(super) fn exists(region: &Region, name: &str) -> Result<(), Fault> {
    let name = name.to_ascii_lowercase();
    if name == DEFAULT || region.subnet_groups.contains_key(&name) {
        return Ok(());
    }
    Err(not_found(&name))
}

pub(super) fn not_found(name: &str) -> Fault {
    fault::SUBNET_GROUP_NOT_FOUND.because(format!("DB subnet group '{name}' does not exist."))
}

/// Whether a zone is one of the region's.
pub(super) fn in_region(scope: &Scope, zone: &str) -> Result<(), Fault> {
    let name = zone.strip_prefix(&*scope.region);
    if name.is_some_and(|name| ZONES.iter().any(|zone| name == zone.to_string())) {
        return Ok(());
    }
    Err(fault::INVALID_PARAMETER_VALUE.because(format!(
        "{zone} is not a valid availability zone of {}.",
        scope.region
    )))
}

/// Moving an instance to another VPC: there is no other.
pub(super) fn moved(region: &Region, current: Option<&str>, to: &str) -> Result<(), Fault> {
    exists(region, to)?;
    let why = if current.unwrap_or(DEFAULT).eq_ignore_ascii_case(to) {
        format!("The specified DB instance is already in the target DB subnet group {to}.")
    } else {
        format!(
            "You cannot move the DB instance to the subnet group {to}. The specified DB subnet \
             group and DB instance are in the same VPC. Choose a DB subnet group in different VPC \
             than the specified DB instance and try again."
        )
    };
    Err(fault::INVALID_VPC_NETWORK_STATE.because(why))
}

/// The zone of a standby.
pub(super) fn other_zone(zone: &str) -> String {
    let (region, own) = zone.split_at(zone.len().saturating_sub(1));
    let standby = ZONES.iter().find(|zone| own != zone.to_string());
    format!("{region}{}", standby.unwrap_or(&'a'))
}

/// The group that every account has.
pub(super) fn default() -> SubnetGroup {
    SubnetGroup {
        name: DEFAULT.to_owned(),
        description: "default".to_owned(),
        subnets: ZONES.map(|zone| format!("subnet-default{zone}")).into(),
        tags: crate::model::Tags::new(),
    }
}

/// The `DBSubnetGroup` element.
pub(super) fn element(view: &View<'_>, group: &SubnetGroup) -> Element {
    let subnets = group.subnets.iter().zip(ZONES.iter().cycle());
    Element::new("DBSubnetGroup")
        .field("DBSubnetGroupName", &group.name)
        .field("DBSubnetGroupDescription", &group.description)
        .field("VpcId", "vpc-drydock")
        .field("SubnetGroupStatus", "Complete")
        .list(
            "Subnets",
            subnets.map(|(subnet, zone)| {
                let zone = format!("{}{zone}", view.scope.region);
                Element::new("Subnet")
                    .field("SubnetIdentifier", subnet)
                    .with(Element::new("SubnetAvailabilityZone").field("Name", zone))
                    .field("SubnetStatus", "Active")
            }),
        )
        .field("DBSubnetGroupArn", view.scope.arn("subgrp", &group.name))
        .list("SupportedNetworkTypes", [Element::text("member", "IPV4")])
}
