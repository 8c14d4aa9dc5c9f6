//! An object in both versions, and what does not come back.
//!
//! Nothing here may say how a field is converted: that is `stow_versions`.

use serde_json::Value;
use stow_versions::GROUP;
use stow_versions::convert::convert;

use super::{HUB, SPOKE, Seen, Standards};
use crate::preflight::finding::{Check, Finding, Severity};
use crate::preflight::schema::differences;

/// How many bytes the annotations of an object may have, names and values: the API
/// server's own number.
const MOST: usize = 256 << 10;

/// An object in both versions, as the API server would keep them.
pub(super) struct Views {
    /// The version that it was read in.
    pub(super) version: &'static str,
    /// It in that version.
    pub(super) own: Value,
    /// It in the other.
    pub(super) other: Value,
    /// What the API server drops before it converts.
    dropped: Vec<String>,
    /// What differs once it was converted there and back.
    lost: Vec<String>,
}

impl Views {
    /// Converts an object both ways, pruned at each step as an API server does.
    pub(super) fn of(object: &Value, standards: &Standards) -> Result<Self, Finding> {
        let api_version = object["apiVersion"].as_str().unwrap_or_default();
        let (version, to) = if api_version == format!("{GROUP}/{HUB}") {
            (HUB, SPOKE)
        } else {
            (SPOKE, HUB)
        };
        let converted = |object: &Value, to: &str| {
            convert(object.clone(), &format!("{GROUP}/{to}")).map_err(|error| {
                let text = format!("It cannot be converted: {error}");
                Finding::new(Severity::Error, Check::Lost, text)
            })
        };
        let (own, dropped) = standards.shipped(version).pruned(object);
        let (other, _) = standards.shipped(to).pruned(&converted(&own, to)?);
        let (back, _) = standards
            .shipped(version)
            .pruned(&converted(&other, version)?);
        let lost = differences(&own, &back);
        Ok(Self {
            version,
            own,
            other,
            dropped,
            lost,
        })
    }

    /// The object as the operator reads it.
    pub(super) fn hub(&self) -> &Value {
        if self.version == HUB {
            &self.own
        } else {
            &self.other
        }
    }
}

/// What conversion does not bring back.
pub(super) fn lost(seen: &Seen<'_>) -> Vec<Finding> {
    let lost = seen.views.lost.iter();
    lost.map(|path| {
        Finding::new(
            Severity::Error,
            Check::Lost,
            format!("{path} does not come back as it is from a conversion"),
        )
        .at(path)
        .advise(
            "Keep a copy of the object. An annotation under hub.stow.myob.com/ or \
             spoke.stow.myob.com/ that somebody wrote by hand is to be taken off; of anything \
             else, please tell those who write Stow.",
        )
    })
    .collect()
}

/// What the API server drops, since no schema has it.
pub(super) fn pruned(seen: &Seen<'_>) -> Vec<Finding> {
    let Views {
        version, dropped, ..
    } = &seen.views;
    let findings = dropped.iter().map(|path| {
        let finding = Finding::new(
            Severity::Error,
            Check::Pruned,
            format!(
                "{path} is no field of {version}: reads drop it once Stow's definition is \
                 applied, and the next write of the object erases it"
            ),
        );
        let advice = if path.starts_with("status") {
            "Nothing of Stow's reads it: keep a copy if anybody else does, and go on."
        } else {
            "Take it out, or keep what it says in an annotation of your own."
        };
        finding.at(path).advise(advice)
    });
    findings.collect()
}

/// What the API server would not take of a conversion: what one version cannot say
/// is kept in annotations, of which there may be only so much.
pub(super) fn overfull(seen: &Seen<'_>) -> Vec<Finding> {
    let views = &seen.views;
    let to = if views.version == HUB { SPOKE } else { HUB };
    let annotations = views.other["metadata"]["annotations"].as_object();
    let sizes = annotations.into_iter().flatten();
    let sizes = sizes.map(|(name, text)| name.len() + text.as_str().map_or(0, str::len));
    let size: usize = sizes.sum();
    if size <= MOST {
        return Vec::new();
    }
    let text = format!(
        "In {to} its annotations would have {size} bytes, of {MOST} that the API server allows: it \
         refuses the conversion, and with it every list of all objects in {to}"
    );
    let advice = "Take out what is so large, of the spec or of the annotations, before \
                  yaml/crd.yaml is applied.";
    vec![Finding::new(Severity::Error, Check::Unreadable, text).advise(advice)]
}
