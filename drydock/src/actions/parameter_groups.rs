//! DB parameter groups: those that somebody made, and a default one of each
//! family that is here. What they set is in `values`.
//!
//! Must not know what any parameter means.

mod values;

pub(super) use values::{describe as parameters, modify, reset};

use super::{
    Answer,
    page::{Filters, Page},
};
use crate::{
    dock::{Turn, View},
    fault::{self, Fault},
    model::{ParameterGroup, Region},
    rules::{name, tag},
    servers::Version,
    wire::{Element, Parameters},
};

pub(super) fn create(turn: &mut Turn<'_>, mut parameters: Parameters) -> Answer {
    let name = parameters.required("DBParameterGroupName")?;
    let name = name::identifier("DBParameterGroupName", &name, 255)?;
    let family = parameters.required("DBParameterGroupFamily")?;
    let group = ParameterGroup {
        name: name.clone(),
        family: family.clone(),
        description: parameters.required("Description")?,
        parameters: std::collections::BTreeMap::new(),
        tags: tag::take(&mut parameters)?.unwrap_or_default(),
    };
    parameters.finish()?;
    if !is_family(turn.servers.versions(), &family) {
        return Err(fault::INVALID_PARAMETER_VALUE.because(format!(
            "ParameterGroupFamily {family} is not a valid parameter group family"
        )));
    }
    if turn.region.parameter_groups.contains_key(&name) {
        return Err(fault::PARAMETER_GROUP_ALREADY_EXISTS
            .because(format!("Parameter group {name} already exists")));
    }
    turn.region.parameter_groups.insert(name, group.clone());
    Ok(Some(
        Element::new("CreateDBParameterGroupResult").with(element(&turn.view(), &group)),
    ))
}

pub(super) fn describe(view: &View<'_>, mut parameters: Parameters) -> Answer {
    let only = parameters.string("DBParameterGroupName");
    let _none_is_known = Filters::take(&mut parameters, &[])?;
    let page = Page::take(&mut parameters)?;
    parameters.finish()?;
    let defaults = view.versions.iter().map(|version| {
        let family = format!("postgres{}", version.major);
        let name = format!("default.{family}");
        let description = format!("Default parameter group for {family}");
        let group = ParameterGroup {
            name: name.clone(),
            family,
            description,
            parameters: std::collections::BTreeMap::new(),
            tags: crate::model::Tags::new(),
        };
        (name, group)
    });
    let mut groups = view.region.parameter_groups.clone();
    groups.extend(defaults);
    if let Some(only) = &only {
        groups.retain(|name, _| name.eq_ignore_ascii_case(only));
        if groups.is_empty() {
            return Err(not_found(only));
        }
    }
    let shown = groups
        .iter()
        .map(|(name, group)| (name.clone(), element(view, group)));
    Ok(Some(page.of(
        "DescribeDBParameterGroupsResult",
        "DBParameterGroups",
        shown,
    )))
}

pub(super) fn delete(turn: &mut Turn<'_>, mut parameters: Parameters) -> Answer {
    let asked = parameters.required("DBParameterGroupName")?;
    parameters.finish()?;
    let name = asked.to_ascii_lowercase();
    let used = turn.region.instances.values().any(|instance| {
        instance.configuration.parameter_group == name
            || instance.pending.parameter_group.as_ref() == Some(&name)
    });
    if used || name.starts_with("default.") {
        return Err(fault::INVALID_PARAMETER_GROUP_STATE.because(format!(
            "The parameter group {name} is a default one, or an instance uses it."
        )));
    }
    find(turn.region, &name)?;
    turn.region.parameter_groups.remove(&name);
    Ok(None)
}

/// The stored name of a parameter group, if it is for this engine version.
pub(super) fn fitting(region: &Region, name: &str, version: &str) -> Result<String, Fault> {
    let name = name.to_ascii_lowercase();
    let major = version.split('.').next().unwrap_or_default();
    let wanted = format!("postgres{major}");
    let family = match name.strip_prefix("default.") {
        Some(family) => family,
        None => &find(region, &name)?.family,
    };
    if family == wanted {
        return Ok(name);
    }
    Err(fault::INVALID_PARAMETER_COMBINATION.because(format!(
        "The parameter group {name} with DBParameterGroupFamily {family} can't be used for this \
         instance. Please use a parameter group with DBParameterGroupFamily {wanted}"
    )))
}

fn is_family(here: &[Version], family: &str) -> bool {
    here.iter()
        .any(|version| family == format!("postgres{}", version.major))
}

fn find<'a>(region: &'a Region, name: &str) -> Result<&'a ParameterGroup, Fault> {
    region
        .parameter_groups
        .get(name)
        .ok_or_else(|| not_found(name))
}

pub(super) fn not_found(name: &str) -> Fault {
    fault::PARAMETER_GROUP_NOT_FOUND.because(format!("DBParameterGroup not found: {name}"))
}

/// The `DBParameterGroup` element.
fn element(view: &View<'_>, group: &ParameterGroup) -> Element {
    Element::new("DBParameterGroup")
        .field("DBParameterGroupName", &group.name)
        .field("DBParameterGroupFamily", &group.family)
        .field("Description", &group.description)
        .field("DBParameterGroupArn", view.scope.arn("pg", &group.name))
}
