//! What `CreateDBInstance` takes and refuses, names and storage apart.

use super::{ACCEPTED, COMBINATION, Table, VALUE, check_creates};

const NOT_ABSENT: &str = "the model: what this engine does not have";

#[tokio::test]
async fn engine_and_class() {
    check_creates(&[
        Table {
            origin: "the model: Engine, EngineVersion; a major alone is its newest minor. The \
                     region has 16.10, 17.5 and 17.6",
            rows: &[
                (&[("Engine", "postgres")], ACCEPTED),
                (&[("Engine", "mysql")], VALUE),
                (&[("Engine", "aurora-postgresql")], VALUE),
                (&[("EngineVersion", "17")], ACCEPTED),
                (&[("EngineVersion", "17.6")], ACCEPTED),
                (&[("EngineVersion", "16")], ACCEPTED),
                (&[("EngineVersion", "17.7")], COMBINATION),
                (&[("EngineVersion", "13")], COMBINATION),
                (&[("EngineVersion", "seventeen")], COMBINATION),
                (&[("EngineVersion", "13.23-rds.20260224")], COMBINATION),
            ],
        },
        Table {
            origin: "the guide: DB instance classes are db.<family>.<size>",
            rows: &[
                (&[("DBInstanceClass", "db.m5.large")], ACCEPTED),
                (&[("DBInstanceClass", "db.r5.8xlarge.tpc2.mem3x")], ACCEPTED),
                (&[("DBInstanceClass", "m5.large")], VALUE),
                (&[("DBInstanceClass", "cache.m5.large")], VALUE),
                (&[("DBInstanceClass", "db.m5")], VALUE),
                (&[("DBInstanceClass", "db.M5.large")], VALUE),
                (&[("DBInstanceClass", "")], VALUE),
            ],
        },
    ])
    .await;
}

#[tokio::test]
async fn port_retention_and_windows() {
    check_creates(&[
        Table {
            origin: "the model: Port, BackupRetentionPeriod",
            rows: &[
                (&[("Port", "1150")], ACCEPTED),
                (&[("Port", "65535")], ACCEPTED),
                (&[("Port", "1149")], VALUE),
                (&[("Port", "65536")], VALUE),
                (&[("BackupRetentionPeriod", "0")], ACCEPTED),
                (&[("BackupRetentionPeriod", "35")], ACCEPTED),
                (&[("BackupRetentionPeriod", "-1")], VALUE),
                (&[("BackupRetentionPeriod", "36")], VALUE),
            ],
        },
        Table {
            origin: "the model: PreferredBackupWindow, PreferredMaintenanceWindow",
            rows: &[
                (&[("PreferredBackupWindow", "04:00-04:30")], ACCEPTED),
                (&[("PreferredBackupWindow", "23:45-00:15")], ACCEPTED),
                (&[("PreferredBackupWindow", "04:00-04:29")], VALUE),
                (&[("PreferredBackupWindow", "4:00-4:30")], VALUE),
                (&[("PreferredBackupWindow", "24:00-24:30")], VALUE),
                (&[("PreferredBackupWindow", "sun:04:00-sun:04:30")], VALUE),
                (
                    &[("PreferredMaintenanceWindow", "sun:23:45-mon:00:15")],
                    ACCEPTED,
                ),
                (
                    &[("PreferredMaintenanceWindow", "Sun:06:00-Sun:06:30")],
                    ACCEPTED,
                ),
                (
                    &[("PreferredMaintenanceWindow", "sun:06:00-sun:06:29")],
                    VALUE,
                ),
                (&[("PreferredMaintenanceWindow", "06:00-06:30")], VALUE),
                (
                    &[("PreferredMaintenanceWindow", "son:06:00-son:06:30")],
                    VALUE,
                ),
                // One window that is given never meets the other's default.
                (
                    &[("PreferredMaintenanceWindow", "tue:02:00-tue:08:00")],
                    ACCEPTED,
                ),
                (&[("PreferredBackupWindow", "04:45-05:45")], ACCEPTED),
                (
                    &[
                        ("PreferredBackupWindow", "04:00-05:00"),
                        ("PreferredMaintenanceWindow", "tue:05:00-tue:06:00"),
                    ],
                    ACCEPTED,
                ),
                (
                    &[
                        ("PreferredBackupWindow", "04:00-05:01"),
                        ("PreferredMaintenanceWindow", "tue:05:00-tue:06:00"),
                    ],
                    VALUE,
                ),
                (
                    &[
                        ("PreferredBackupWindow", "05:59-06:59"),
                        ("PreferredMaintenanceWindow", "tue:05:00-tue:06:00"),
                    ],
                    VALUE,
                ),
            ],
        },
    ])
    .await;
}

