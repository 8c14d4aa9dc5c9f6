//! The API server reaches a webhook through a Service, as the shipped CRD says
//! it: its address, its port and its name in the certificate. The webhooks are
//! tiny ones of the test's own, which refuse every `ConfigMap` and say who they are.

#![expect(
    clippy::unwrap_used,
    reason = "clippy exempts test functions, and not what they call"
)]

#[path = "service_relay/webhook.rs"]
mod webhook;

use std::time::Duration;

use harness::{ControlPlane, Error, ServiceRelay, eventually};
use serde_json::json;

use self::webhook::Webhook;

const SOON: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_webhook_is_reached_through_its_service() {
    let control_plane = ControlPlane::start().await.unwrap();
    let (one, two) = (Webhook::start("one").await, Webhook::start("two").await);
    let namespace = control_plane.kubectl(&["create", "namespace", "stow-system"]);
    namespace.await.unwrap().ok().unwrap();
    apply(&control_plane, &service("stow", 8443)).await;

    let relay = ServiceRelay::start(&control_plane, "stow-system", "stow", &[one.address()])
        .await
        .unwrap();
    apply(&control_plane, &configuration(&one)).await;
    // The API server learns of the configuration by a watch.
    eventually("webhook one", SOON, || refused_by(&control_plane, "one"))
        .await
        .unwrap();

    // Each has a CA of its own, so one alone can answer.
    apply(&control_plane, &configuration(&two)).await;
    relay.set_backends(&[two.address()]);
    eventually("webhook two", SOON, || refused_by(&control_plane, "two"))
        .await
        .unwrap();

    // One that is slow is waited for.
    relay.slow(Duration::from_millis(50));
    refused_by(&control_plane, "two").await.unwrap();
    assert!(relay.slowed() > 0);
    relay.slow(Duration::ZERO);
    let slowed = relay.slowed();
    refused_by(&control_plane, "two").await.unwrap();
    assert_eq!(relay.slowed(), slowed);

    // A backend that is gone is passed over.
    one.stop();
    relay.set_backends(&[one.address(), two.address()]);
    for _ in 0..4 {
        refused_by(&control_plane, "two").await.unwrap();
    }

    a_privileged_port_is_explained(&control_plane, &two).await;
}

async fn a_privileged_port_is_explained(control_plane: &ControlPlane, backend: &Webhook) {
    apply(control_plane, &service("privileged", 443)).await;
    let backends = [backend.address()];
    let started = ServiceRelay::start(control_plane, "stow-system", "privileged", &backends);
    match started.await {
        // Root may, and so may everybody where the sysctl says so.
        Ok(relay) => assert_eq!(relay.addresses()[0].port(), 443),
        Err(error @ Error::Listen { .. }) => {
            assert!(error.to_string().contains("1024 or more"), "{error}");
        }
        Err(error) => panic!("{error}"),
    }
}

async fn apply(control_plane: &ControlPlane, manifest: &serde_json::Value) {
    let manifest = manifest.to_string();
    let applied = control_plane.kubectl_in(&manifest, &["apply", "-f", "-"]);
    applied.await.unwrap().ok().unwrap();
}

/// Whether the webhook of this name was asked, and no other.
async fn refused_by(control_plane: &ControlPlane, name: &str) -> Result<(), String> {
    let create = ["create", "configmap", "refused", "--dry-run=server"];
    let output = control_plane.kubectl(&create).await.unwrap();
    if output.stderr.contains(&format!("refused by {name}")) {
        return Ok(());
    }
    Err(format!("{}{}", output.stdout, output.stderr))
}

fn service(name: &str, port: u16) -> serde_json::Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": "stow-system"},
        "spec": {"ports": [{"port": port}], "selector": {"app": "stow"}},
    })
}

fn configuration(webhook: &Webhook) -> serde_json::Value {
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "tiny"},
        "webhooks": [{
            "name": "tiny.example.com",
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "clientConfig": {
                "service": {"namespace": "stow-system", "name": "stow", "port": 8443},
                "caBundle": webhook.ca_bundle(),
            },
            "rules": [{
                "apiGroups": [""], "apiVersions": ["v1"],
                "operations": ["CREATE"], "resources": ["configmaps"],
            }],
        }],
    })
}
