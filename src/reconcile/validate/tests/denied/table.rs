//! Each policy: what it denies, and the word of the platform that allows it.

use super::*;

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn nothing_is_allowed_beyond_the_platforms_word() {
    let network = |field: &str, value: Value| json!({"network": {field: value}});
    let none: &[(&str, &str)] = &[];
    for (denied_by, allowed_by, spec, field, key) in [
        (
            none,
            Some(&[("policy.publicAccess", "true")][..]),
            network("publiclyAccessible", json!(true)),
            "spec.network.publiclyAccessible",
            "policy.publicAccess",
        ),
        (
            none,
            Some(&[("policy.securityGroups", "sg-01234567")]),
            network("securityGroups", json!(["sg-01234567"])),
            "spec.network.securityGroups",
            "policy.securityGroups",
        ),
        (
            &[("policy.securityGroups", "sg-01234567")],
            Some(&[("aws.security.group.id", "sg-01234567,sg-0123456789abcdef0")]),
            network(
                "securityGroups",
                json!(["sg-01234567", "sg-0123456789abcdef0"]),
            ),
            "spec.network.securityGroups",
            "policy.securityGroups",
        ),
        (
            none,
            Some(&[("policy.subnetGroups", "a,private")]),
            network("subnetGroup", json!("private")),
            "spec.network.subnetGroup",
            "policy.subnetGroups",
        ),
        (
            none,
            Some(&[("aws.subnet.group.name", "private")]),
            network("subnetGroup", json!("private")),
            "spec.network.subnetGroup",
            "policy.subnetGroups",
        ),
        (
            none,
            Some(&[("policy.kmsKeys", "alias/a")]),
            json!({"encryption": {"kmsKey": "alias/a"}}),
            "spec.encryption.kmsKey",
            "policy.kmsKeys",
        ),
        (
            none,
            Some(&[("aws.kms.key.arn", "alias/a")]),
            json!({"encryption": {"kmsKey": "alias/a"}}),
            "spec.encryption.kmsKey",
            "policy.kmsKeys",
        ),
        (
            none,
            Some(&[("policy.parameterGroups", "orders")]),
            json!({"parameterGroup": "orders"}),
            "spec.parameterGroup",
            "policy.parameterGroups",
        ),
        (
            none,
            Some(&[("policy.minimumDeletionPolicy", "Delete")]),
            json!({"deletionPolicy": "Delete"}),
            "spec.deletionPolicy",
            "policy.minimumDeletionPolicy",
        ),
        (
            &[("policy.minimumDeletionPolicy", "Retain")],
            Some(none),
            json!({"deletionPolicy": "Snapshot"}),
            "spec.deletionPolicy",
            "policy.minimumDeletionPolicy",
        ),
        (
            none,
            Some(&[("policy.minimumBackupRetention", "0")]),
            json!({"backup": {"retentionDays": 0}}),
            "spec.backup.retentionDays",
            "policy.minimumBackupRetention",
        ),
        (
            none,
            Some(&[("policy.encryption", "optional")]),
            json!({"encryption": {"enabled": false}}),
            "spec.encryption.enabled",
            "policy.encryption",
        ),
        (
            none,
            Some(&[(
                "aws.monitoring.role.arn",
                "arn:aws:iam::123456789012:role/a",
            )]),
            json!({"monitoring": {"enhancedInterval": 60}}),
            "spec.monitoring.enhancedInterval",
            "aws.monitoring.role.arn",
        ),
        (
            &[("policy.classes", "db.t4g.*")],
            Some(&[("policy.classes", "db.t4g.*,db.m6g.large")]),
            json!({"size": "db.m6g.large"}),
            "spec.size",
            "policy.classes",
        ),
        (
            &[("policy.maxStorage", "500Gi")],
            Some(&[("policy.maxStorage", "501Gi")]),
            json!({"storage": "501Gi"}),
            "spec.storage",
            "policy.maxStorage",
        ),
        (
            &[("policy.maxStorage", "500Gi")],
            Some(none),
            json!({"storage": "20Gi", "maxStorage": "501Gi"}),
            "spec.maxStorage",
            "policy.maxStorage",
        ),
        (
            &[("policy.maxIops", "2000")],
            Some(&[("policy.maxIops", "3000")]),
            json!({"storageType": "io2", "storage": "100Gi", "iops": 3000}),
            "spec.iops",
            "policy.maxIops",
        ),
        (
            &[("policy.deniedTags", "team")],
            Some(&[("policy.deniedTags", "teams,iam-*")]),
            json!({"tags": {"Team": "shop"}}),
            "spec.tags",
            "policy.deniedTags",
        ),
        // They do not exist yet: no key allows them.
        (
            none,
            None,
            json!({"adopt": {"identifier": "theirs"}}),
            "spec.adopt",
            "policy.adopt",
        ),
        (
            &[("policy.adopt", "true")],
            None,
            json!({"adopt": {"identifier": "theirs"}}),
            "spec.adopt",
            "policy.adopt",
        ),
        (
            none,
            None,
            json!({"restoreFrom": {"snapshot": "theirs"}}),
            "spec.restoreFrom",
            "policy.restore",
        ),
        (
            &[("policy.restore", "true")],
            None,
            json!({"restoreFrom": {"snapshot": "theirs"}}),
            "spec.restoreFrom",
            "policy.restore",
        ),
    ] {
        let database = judged(denied_by, &spec);
        let new = database.creation.as_ref().expect_err(field);
        let running = database.denied.as_ref().expect(field);
        for obstacle in [new, running] {
            assert_eq!(obstacle.reason, Reason::NotAllowed, "{field}");
            for word in [field, key] {
                assert!(
                    obstacle.message.contains(word),
                    "{word}: {}",
                    obstacle.message
                );
            }
        }
        if let Some(allowed_by) = allowed_by {
            let database = judged(allowed_by, &spec);
            assert_eq!(database.denied, None, "{field} by {allowed_by:?}");
            assert!(database.creation.is_ok(), "{:?}", database.creation);
        }
    }
}
