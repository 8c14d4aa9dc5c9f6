//! Tags: by which Stow knows what is its own, AWS grants access, and the
//! platform shares the costs.

use harness::Result;
use serde_json::{Value, json};

use super::{apply, refused, set, turned_away};
use crate::stage::Stage;

#[tokio::test]
async fn tags_that_imitate_ours_or_cost_and_abac_tags() -> Result<()> {
    let stage = Stage::with_states_alone().await?;
    for key in ["stow.myob.com/uid", "AWS:x", "rds:x", "Resource"] {
        let outcome = apply(&stage, "imitates", &json!({"tags": {key: "x"}})).await;
        turned_away(outcome, &["tags", "reserved"]);
    }
    let tags = json!({
        "policy.requiredTags": "cost-center=4711", "policy.deniedTags": "team,iam-*",
    });
    set(&stage, &tags).await?;
    let rows = [
        (
            "grants",
            json!({"tags": {"Team": "payments"}}),
            "policy.deniedTags",
        ),
        (
            "iam",
            json!({"tags": {"iam-role": "admin"}}),
            "policy.deniedTags",
        ),
    ];
    refused(&stage, &rows).await?;
    let own = json!({"tags": {"cost-center": "theirs", "app": "orders"}});
    apply(&stage, "orders", &own).await?;
    stage.ready("orders").await?;
    let creates = stage.sent("CreateDBInstance", "orders");
    let [create] = creates.as_slice() else {
        panic!("{creates:?}")
    };
    let sent = create.text();
    assert!(sent.contains("4711") && sent.contains("app"), "{sent}");
    assert!(!sent.contains("theirs"), "{sent}");
    drift(&stage).await?;
    required_later(&stage).await
}

/// A tag as RDS shows it.
fn shown(key: &str, value: &str) -> String {
    format!("<Key>{key}</Key><Value>{value}</Value>")
}

/// What the spec states is put back; what the platform writes at AWS stays.
async fn drift(stage: &Stage) -> Result<()> {
    let identifier = stage.identifier("orders").await?;
    let object = stage.get("postgresdb/orders").await?;
    let arn = object["status"]["arn"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let tag = [
        ("ResourceName", arn.as_str()),
        ("Tags.Tag.1.Key", "app"),
        ("Tags.Tag.1.Value", "another"),
        ("Tags.Tag.2.Key", "owner"),
        ("Tags.Tag.2.Value", "finance"),
    ];
    stage.only().rds.forget();
    stage.behind("AddTagsToResource", &tag).await?;
    let filter = [("DBInstanceIdentifier", identifier.as_str())];
    stage.sweeps(3).await?;
    let xml = stage.behind("DescribeDBInstances", &filter).await?;
    assert!(xml.contains(&shown("app", "orders")), "{xml}");
    assert!(xml.contains(&shown("owner", "finance")), "{xml}");
    let calls = stage.sent("AddTagsToResource", "orders");
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert_eq!(calls[0].parameter("Tags.Tag.2.Key"), None, "{calls:?}");
    Ok(())
}

/// A tag that is required later is not put on a database that runs, and who owns
/// it can have that done.
async fn required_later(stage: &Stage) -> Result<()> {
    stage.only().rds.forget();
    let tags = json!({"policy.requiredTags": "cost-center=4711,env=prod"});
    set(stage, &tags).await?;
    let lacks = |object: &Value| {
        let pending = &object["status"]["pending"][0];
        pending["what"] == "tags env=prod"
            && pending["why"]
                .as_str()
                .is_some_and(|why| why.contains("policy.requiredTags"))
    };
    let object = stage.object("orders", "without a tag", lacks).await?;
    assert!(
        crate::stage::condition(&object, "Stalled").is_none(),
        "{object}"
    );
    stage.sweeps(2).await?;
    assert_eq!(stage.asked_of("orders").len(), 0);
    stage.edit("orders", r#"{"tags": {"env": "prod"}}"#).await?;
    let whole = |object: &Value| object["status"]["pending"].is_null();
    stage.object("orders", "with every tag", whole).await?;
    let calls = stage.asked_of("orders");
    let actions: Vec<_> = calls.iter().filter_map(harness::Call::action).collect();
    assert_eq!(actions, ["AddTagsToResource"]);
    Ok(())
}
