//! A definition of two versions whose conversion is `None`, for however short a
//! time, loses data: an API server then takes an object of one version for one of
//! the other, and prunes what that has no name for. The stanza is deleted more
//! easily than one would think, since an absent one is `None` too.
//!
//! Nothing here may stand in the way of a definition of one version, or say which
//! webhook it is.

use kube::core::Message;

use super::{Policy, Scope, validation};
use crate::{GROUP, PLURAL};

/// The CRD keeps its conversion webhook while it has two versions.
pub fn conversion_stays() -> Policy {
    let bare = |crd: &str| {
        format!(
            "(size({crd}.spec.versions) > 1 && !(has({crd}.spec.conversion) && \
             {crd}.spec.conversion.strategy == 'Webhook'))"
        )
    };
    let (now, was) = (bare("object"), bare("oldObject"));
    Policy {
        scope: Scope {
            group: "apiextensions.k8s.io",
            version: "v1",
            resource: "customresourcedefinitions",
            reach: "Cluster",
            operations: &["CREATE", "UPDATE"],
            match_policy: "Equivalent",
        },
        conditions: vec![(
            "of-stow",
            format!("object.metadata.name == '{PLURAL}.{GROUP}'"),
        )],
        variables: Vec::new(),
        validations: vec![validation(
            format!("!{now} || (oldObject != null && {was})"),
            Message::Message(
                "without its conversion webhook this definition would lose data: leave \
                 spec.conversion out of what you apply, or write it as yaml/crd.yaml does"
                    .to_owned(),
            ),
        )],
    }
}
