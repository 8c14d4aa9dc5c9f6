//! A password is in the Secret and in the call that sets it, and nowhere else.

use base64::prelude::{BASE64_STANDARD, Engine};
use harness::{Answer, Result, eventually};
use http::StatusCode;

use crate::stage::{NAMESPACE, PATIENCE, Stage, condition, decoded};

const ORDERS: &str = r#"{"apiVersion": "myob.com/v1beta1", "kind": "PostgresDB",
    "metadata": {"name": "orders"}, "spec": {"size": "db.t3.small"}}"#;

#[tokio::test]
async fn no_password_is_told_to_anybody() -> Result<()> {
    let mut stage = Stage::boot().await?;
    let loud = ("RUST_LOG".to_owned(), "trace".to_owned());
    let replica = stage
        .replica_with(&[], |config| config.env.push(loud))
        .await?;
    stage.replicas.push(replica);
    stage.relay().await?;
    stage.serving(0).await?;
    stage.trusted().await?;
    stage.apply(ORDERS, &[]).await?;
    stage.ready("orders").await?;
    let secret = stage.get("secret/orders").await?;
    let first = decoded(&secret, "DB_PASSWORD")?;

    // The Secret is lost, so the password is reset; RDS first loses the call,
    // and then repeats the password in its refusal.
    let modify = |call: &harness::Call| call.action() == Some("ModifyDBInstance");
    let away = stage.only().rds.when(modify).drop();
    stage
        .kubectl(&["delete", "secret", "orders", "-n", NAMESPACE])
        .await?;
    let poke = ["annotate", "-n", NAMESPACE, "postgresdb/orders", "poke=1"];
    stage.kubectl(&poke).await?;
    let second = eventually("another password", PATIENCE, || async {
        decoded(&stage.get("secret/orders").await?, "DB_PASSWORD")
    });
    let second = second.await?;
    assert_ne!(first, second);
    let message = format!("The parameter {second} is not a valid password");
    let refusal = Answer::rds_fault(StatusCode::BAD_REQUEST, "InvalidParameterValue", &message);
    let refused = stage.only().rds.when(modify).answer(refusal);
    away.remove();
    let refusals = |_: &str, reason: &str| !reason.is_empty();
    let stalled = stage.condition("orders", "Stalled", refusals).await?;
    let told = condition(&stalled, "Stalled").map(|found| found["message"].to_string());
    let told = told.unwrap_or_default();
    assert!(
        told.contains("is not a valid password"),
        "the refusal was not met: {told}"
    );
    refused.remove();

    let sent = |call: &harness::Call| call.parameter("MasterUserPassword").map(str::to_owned);
    let passwords: Vec<_> = stage.only().rds.calls().iter().filter_map(sent).collect();
    assert!(passwords.contains(&first) && passwords.contains(&second));
    let output = stage.only().operator.output();
    assert!(
        output.contains("TRACE"),
        "the log is not at the level of traces"
    );
    let objects = ["get", "-A", "-o", "yaml"];
    let objects = [&objects[..], &["postgresdbs,leases,configmaps"]].concat();
    let objects = stage.kubectl(&objects).await?;
    let events = stage
        .kubectl(&["get", "events", "-A", "-o", "yaml"])
        .await?;
    assert!(
        events.contains("valid password"),
        "no Event tells of the refusal"
    );
    let metrics = stage.only().metrics().await?;
    let places = [
        ("log", output),
        ("objects", objects),
        ("Events", events),
        ("metrics", metrics),
    ];
    for (place, text) in &places {
        for password in [&first, &second] {
            let encoded = BASE64_STANDARD.encode(password);
            for form in [password.as_str(), encoded.trim_end_matches('=')] {
                assert!(!text.contains(form), "the {place} hold a password");
            }
        }
    }
    Ok(())
}
