//! A cluster out of order.

use std::collections::BTreeSet;

use harness::{Result, eventually};
use serde_json::json;

use super::look::Looker;
use super::{V1ALPHA1, endpoints};
use crate::stage::{PATIENCE, Stage};

/// Each part of the cluster put out of order is named.
pub(super) async fn each_part(stage: &mut Stage, looker: &Looker) -> Result<()> {
    let operator = &mut stage.replicas[0].operator;
    operator.terminate()?;
    operator.wait(PATIENCE).await?;
    let system = ["-n", "stow-system", "--type=merge", "-p"];
    let patches = [
        (
            "configmap/stow",
            r#"{"data": {"aws.rds.postgres.default.port": "many"}}"#,
        ),
        ("role/stow", r#"{"rules": []}"#),
        (
            "validatingadmissionpolicybinding/stow-hub-rules",
            r#"{"spec": {"validationActions": ["Audit"]}}"#,
        ),
        (
            "crd/postgresdbs.myob.com",
            r#"{"spec": {"conversion": {"webhook": {"clientConfig": {"caBundle": null}}}}}"#,
        ),
        ("pdb/stow", r#"{"spec": {"maxUnavailable": 2}}"#),
    ];
    for (what, patch) in patches {
        stage
            .kubectl(&[&["patch", what], &system[..], &[patch]].concat())
            .await?;
    }
    endpoints(stage, &["10.99.0.1"]).await?;
    let told = looker.look().await?;
    assert_eq!(told.code, Some(1));
    let expected = [
        "certificate",
        "config-map",
        "conversion",
        "policies",
        "rights",
    ];
    let expected = BTreeSet::from(expected);
    assert_eq!(told.errors(), expected, "{}", told.report);
    let warned = json!(told.of("warning", "webhook")).to_string();
    for words in ["PodDisruptionBudget stow", "One replica alone"] {
        assert!(warned.contains(words), "{words}: {warned}");
    }

    endpoints(stage, &[]).await?;
    let none = r#"{"spec": {"conversion": {"strategy": "None", "webhook": null}}}"#;
    let patch = [
        "patch",
        "crd/postgresdbs.myob.com",
        "--type=merge",
        "-p",
        none,
    ];
    // Nothing but its absence lets that through, a moment after it is gone.
    let policy = "validatingadmissionpolicybinding/stow-conversion";
    stage.kubectl(&["delete", policy]).await?;
    eventually("the policy to let go", PATIENCE, || async {
        stage.kubectl(&patch).await.map(drop)
    })
    .await?;
    eventually("the strategy to be named", PATIENCE, || async {
        let told = looker.look().await?;
        let named = told
            .errors()
            .is_superset(&BTreeSet::from(["definition", "webhook"]));
        named
            .then_some(())
            .ok_or_else(|| harness::Error::Unexpected(told.report.to_string()))
    })
    .await?;
    stage.get(V1ALPHA1).await.map(drop)
}
