//! STS out of reach: an instance that is listed shows the account; without one
//! nobody does, and nothing is made.

use harness::{Answer, Result};
use http::StatusCode;

use super::yard::{SPEC, Yard};
use crate::looks::{database, said};
use crate::sweep::asks_who_it_is;

fn not_now() -> Answer {
    Answer::rds_fault(
        StatusCode::SERVICE_UNAVAILABLE,
        "ServiceUnavailable",
        "not now",
    )
}

#[tokio::test]
async fn without_sts_nothing_is_made_until_an_instance_shows_the_account() -> Result<()> {
    let mut yard = Yard::boot().await?;
    let rule = yard.rds.when(asks_who_it_is).answer(not_now());
    yard.start(&[], None).await?;
    yard.stage.apply(&database("alpha", &SPEC), &[]).await?;
    let waits = |_: &str, reason: &str| reason == "Unreachable";
    let object = yard.stage.condition("alpha", "Reconciling", waits).await?;
    let told = said(&object, "Reconciling");
    assert!(told.contains("sts:GetCallerIdentity"), "{told}");
    yard.sweeps(2).await?;
    assert_eq!(yard.changes(), Vec::<String>::new());
    rule.remove();
    yard.stage.ready("alpha").await?;

    yard.rds.when(asks_who_it_is).answer(not_now());
    yard.stage.apply(&database("omega", &SPEC), &[]).await?;
    yard.stage.ready("omega").await.map(drop)
}
