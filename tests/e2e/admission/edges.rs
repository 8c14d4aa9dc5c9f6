//! Specs in v1beta1 that the API server takes, and those that it refuses with
//! the words that its refusal has to say.
//!
//! Each row sits at the edge of what RDS allows, on one side or the other.

use serde_json::{Value, json};

pub(super) fn accepted() -> Vec<Value> {
    vec![
        json!({}),
        json!({"storageType": "gp2", "storage": "20Gi"}),
        json!({"storageType": "gp2", "storage": "64Ti"}),
        json!({"storageType": "gp3", "storage": "400Gi", "iops": 12_000, "throughput": 500}),
        json!({"storageType": "gp3", "storage": "400Gi", "iops": 16_000, "throughput": 4000}),
        json!({"storageType": "gp3", "storage": "400Gi", "throughput": 3000}),
        json!({"storageType": "gp3", "storage": "20Gi"}),
        json!({"storageType": "io1", "storage": "100Gi", "iops": 1000}),
        json!({"storageType": "io1", "storage": "399Gi", "iops": 19_950}),
        json!({"storageType": "io1", "storage": "400Gi", "iops": 20_000}),
        json!({"storageType": "io1", "storage": "2000Gi", "iops": 1000}),
        json!({"storageType": "io2", "storage": "100Gi", "iops": 100_000}),
        json!({"storageType": "io2", "storage": "256Gi", "iops": 256_000}),
        json!({"storage": "20Gi", "maxStorage": "22Gi"}),
        json!({"storage": "20Gi", "maxStorage": "20Gi"}),
        json!({"storage": "25Gi", "maxStorage": "28Gi"}),
        json!({"storageType": "io1", "storage": "100Gi", "iops": 1000, "maxStorage": "2000Gi"}),
        json!({"engineVersion": "17"}),
        json!({"engineVersion": "17.4"}),
        json!({"engineVersion": "13.23-rds.20260224"}),
        json!({"port": 1150}),
        json!({"port": 65535}),
        json!({"backup": {"retentionDays": 0, "window": "23:45-00:15"}}),
        json!({"backup": {"retentionDays": 35}}),
        json!({"backup": {}}),
        json!({"maintenanceWindow": "sun:23:45-mon:00:15"}),
        json!({"maintenanceWindow": "sun:05:00-mon:04:59"}),
        json!({"backup": {"window": "05:00-05:30"}, "maintenanceWindow": "sun:05:30-sun:06:00"}),
        json!({"backup": {"window": "06:00-06:30"}, "maintenanceWindow": "sun:05:30-sun:06:00"}),
        json!({"network": {"subnetGroup": "private subnets.1", "securityGroups": ["sg-0123456789abcdef0", "sg-01234567"], "publiclyAccessible": false}}),
        json!({"encryption": {"enabled": true, "kmsKey": "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"}}),
        json!({"encryption": {"kmsKey": "alias/aws/rds"}}),
        json!({"encryption": {"kmsKey": "1234abcd-12ab-34cd-56ef-1234567890ab"}}),
        json!({"monitoring": {"performanceInsights": true, "enhancedInterval": 60, "logExports": ["postgresql", "upgrade"]}}),
        json!({"monitoring": {"logExports": []}}),
        json!({"parameterGroup": "orders-pg17"}),
        json!({"parameterGroup": "default.postgres17"}),
        json!({"restoreFrom": {"snapshot": "rds:orders-2026-11-22-00-00"}}),
        json!({"restoreFrom": {"pointInTime": {"object": "orders", "time": "2026-11-22T09:30:00Z"}}}),
        json!({"restoreFrom": {"pointInTime": {"object": "orders"}}}),
        json!({"adopt": {"identifier": "orders-1"}}),
        json!({"deletionPolicy": "Retain", "deletionProtection": true, "applyChanges": "MaintenanceWindow", "iamAuthentication": true, "extendedSupport": false, "autoMinorVersionUpgrade": false, "allowMajorVersionUpgrade": true}),
    ]
}

