//! Stow's own CA: asked to be another, lost, and made by a leader that then stops.

use harness::{Error, Result, eventually};

use super::strict::Strict;
use super::{SHORT, secret, settled_on, three};
use crate::document::{commands, typed};
use crate::load::{Load, all_convert, ca_bundle};
use crate::stage::{PATIENCE, Stage};

/// The command of the document of which this is a part, unchanged.
async fn documented(stage: &Stage, part: &str) -> Result<String> {
    let commands = commands("docs/certificates.md")?;
    assert_eq!(commands.len(), 4, "here and in `brought`: {commands:?}");
    let command = commands.iter().find(|command| command.contains(part));
    typed(stage, command.expect("such a command")).await
}

#[tokio::test]
async fn property_13_rotation_fails_no_call() -> Result<()> {
    let mut stage = three(&SHORT).await?;
    let first = secret(&stage, "stow-webhook", "ca.crt").await?;
    settled_on(&stage, &first).await?;
    let load = Load::begin(&stage).await?;
    let strict = Strict::begin(&stage).await?;
    let counts = all_convert(&stage, &[]).await?;

    documented(&stage, "/rotate=").await?;
    let second = eventually("another CA", PATIENCE, || async {
        match secret(&stage, "stow-webhook", "ca.crt").await? {
            same if same == first => Err(Error::Unexpected("the same CA".to_owned())),
            other => Ok(other),
        }
    })
    .await?;
    // Both are published before either is served alone.
    eventually("both CAs", PATIENCE, || async {
        match ca_bundle(&stage).await? {
            both if both.contains(&first) && both.contains(&second) => Ok(()),
            other => Err(Error::Unexpected(other)),
        }
    })
    .await?;
    settled_on(&stage, &second).await?;
    assert_eq!(documented(&stage, "grep -c BEGIN").await?, "1");
    let counts = all_convert(&stage, &counts).await?;

    // A lost Secret comes back as it was; a broken one too. Nobody swaps.
    let get = ["get", "-n", "stow-system", "secret", "stow-webhook"];
    stage
        .kubectl(&["delete", "-n", "stow-system", "secret", "stow-webhook"])
        .await?;
    eventually("the Secret", PATIENCE, || stage.kubectl(&get)).await?;
    assert_eq!(secret(&stage, "stow-webhook", "ca.crt").await?, second);
    let garbage = r#"{"data": {"ca.key": "Z2FyYmFnZQ=="}}"#;
    let patch = ["--type=merge", "-p", garbage];
    let target = ["patch", "-n", "stow-system", "secret", "stow-webhook"];
    stage.kubectl(&[&target[..], &patch].concat()).await?;
    eventually("the key", PATIENCE, || async {
        match secret(&stage, "stow-webhook", "ca.key").await? {
            key if key == "garbage" => Err(Error::Unexpected(key)),
            _ => Ok(()),
        }
    })
    .await?;
    assert_eq!(secret(&stage, "stow-webhook", "ca.crt").await?, second);

    // The Secret is lost while all replicas know it, and a new one finds none.
    stage
        .kubectl(&["delete", "-n", "stow-system", "secret", "stow-webhook"])
        .await?;
    let newcomer = stage.replica(&SHORT).await?;
    stage.replicas.push(newcomer);
    stage.serving(3).await?;
    stage.relay().await?;
    let last = secret(&stage, "stow-webhook", "ca.crt").await?;
    settled_on(&stage, &last).await?;
    all_convert(&stage, &counts).await?;

    let (connections, refusals) = strict.end().await;
    assert_eq!(refusals, [""; 0], "of {connections} connections");
    let tally = load.end().await;
    assert_eq!(tally.failures, [""; 0], "of {} calls", tally.calls);
    assert!(tally.calls > 100, "{} calls are no load", tally.calls);
    Ok(())
}
