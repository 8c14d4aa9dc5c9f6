//! A certificate that somebody else makes: cert-manager, which the test plays.

use base64::prelude::{BASE64_STANDARD, Engine};
use harness::{Error, Result, eventually};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};

use super::strict::Strict;
use super::{SHORT, serves, settled_on, unexpected};
use crate::document::{commands, typed};
use crate::load::{Load, all_convert};
use crate::stage::{PATIENCE, Stage};

const NAME: &str = "stow-webhook-tls";
pub(super) const BROUGHT: [&str; 2] = ["--webhook-certificate-secret", NAME];

/// What cert-manager keeps in the cluster, as far as its objects need it.
const DEFINITIONS: [(&str, &str); 2] = [("Certificate", "certificates"), ("Issuer", "issuers")];

pub(super) type Issuer = CertifiedIssuer<'static, KeyPair>;

pub(super) fn issuer() -> Result<Issuer> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let made = KeyPair::generate().and_then(|key| CertifiedIssuer::self_signed(params, key));
    made.map_err(|error| unexpected(&error))
}

/// Fills the Secret, as cert-manager does in one write. Returns the leaf.
pub(super) async fn fill(stage: &Stage, issuer: &Issuer, name: &str) -> Result<Vec<u8>> {
    let key = KeyPair::generate().map_err(|error| unexpected(&error))?;
    let leaf = CertificateParams::new([name.to_owned()])
        .and_then(|params| params.signed_by(&key, issuer))
        .map_err(|error| unexpected(&error))?;
    let encoded = |text: String| BASE64_STANDARD.encode(text);
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
        "metadata": {"name": NAME, "namespace": "stow-system"},
        "data": {
            "tls.crt": encoded(leaf.pem()),
            "tls.key": encoded(key.serialize_pem()),
            "ca.crt": encoded(issuer.pem()),
        },
    });
    let apply = ["apply", "--server-side", "-f", "-"];
    let applied = stage
        .cluster
        .kubectl_in(&secret.to_string(), &apply)
        .await?;
    applied.ok()?;
    Ok(leaf.der().to_vec())
}

async fn served(stage: &Stage, issuer: &Issuer, leaf: &[u8]) -> Result<()> {
    let served = eventually("the leaf that was given", PATIENCE, || async {
        for replica in &stage.replicas {
            if serves(replica.webhook, &issuer.pem()).await?.as_deref() != Some(leaf) {
                return Err(Error::Unexpected("another one".to_owned()));
            }
        }
        Ok(())
    });
    served.await.map_err(|error| stage.explain(&error))
}

/// The commands of the document, in a cluster that knows cert-manager's kinds.
async fn as_documented(stage: &Stage) -> Result<()> {
    for (kind, plural) in DEFINITIONS {
        let definition = json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": format!("{plural}.cert-manager.io")},
            "spec": {
                "group": "cert-manager.io", "scope": "Namespaced",
                "names": {"kind": kind, "plural": plural},
                "versions": [{"name": "v1", "served": true, "storage": true, "schema": {
                    "openAPIV3Schema": {
                        "type": "object", "x-kubernetes-preserve-unknown-fields": true,
                    },
                }}],
            },
        });
        stage.apply(&definition.to_string(), &[]).await?;
        let name = format!("crd/{plural}.cert-manager.io");
        let wait = [
            "wait",
            "--for=condition=Established",
            &name,
            "--timeout=60s",
        ];
        stage.kubectl(&wait).await?;
    }
    let commands = commands("docs/certificates.md")?;
    let brings = |command: &&String| command.contains("cert-manager") || command.contains(NAME);
    let brings: Vec<_> = commands.iter().filter(brings).collect();
    assert_eq!(brings.len(), 2, "{commands:?}");
    for command in brings {
        typed(stage, command).await?;
    }
    Ok(())
}

#[tokio::test]
async fn property_13_a_certificate_that_is_brought_along_rotates_too() -> Result<()> {
    let mut stage = Stage::boot_with(&["--without-postgres"]).await?;
    as_documented(&stage).await?;
    let deployment = [
        "get",
        "-n",
        "stow-system",
        "deployment",
        "stow",
        "-o",
        "json",
    ];
    let deployment: Value = serde_json::from_str(&stage.kubectl(&deployment).await?)
        .map_err(|error| unexpected(&error))?;
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    let set = json!({"name": "STOW_WEBHOOK_CERTIFICATE_SECRET", "value": NAME});
    let env = container["env"].as_array().into_iter().flatten();
    assert!(
        env.into_iter().any(|variable| *variable == set),
        "{container}"
    );

    // It waits for what is not there yet.
    let arguments = [&BROUGHT[..], &SHORT].concat();
    let replica = stage.replica(&arguments).await?;
    stage.replicas.push(replica);
    stage
        .said(0, "stow-system/stow-webhook-tls does not exist")
        .await?;
    let first = issuer()?;
    let leaf = fill(&stage, &first, "stow.stow-system.svc").await?;
    stage.relay().await?;
    stage.serving(0).await?;
    stage.trusted().await?;
    stage.start(&arguments).await?;
    served(&stage, &first, &leaf).await?;
    settled_on(&stage, &first.pem()).await?;

    let load = Load::begin(&stage).await?;
    let strict = Strict::begin(&stage).await?;
    let counts = all_convert(&stage, &[]).await?;
    let leaf = fill(&stage, &first, "stow.stow-system.svc").await?;
    served(&stage, &first, &leaf).await?;
    let counts = all_convert(&stage, &counts).await?;

    let second = issuer()?;
    let leaf = fill(&stage, &second, "stow.stow-system.svc").await?;
    settled_on(&stage, &second.pem()).await?;
    served(&stage, &second, &leaf).await?;
    let counts = all_convert(&stage, &counts).await?;

    // What nobody would accept is told, and nobody serves it.
    fill(&stage, &second, "stow.elsewhere.svc").await?;
    for index in 0..2 {
        let words = "would not be accepted as stow.stow-system.svc's";
        stage.said(index, words).await?;
    }
    served(&stage, &second, &leaf).await?;
    all_convert(&stage, &counts).await?;

    let (connections, refusals) = strict.end().await;
    assert_eq!(refusals, [""; 0], "of {connections} connections");
    let tally = load.end().await;
    assert_eq!(tally.failures, [""; 0], "of {} calls", tally.calls);
    let own = ["get", "-n", "stow-system", "secret", "stow-webhook"];
    assert!(
        stage.kubectl(&own).await.is_err(),
        "Stow made a CA of its own"
    );
    Ok(())
}
