//! What a fleet costs in calls, and what a sweep that is torn does not prove.

use std::collections::HashSet;

use harness::{Answer, Call, Error, Result, eventually};
use http::StatusCode;

use crate::looks::database;
use crate::stage::{NAMESPACE, PATIENCE, Stage, condition};
use crate::sweep::{asks_who_it_is, is_for, is_sweep, without};

const SPEC: [&str; 2] = ["size: db.t4g.small", "storage: 20Gi"];

const FLEET: usize = 100;

fn is_describe_of_one(call: &Call) -> bool {
    call.action() == Some("DescribeDBInstances") && !is_sweep(call)
}

/// In an account that may have as many instances as there are here.
async fn roomy() -> Result<Stage> {
    let stage = Stage::with_states_alone().await?;
    stage.make_room().await?;
    Ok(stage)
}

#[tokio::test]
async fn a_fleet_at_rest_costs_one_call_a_sweep() -> Result<()> {
    let stage = roomy().await?;
    let (rds, api) = (&stage.only().rds, &stage.only().api);
    // It leads and watches: its Lease was renewed meanwhile.
    let renewed = |call: &Call| call.is_for("leases") && call.method != http::Method::GET;
    eventually("the lead, kept", PATIENCE, || async {
        stage.only().operator.output().contains("reconciling") && api.count(renewed) > 3
    })
    .await?;
    let asked = rds.count(|call| !asks_who_it_is(call));
    assert_eq!(asked, 0, "nobody needs RDS: {:?}", rds.calls());

    let fleet: String = (0..FLEET)
        .map(|index| database(&format!("db-{index}"), &SPEC))
        .collect();
    stage.apply(&fleet, &[]).await?;
    stage.fleet(FLEET).await?;
    let calls = rds.calls();
    let creates: Vec<_> = calls
        .iter()
        .filter(|call| call.action() == Some("CreateDBInstance"))
        .collect();
    assert_eq!(creates.len(), FLEET);
    let named: HashSet<_> = creates
        .iter()
        .filter_map(|call| call.parameter("DBInstanceIdentifier"))
        .collect();
    assert_eq!(named.len(), FLEET);
    assert_eq!(rds.mutations().len(), FLEET);
    let confirmed = rds.count(is_describe_of_one);
    assert!(confirmed <= FLEET, "{confirmed} confirmations");
    let strange = calls.iter().filter(|call| {
        !is_sweep(call)
            && !is_describe_of_one(call)
            && !asks_who_it_is(call)
            && call.action() != Some("CreateDBInstance")
    });
    let strange: Vec<_> = strange.collect();
    assert_eq!(strange.len(), 0, "{strange:?}");

    // At rest, once what the last reports led to is over.
    // Not the one of the webhook's CA, which is looked at now and then.
    let of_objects = |call: &Call| {
        let path = call.kubernetes();
        path.is_some_and(|path| {
            path.resource == "secrets" && path.namespace.as_deref() == Some(NAMESPACE)
        })
    };
    let reads = || api.count(of_objects);
    eventually("a sweep that leads to nothing", PATIENCE, || async {
        let before = reads();
        stage.sweeps(1).await?;
        match reads() - before {
            0 => Ok(()),
            some => Err(Error::Unexpected(format!("{some} Secrets were read"))),
        }
    })
    .await?;
    let swept = "stow_sweep_seconds_count";
    rds.forget();
    api.forget();
    let before = stage.only().metric(swept).await?;
    stage.sweeps(4).await?;
    let swept = stage.only().metric(swept).await? - before;
    let calls = rds.calls();
    let strange: Vec<_> = calls.iter().filter(|call| !is_sweep(call)).collect();
    assert_eq!(strange.len(), 0, "{strange:?}");
    // One may be under way at either end.
    let asked = f64::from(u32::try_from(calls.len()).unwrap_or(u32::MAX));
    assert!(
        (asked - swept).abs() <= 1.0,
        "{asked} calls, {swept} sweeps"
    );
    for call in &calls {
        assert_eq!(call.parameter("MaxRecords"), Some("100"));
        assert_eq!(call.parameter("Marker"), None, "one page holds the fleet");
    }
    let writes = api.mutations();
    assert_eq!(writes.len(), 0, "{writes:?}");
    assert_eq!(reads(), 0, "at rest nothing is read");
    Ok(())
}

