//! Tenants stay in their lane, as far as the platform's policies say where it
//! is: each refusal names the key that decides, and RDS is not asked.

use harness::Result;
use serde_json::{Value, json};

use crate::stage::{Stage, condition};

/// Sets keys of the operator's ConfigMap.
async fn set(stage: &Stage, entries: &Value) -> Result<String> {
    let patch = json!({"data": entries}).to_string();
    let object = ["patch", "configmap", "stow", "-n", "stow-system"];
    let patch = ["--type=merge", "-p", patch.as_str()];
    stage.kubectl(&[&object[..], &patch].concat()).await
}

async fn apply(stage: &Stage, name: &str, spec: &Value) -> Result<String> {
    let object = json!({
        "apiVersion": "myob.com/v1beta1", "kind": "PostgresDB",
        "metadata": {"name": name}, "spec": spec,
    });
    stage.apply(&object.to_string(), &[]).await
}

/// Applies each spec, and checks that it is refused by that key.
async fn refused(stage: &Stage, rows: &[(&str, Value, &str)]) -> Result<()> {
    for (name, spec, _) in rows {
        apply(stage, name, spec).await?;
    }
    for (name, _, key) in rows {
        let told = stage.stalled(name, "NotAllowed").await?;
        assert!(told.contains(key), "{name} does not name {key}: {told}");
    }
    let asked = stage.only().rds.mutations();
    assert_eq!(asked.len(), 0, "{asked:?}");
    Ok(())
}

#[tokio::test]
async fn adopt_and_restore_from_another_teams_data() -> Result<()> {
    let stage = Stage::with_states_alone().await?;
    let adopt = json!({"adopt": {"identifier": "theirs"}});
    let snapshot = json!({"restoreFrom": {"snapshot": "theirs"}});
    let past = json!({"restoreFrom": {"pointInTime": {"object": "theirs"}}});
    let rows = [
        ("adopts", adopt.clone(), "policy.adopt"),
        ("restores", snapshot.clone(), "policy.restore"),
        ("returns", past, "policy.restore"),
    ];
    refused(&stage, &rows).await?;
    // A word of the platform's does not make an empty database in its stead.
    set(
        &stage,
        &json!({"policy.adopt": "true", "policy.restore": "true"}),
    )
    .await?;
    let rows = [
        ("adopts-still", adopt, "cannot do it yet"),
        ("restores-still", snapshot, "cannot do it yet"),
    ];
    refused(&stage, &rows).await
}

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
    refused(&stage, &rows).await
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
    refused(&stage, &rows).await
}

#[tokio::test]
async fn tags_that_imitate_ours_or_cost_and_abac_tags() -> Result<()> {
    let stage = Stage::with_states_alone().await?;
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
    Ok(())
}

#[tokio::test]
async fn hundreds_of_large_databases() -> Result<()> {
    let stage = Stage::with_states_alone().await?;
    let ceilings = json!({
        "policy.classes": "db.t4g.*", "policy.maxStorage": "100Gi", "policy.maxIops": "3000",
    });
    set(&stage, &ceilings).await?;
    let rows = [
        ("huge", json!({"size": "db.r6g.16xlarge"}), "policy.classes"),
        ("vast", json!({"storage": "64Ti"}), "policy.maxStorage"),
        (
            "growing",
            json!({"storage": "20Gi", "maxStorage": "64Ti"}),
            "policy.maxStorage",
        ),
        (
            "fast",
            json!({"storageType": "io2", "storage": "100Gi", "iops": 10000}),
            "policy.maxIops",
        ),
    ];
    refused(&stage, &rows).await?;
    for (name, ..) in rows {
        stage.delete(&format!("postgresdb/{name}")).await?;
    }

    set(&stage, &json!({"policy.maxPerNamespace": "2"})).await?;
    for name in ["a", "b", "c", "d"] {
        apply(&stage, name, &json!({})).await?;
    }
    let mut waiting = Vec::new();
    for name in ["a", "b", "c", "d"] {
        let object = stage.judged(name).await?;
        let found = condition(&object, "Stalled").map(|found| &found["reason"]);
        if found.is_some_and(|reason| reason == "NotAllowed") {
            let told = stage.stalled(name, "NotAllowed").await?;
            assert!(told.contains("policy.maxPerNamespace"), "{told}");
            waiting.push(name);
        } else {
            stage.ready(name).await?;
        }
    }
    assert_eq!(waiting.len(), 2, "{waiting:?}");
    assert_eq!(stage.instances("DBInstanceIdentifier").await?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn a_narrower_or_broken_policy_changes_no_database_that_runs() -> Result<()> {
    let stage = Stage::with_states_alone().await?;
    apply(
        &stage,
        "orders",
        &json!({"size": "db.m6g.large", "storage": "200Gi"}),
    )
    .await?;
    let before = stage.ready("orders").await?;
    stage.only().rds.forget();
    set(
        &stage,
        &json!({"policy.classes": "db.t4g.*", "policy.maxStorage": "100Gi"}),
    )
    .await?;
    let told = stage.stalled("orders", "NotAllowed").await?;
    for key in ["policy.classes", "policy.maxStorage"] {
        assert!(told.contains(key), "{told}");
    }
    let narrowed = stage.ready("orders").await?;
    assert_eq!(narrowed["status"]["size"], before["status"]["size"]);
    stage.sweeps(2).await?;
    assert_eq!(stage.only().rds.mutations().len(), 0);

    // Misspelt, a policy is no invitation; whoever asks for nothing new is not
    // bothered with it.
    let misspelt = json!({
        "policy.classes": null, "policy.maxStorage": null, "policy.maxStorge": "100Gi",
    });
    set(&stage, &misspelt).await?;
    let calm = |object: &Value| condition(object, "Stalled").is_none();
    stage.object("orders", "at rest", calm).await?;
    let said = stage.said(0, "policy.maxStorge").await?;
    let warnings = said
        .lines()
        .filter(|line| line.contains("policy.maxStorge"));
    assert_eq!(warnings.count(), 1, "{said}");
    let fault = "stow_configuration_faults{key=\"unknown\"} 1";
    assert!(stage.only().metrics().await?.contains(fault));
    stage.edit("orders", r#"{"storage": "300Gi"}"#).await?;
    let told = stage.stalled("orders", "InvalidConfiguration").await?;
    assert!(told.contains("policy.maxStorge"), "{told}");
    stage.sweeps(2).await?;
    assert_eq!(stage.only().rds.mutations().len(), 0);

    // Mended, what was asked for is done.
    set(&stage, &json!({"policy.maxStorge": null})).await?;
    let grown = |object: &Value| object["status"]["storage"] == "300Gi";
    stage.object("orders", "grown", grown).await?;
    assert!(
        !stage
            .only()
            .metrics()
            .await?
            .contains("stow_configuration_faults{")
    );
    Ok(())
}