#[tokio::test]
async fn placement() {
    check_creates(&[
        Table {
            origin: "the model: AvailabilityZone, MultiAZ",
            rows: &[
                (&[("AvailabilityZone", "eu-west-1b")], ACCEPTED),
                (&[("AvailabilityZone", "eu-west-1z")], VALUE),
                (&[("AvailabilityZone", "us-east-1a")], VALUE),
                (&[("MultiAZ", "true")], ACCEPTED),
                (
                    &[("MultiAZ", "true"), ("AvailabilityZone", "eu-west-1b")],
                    COMBINATION,
                ),
            ],
        },
        Table {
            origin: "the model: the groups, CACertificateIdentifier, NetworkType",
            rows: &[
                (&[("DBSubnetGroupName", "default")], ACCEPTED),
                (
                    &[("DBSubnetGroupName", "none")],
                    Some("DBSubnetGroupNotFoundFault"),
                ),
                (&[("DBParameterGroupName", "default.postgres17")], ACCEPTED),
                (
                    &[("DBParameterGroupName", "none")],
                    Some("DBParameterGroupNotFound"),
                ),
                (
                    &[("DBParameterGroupName", "default.postgres16")],
                    COMBINATION,
                ),
                (&[("OptionGroupName", "default:postgres-17")], ACCEPTED),
                (
                    &[("OptionGroupName", "default:postgres-16")],
                    Some("OptionGroupNotFoundFault"),
                ),
                (&[("VpcSecurityGroupIds", "sg-1,sg-2")], ACCEPTED),
                (&[("CACertificateIdentifier", "rds-ca-ecc384-g1")], ACCEPTED),
                (
                    &[("CACertificateIdentifier", "rds-ca-2019")],
                    Some("CertificateNotFound"),
                ),
                (&[("NetworkType", "IPV4")], ACCEPTED),
                (&[("NetworkType", "DUAL")], Some("NetworkTypeNotSupported")),
                (&[("NetworkType", "IPX")], VALUE),
            ],
        },
    ])
    .await;
}

