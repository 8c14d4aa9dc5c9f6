//! Changes in place: what is asked of RDS for each, once, and what is not.

use harness::{Answer, Call, Result, eventually};
use http::StatusCode;
use serde_json::{Value, json};

use crate::looks::{asked, database, said};
use crate::stage::{PATIENCE, Stage, condition};

/// What the spec of a test says at first.
const SPEC: [&str; 4] = [
    "size: db.t4g.small",
    "storage: 20Gi",
    "storageType: gp3",
    "multiAZ: false",
];

/// An edit of the spec, what RDS is asked for, and what status shows then.
type Row = (
    &'static str,
    &'static [(&'static str, &'static str)],
    fn(&Value) -> bool,
);

const ROWS: [Row; 7] = [
    (
        r#"{"size":"db.t4g.large"}"#,
        &[("DBInstanceClass", "db.t4g.large")],
        |status| status["size"] == "db.t4g.large",
    ),
    (
        r#"{"storage":"30Gi"}"#,
        &[("AllocatedStorage", "30")],
        |status| status["storage"] == "30Gi",
    ),
    (r#"{"multiAZ":true}"#, &[("MultiAZ", "true")], |_| true),
    (
        r#"{"storageType":"io1","storage":"100Gi","iops":1000}"#,
        &[
            ("AllocatedStorage", "100"),
            ("Iops", "1000"),
            ("StorageType", "io1"),
        ],
        |status| status["storageType"] == "io1" && status["iops"] == 1000,
    ),
    // RDS wants the size beside the IOPS, also where it stays.
    (
        r#"{"iops":2000}"#,
        &[("AllocatedStorage", "100"), ("Iops", "2000")],
        |status| status["iops"] == 2000,
    ),
    (
        r#"{"storage":"200Gi","iops":3000}"#,
        &[("AllocatedStorage", "200"), ("Iops", "3000")],
        |status| status["iops"] == 3000 && status["storage"] == "200Gi",
    ),
    (
        r#"{"storageType":"io2","size":"db.r6g.large"}"#,
        &[
            ("AllocatedStorage", "200"),
            ("DBInstanceClass", "db.r6g.large"),
            ("Iops", "3000"),
            ("StorageType", "io2"),
        ],
        |status| status["storageType"] == "io2" && status["size"] == "db.r6g.large",
    ),
];

#[tokio::test]
async fn each_edit_is_one_call() -> Result<()> {
    let stage = Stage::running().await?;
    stage.apply(&database("orders", &SPEC), &[]).await?;
    stage.ready("orders").await?;
    let rds = &stage.only().rds;
    // More changes of storage than RDS takes in a day.
    stage.drydock.set(json!({"storage_changes": 100})).await?;

    for (edit, want, shown) in ROWS {
        rds.forget();
        stage.edit("orders", edit).await?;
        stage
            .object("orders", edit, |object| {
                shown(&object["status"])
                    && object["status"]["observedGeneration"] == object["metadata"]["generation"]
            })
            .await?;
        stage.ready("orders").await?;
        stage.sweeps(1).await?;
        let calls = rds.mutations();
        assert_eq!(calls.len(), 1, "{edit}: {calls:?}");
        assert_eq!(calls[0].action(), Some("ModifyDBInstance"), "{edit}");
        let mut want = want.to_vec();
        want.push(("ApplyImmediately", "true"));
        assert_eq!(asked(&calls[0]), want.into_iter().collect(), "{edit}");
    }
    assert_eq!(stage.instances("MultiAZ").await?, ["true"]);

    // The older version edits the same database.
    rds.forget();
    let older = "postgresdbs.v1alpha1.myob.com/orders";
    let edit = r#"{"spec":{"size":"db.t3.micro","storage":300,"ha":false}}"#;
    stage.patch(older, edit).await?;
    stage
        .object("orders", edit, |object| {
            object["status"]["size"] == "db.t3.micro" && object["status"]["storage"] == "300Gi"
        })
        .await?;
    stage.sweeps(1).await?;
    let calls = rds.mutations();
    assert_eq!(calls.len(), 1, "{calls:?}");
    let want = [
        ("AllocatedStorage", "300"),
        ("ApplyImmediately", "true"),
        ("DBInstanceClass", "db.t3.micro"),
        ("Iops", "3000"),
        ("MultiAZ", "false"),
    ];
    assert_eq!(asked(&calls[0]), want.into());
    Ok(())
}

#[tokio::test]
async fn what_is_not_asked_for_is_left_alone() -> Result<()> {
    let stage = Stage::running().await?;
    stage.apply(&database("orders", &SPEC), &[]).await?;
    stage.ready("orders").await?;
    let rds = &stage.only().rds;
    tags(&stage).await?;

    // Out of the spec is out of Stow's hands, and stays as it is at AWS.
    rds.forget();
    stage
        .edit(
            "orders",
            r#"{"size":null,"storageType":null,"multiAZ":null,"tags":null}"#,
        )
        .await?;
    let object = stage.judged("orders").await?;
    assert_eq!(object["status"]["size"], "db.t4g.small");
    stage.sweeps(2).await?;
    assert_eq!(rds.mutations().len(), 0, "{:?}", rds.mutations());

    // Storage that RDS has grown by itself is no drift.
    stage.meddle("orders", json!({"grow": 500})).await?;
    let object = stage
        .object("orders", "grown", |object| {
            object["status"]["storage"] == "500Gi"
        })
        .await?;
    assert!(said(&object, "Ready").contains("available"));
    stage.sweeps(2).await?;
    assert_eq!(rds.mutations().len(), 0, "{:?}", rds.mutations());
    let object = stage.ready("orders").await?;
    assert_eq!(object["spec"]["storage"], "20Gi");
    Ok(())
}

/// Whoever rewrites an object without end has all of RDS's patience to use up,
/// which is the account's. A part that RDS refuses leaves no database open.
#[tokio::test]
async fn one_object_takes_its_share_of_calls_and_no_more() -> Result<()> {
    let stage = Stage::with_states_alone().await?;
    let all = ["stormy", "open"].map(|name| database(name, &SPEC));
    stage.apply(&all.concat(), &[]).await?;
    for name in ["stormy", "open"] {
        stage.ready(name).await?;
    }
    for minute in 10..40 {
        let edit = format!(r#"{{"backup":{{"window":"01:{minute}-02:{minute}"}}}}"#);
        stage.edit("stormy", &edit).await?;
        stage.judged("stormy").await?;
    }
    let object = stage
        .object("stormy", "told that it waits", |object| {
            let told = condition(object, "Reconciling");
            told.is_some_and(|told| told["reason"] == "Throttled")
        })
        .await?;
    assert!(said(&object, "Reconciling").contains("asks no faster"));
    assert!(said(&object, "Ready").contains("can be used"));
    let calls = stage.sent("ModifyDBInstance", "stormy");
    assert!(calls.len() <= 20, "{}: {calls:?}", calls.len());
    refused_in_part(&stage).await?;

    // The last of them is made in the end.
    let object = stage
        .object("stormy", "as it was left", |object| {
            condition(object, "Reconciling").is_none()
        })
        .await?;
    assert_eq!(object["spec"]["backup"]["window"], "01:39-02:39");
    let windows = stage.instances("PreferredBackupWindow").await?;
    assert!(windows.contains(&"01:39-02:39".to_owned()), "{windows:?}");
    Ok(())
}

async fn refused_in_part(stage: &Stage) -> Result<()> {
    let fault = Answer::rds_fault(
        StatusCode::BAD_REQUEST,
        "InvalidParameterValue",
        "not this window",
    );
    let window = "PreferredMaintenanceWindow";
    let refused = |call: &Call| call.parameter(window).is_some();
    stage.only().rds.when(refused).answer(fault);
    let edit = r#"{"maintenanceWindow":"mon:08:00-mon:09:00","deletionProtection":true,"autoMinorVersionUpgrade":false}"#;
    stage.edit("open", edit).await?;
    let told = stage.stalled("open", "Refused").await?;
    assert!(told.contains("not this window"), "{told}");
    eventually("the rest of it", PATIENCE, || async {
        let calls = stage.sent("ModifyDBInstance", "open");
        let made = |key: &&str| {
            let is_it = |call: &Call| call.parameter(key).is_some() && !refused(call);
            calls.iter().any(is_it)
        };
        ["DeletionProtection", "AutoMinorVersionUpgrade"]
            .iter()
            .all(made)
    })
    .await?;
    stage.sweeps(2).await?;
    // All at once, the window, and each of the others.
    let calls = stage.sent("ModifyDBInstance", "open");
    assert_eq!(calls.len(), 4, "{calls:?}");
    Ok(())
}

async fn tags(stage: &Stage) -> Result<()> {
    let rds = &stage.only().rds;
    let identifier = stage.identifier("orders").await?;
    let add = |key: &'static str, value: &'static str| {
        [("Tags.Tag.1.Key", key), ("Tags.Tag.1.Value", value)]
    };
    for (edit, want) in [
        (r#"{"tags":{"team":"shop"}}"#, add("team", "shop")),
        (
            r#"{"tags":{"team":"shop","cost":"1 @ 2=3"}}"#,
            add("cost", "1 @ 2=3"),
        ),
        (r#"{"tags":{"team":"till"}}"#, add("team", "till")),
    ] {
        rds.forget();
        stage.edit("orders", edit).await?;
        stage.judged("orders").await?;
        stage.sweeps(1).await?;
        let calls = rds.mutations();
        assert_eq!(calls.len(), 1, "{edit}: {calls:?}");
        assert_eq!(calls[0].action(), Some("AddTagsToResource"));
        let mut sent = asked(&calls[0]);
        let arn = sent.remove("ResourceName").unwrap_or_default();
        assert!(arn.ends_with(&format!(":db:{identifier}")), "{arn}");
        assert_eq!(sent, want.into(), "{edit}");
    }
    let filter = [("DBInstanceIdentifier", identifier.as_str())];
    let xml = stage.behind("DescribeDBInstances", &filter).await?;
    for tag in [
        "<Key>team</Key><Value>till</Value>",
        "<Key>cost</Key><Value>1 @ 2=3</Value>",
        "<Key>stow.myob.com/object</Key><Value>shop/orders</Value>",
    ] {
        assert!(xml.contains(tag), "{tag} in {xml}");
    }
    Ok(())
}

#[tokio::test]
async fn an_edit_waits_while_rds_modifies() -> Result<()> {
    let stage = Stage::running().await?;
    stage.apply(&database("orders", &SPEC), &[]).await?;
    stage.ready("orders").await?;
    stage.hold(&["modifying"]).await?;
    stage.edit("orders", r#"{"multiAZ":true}"#).await?;
    let modifying = |status: &str, reason: &str| status == "True" && reason == "Modifying";
    stage.condition("orders", "Reconciling", modifying).await?;
    stage.edit("orders", r#"{"size":"db.t4g.large"}"#).await?;
    let object = stage
        .object("orders", "the edit seen to wait", |object| {
            object["status"]["observedGeneration"] == object["metadata"]["generation"]
                && said(object, "Reconciling").contains("Changes wait while RDS says modifying")
        })
        .await?;
    assert_eq!(object["status"]["ready"], "modifying");
    // It serves all the while.
    assert!(said(&object, "Ready").contains("can be used"));
    stage.login("orders").await?.run("SELECT 1").await?;
    stage.sweeps(2).await?;
    assert_eq!(stage.sent("ModifyDBInstance", "orders").len(), 1);

    stage.let_go().await?;
    stage
        .object("orders", "the edit made", |object| {
            object["status"]["size"] == "db.t4g.large"
        })
        .await?;
    stage.ready("orders").await?;
    stage.sweeps(2).await?;
    let calls = stage.sent("ModifyDBInstance", "orders");
    assert_eq!(calls.len(), 2, "{calls:?}");
    let want = [
        ("ApplyImmediately", "true"),
        ("DBInstanceClass", "db.t4g.large"),
    ];
    assert_eq!(asked(&calls[1]), want.into());
    Ok(())
}
