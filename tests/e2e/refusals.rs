//! AWS refuses: people are told what it said and what to do, once; nothing
//! spins; and it heals.

use harness::proxy::Rule;
use harness::{Answer, Call, Result};
use http::StatusCode;

use crate::looks::{database, said};
use crate::stage::{Stage, condition};
use crate::sweep::{is_for, is_sweep};

const SPEC: [&str; 2] = ["size: db.t4g.small", "storage: 20Gi"];

/// A refusal of a create, and what is made of it.
struct Row {
    name: &'static str,
    status: u16,
    code: &'static str,
    message: &'static str,
    condition: &'static str,
    reason: &'static str,
    advice: &'static str,
}

const ROWS: [Row; 5] = [
    Row {
        name: "class",
        status: 400,
        code: "InvalidParameterValue",
        message: "Invalid DB Instance class: db.t4g.small",
        condition: "Stalled",
        reason: "Refused",
        advice: "Change the spec, or the operator's ConfigMap",
    },
    Row {
        name: "quota",
        status: 400,
        code: "InstanceQuotaExceeded",
        message: "The request cannot be processed, 40 instances exist",
        condition: "Stalled",
        reason: "QuotaExceeded",
        advice: "Raise the quota",
    },
    Row {
        name: "permission",
        status: 403,
        code: "AccessDenied",
        message: "User: stow is not authorized to perform: rds:CreateDBInstance",
        condition: "Stalled",
        reason: "AccessDenied",
        advice: "Allow rds:CreateDBInstance, and whatever else it names, to the operator's IAM identity",
    },
    Row {
        name: "throttled",
        status: 400,
        code: "Throttling",
        message: "Rate exceeded",
        condition: "Reconciling",
        reason: "Throttled",
        advice: "less and less often",
    },
    Row {
        name: "failing",
        status: 500,
        code: "InternalFailure",
        message: "The request processing has failed",
        condition: "Reconciling",
        reason: "Unreachable",
        advice: "What became of it shows when RDS is observed again",
    },
];

fn refusing(
    stage: &Stage,
    action: &'static str,
    name: &'static str,
    (status, code, message): (u16, &str, &str),
) -> Rule {
    let status = StatusCode::from_u16(status).expect("a status");
    let of_it = move |call: &Call| call.action() == Some(action) && is_for(call, name);
    let answer = Answer::rds_fault(status, code, message);
    stage.only().rds.when(of_it).answer(answer)
}

