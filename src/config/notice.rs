//! What is said of the ConfigMap whenever it is read anew: in the log, once for
//! each state of it, and in metrics.
//!
//! Nothing here may stop anything: objects that need what is missing say so
//! themselves.

use std::collections::BTreeMap;

use tracing::{info, warn};

use crate::complaint::Complaint;
use crate::metrics::Metrics;

use super::{Configuration, KEYS, missing};

/// What was last said.
#[derive(Debug)]
pub struct Notice {
    metrics: Metrics,
    faults: Complaint,
    strangers: Complaint,
    missing: Complaint,
}

impl Notice {
    /// Nothing was said yet.
    pub fn new(metrics: Metrics) -> Self {
        Self {
            metrics,
            faults: Complaint::default(),
            strangers: Complaint::default(),
            missing: Complaint::default(),
        }
    }

    /// Says what is to be said of the data of the ConfigMap; `None` where there
    /// is no ConfigMap.
    pub fn read(&mut self, data: Option<&BTreeMap<String, String>>) {
        let Some(data) = data else {
            self.metrics.configuration(["ConfigMap"], 0, KEYS.len());
            let text = "the operator's ConfigMap does not exist: no new database is made, and what \
                        policies decide on stays as it is, until kubectl apply -f \
                        yaml/config-map.yaml";
            if self.faults.is_new(text) {
                warn!("{text}");
            }
            return;
        };
        let configuration = Configuration::read(data);
        let missing = missing(data);
        let (faults, strangers) = (&configuration.faults, &configuration.strangers);
        let at = faults.iter().map(|fault| fault.key);
        self.metrics
            .configuration(at, strangers.len(), missing.len());

        let texts: Vec<_> = faults.iter().map(ToString::to_string).collect();
        if texts.is_empty() {
            if self.faults.settle() {
                info!("the operator's ConfigMap can be used again");
            }
        } else if self.faults.is_new(&texts.join("; ")) {
            for fault in faults {
                let waits = if fault.policy {
                    "new databases, and changes that policies decide on, wait"
                } else {
                    "new databases wait"
                };
                warn!("the operator's ConfigMap: {fault}; {waits} until it is mended");
            }
        }
        if strangers.is_empty() {
            self.strangers.settle();
        } else if self.strangers.is_new(&strangers.join(", ")) {
            let keys = strangers.join(", ");
            warn!("the operator's ConfigMap has keys that Stow does not know: {keys}");
        }
        if missing.is_empty() {
            self.missing.settle();
        } else if self.missing.is_new(&missing.join(", ")) {
            let keys = missing.join(", ");
            info!("the operator's ConfigMap lacks keys, whose defaults hold: {keys}");
        }
    }
}
