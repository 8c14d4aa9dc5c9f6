//! The `CustomResourceDefinition`: its versions, its way to the webhook, and what
//! it says of storage.
//!
//! Nothing here may judge an object.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition as Crd, CustomResourceDefinitionVersion as Version,
};
use stow_versions::SPOKE;
use stow_versions::crd::{Webhook, crd};

use super::unread;
use crate::preflight::finding::{Check, Finding, Severity};
use crate::preflight::read::Installation;

const APPLY: &str = "kubectl apply -f yaml/crd.yaml.";

fn finding(severity: Severity, text: impl Into<String>) -> Finding {
    Finding::new(severity, Check::Definition, text)
}

/// Whether the definition is Stow's, or can become so.
pub(super) fn definition(installation: &Installation) -> Vec<Finding> {
    let installed = match &installation.definition {
        Err(error) => return vec![unread(Check::Definition, error)],
        Ok(None) => {
            let text = "There is no CustomResourceDefinition, and so there are no objects";
            return vec![finding(Severity::Note, text).advise(APPLY)];
        }
        Ok(Some(installed)) => installed,
    };
    let mut findings = conditions(installed);
    if !installation.serves_hub() {
        findings.push(of_2017(installed));
        return findings;
    }
    if !installation.converts() {
        findings.push(by_none());
    }
    findings.extend(versions(installed));
    if findings.is_empty() {
        findings.push(finding(Severity::Ok, "The definition is Stow's."));
    }
    findings
}

/// What the API server itself says against it.
fn conditions(installed: &Crd) -> Vec<Finding> {
    let told = installed
        .status
        .iter()
        .flat_map(|status| &status.conditions);
    let told = told.flatten().filter(|condition| {
        let wanted = match condition.type_.as_str() {
            "Established" | "NamesAccepted" => "True",
            "Terminating" => "False",
            _ => return false,
        };
        condition.status != wanted
    });
    let told = told.map(|condition| {
        let text = format!(
            "The definition is {}={}: {}",
            condition.type_,
            condition.status,
            condition.message.as_deref().unwrap_or("no reason is given")
        );
        finding(Severity::Error, text).advise(
            "Settle that first: a definition that goes takes all objects along, and one that is \
             not established serves none.",
        )
    });
    told.collect()
}

/// One that knows v1alpha1 alone.
fn of_2017(installed: &Crd) -> Finding {
    let spec = &installed.spec;
    let names = spec.versions.iter().map(|version| version.name.as_str());
    let mut text = format!(
        "The definition serves {} and not v1beta1",
        names.collect::<Vec<_>>().join(", ")
    );
    if spec.preserve_unknown_fields == Some(true) {
        text.push_str("; it preserves unknown fields, with which no webhook is accepted");
    }
    let subresources = spec.versions.iter();
    let mut subresources = subresources.filter_map(|version| version.subresources.as_ref());
    if !subresources.any(|subresources| subresources.status.is_some()) {
        text.push_str("; it has no status subresource");
    }
    finding(Severity::Note, text).advise(
        "yaml/crd.yaml brings all of that. Start the operator first: from then on reads need its \
         webhook. docs/upgrade.md has each step.",
    )
}

/// One that converts by changing `apiVersion` alone.
fn by_none() -> Finding {
    let text = "The definition converts without the webhook (strategy None): each write in \
                another version than the stored one loses fields";
    finding(Severity::Error, text).advise(format!("At once: {APPLY}"))
}

/// Whether each version is as Stow has it.
fn versions(installed: &Crd) -> Vec<Finding> {
    // Where the webhook is says nothing of a version.
    let shipped = crd(&Webhook::Url(String::new())).spec.versions;
    let mut findings = Vec::new();
    for version in &installed.spec.versions {
        let Some(ours) = shipped.iter().find(|ours| ours.name == version.name) else {
            let text = format!("Version {} is not one that Stow knows", version.name);
            findings.push(
                finding(Severity::Error, text)
                    .advise("Use the release of Stow that it came with, or a later one."),
            );
            continue;
        };
        if let Some(what) = difference(version, ours) {
            let text = format!("{what} of {} is not that of this release", version.name);
            findings.push(finding(Severity::Error, text).advise(APPLY));
        }
        if version.storage != ours.storage {
            let text = format!("{} is the storage version", version.name);
            if version.storage {
                findings.push(finding(Severity::Error, text).advise(APPLY));
            }
        }
    }
    if !installed
        .spec
        .versions
        .iter()
        .any(|version| version.name == SPOKE)
    {
        findings.push(finding(Severity::Note, "v1alpha1 has been removed."));
    }
    findings
}

/// What of a version differs, if anything. Whether v1alpha1 is served is its
/// owners' choice.
fn difference(version: &Version, ours: &Version) -> Option<&'static str> {
    if version.schema != ours.schema {
        return Some("The schema");
    }
    if version.subresources != ours.subresources {
        return Some("The status subresource");
    }
    None
}

/// Whether stored objects have to be rewritten, and what holds until then.
pub(super) fn migration(installation: &Installation) -> Vec<Finding> {
    let Some(installed) = installation.definition() else {
        return Vec::new();
    };
    let stored = installed.status.as_ref();
    let stored = stored.and_then(|status| status.stored_versions.as_deref());
    let finding = |severity, text: &str| Finding::new(severity, Check::Migration, text);
    let is_old = stored
        .unwrap_or_default()
        .iter()
        .any(|version| version == SPOKE);
    let told = match (is_old, installation.serves_hub()) {
        (false, _) => finding(Severity::Ok, "No object is stored in v1alpha1."),
        (true, false) => finding(
            Severity::Note,
            "Objects are stored in v1alpha1, as they should be before the upgrade.",
        ),
        (true, true) => finding(
            Severity::Warning,
            "A migration is due: objects may be stored in v1alpha1 (status.storedVersions). Until \
             it is made, reads of them need the webhook, and while that is down the deletion of \
             any namespace in the cluster can hang",
        )
        .advise(
            "`stow migrate`, once nothing writes v1alpha1. Until then keep two replicas of the \
             operator; never scale it to zero, and never force a deletion.",
        ),
    };
    vec![told]
}
