//! What parameter groups set: listed, modified, reset.
//!
//! Must not tell servers: the steps of the instances that use a group do.

use std::collections::BTreeMap;

use super::{find, is_family, not_found};
use crate::{
    actions::{
        Answer,
        page::{Filters, Page},
    },
    dock::{Turn, View},
    fault::{self, Fault},
    machine::{Step, Work},
    model::{ApplyMethod, PARAMETERS_APPLYING, PARAMETERS_PENDING_REBOOT, Setting},
    postgres::Parameter,
    rules,
    wire::{Element, Parameters},
};

/// How many parameters one request may name.
const MOST: usize = 20;

/// Where a parameter's value comes from, as RDS names it.
const SOURCES: [&str; 3] = ["user", "system", "engine-default"];

/// Every parameter that the group may set. Values are shown where somebody set
/// them, or RDS would (`system`); those of the engine are the server's to say.
pub(in crate::actions) fn describe(view: &View<'_>, mut parameters: Parameters) -> Answer {
    let asked = parameters.required("DBParameterGroupName")?;
    let wanted = parameters.string("Source");
    let filters = Filters::take(&mut parameters, &["parameter-name"])?;
    let page = Page::take(&mut parameters)?;
    parameters.finish()?;
    if let Some(wanted) = &wanted
        && !SOURCES.contains(&&**wanted)
    {
        return Err(fault::INVALID_PARAMETER_VALUE.because(format!(
            "Invalid Source: {wanted}. Valid values are user, system and engine-default."
        )));
    }
    let name = asked.to_ascii_lowercase();
    let (family, set) = match name.strip_prefix("default.") {
        Some(family) if is_family(view.versions, family) => (family, BTreeMap::new()),
        Some(_) => return Err(not_found(&name)),
        None => {
            let group = find(view.region, &name)?;
            (&*group.family, group.parameters.clone())
        }
    };
    let mut all: BTreeMap<String, (&str, Element)> = set
        .iter()
        .map(|(name, own)| {
            (
                name.clone(),
                ("user", element(name, "user", Some(own), None)),
            )
        })
        .collect();
    for known in view.servers.parameters(family) {
        let own = set.get(&known.name);
        let source = match (own, known.preset) {
            (Some(_), _) => "user",
            (None, Some(_)) => "system",
            (None, None) => "engine-default",
        };
        let about = element(&known.name, source, own, known.preset);
        all.insert(known.name.clone(), (source, detailed(about, known)));
    }
    let shown = all
        .into_iter()
        .filter(|(_, (source, _))| wanted.as_ref().is_none_or(|wanted| wanted == source))
        .filter(|(name, _)| filters.pass(|_| vec![name.clone()]))
        .map(|(name, (_, element))| (name, element));
    Ok(Some(page.of(
        "DescribeDBParametersResult",
        "Parameters",
        shown,
    )))
}

/// The `Parameter` element, of a value that a user or else RDS set.
fn element(name: &str, source: &str, own: Option<&Setting>, preset: Option<&str>) -> Element {
    // RDS shows it of parameters that nobody set, too.
    let method = own.map_or(ApplyMethod::PendingReboot, |own| own.method);
    Element::new("Parameter")
        .field("ParameterName", name)
        .maybe("ParameterValue", own.map(|own| &*own.value).or(preset))
        .field("Source", source)
        .field("IsModifiable", true)
        .field("ApplyMethod", method.name())
}

fn detailed(element: Element, about: &Parameter) -> Element {
    let kind = if about.restarts { "static" } else { "dynamic" };
    element
        .field("Description", &about.description)
        .field("ApplyType", kind)
        .field("DataType", about.data_type)
        .maybe("AllowedValues", rules::group::allowed(about))
}

pub(in crate::actions) fn modify(turn: &mut Turn<'_>, mut parameters: Parameters) -> Answer {
    let asked = parameters.required("DBParameterGroupName")?;
    let members = parameters.members("Parameters", "Parameter")?;
    parameters.finish()?;
    let name = own(&asked)?;
    let group = find(turn.region, &name)?;
    let family = group.family.clone();
    let mut set = group.parameters.clone();
    let mut how = Applied::default();
    for mut member in some(members)? {
        let parameter = member.required("ParameterName")?;
        let value = member.required("ParameterValue")?;
        let method = how.add(turn, &family, &parameter, &member.required("ApplyMethod")?)?;
        member.finish()?;
        let known = turn.servers.parameters(&family);
        if let Some(known) = known.into_iter().find(|known| known.name == parameter) {
            rules::group::value(known, &value)?;
        }
        set.insert(parameter, Setting { value, method });
    }
    change(turn, &name, set, how);
    Ok(Some(
        Element::new("ModifyDBParameterGroupResult").field("DBParameterGroupName", name),
    ))
}