#[tokio::test]
async fn a_refused_create_is_told_and_heals() -> Result<()> {
    let stage = Stage::running().await?;
    let rules = ROWS.map(|row| {
        let fault = (row.status, row.code, row.message);
        refusing(&stage, "CreateDBInstance", row.name, fault)
    });
    let all: String = ROWS.iter().map(|row| database(row.name, &SPEC)).collect();
    stage.apply(&all, &[]).await?;
    for row in &ROWS {
        let is_so = |status: &str, reason: &str| status == "True" && reason == row.reason;
        let object = stage.condition(row.name, row.condition, is_so).await?;
        let told = said(&object, row.condition);
        assert!(told.contains(row.advice), "{}: {told}", row.name);
        if row.reason != "Throttled" {
            assert!(told.contains(row.message), "{}: {told}", row.name);
            assert!(told.contains(row.code), "{}: {told}", row.name);
        }
        let ready = condition(&object, "Ready").map(|ready| ready["status"].clone());
        assert_eq!(ready, Some("False".into()), "{}", row.name);
    }
    stage.only().api.forget();
    stage.sweeps(4).await?;
    for (row, rule) in ROWS.iter().zip(&rules) {
        let stalled = row.condition == "Stalled";
        // What time may mend is tried again after two seconds, four, eight; what
        // somebody must mend, after a minute.
        let most = if stalled { 2 } else { 6 };
        let tries = rule.hits();
        assert!((1..=most).contains(&tries), "{}: {tries} tries", row.name);
        let warnings = stage.warnings(row.name).await?;
        assert_eq!(warnings.len(), usize::from(stalled), "{warnings:?}");
        for (reason, note) in warnings {
            assert_eq!(reason, row.reason);
            assert!(note.contains(row.message), "{note}");
        }
    }
    let writes = stage.only().api.mutations();
    assert!(writes.len() <= 8, "{} writes: {writes:?}", writes.len());

    for rule in rules {
        rule.remove();
    }
    for row in &ROWS {
        if row.condition == "Stalled" {
            // A new wish is not what was refused: it is tried at once.
            stage.edit(row.name, r#"{"size":"db.t4g.micro"}"#).await?;
        }
    }
    for row in &ROWS {
        let object = stage.ready(row.name).await?;
        assert!(condition(&object, "Stalled").is_none(), "{object}");
        let creates = stage.sent("CreateDBInstance", row.name);
        let done = |call: &&Call| call.status == Some(StatusCode::OK);
        assert_eq!(creates.iter().filter(done).count(), 1, "{}", row.name);
    }
    Ok(())
}

#[tokio::test]
async fn a_refused_change_leaves_the_database_usable() -> Result<()> {
    let mut stage = Stage::running().await?;
    let names = ["changing", "going", "kept"];
    let all: String = names.iter().map(|name| database(name, &SPEC)).collect();
    stage.apply(&all, &[]).await?;
    for name in names {
        stage.ready(name).await?;
    }
    let said_by_aws = "The requested class db.z9.huge is not offered";
    let fault = (400, "InvalidParameterCombination", said_by_aws);
    let modify = refusing(&stage, "ModifyDBInstance", "changing", fault);
    let fault = (400, "Throttling", "Rate exceeded");
    let throttle = refusing(&stage, "DeleteDBInstance", "going", fault);
    let fault = (
        403,
        "AccessDenied",
        "not authorized to perform: rds:DeleteDBInstance",
    );
    let deny = refusing(&stage, "DeleteDBInstance", "kept", fault);

    stage.edit("changing", r#"{"size":"db.z9.huge"}"#).await?;
    let message = stage.stalled("changing", "Refused").await?;
    assert!(message.contains(said_by_aws), "{message}");
    stage.delete("postgresdb/going").await?;
    stage
        .condition("going", "Reconciling", |_, reason| reason == "Throttled")
        .await?;
    stage.delete("postgresdb/kept").await?;
    let message = stage.stalled("kept", "AccessDenied").await?;
    assert!(message.contains("Allow rds:DeleteDBInstance"), "{message}");
    stage.sweeps(3).await?;
    for (rule, most) in [(&modify, 2), (&throttle, 6), (&deny, 2)] {
        assert!((1..=most).contains(&rule.hits()), "{} tries", rule.hits());
    }
    for (name, reason) in [("changing", "Refused"), ("kept", "AccessDenied")] {
        let warnings = stage.warnings(name).await?;
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert_eq!(warnings[0].0, reason);
    }
    assert_eq!(stage.warnings("going").await?, []);
    // It serves as it did.
    let object = stage.ready("changing").await?;
    assert_eq!(object["status"]["size"], "db.t4g.small");

    // Back to what it is: nothing is left to ask for.
    stage.edit("changing", r#"{"size":"db.t4g.small"}"#).await?;
    stage
        .object("changing", "at rest", |object| {
            condition(object, "Stalled").is_none()
        })
        .await?;
    throttle.remove();
    stage.gone("postgresdb/going").await?;
    // Whoever grants the right need not wait: a restart tries everything.
    deny.remove();
    stage.replicas[0].operator.terminate()?;
    let within = crate::stage::PATIENCE;
    stage.replicas[0].operator.wait(within).await?;
    stage.restart(0)?;
    stage.gone("postgresdb/kept").await?;
    let left = stage.instances("DBInstanceIdentifier").await?;
    assert_eq!(left, [stage.identifier("changing").await?]);
    Ok(())
}

#[tokio::test]
async fn sweeps_that_are_refused_change_nothing() -> Result<()> {
    let stage = Stage::running().await?;
    let (rds, api) = (&stage.only().rds, &stage.only().api);
    let both = database("one", &SPEC) + &database("two", &SPEC);
    stage.apply(&both, &[]).await?;
    for name in ["one", "two"] {
        stage.ready(name).await?;
    }
    stage.sweeps(1).await?;
    rds.forget();
    api.forget();
    let fault = |status, code, message| {
        let status = StatusCode::from_u16(status).expect("a status");
        Answer::rds_fault(status, code, message)
    };
    // Throttled, each read is sent three times at most.
    let throttled = rds
        .when(is_sweep)
        .times(7)
        .answer(fault(400, "Throttling", "Rate exceeded"));
    stage.sweeps(9).await?;
    assert_eq!(throttled.hits(), 7);
    throttled.remove();
    assert_eq!(api.mutations().len(), 0, "{:?}", api.mutations());
    assert_eq!(rds.mutations().len(), 0, "{:?}", rds.mutations());

    let why = "User: stow is not authorized to perform: rds:DescribeDBInstances";
    let denied = rds
        .when(|call| call.action() == Some("DescribeDBInstances"))
        .answer(fault(403, "AccessDenied", why));
    for name in ["one", "two"] {
        let message = stage.stalled(name, "AccessDenied").await?;
        assert!(message.contains(why), "{message}");
        assert!(
            message.contains("Allow rds:DescribeDBInstances"),
            "{message}"
        );
        // Nothing new is known of the database itself.
        stage.ready(name).await?;
    }
    api.forget();
    stage.sweeps(3).await?;
    assert_eq!(api.mutations().len(), 0, "{:?}", api.mutations());
    assert_eq!(rds.mutations().len(), 0, "{:?}", rds.mutations());
    for name in ["one", "two"] {
        let warnings = stage.warnings(name).await?;
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert_eq!(warnings[0].0, "AccessDenied");
    }
    denied.remove();
    for name in ["one", "two"] {
        stage
            .object(name, "healed", |object| {
                condition(object, "Stalled").is_none()
            })
            .await?;
        stage.ready(name).await?;
    }
    assert_eq!(rds.mutations().len(), 0, "{:?}", rds.mutations());
    Ok(())
}

/// What rests stays as it was told while an operator that starts cannot look yet;
/// who waits for a database is told at once.
#[tokio::test]
async fn an_outage_at_the_start_is_told_to_whom_it_concerns() -> Result<()> {
    let mut stage = Stage::with_states_alone().await?;
    stage.apply(&database("rests", &SPEC), &[]).await?;
    stage.ready("rests").await?;
    stage.kill().await?;

    let (rds, api) = (&stage.only().rds, &stage.only().api);
    rds.forget();
    api.forget();
    let unavailable = Answer::rds_fault(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", "");
    let down = rds.when(is_sweep).times(6).answer(unavailable.clone());
    stage.apply(&database("new", &SPEC), &[]).await?;
    stage.restart(0)?;
    stage
        .condition("new", "Reconciling", |_, reason| reason == "Unreachable")
        .await?;
    stage.ready("new").await?;
    assert_eq!(down.hits(), 6, "two sweeps of three attempts");
    let api = &stage.only().api;
    let of_it = |call: &Call| call.path.contains("/rests") || call.text().contains("rests");
    let told = api.mutations().into_iter().find(of_it);
    assert!(told.is_none(), "{told:?}");

    // Past that, what was reported may be wrong by now.
    let down = stage.only().rds.when(is_sweep).answer(unavailable);
    for name in ["rests", "new"] {
        stage
            .condition(name, "Reconciling", |_, reason| reason == "Unreachable")
            .await?;
    }
    down.remove();
    stage.ready("rests").await.map(drop)
}
