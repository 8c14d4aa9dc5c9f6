//! Whole lives of instances, by the clients that people use.

use crate::berth::Berth;

/// So that waiters have something to wait for.
const SLOW: [&str; 2] = ["--delay", "150"];

#[tokio::test]
async fn boto3_leads_a_life() {
    let berth = Berth::with_servers(&SLOW).await;
    berth.judge("life_boto3.py", &[]).await;
}

#[tokio::test]
async fn the_aws_cli_and_its_waiters_lead_a_life() {
    let berth = Berth::with_servers(&SLOW).await;
    let waiters = berth.folder().join("waiters");
    berth
        .judge("life_cli.py", &[waiters.to_str().unwrap()])
        .await;
}

#[tokio::test]
async fn long_lists_come_in_pages() {
    let berth = Berth::of_states(&[]).await;
    // Above the quota of 40.
    berth.judge("quota.py", &["45"]).await;
    berth.judge("pages.py", &[]).await;
}
