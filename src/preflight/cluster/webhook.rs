//! Whether the webhook can be reached, and goes on if a replica does not.
//!
//! Nothing here may call it: a preflight may run where no Service can be reached. That
//! the API server can is tried by a [`super::Trial`].

use k8s_openapi::api::discovery::v1::EndpointSlice;

use super::unread;
use crate::preflight::finding::{Check, Finding, Severity};
use crate::preflight::read::Installation;

/// Whether enough replicas serve.
pub(super) fn reachable(installation: &Installation) -> Vec<Finding> {
    let finding = |severity, text: String| Finding::new(severity, Check::Webhook, text);
    if let Some(url) = url(installation) {
        let text = format!("The API server calls the webhook at {url}, which only it can try.");
        return vec![finding(Severity::Note, text)];
    }
    let slices = match &installation.slices {
        Err(error) => return vec![unread(Check::Webhook, error)],
        Ok(slices) => slices,
    };
    let service = format!("Service {}/stow", installation.namespace);
    let told = match (ready(slices), installation.serves_hub()) {
        (0, true) => finding(
            Severity::Error,
            format!(
                "No replica is ready behind {service}: what needs a conversion fails, and while \
                 objects are stored in v1alpha1 the deletion of any namespace can hang"
            ),
        )
        .advise("Start the operator (yaml/deployment.yaml), and force no deletion meanwhile."),
        (0, false) => finding(
            Severity::Note,
            format!("No replica is ready behind {service} yet"),
        )
        .advise("Let two be ready before yaml/crd.yaml is applied: from then on reads need them."),
        (1, _) => finding(
            Severity::Warning,
            format!("One replica alone is ready behind {service}"),
        )
        .advise("Run two or more: without one, what needs a conversion fails cluster-wide."),
        (count, _) => finding(
            Severity::Ok,
            format!("{count} replicas are ready behind {service}."),
        ),
    };
    vec![told]
}

/// The URL at which the webhook is called, where it is not behind the Service.
fn url(installation: &Installation) -> Option<&str> {
    let conversion = installation.definition()?.spec.conversion.as_ref()?;
    let client = conversion.webhook.as_ref()?.client_config.as_ref()?;
    client.url.as_deref()
}

/// How many endpoints take calls. An endpoint that does not say so is ready.
fn ready(slices: &[EndpointSlice]) -> usize {
    let endpoints = slices.iter().flat_map(|slice| &slice.endpoints);
    let ready = endpoints.filter(|endpoint| {
        let conditions = endpoint.conditions.as_ref();
        conditions.and_then(|conditions| conditions.ready) != Some(false)
    });
    let addresses = ready.flat_map(|endpoint| &endpoint.addresses);
    addresses.collect::<std::collections::BTreeSet<_>>().len()
}
