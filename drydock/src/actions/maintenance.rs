//! `DescribePendingMaintenanceActions`: AWS plans nothing here, so the list is
//! empty; what waits for an instance's window is in its `PendingModifiedValues`.
//!
//! Must not begin any maintenance.

use super::{
    Answer,
    page::{Filters, Page},
};
use crate::{
    dock::View,
    fault,
    wire::{Element, Parameters},
};

pub(super) fn describe(view: &View<'_>, mut parameters: Parameters) -> Answer {
    let only = parameters.string("ResourceIdentifier");
    let _none_to_filter = Filters::take(&mut parameters, &["db-cluster-id", "db-instance-id"])?;
    let page = Page::take(&mut parameters)?;
    parameters.finish()?;
    if let Some(only) = only {
        let mut instances = view.region.instances.values();
        if !instances.any(|instance| instance.arn == only) {
            return Err(fault::RESOURCE_NOT_FOUND
                .because(format!("The specified resource ID was not found: {only}")));
        }
    }
    let none: [(String, Element); 0] = [];
    Ok(Some(page.of(
        "DescribePendingMaintenanceActionsResult",
        "PendingMaintenanceActions",
        none,
    )))
}
