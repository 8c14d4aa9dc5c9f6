//! DB subnet groups, as far as instances refer to them. Any subnet's id is
//! taken; each next one lies in the next of three zones.

use super::{
    Answer,
    page::{Filters, Page},
};
use crate::{
    dock::{Turn, View},
    fault::{self, Fault},
    model::{Region, SubnetGroup},
    rules::{name, tag},
    wire::{Element, Parameters},
};

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
    let shown = view
        .region
        .subnet_groups
        .values()
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
    exists(turn.region, &name)?;
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
    if region
        .subnet_groups
        .contains_key(&name.to_ascii_lowercase())
    {
        return Ok(());
    }
    Err(not_found(name))
}

pub(super) fn not_found(name: &str) -> Fault {
    fault::SUBNET_GROUP_NOT_FOUND.because(format!("DB subnet group '{name}' does not exist."))
}

/// The `DBSubnetGroup` element.
pub(super) fn element(view: &View<'_>, group: &SubnetGroup) -> Element {
    let zones = ['a', 'b', 'c'];
    let subnets = group.subnets.iter().zip(zones.iter().cycle());
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
}
