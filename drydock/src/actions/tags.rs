//! Tags of anything that has an ARN.

use super::{Answer, instance, parameter_groups, subnet_groups};
use crate::{
    dock::{Turn, View},
    fault::{self, Fault},
    model::{Region, Scope, Tags},
    rules::tag,
    wire::{Element, Parameters},
};

pub(super) fn add(turn: &mut Turn<'_>, mut parameters: Parameters) -> Answer {
    let arn = parameters.required("ResourceName")?;
    let added = tag::take(&mut parameters)?
        .ok_or_else(|| fault::MISSING_PARAMETER.because("The request must contain Tags."))?;
    parameters.finish()?;
    let tags = of(turn.region, turn.scope, &arn)?;
    tags.extend(added);
    tag::count(tags)?;
    Ok(None)
}

pub(super) fn remove(turn: &mut Turn<'_>, mut parameters: Parameters) -> Answer {
    let arn = parameters.required("ResourceName")?;
    let removed = parameters
        .strings("TagKeys", "member")?
        .ok_or_else(|| fault::MISSING_PARAMETER.because("The request must contain TagKeys."))?;
    parameters.finish()?;
    let tags = of(turn.region, turn.scope, &arn)?;
    for key in removed {
        tags.remove(&key);
    }
    Ok(None)
}

pub(super) fn list(view: &View<'_>, mut parameters: Parameters) -> Answer {
    let arn = parameters.required("ResourceName")?;
    parameters.finish()?;
    let mut region = view.region.clone();
    let tags = of(&mut region, view.scope, &arn)?;
    Ok(Some(
        Element::new("ListTagsForResourceResult").list("TagList", instance::tags(tags)),
    ))
}

/// The tags of the resource with an ARN of this region and account.
fn of<'a>(region: &'a mut Region, scope: &Scope, arn: &str) -> Result<&'a mut Tags, Fault> {
    let unknown = || {
        fault::INVALID_PARAMETER_VALUE.because(format!(
            "The specified resource name does not match an RDS resource in this region: {arn}"
        ))
    };
    let here = scope.arn("", "");
    let prefix = here.trim_end_matches(':');
    let rest = arn
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix(':'))
        .ok_or_else(unknown)?;
    let (kind, name) = rest.split_once(':').ok_or_else(unknown)?;
    match kind {
        "db" => region
            .instances
            .get_mut(name)
            .map(|it| &mut it.tags)
            .ok_or_else(|| super::describe::not_found(name)),
        "snapshot" => region
            .snapshots
            .get_mut(name)
            .map(|it| &mut it.tags)
            .ok_or_else(|| super::snapshots::not_found(name)),
        "pg" => region
            .parameter_groups
            .get_mut(name)
            .map(|it| &mut it.tags)
            .ok_or_else(|| parameter_groups::not_found(name)),
        "subgrp" => region
            .subnet_groups
            .get_mut(name)
            .map(|it| &mut it.tags)
            .ok_or_else(|| subnet_groups::not_found(name)),
        _ => Err(unknown()),
    }
}
