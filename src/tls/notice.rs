//! What a replica has to tell people beyond its own log: an Event on the CRD,
//! where they look for what is wrong with the conversion.
//!
//! Nothing here may hold a certificate up: what cannot be told now is told later.

use std::time::Duration;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition as Crd;
use kube::api::ListParams;
use kube::runtime::events::{Event, EventType, Recorder};
use kube::{Api, Client, Resource};
use stow_versions::CRD;
use tokio::time::timeout;

use crate::chain::Chain;
use crate::complaint::Complaint;
use crate::events::recorder;

/// How long it may take. The certificate waits meanwhile.
const CALL: Duration = Duration::from_secs(5);

/// Publishes Events of one replica.
pub(super) struct Notices {
    api: Api<Crd>,
    recorder: Recorder,
}

impl Notices {
    /// `instance` names the replica.
    pub(super) fn new(client: Client, instance: &str) -> Self {
        Self {
            recorder: recorder(client.clone(), instance),
            api: Api::all(client),
        }
    }

    /// Warns of a clock. Whether that was told: without a CRD there is nothing to
    /// tell it of.
    pub(super) async fn warn_of_clock(&self, note: &str, complaint: &mut Complaint) -> bool {
        let event = Event {
            type_: EventType::Warning,
            reason: "ClockSkew".to_owned(),
            note: Some(note.to_owned()),
            action: "CompareClocks".to_owned(),
            secondary: None,
        };
        match timeout(CALL, self.publish(&event)).await {
            Ok(Ok(told)) => {
                complaint.settle();
                return told;
            }
            Ok(Err(error)) => {
                let text = Chain(&error).to_string();
                if complaint.is_new(&text) {
                    tracing::warn!("cannot publish an Event: {text}");
                }
            }
            Err(_) => {}
        }
        false
    }

    async fn publish(&self, event: &Event) -> Result<bool, kube::Error> {
        // By its name and yet a list: that right is there for the watch.
        let named = ListParams::default().fields(&format!("metadata.name={CRD}"));
        let found = self.api.list_metadata(&named).await?;
        let Some(crd) = found.items.first() else {
            return Ok(false);
        };
        self.recorder.publish(event, &crd.object_ref(&())).await?;
        Ok(true)
    }
}
