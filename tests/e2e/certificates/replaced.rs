//! Replicas that are replaced one by one, as a Deployment does for another release,
//! while reviews are under way.

use harness::{Error, Result, eventually};

use super::brought::{BROUGHT, fill, issuer};
use super::{SHORT, three};
use crate::load::{Load, all_convert};
use crate::stage::{PATIENCE, Stage};

/// Starts the successor of the replica that is the oldest, and terminates that in
/// the middle of a review once the other is ready. The Service sends calls to it
/// for a while after that.
async fn replace(stage: &mut Stage, arguments: &[&str]) -> Result<()> {
    let successor = stage.replica(arguments).await?;
    stage.replicas.push(successor);
    let index = stage.replicas.len() - 1;
    let serving = stage.serving(index).await;
    serving.map_err(|error| stage.explain(&error))?;
    stage.relay().await?;
    let slowed = stage.webhooks().slowed();
    eventually("a review under way", PATIENCE, || async {
        match stage.webhooks().slowed() - slowed {
            0 => Err(Error::Unexpected("none".to_owned())),
            _ => Ok(()),
        }
    })
    .await?;
    stage.replicas[0].operator.terminate()?;
    stage.said(0, "told to stop").await?;
    let mut former = stage.replicas.remove(0);
    stage.relay().await?;
    let status = former.operator.wait(PATIENCE).await?;
    let said = former.operator.output();
    assert_eq!(status, 0, "{said}");
    assert!(!said.contains("unanswered"), "{said}");
    Ok(())
}

/// An upgrade, which brings another CA as well, and the downgrade after it.
#[tokio::test]
async fn property_14_a_rollout_fails_no_call() -> Result<()> {
    let mut stage = three(&SHORT).await?;
    fill(&stage, &issuer()?, "stow.stow-system.svc").await?;
    let brought = [&BROUGHT[..], &SHORT].concat();
    let load = Load::begin(&stage).await?;
    all_convert(&stage, &[]).await?;
    for arguments in [&brought[..], &SHORT] {
        for _ in 0..3 {
            replace(&mut stage, arguments).await?;
        }
    }
    // Each began to count anew.
    all_convert(&stage, &[]).await?;
    let tally = load.end().await;
    assert_eq!(tally.failures, [""; 0], "of {} calls", tally.calls);
    Ok(())
}