#[tokio::test]
async fn monitoring() {
    const ROLE: (&str, &str) = ("MonitoringRoleArn", "arn:aws:iam::123456789012:role/watch");
    const INSIGHTS: (&str, &str) = ("EnablePerformanceInsights", "true");
    const DAYS: &str = "PerformanceInsightsRetentionPeriod";
    check_creates(&[
        Table {
            origin: "the model: MonitoringInterval, MonitoringRoleArn",
            rows: &[
                (&[("MonitoringInterval", "0")], ACCEPTED),
                (&[("MonitoringInterval", "1"), ROLE], ACCEPTED),
                (&[("MonitoringInterval", "60"), ROLE], ACCEPTED),
                (&[("MonitoringInterval", "2"), ROLE], VALUE),
                (&[("MonitoringInterval", "61"), ROLE], VALUE),
                (&[("MonitoringInterval", "60")], COMBINATION),
                (&[("MonitoringInterval", "0"), ROLE], COMBINATION),
                (&[ROLE], COMBINATION),
                (
                    &[("MonitoringInterval", "1"), ("MonitoringRoleArn", "watch")],
                    VALUE,
                ),
            ],
        },
        Table {
            origin: "the model: EnablePerformanceInsights, PerformanceInsightsRetentionPeriod",
            rows: &[
                (&[INSIGHTS], ACCEPTED),
                (&[INSIGHTS, (DAYS, "7")], ACCEPTED),
                (&[INSIGHTS, (DAYS, "93")], ACCEPTED),
                (&[INSIGHTS, (DAYS, "731")], ACCEPTED),
                (&[INSIGHTS, (DAYS, "94")], VALUE),
                (&[INSIGHTS, (DAYS, "744")], VALUE),
                (&[(DAYS, "7")], COMBINATION),
                (&[("PerformanceInsightsKMSKeyId", "alias/x")], COMBINATION),
                (
                    &[INSIGHTS, ("PerformanceInsightsKMSKeyId", "alias/x")],
                    ACCEPTED,
                ),
            ],
        },
        Table {
            origin: "the model: EnableCloudwatchLogsExports, EngineLifecycleSupport",
            rows: &[
                (
                    &[(
                        "EnableCloudwatchLogsExports",
                        "postgresql,upgrade,iam-db-auth-error",
                    )],
                    ACCEPTED,
                ),
                (&[("EnableCloudwatchLogsExports", "slowquery")], VALUE),
                (
                    &[(
                        "EngineLifecycleSupport",
                        "open-source-rds-extended-support-disabled",
                    )],
                    ACCEPTED,
                ),
                (&[("EngineLifecycleSupport", "forever")], VALUE),
            ],
        },
    ])
    .await;
}

#[tokio::test]
async fn encryption() {
    check_creates(&[Table {
        origin: "the model: StorageEncrypted, KmsKeyId",
        rows: &[
            (&[("StorageEncrypted", "true")], ACCEPTED),
            (
                &[("StorageEncrypted", "true"), ("KmsKeyId", "alias/mine")],
                ACCEPTED,
            ),
            (&[("KmsKeyId", "alias/mine")], COMBINATION),
            (
                &[("StorageEncrypted", "false"), ("KmsKeyId", "alias/mine")],
                COMBINATION,
            ),
        ],
    }])
    .await;
}

#[tokio::test]
async fn what_cannot_be_had_here_is_refused_and_asking_for_nothing_is_not() {
    check_creates(&[
        Table {
            origin: NOT_ABSENT,
            rows: &[
                (&[("LicenseModel", "postgresql-license")], ACCEPTED),
                (&[("LicenseModel", "license-included")], VALUE),
                (&[("BackupTarget", "region")], ACCEPTED),
                (&[("BackupTarget", "outposts")], VALUE),
                (&[("CharacterSetName", "UTF8")], COMBINATION),
                (&[("DBClusterIdentifier", "c")], COMBINATION),
                (&[("DBSecurityGroups", "classic")], COMBINATION),
                (&[("MultiTenant", "false")], ACCEPTED),
                (&[("MultiTenant", "true")], COMBINATION),
                (&[("PromotionTier", "1")], COMBINATION),
                (&[("TdeCredentialArn", "x")], COMBINATION),
                (&[("Timezone", "UTC")], COMBINATION),
            ],
        },
        Table {
            origin: "drydock: what it has not, said by name",
            rows: &[
                (&[("Domain", "d-1234567890")], COMBINATION),
                (&[("DomainIAMRoleName", "rds")], COMBINATION),
                (&[("DomainDnsIps", "10.0.0.1,10.0.0.2")], COMBINATION),
                (&[("EnableCustomerOwnedIp", "true")], COMBINATION),
                (&[("EnableCustomerOwnedIp", "false")], ACCEPTED),
                (
                    &[
                        ("ManageMasterUserPassword", "true"),
                        ("MasterUserPassword", "-"),
                    ],
                    COMBINATION,
                ),
                (&[("ManageMasterUserPassword", "true")], COMBINATION),
                (&[("ManageMasterUserPassword", "false")], ACCEPTED),
                (&[("MasterUserSecretKmsKeyId", "k")], COMBINATION),
            ],
        },
    ])
    .await;
}
