//! One object at a time: what an upgrade does to it.
//!
//! Nothing here may know other objects, or read anything. Each check is a
//! function over what was seen of the object, in the order of [`CHECKS`].

mod applied;
mod binding;
mod conversion;
mod extent;
mod spec;
mod types;
mod writers;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition as Crd;
use stow_versions::crd::{Webhook, crd};
use stow_versions::{HUB, SPOKE};

use super::finding::Finding;
use super::schema::{Schema, SchemaError};
use crate::cluster::{Neighbour, PostgresDB, subject_of};
use crate::config::Configuration;
use crate::plan::{Desired, Subject};
use crate::reconcile::validate::{Surroundings, desired};
use crate::untyped::{Extent, Untyped};
pub(super) use binding::Binding;
use conversion::Views;
pub(super) use writers::Writers;

/// What objects are measured by.
pub(super) struct Standards {
    /// The schemas that Stow ships.
    hub: Schema,
    spoke: Schema,
    /// Those of the cluster, which hold until Stow's are applied.
    installed: Vec<(&'static str, Schema)>,
    /// The platform's settings: `None` where they could not be read or are not
    /// there, which is told once and not of each object.
    configuration: Option<Configuration>,
}

impl Standards {
    pub(super) fn new(
        installed: Option<&Crd>,
        configuration: Option<Configuration>,
    ) -> Result<Self, SchemaError> {
        // Where the webhook is makes no difference to a schema.
        let shipped = crd(&Webhook::Url(String::new()));
        let known = installed.into_iter().flat_map(|crd| {
            [HUB, SPOKE]
                .into_iter()
                // One that cannot be evaluated is not Stow's, and so is replaced.
                .filter_map(|version| Some((version, Schema::of(crd, version).ok()?)))
        });
        Ok(Self {
            hub: Schema::of(&shipped, HUB)?,
            spoke: Schema::of(&shipped, SPOKE)?,
            installed: known.collect(),
            configuration,
        })
    }

    /// Whether the platform counts the databases of a namespace.
    pub(super) fn counts(&self) -> bool {
        let configuration = self.configuration.as_ref();
        configuration.is_some_and(|known| known.policy.max_per_namespace.is_some())
    }

    /// The schema that Stow ships for a version.
    fn shipped(&self, version: &str) -> &Schema {
        if version == HUB {
            &self.hub
        } else {
            &self.spoke
        }
    }

    /// The schema that the cluster has for a version.
    fn installed(&self, version: &str) -> Option<&Schema> {
        let mut installed = self.installed.iter();
        let found = installed.find(|(name, _)| *name == version);
        found.map(|(_, schema)| schema)
    }
}

/// What was found of an object.
#[derive(Debug, Default)]
pub(super) struct Judgement {
    pub(super) findings: Vec<Finding>,
    /// Where its Secret lies, which is still to be read.
    pub(super) binding: Option<Binding>,
}

/// What is known of an object once it was converted both ways.
struct Seen<'a> {
    views: Views,
    standards: &'a Standards,
    /// What the operator reads of it.
    read: Option<(Subject, PostgresDB)>,
    /// What the operator would make of that.
    desired: Option<Desired>,
}

/// One check.
type Judge = fn(&Seen<'_>) -> Vec<Finding>;

/// Every check of an object.
const CHECKS: [Judge; 8] = [
    conversion::lost,
    conversion::outdated,
    conversion::pruned,
    conversion::overfull,
    types::wrong,
    spec::refused,
    spec::stalled,
    applied::unreadable,
];

/// The namespace of an object, and how it counts for the others there.
pub(super) fn neighbour(object: &Untyped) -> Option<(String, Neighbour)> {
    let read = serde_json::from_value::<PostgresDB>(object.value.clone()).ok()?;
    Some((read.metadata.namespace.clone()?, read.as_neighbour()))
}

/// Judges an object as the API server shows it, among those of its namespace, as
/// far as they are counted.
pub(super) fn judge(
    object: &Untyped,
    standards: &Standards,
    neighbours: &[Neighbour],
) -> Judgement {
    let name = object.label();
    let named = |mut finding: Finding| {
        finding.object = Some(name.clone());
        finding
    };
    let short = extent::short(object);
    if object.extent == Extent::NameAlone {
        return Judgement {
            findings: short.map(named).into_iter().collect(),
            binding: None,
        };
    }
    let views = match Views::of(&object.value, standards) {
        Ok(views) => views,
        Err(finding) => {
            return Judgement {
                findings: short.into_iter().chain([finding]).map(named).collect(),
                binding: None,
            };
        }
    };
    let read = serde_json::from_value::<PostgresDB>(views.hub().clone()).ok();
    // The cluster's id goes into tags, and nothing here does.
    let read = read.and_then(|object| Some((subject_of("", &object)?, object)));
    let desired = read.as_ref().map(|(subject, object)| {
        let others = neighbours.iter().filter(|one| one.age.1 != subject.uid);
        let others: Vec<_> = others.cloned().collect();
        let surroundings = Surroundings {
            configuration: standards.configuration.as_ref(),
            neighbours: &others,
            // RDS knows what was left behind, and is not asked.
            left_behind: &[],
            placed: false,
        };
        desired(subject, object, surroundings)
    });
    let binding = read.as_ref().and_then(Binding::of);
    let seen = Seen {
        views,
        standards,
        read,
        desired,
    };
    let findings = CHECKS.iter().flat_map(|check| check(&seen));
    Judgement {
        findings: short.into_iter().chain(findings).map(named).collect(),
        binding,
    }
}

/// Whether a database was made for an object, as its status says.
fn is_recorded(object: &PostgresDB) -> bool {
    object.status.arn.is_some() || object.status.id.is_some()
}

#[cfg(test)]
mod tests;
