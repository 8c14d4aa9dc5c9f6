//! What a database is reached by and protected by: the platform says what may be
//! named, and how little protects.

use harness::Result;
use serde_json::{Value, json};

use super::{refused, refused_while_it_runs, turned_away};
use crate::looks::{asked, said};
use crate::stage::Stage;

#[tokio::test]
async fn public_access_security_groups_subnets_kms_keys_parameter_groups_monitoring_role()
-> Result<()> {
    let stage = Stage::with_states_alone().await?;
    let network = |field: &str, value: Value| json!({"network": {field: value}});
    let rows = [
        (
            "public",
            network("publiclyAccessible", json!(true)),
            "policy.publicAccess",
        ),
        (
            "groups",
            network("securityGroups", json!(["sg-0123456789abcdef0"])),
            "policy.securityGroups",
        ),
        (
            "subnets",
            network("subnetGroup", json!("theirs")),
            "policy.subnetGroups",
        ),
        (
            "key",
            json!({"encryption": {"kmsKey": "alias/theirs"}}),
            "policy.kmsKeys",
        ),
        (
            "parameters",
            json!({"parameterGroup": "theirs"}),
            "policy.parameterGroups",
        ),
        (
            "monitoring",
            json!({"monitoring": {"enhancedInterval": 60}}),
            "aws.monitoring.role.arn",
        ),
    ];
    refused(&stage, &rows).await?;
    // Subnets and the key are decided when a database is made.
    let changeable = json!({
        "network": {"publiclyAccessible": true, "securityGroups": ["sg-0123456789abcdef0"]},
        "parameterGroup": "theirs", "monitoring": {"enhancedInterval": 60},
    });
    let keys = [
        "policy.publicAccess",
        "policy.securityGroups",
        "policy.parameterGroups",
        "aws.monitoring.role.arn",
    ];
    refused_while_it_runs(&stage, &changeable, &keys).await
}

#[tokio::test]
async fn weaker_protection_policy_delete_retention_0_encryption_off() -> Result<()> {
    let stage = Stage::with_states_alone().await?;
    let rows = [
        (
            "deletes",
            json!({"deletionPolicy": "Delete"}),
            "policy.minimumDeletionPolicy",
        ),
        (
            "forgets",
            json!({"backup": {"retentionDays": 0}}),
            "policy.minimumBackupRetention",
        ),
        (
            "open",
            json!({"encryption": {"enabled": false}}),
            "policy.encryption",
        ),
    ];
    refused(&stage, &rows).await?;
    let weaker = json!({"deletionPolicy": "Delete", "backup": {"retentionDays": 0}});
    let keys = [
        "policy.minimumDeletionPolicy",
        "policy.minimumBackupRetention",
    ];
    refused_while_it_runs(&stage, &weaker, &keys).await?;
    // Encryption is what it was made with, and can be written down as that alone.
    let off = stage
        .edit("orders", r#"{"encryption": {"enabled": false}}"#)
        .await;
    turned_away(
        off,
        &[
            "encryption.enabled",
            "once the database exists",
            "write true",
        ],
    );
    stage
        .edit("orders", r#"{"encryption": {"enabled": true}}"#)
        .await?;

    // Nor is less kept when the object goes.
    stage.delete("postgresdb/orders").await?;
    let refuses = |object: &Value| {
        let stalled = crate::stage::condition(object, "Stalled");
        stalled.is_some_and(|found| found["reason"] == "NotAllowed")
            && said(object, "Stalled").contains("write Snapshot")
    };
    stage
        .object("orders", "told what to write", refuses)
        .await?;
    assert_eq!(stage.sent("DeleteDBInstance", "orders").len(), 0);
    stage
        .edit("orders", r#"{"deletionPolicy": "Snapshot"}"#)
        .await?;
    stage.gone("postgresdb/orders").await?;
    let deletes = stage.sent("DeleteDBInstance", "orders");
    let [delete] = deletes.as_slice() else {
        panic!("{deletes:?}")
    };
    let asked = asked(delete);
    assert!(asked.contains_key("FinalDBSnapshotIdentifier"), "{asked:?}");
    assert_eq!(asked.get("DeleteAutomatedBackups"), Some(&"false"));
    Ok(())
}
