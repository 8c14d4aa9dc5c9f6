//! DB parameter groups. Only values that somebody set are listed: what the
//! engine's defaults are is the server's to say.

use super::{
    Answer,
    page::{Filters, Page},
};
use crate::{
    dock::{Turn, View},
    fault::{self, Fault},
    machine::{Step, Work},
    model::{PARAMETERS_APPLYING, PARAMETERS_PENDING_REBOOT, ParameterGroup, Region},
    rules::{name, tag},
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
    let here = turn.servers.versions();
    let known = here
        .iter()
        .any(|version| family == format!("postgres{}", version.major));
    if !known {
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

pub(super) fn parameters(view: &View<'_>, mut parameters: Parameters) -> Answer {
    let asked = parameters.required("DBParameterGroupName")?;
    let source = parameters.string("Source");
    let page = Page::take(&mut parameters)?;
    parameters.finish()?;
    let name = asked.to_ascii_lowercase();
    let set = if name.starts_with("default.") {
        std::collections::BTreeMap::new()
    } else {
        find(view.region, &name)?.parameters.clone()
    };
    let wanted = source.as_ref().is_none_or(|source| source == "user");
    let shown = set.iter().filter(|_| wanted).map(|(name, value)| {
        let element = Element::new("Parameter")
            .field("ParameterName", name)
            .field("ParameterValue", value)
            .field("Source", "user")
            .field("IsModifiable", true);
        (name.clone(), element)
    });
    Ok(Some(page.of(
        "DescribeDBParametersResult",
        "Parameters",
        shown,
    )))
}

pub(super) fn modify(turn: &mut Turn<'_>, mut parameters: Parameters) -> Answer {
    let asked = parameters.required("DBParameterGroupName")?;
    let members = parameters.members("Parameters", "Parameter")?;
    parameters.finish()?;
    let name = asked.to_ascii_lowercase();
    if name.starts_with("default.") {
        return Err(
            fault::INVALID_PARAMETER_VALUE.because("Default parameter groups cannot be modified.")
        );
    }
    let group = find(turn.region, &name)?;
    let family = group.family.clone();
    let mut set = group.parameters.clone();
    let mut at_once = false;
    for mut member in members.unwrap_or_default() {
        let parameter = member.required("ParameterName")?;
        let value = member.required("ParameterValue")?;
        let restarts = turn.servers.parameter(&family, &parameter).ok_or_else(|| {
            fault::INVALID_PARAMETER_VALUE
                .because(format!("Could not find parameter with name: {parameter}"))
        })?;
        match &*member.required("ApplyMethod")? {
            "immediate" if restarts => {
                return Err(fault::INVALID_PARAMETER_COMBINATION.because(format!(
                    "cannot use immediate apply method for static parameter {parameter}"
                )));
            }
            "immediate" => at_once = true,
            "pending-reboot" => {}
            method => {
                return Err(fault::INVALID_PARAMETER_VALUE
                    .because(format!("Invalid apply method: {method}")));
            }
        }
        member.finish()?;
        set.insert(parameter, value);
    }
    if let Some(group) = turn.region.parameter_groups.get_mut(&name) {
        group.parameters = set;
    }
    for instance in turn.region.instances.values_mut() {
        if instance.configuration.parameter_group != name {
            continue;
        }
        let status = &mut instance.configuration.parameter_status;
        if at_once && instance.steps.is_empty() && instance.resting == "available" {
            PARAMETERS_APPLYING.clone_into(status);
            // The instance itself stays available meanwhile.
            instance
                .steps
                .push_back(Step::new("available", Work::Parameters));
        } else {
            PARAMETERS_PENDING_REBOOT.clone_into(status);
        }
    }
    Ok(Some(
        Element::new("ModifyDBParameterGroupResult").field("DBParameterGroupName", name),
    ))
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
