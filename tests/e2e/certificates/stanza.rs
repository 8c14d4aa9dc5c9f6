//! The CRD's conversion stanza: whatever is done to it, nobody's write is half
//! converted.

use harness::{Error, Result, eventually};
use kube::Api;
use kube::api::{DynamicObject, PostParams};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::load::{all_convert, api, ca_bundle, client};
use crate::stage::{PATIENCE, Stage, file};

const CRD: &str = "postgresdbs.myob.com";

/// Deleted, and reset, with each way to write that.
const AWAY: [&str; 2] = [
    r#"{"spec": {"conversion": {"strategy": "None", "webhook": null}}}"#,
    r#"{"spec": {"conversion": null}}"#,
];

/// Creates v1alpha1 objects until it is told to stop. Returns those that it was
/// told exist, and how often it was refused.
async fn write(api: Api<DynamicObject>, stop: Arc<AtomicBool>) -> (Vec<usize>, usize) {
    let (mut written, mut refused) = (Vec::new(), 0);
    let mut index = 0;
    while !stop.load(Ordering::Relaxed) {
        index += 1;
        let object = json!({
            "apiVersion": "myob.com/v1alpha1", "kind": "PostgresDB",
            // Nobody needs their databases.
            "metadata": {"name": format!("db-{index}"),
                         "annotations": {"stow.myob.com/paused": "true"}},
            "spec": {"storage": (100 + index).to_string(), "ha": index % 2 == 0, "iops": 1000},
        });
        let object = serde_json::from_value(object).expect("an object");
        match api.create(&PostParams::default(), &object).await {
            Ok(_) => written.push(index),
            Err(error) => {
                let text = error.to_string();
                assert!(text.contains("conversion webhook"), "{text}");
                refused += 1;
            }
        }
    }
    (written, refused)
}

/// Waits until a definition is as it was.
async fn healed(stage: &Stage, before: &Value) -> Result<()> {
    let healed = eventually("the stanza", PATIENCE, || async {
        let crd = stage.get(&format!("crd/{CRD}")).await?;
        if crd["spec"]["conversion"] == before["spec"]["conversion"] {
            Ok(())
        } else {
            Err(Error::Unexpected(crd["spec"]["conversion"].to_string()))
        }
    });
    healed.await.map_err(|error| stage.explain(&error))
}

#[tokio::test]
async fn property_15_no_write_is_half_converted() -> Result<()> {
    let stage = Stage::with_states_alone().await?;
    let before = stage.get(&format!("crd/{CRD}")).await?;
    let client = client(&stage).await?;
    let stop = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn(write(api(&client, "v1alpha1"), Arc::clone(&stop)));
    let mut counts = all_convert(&stage, &[]).await?;

    let merge = ["patch", "crd", CRD, "--type=merge", "-p"];
    for away in AWAY {
        let refusal = stage.kubectl(&[&merge[..], &[away]].concat()).await;
        let refusal = refusal.expect_err(away).to_string();
        assert!(refusal.contains("would lose data"), "{refusal}");
        assert!(refusal.contains("stow-conversion"), "{refusal}");
    }
    let path = file("yaml/crd.yaml").display().to_string();
    for _ in 0..5 {
        // The stanza without the CA: closed until the leader has put it back.
        stage.kubectl(&["replace", "-f", &path]).await?;
        healed(&stage, &before).await?;
        counts = all_convert(&stage, &counts).await?;
    }
    stop.store(true, Ordering::Relaxed);
    let (written, refused) = writer.await.expect("a writer that panics");
    assert!(
        written.len() > 20,
        "{} were written, {refused} refused",
        written.len()
    );

    let hub = api(&client, "v1beta1");
    for index in written {
        let name = format!("db-{index}");
        let object = hub.get(&name).await;
        let object = object.map_err(|error| Error::Unexpected(error.to_string()))?;
        let expected = json!({
            "storage": format!("{}Gi", 100 + index), "storageType": "io1", "iops": 1000,
            "multiAZ": index % 2 == 0,
        });
        assert_eq!(object.data["spec"], expected, "{name}");
    }
    Ok(())
}

/// By both kinds of apply.
#[tokio::test]
async fn property_16_fifty_applies_change_nothing() -> Result<()> {
    let stage = Stage::with_states_alone().await?;
    let before = stage.get(&format!("crd/{CRD}")).await?;
    let bundle = ca_bundle(&stage).await?;
    assert!(bundle.contains("BEGIN CERTIFICATE"), "{bundle}");
    let path = file("yaml/crd.yaml").display().to_string();
    let server_side = ["apply", "--server-side", "--force-conflicts", "-f", &path];
    for round in 0..50 {
        if round % 2 == 0 {
            stage.manifest("yaml/crd.yaml").await?;
        } else {
            stage.kubectl(&server_side).await?;
        }
    }
    let after = stage.get(&format!("crd/{CRD}")).await?;
    assert_eq!(after["spec"], before["spec"]);
    assert_eq!(
        after["metadata"]["generation"],
        before["metadata"]["generation"]
    );
    // What a GitOps tool would show.
    stage.kubectl(&["diff", "-f", &path]).await?;
    Ok(())
}
