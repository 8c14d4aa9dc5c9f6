//! An object of which not all can be read.
//!
//! Nothing here may look at what could be read.

use crate::preflight::finding::{Check, Finding, Severity};
use crate::untyped::{Extent, Untyped};

/// What is to be said of how much of an object could be read.
pub(super) fn short(object: &Untyped) -> Option<Finding> {
    let (name, namespace) = (object.metadata("name"), object.metadata("namespace"));
    match object.extent {
        Extent::Whole => None,
        Extent::ButManagedFields => Some(
            Finding::new(
                Severity::Error,
                Check::Migration,
                "Its managedFields are nested too deep to be read: who wrote v1alpha1 is not \
                 known of it, and `stow migrate` would not finish",
            )
            .at("metadata.managedFields")
            .advise(format!(
                "Take them off: kubectl patch postgresdb {name} -n {namespace} --type=merge -p \
                 '{{\"metadata\":{{\"managedFields\":[{{}}]}}}}'. Whoever applies it server-side \
                 applies it anew then."
            )),
        ),
        Extent::NameAlone => Some(
            Finding::new(
                Severity::Unknown,
                Check::Unreadable,
                "It is nested too deep to be judged here. A conversion takes it, and no list \
                 fails for it; what becomes of it is not known",
            )
            .advise(
                "Take out what is nested; or look again once v1beta1 is served, which shows what \
                 v1alpha1 says there as text.",
            ),
        ),
    }
}