pub(in crate::actions) fn reset(turn: &mut Turn<'_>, mut parameters: Parameters) -> Answer {
    let asked = parameters.required("DBParameterGroupName")?;
    let all = parameters.boolean("ResetAllParameters")?;
    let members = parameters.members("Parameters", "Parameter")?;
    parameters.finish()?;
    let name = own(&asked)?;
    let group = find(turn.region, &name)?;
    let family = group.family.clone();
    let mut set = group.parameters.clone();
    let mut how = Applied::default();
    match (all, members) {
        (Some(true) | None, None) => {
            how.at_once = true;
            // What restarts alone can reset waits for it.
            how.waits = set
                .keys()
                .any(|name| turn.servers.parameter(&family, name) == Some(true));
            set.clear();
        }
        (Some(false) | None, members @ Some(_)) => {
            for mut member in some(members)? {
                let parameter = member.required("ParameterName")?;
                how.add(turn, &family, &parameter, &member.required("ApplyMethod")?)?;
                member.finish()?;
                set.remove(&parameter);
            }
        }
        _ => {
            return Err(fault::INVALID_PARAMETER_COMBINATION
                .because("Specify either ResetAllParameters or the Parameters to reset."));
        }
    }
    change(turn, &name, set, how);
    Ok(Some(
        Element::new("ResetDBParameterGroupResult").field("DBParameterGroupName", name),
    ))
}

/// The stored name of a group that can be modified.
fn own(asked: &str) -> Result<String, Fault> {
    let name = asked.to_ascii_lowercase();
    if name.starts_with("default.") {
        return Err(
            fault::INVALID_PARAMETER_VALUE.because("Default parameter groups cannot be modified.")
        );
    }
    Ok(name)
}

/// From one to twenty parameters.
fn some(members: Option<Vec<Parameters>>) -> Result<Vec<Parameters>, Fault> {
    let members = members.unwrap_or_default();
    if (1..=MOST).contains(&members.len()) {
        return Ok(members);
    }
    Err(fault::INVALID_PARAMETER_VALUE.because(format!(
        "A request names from 1 to {MOST} parameters, not {}.",
        members.len()
    )))
}

/// When a change takes effect.
#[derive(Debug, Clone, Copy, Default)]
struct Applied {
    /// Some of it does now.
    at_once: bool,
    /// Some of it waits for a reboot.
    waits: bool,
}

impl Applied {
    /// Adds a parameter's method, and reads it, if the parameter is one and can
    /// have it.
    fn add(
        &mut self,
        turn: &Turn<'_>,
        family: &str,
        parameter: &str,
        method: &str,
    ) -> Result<ApplyMethod, Fault> {
        let restarts = turn.servers.parameter(family, parameter).ok_or_else(|| {
            fault::INVALID_PARAMETER_VALUE
                .because(format!("Could not find parameter with name: {parameter}"))
        })?;
        match method {
            "immediate" if restarts => Err(fault::INVALID_PARAMETER_COMBINATION.because(format!(
                "cannot use immediate apply method for static parameter {parameter}"
            ))),
            "immediate" => {
                self.at_once = true;
                Ok(ApplyMethod::Immediate)
            }
            "pending-reboot" => {
                self.waits = true;
                Ok(ApplyMethod::PendingReboot)
            }
            _ => {
                Err(fault::INVALID_PARAMETER_VALUE
                    .because(format!("Invalid apply method: {method}")))
            }
        }
    }
}

/// Keeps what the group sets from now on, and sees to it that the instances that
/// use it are told.
fn change(turn: &mut Turn<'_>, name: &str, set: BTreeMap<String, Setting>, how: Applied) {
    if let Some(group) = turn.region.parameter_groups.get_mut(name) {
        group.parameters = set;
    }
    for instance in turn.region.instances.values_mut() {
        if instance.configuration.parameter_group != name {
            continue;
        }
        let idle = instance.steps.is_empty() && instance.resting == "available";
        let status = &mut instance.configuration.parameter_status;
        if how.at_once && idle {
            let status_then = if how.waits {
                PARAMETERS_PENDING_REBOOT
            } else {
                PARAMETERS_APPLYING
            };
            status_then.clone_into(status);
            // The instance itself stays available meanwhile.
            instance
                .steps
                .push_back(Step::new("available", Work::Parameters));
        } else {
            PARAMETERS_PENDING_REBOOT.clone_into(status);
        }
    }
}
