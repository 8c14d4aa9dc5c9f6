//! The operator's ConfigMap, read as the operator reads it.
//!
//! Nothing here may judge what an object asks for.

use super::{absence, unread};
use crate::config::Configuration;
use crate::preflight::finding::{Check, Finding, Severity};
use crate::preflight::read::Installation;

/// Whether the platform's settings are there and can be used.
pub(super) fn usable(installation: &Installation) -> Vec<Finding> {
    let finding = |severity, text: String| Finding::new(severity, Check::ConfigMap, text);
    let name = format!("ConfigMap {}/stow", installation.namespace);
    let data = match &installation.config_map {
        Err(error) => return vec![unread(Check::ConfigMap, error)],
        Ok(None) => {
            let text = format!("{name} does not exist, and new databases wait for it");
            let advice = "kubectl apply -f yaml/config-map.yaml.";
            return vec![finding(absence(installation), text).advise(advice)];
        }
        Ok(Some(data)) => data,
    };
    let configuration = Configuration::read(data);
    let mut findings: Vec<_> = configuration
        .faults
        .iter()
        .map(|fault| {
            let text = format!("{name}: {fault}; objects that depend on it will be Stalled");
            finding(Severity::Error, text)
                .at(fault.key)
                .advise("Correct it; docs/configuration.md has every key.")
        })
        .collect();
    if !configuration.strangers.is_empty() {
        let keys = configuration.strangers.join(", ");
        let text = format!("{name} has keys that Stow does not know: {keys}");
        findings.push(finding(Severity::Warning, text).advise("Nothing reads them."));
    }
    if findings.is_empty() {
        findings.push(finding(Severity::Ok, format!("{name} can be used.")));
    }
    findings
}
