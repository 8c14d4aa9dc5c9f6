//! `DescribeDBInstances`.

use super::{
    Answer,
    instance::instance,
    page::{Filters, Page},
};
use crate::{
    dock::View,
    fault::{self, Fault},
    model::{Instance, Region},
    wire::Parameters,
};

const FILTERS: [&str; 5] = [
    "db-instance-id",
    "dbi-resource-id",
    "engine",
    "db-cluster-id",
    "domain",
];

pub(super) fn instances(view: &View<'_>, mut parameters: Parameters) -> Answer {
    let only = parameters.string("DBInstanceIdentifier");
    let filters = Filters::take(&mut parameters, &FILTERS)?;
    let page = Page::take(&mut parameters)?;
    parameters.finish()?;

    let seen: Vec<_> = view
        .region
        .instances
        .values()
        .filter_map(|instance| instance.seen(view.now))
        .filter(|seen| only.as_ref().is_none_or(|only| named(seen, only)))
        .collect();
    if let (Some(only), true) = (&only, seen.is_empty()) {
        return Err(not_found(only));
    }
    let shown = seen
        .into_iter()
        .filter(|seen| filters.pass(|name| values(seen, name)))
        .map(|seen| (seen.identifier.clone(), instance(view, seen)));
    Ok(Some(page.of(
        "DescribeDBInstancesResult",
        "DBInstances",
        shown,
    )))
}

fn named(instance: &Instance, name: &str) -> bool {
    // Describe takes an ARN or a DbiResourceId, too.
    instance.identifier.eq_ignore_ascii_case(name)
        || instance.arn == name
        || instance.resource_id.eq_ignore_ascii_case(name)
}

fn values(instance: &Instance, filter: &str) -> Vec<String> {
    match filter {
        "db-instance-id" => vec![instance.identifier.clone(), instance.arn.clone()],
        "dbi-resource-id" => vec![instance.resource_id.clone()],
        "engine" => vec!["postgres".to_owned()],
        // No instance here belongs to a cluster or a domain.
        _ => vec![],
    }
}

pub(super) fn not_found(identifier: &str) -> Fault {
    fault::INSTANCE_NOT_FOUND.because(format!("DBInstance {identifier} not found."))
}

/// The instance of a name, which is given in any case.
pub(super) fn find<'a>(region: &'a mut Region, name: &str) -> Result<&'a mut Instance, Fault> {
    region
        .instances
        .get_mut(&name.to_ascii_lowercase())
        .ok_or_else(|| not_found(name))
}
