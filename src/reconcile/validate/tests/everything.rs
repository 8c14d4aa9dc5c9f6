//! Each field of a spec, by what RDS takes: what reached storage past the
//! schema's rules.

use super::*;

/// What the message says of a spec, or nothing.
fn told(spec: &Value) -> Option<String> {
    match goal(spec) {
        Goal::Exists(_) => None,
        Goal::Unclear { message } => Some(message),
        goal @ Goal::Gone { .. } => panic!("{goal:?}"),
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn every_field_is_judged() {
    for (good, bad, field) in [
        (
            json!({"size": "db.t3.micro"}),
            json!({"size": "t3"}),
            "spec.size",
        ),
        (
            json!({"storage": "5Gi"}),
            json!({"storage": "4Gi"}),
            "spec.storage",
        ),
        (json!({"iops": 1000}), json!({"iops": 999}), "spec.iops"),
        (
            json!({"iops": 12000, "storageType": "gp3"}),
            json!({"iops": 3000, "storageType": "gp3"}),
            "spec.iops",
        ),
        (
            json!({"iops": 19950, "storageType": "io1", "storage": "399Gi"}),
            json!({"iops": 19951, "storageType": "io1", "storage": "399Gi"}),
            "spec.iops",
        ),
        (
            json!({"storageType": "gp2"}),
            json!({"storageType": "gp2", "iops": 1000}),
            "spec.iops",
        ),
        (
            json!({"throughput": 500}),
            json!({"throughput": 499}),
            "spec.throughput",
        ),
        (
            json!({"throughput": 500, "storage": "400Gi"}),
            json!({"throughput": 500, "storage": "399Gi"}),
            "spec.throughput",
        ),
        (
            json!({"throughput": 3000}),
            json!({"throughput": 3001}),
            "spec.throughput",
        ),
        (
            json!({"throughput": 4000, "iops": 16000}),
            json!({"throughput": 4000, "iops": 15999}),
            "spec.throughput",
        ),
        (
            json!({"throughput": 500, "storageType": "gp3"}),
            json!({"throughput": 500, "storageType": "io2", "iops": 3000}),
            "spec.throughput",
        ),
        (
            json!({"storage": "20Gi", "maxStorage": "22Gi"}),
            json!({"storage": "20Gi", "maxStorage": "21Gi"}),
            "spec.maxStorage",
        ),
        (
            json!({"storageType": "io1", "iops": 1000, "maxStorage": "2000Gi"}),
            json!({"storageType": "io1", "iops": 1000, "maxStorage": "2001Gi"}),
            "spec.maxStorage",
        ),
        (
            json!({"storageType": "standard", "maxStorage": "3Ti"}),
            json!({"storageType": "standard", "maxStorage": "4Ti"}),
            "spec.maxStorage",
        ),
        (
            json!({"maxStorage": "1Ti"}),
            json!({"maxStorage": "1.5Gi"}),
            "spec.maxStorage",
        ),
        (
            json!({"engineVersion": "17.4"}),
            json!({"engineVersion": "latest"}),
            "spec.engineVersion",
        ),
        (json!({"port": 1150}), json!({"port": 80}), "spec.port"),
        (
            json!({"backup": {"retentionDays": 35}}),
            json!({"backup": {"retentionDays": 36}}),
            "spec.backup.retentionDays",
        ),
        (
            json!({"backup": {"window": "03:00-03:30"}}),
            json!({"backup": {"window": "03:00-03:29"}}),
            "spec.backup.window",
        ),
        (
            json!({"maintenanceWindow": "sun:05:00-sun:05:30"}),
            json!({"maintenanceWindow": "sunday"}),
            "spec.maintenanceWindow",
        ),
        (
            json!({"maintenanceWindow": "sun:05:00-sun:05:30", "backup": {"window": "04:30-05:00"}}),
            json!({"maintenanceWindow": "sun:05:00-sun:05:30", "backup": {"window": "04:30-05:01"}}),
            "spec.maintenanceWindow",
        ),
        (
            json!({"applyChanges": "Immediately"}),
            json!({"applyChanges": "Now"}),
            "spec.applyChanges",
        ),
        (
            json!({"parameterGroup": "default.postgres17"}),
            json!({"parameterGroup": "a--b"}),
            "spec.parameterGroup",
        ),
        (
            json!({"network": {"subnetGroup": "private"}}),
            json!({"network": {"subnetGroup": "a/b"}}),
            "spec.network.subnetGroup",
        ),
        (
            json!({"network": {"securityGroups": ["sg-01234567"]}}),
            json!({"network": {"securityGroups": ["sg-01234567", "sg-01234567"]}}),
            "spec.network.securityGroups",
        ),
        (
            json!({"network": {}}),
            json!({"network": {"securityGroups": []}}),
            "spec.network.securityGroups",
        ),
        (
            json!({"encryption": {"kmsKey": "alias/a"}}),
            json!({"encryption": {"kmsKey": "a"}}),
            "spec.encryption.kmsKey",
        ),
        (
            json!({"encryption": {"kmsKey": "alias/a", "enabled": true}}),
            json!({"encryption": {"kmsKey": "alias/a", "enabled": false}}),
            "spec.encryption.enabled",
        ),
        (
            json!({"monitoring": {"enhancedInterval": 60}}),
            json!({"monitoring": {"enhancedInterval": 7}}),
            "spec.monitoring.enhancedInterval",
        ),
        (
            json!({"monitoring": {"logExports": ["postgresql", "upgrade"]}}),
            json!({"monitoring": {"logExports": ["upgrade", "upgrade"]}}),
            "spec.monitoring.logExports",
        ),
        (
            json!({"tags": {"team": ""}}),
            json!({"tags": {"": "shop"}}),
            "spec.tags",
        ),
        (
            json!({"databaseName": "orders"}),
            json!({"databaseName": "1"}),
            "spec.databaseName",
        ),
        (
            json!({"masterUsername": "owner"}),
            json!({"masterUsername": "pg_x"}),
            "spec.masterUsername",
        ),
        (
            json!({"deletionPolicy": "Retain"}),
            json!({"deletionPolicy": "Keep"}),
            "spec.deletionPolicy",
        ),
        (
            json!({"restoreFrom": {"snapshot": "rds:orders-1"}}),
            json!({"restoreFrom": {"snapshot": "-"}}),
            "spec.restoreFrom.snapshot",
        ),
        (
            json!({"restoreFrom": {"pointInTime": {"object": "orders"}}}),
            json!({"restoreFrom": {"pointInTime": {}}}),
            "spec.restoreFrom.pointInTime.object",
        ),
        (
            json!({"restoreFrom": {"pointInTime": {"object": "a", "time": "2026-11-22T09:30:00Z"}}}),
            json!({"restoreFrom": {"pointInTime": {"object": "a", "time": "yesterday"}}}),
            "spec.restoreFrom.pointInTime.time",
        ),
        (
            json!({"restoreFrom": {"snapshot": "a"}}),
            json!({"restoreFrom": {"snapshot": "a", "pointInTime": {"object": "b"}}}),
            "spec.restoreFrom",
        ),
        (
            json!({"adopt": {"identifier": "orders-1"}}),
            json!({"adopt": {}}),
            "spec.adopt.identifier",
        ),
        (
            json!({"adopt": {"identifier": "a"}}),
            json!({"adopt": {"identifier": "a"}, "restoreFrom": {"snapshot": "a"}}),
            "spec.adopt",
        ),
        (
            json!({"secretName": "orders-db"}),
            json!({"secretName": "a_b"}),
            "spec.secretName",
        ),
    ] {
        assert_eq!(told(&good), None, "{good}");
        let message = told(&bad).unwrap_or_else(|| panic!("{bad} passes"));
        assert!(message.contains(field), "{field} is not in {message}");
    }
}

#[test]
fn wrong_types_are_told_each_and_hide_nothing_else() {
    let message = told(&json!({
        "size": 5,
        "multiAZ": "yes",
        "port": 80,
        "backup": {"retentionDays": "seven", "window": "noon"},
        "network": {"publiclyAccessible": "no", "subnetGroup": 7},
        "tags": {"team": 5},
        "encryption": [],
    }))
    .expect("faults");
    for field in [
        "spec.size",
        "spec.multiAZ",
        "spec.port",
        "spec.backup.retentionDays",
        "spec.backup.window",
        "spec.network.publiclyAccessible",
        "spec.network.subnetGroup",
        "spec.tags",
        "spec.encryption",
    ] {
        assert!(message.contains(field), "{field} is not in {message}");
    }
}

#[test]
fn windows_are_apart_whoever_states_them() {
    let settings = configuration(&[
        ("aws.rds.postgres.default.instance.class", "db.t3.micro"),
        ("aws.rds.postgres.default.backup.window", "14:00-15:00"),
    ]);
    let object = object(&json!({"maintenanceWindow": "mon:14:30-mon:15:30"}));
    let Goal::Exists(database) = desired(&subject(), &object, with(Some(&settings))).goal else {
        panic!("one window alone has no fault")
    };
    let obstacle = database.creation.unwrap_err();
    assert_eq!(obstacle.reason, Reason::InvalidSpec);
    for word in ["14:00-15:00", "mon:14:30-mon:15:30", "spec.backup.window"] {
        assert!(obstacle.message.contains(word), "{}", obstacle.message);
    }
}