#[tokio::test]
async fn a_torn_sweep_proves_nothing() -> Result<()> {
    let stage = roomy().await?;
    let (rds, api) = (&stage.only().rds, &stage.only().api);
    // More than a page, and nobody's.
    for index in 0..101 {
        let create = [
            ("DBInstanceIdentifier", &*format!("other-{index}")),
            ("Engine", "postgres"),
            ("DBInstanceClass", "db.t4g.small"),
            ("AllocatedStorage", "20"),
            ("MasterUsername", "postgres"),
            ("MasterUserPassword", "correct-horse"),
        ];
        stage.behind("CreateDBInstance", &create).await?;
    }
    let both = database("alpha", &SPEC) + &database("omega", &SPEC);
    stage.apply(&both, &[]).await?;
    for name in ["alpha", "omega"] {
        stage.ready(name).await?;
    }
    stage.sweeps(1).await?;

    // The second page is not to be had.
    rds.forget();
    api.forget();
    let failing = rds
        .when(|call| is_sweep(call) && call.parameter("Marker").is_some())
        .answer(fault(StatusCode::INTERNAL_SERVER_ERROR, "InternalFailure"));
    eventually("failed sweeps", PATIENCE, || async { failing.hits() >= 7 }).await?;
    failing.remove();
    stage.sweeps(2).await?;
    unmoved(&stage, "a page that failed");

    // Sweeps without one of the instances, as where pages shift.
    let hiding = rds.when(is_sweep).map(|xml| without(&xml, "alpha"));
    stage.sweeps(3).await?;
    unmoved(&stage, "an instance that was not listed");
    let asked = rds.count(|call| is_describe_of_one(call) && is_for(call, "alpha"));
    assert!(asked > 0, "RDS knows better than its list");

    // Where RDS does not answer for it either, nothing is known.
    let silent = rds
        .when(|call| is_describe_of_one(call) && is_for(call, "alpha"))
        .answer(fault(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable"));
    stage
        .condition("alpha", "Reconciling", |_, reason| reason == "Unreachable")
        .await?;
    stage.sweeps(5).await?;
    let object = stage.ready("alpha").await?;
    assert!(condition(&object, "Stalled").is_none(), "{object}");
    assert_eq!(rds.mutations().len(), 0, "{:?}", rds.mutations());
    assert_eq!(stage.warnings("alpha").await?, []);

    // Nor is one gone that no sweep lists: it is deleted, with its snapshot.
    silent.remove();
    stage.delete("postgresdb/alpha").await?;
    stage.gone("postgresdb/alpha").await?;
    let calls = stage.sent("DeleteDBInstance", "alpha");
    assert_eq!(calls.len(), 1, "{calls:?}");
    hiding.remove();
    let snapshot = calls[0].parameter("FinalDBSnapshotIdentifier");
    let taken = [("DBSnapshotIdentifier", snapshot.unwrap_or_default())];
    stage.behind("DescribeDBSnapshots", &taken).await?;
    stage.ready("omega").await?;
    Ok(())
}

/// That nothing was changed, and nobody told anything.
#[track_caller]
fn unmoved(stage: &Stage, by: &str) {
    let calls = stage.only().rds.mutations();
    assert_eq!(calls.len(), 0, "{by}: {calls:?}");
    let writes = stage.only().api.mutations();
    assert_eq!(writes.len(), 0, "{by}: {writes:?}");
}

fn fault(status: StatusCode, code: &str) -> Answer {
    Answer::rds_fault(status, code, "not now")
}