#[expect(clippy::too_many_lines, reason = "one table")]
pub(super) fn refused() -> Vec<(Value, &'static str)> {
    vec![
        (
            json!({"storageType": "gp2", "storage": "19Gi"}),
            "storage must fit",
        ),
        (
            json!({"storageType": "gp3", "storage": "10Gi"}),
            "storage must fit",
        ),
        (json!({"storage": "65Ti"}), "5Gi to 65536Gi"),
        (json!({"storage": "4Gi"}), "5Gi"),
        (json!({"storage": "9999999Ti"}), "65536Gi"),
        (
            json!({"storageType": "io1", "storage": "99Gi", "iops": 1000}),
            "100Gi to 65536Gi",
        ),
        (
            json!({"storageType": "io2", "storage": "99Gi", "iops": 1000}),
            "100Gi to",
        ),
        (
            json!({"storageType": "standard", "storage": "20Gi"}),
            "no longer offers",
        ),
        (
            json!({"storageType": "gp3", "storage": "399Gi", "iops": 12_000}),
            "400Gi",
        ),
        (
            json!({"storageType": "gp3", "storage": "400Gi", "iops": 3000}),
            "12000 to 64000",
        ),
        (
            json!({"storageType": "gp3", "storage": "400Gi", "iops": 64_001}),
            "12000 to 64000",
        ),
        (
            json!({"storageType": "io1", "storage": "399Gi", "iops": 19_951}),
            "19950",
        ),
        (
            json!({"storageType": "io1", "storage": "400Gi", "iops": 20_001}),
            "0.5 to 50",
        ),
        (
            json!({"storageType": "io1", "storage": "2001Gi", "iops": 1000}),
            "0.5 to 50",
        ),
        (
            json!({"storageType": "io2", "storage": "100Gi", "iops": 100_001}),
            "0.5 to 1000",
        ),
        (json!({"storageType": "io1", "iops": 999}), "1000 to 256000"),
        (json!({"storageType": "gp3", "iops": 5000}), "12000"),
        (
            json!({"storageType": "io1", "storage": "100Gi"}),
            "need iops",
        ),
        (
            json!({"storageType": "gp2", "iops": 3000}),
            "leave iops out",
        ),
        (json!({"storage": "20Gi", "maxStorage": "21Gi"}), "110%"),
        (json!({"storage": "25Gi", "maxStorage": "27Gi"}), "110%"),
        (
            json!({"storageType": "io1", "storage": "100Gi", "iops": 1000, "maxStorage": "2001Gi"}),
            "maxStorage",
        ),
        (json!({"maxStorage": "100G"}), "whole number"),
        (json!({"throughput": 499}), "500 to 4000"),
        (json!({"throughput": 4001}), "500 to 4000"),
        (json!({"throughput": 500, "storage": "399Gi"}), "400Gi"),
        (
            json!({"throughput": 500, "storageType": "io2", "iops": 3000}),
            "gp3",
        ),
        (
            json!({"storageType": "gp3", "storage": "400Gi", "throughput": 3001}),
            "a quarter",
        ),
        (
            json!({"storageType": "gp3", "storage": "400Gi", "iops": 15_999, "throughput": 4000}),
            "a quarter",
        ),
        (json!({"engineVersion": "9.6"}), "17.4"),
        (json!({"engineVersion": "17.4.1"}), "17.4"),
        (json!({"engineVersion": "latest"}), "engineVersion"),
        (json!({"port": 1149}), "1150 to 65535"),
        (json!({"port": 65536}), "1150"),
        (json!({"backup": {"retentionDays": 36}}), "0 to 35"),
        (json!({"backup": {"retentionDays": -1}}), "0 to 35"),
        (json!({"backup": {"window": "03:00-03:29"}}), "30 minutes"),
        (json!({"backup": {"window": "3:00-4:00"}}), "hh:mm"),
        (json!({"backup": {"window": "24:00-01:00"}}), "hh:mm"),
        (json!({"backup": {"window": "03:00-03:00"}}), "30 minutes"),
        (
            json!({"maintenanceWindow": "sun:05:00-mon:05:00"}),
            "less than a day",
        ),
        (json!({"maintenanceWindow": "05:00-06:00"}), "ddd:hh:mm"),
        (
            json!({"maintenanceWindow": "sun:05:00-sun:05:29"}),
            "30 minutes",
        ),
        (json!({"maintenanceWindow": "Sun:05:00-Sun:06:00"}), "ddd"),
        (
            json!({"backup": {"window": "05:00-05:31"}, "maintenanceWindow": "sun:05:30-sun:06:00"}),
            "overlap",
        ),
        (
            json!({"backup": {"window": "23:45-00:15"}, "maintenanceWindow": "mon:00:00-mon:00:30"}),
            "overlap",
        ),
        (
            json!({"backup": {"window": "05:59-06:30"}, "maintenanceWindow": "sun:05:30-sun:06:00"}),
            "overlap",
        ),
        (
            json!({"network": {"securityGroups": ["sg-1"]}}),
            "hexadecimal",
        ),
        (json!({"network": {"securityGroups": []}}), "1 to 16"),
        (
            json!({"network": {"securityGroups": ["sg-01234567", "sg-01234567"]}}),
            "once",
        ),
        (json!({"network": {"subnetGroup": ""}}), "1 to 255"),
        (json!({"network": {"subnetGroup": "a/b"}}), "1 to 255"),
        (json!({"encryption": {"kmsKey": "key"}}), "ARN"),
        (
            json!({"encryption": {"enabled": false, "kmsKey": "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"}}),
            "leave kmsKey out",
        ),
        (json!({"monitoring": {"enhancedInterval": 7}}), "1, 5, 10"),
        (
            json!({"monitoring": {"logExports": ["audit"]}}),
            "postgresql",
        ),
        (
            json!({"monitoring": {"logExports": ["upgrade", "upgrade"]}}),
            "once",
        ),
        (json!({"parameterGroup": "a--b"}), "doubled"),
        (json!({"parameterGroup": "-a"}), "letter first"),
        (json!({"restoreFrom": {}}), "either"),
        (
            json!({"restoreFrom": {"snapshot": "a", "pointInTime": {"object": "b"}}}),
            "either",
        ),
        (json!({"restoreFrom": {"pointInTime": {}}}), "object"),
        (
            json!({"restoreFrom": {"pointInTime": {"object": "b", "time": "yesterday"}}}),
            "UTC",
        ),
        (json!({"restoreFrom": {"snapshot": "a-"}}), "hyphen"),
        (json!({"adopt": {}}), "identifier"),
        (json!({"adopt": {"identifier": "1a"}}), "letter first"),
        (
            json!({"adopt": {"identifier": "a"}, "restoreFrom": {"snapshot": "a"}}),
            "exclude",
        ),
        (json!({"deletionPolicy": "Keep"}), "Retain"),
        (json!({"applyChanges": "Now"}), "Immediately"),
        (json!({"backup": {"days": 1}}), "unknown field"),
    ]
}
