//! What `ModifyDBInstance` takes and refuses of an instance that is there.

use super::{ACCEPTED, COMBINATION, STATE, VALUE, check_modifies, outcome, send};
use crate::berth::{create, until};

#[tokio::test]
async fn storage() {
    const GP2: &[(&str, &str)] = &[("StorageType", "gp2"), ("AllocatedStorage", "100")];
    const GP3: &[(&str, &str)] = &[("StorageType", "gp3"), ("AllocatedStorage", "100")];
    const STRIPED: &[(&str, &str)] = &[("StorageType", "gp3"), ("AllocatedStorage", "400")];
    const IO1: &[(&str, &str)] = &[
        ("StorageType", "io1"),
        ("AllocatedStorage", "100"),
        ("Iops", "1000"),
    ];
    check_modifies(
        "the guide: modifying storage, increasing capacity; the model: AllocatedStorage and Iops \
         of ModifyDBInstance",
        &[
            (GP2, &[("AllocatedStorage", "99")], VALUE),
            (GP2, &[("AllocatedStorage", "100")], ACCEPTED),
            (GP2, &[("AllocatedStorage", "101")], ACCEPTED),
            (GP2, &[("AllocatedStorage", "65537")], VALUE),
            (GP2, &[("Iops", "1000")], COMBINATION),
            (GP2, &[("StorageType", "gp3")], ACCEPTED),
            (GP2, &[("StorageType", "io1")], COMBINATION),
            (GP2, &[("StorageType", "io1"), ("Iops", "1000")], ACCEPTED),
            (GP2, &[("StorageType", "floppy")], VALUE),
            (GP3, &[("Iops", "3000")], COMBINATION),
            (
                GP3,
                &[("AllocatedStorage", "400"), ("Iops", "3000")],
                COMBINATION,
            ),
            (GP3, &[("AllocatedStorage", "400")], ACCEPTED),
            (
                GP3,
                &[("AllocatedStorage", "400"), ("Iops", "12000")],
                ACCEPTED,
            ),
            (STRIPED, &[("Iops", "16000")], COMBINATION),
            (STRIPED, &[("AllocatedStorage", "500")], COMBINATION),
            (
                STRIPED,
                &[("AllocatedStorage", "400"), ("Iops", "16000")],
                ACCEPTED,
            ),
            (STRIPED, &[("StorageThroughput", "1000")], ACCEPTED),
            (STRIPED, &[("StorageThroughput", "3001")], COMBINATION),
            (IO1, &[("AllocatedStorage", "200")], COMBINATION),
            (IO1, &[("Iops", "2000")], COMBINATION),
            (
                IO1,
                &[("AllocatedStorage", "100"), ("Iops", "2000")],
                ACCEPTED,
            ),
            (
                IO1,
                &[("AllocatedStorage", "200"), ("Iops", "1000")],
                ACCEPTED,
            ),
            (
                IO1,
                &[("AllocatedStorage", "100"), ("Iops", "5001")],
                COMBINATION,
            ),
            (IO1, &[("StorageType", "gp2"), ("Iops", "0")], ACCEPTED),
            (IO1, &[("MaxAllocatedStorage", "2000")], ACCEPTED),
            (IO1, &[("MaxAllocatedStorage", "2001")], COMBINATION),
            (GP2, &[("MaxAllocatedStorage", "109")], COMBINATION),
            (GP2, &[("MaxAllocatedStorage", "110")], ACCEPTED),
            (IO1, &[("DedicatedLogVolume", "true")], ACCEPTED),
            (GP2, &[("DedicatedLogVolume", "true")], COMBINATION),
        ],
    )
    .await;
}

#[tokio::test]
async fn everything_else() {
    const PLAIN: &[(&str, &str)] = &[];
    check_modifies(
        "the model: ModifyDBInstance, each parameter's constraints",
        &[
            (PLAIN, &[], ACCEPTED),
            (PLAIN, &[("MasterUserPassword", "another-horse")], ACCEPTED),
            (PLAIN, &[("MasterUserPassword", "x*7")], VALUE),
            (PLAIN, &[("DBInstanceClass", "db.m5.large")], ACCEPTED),
            (PLAIN, &[("DBInstanceClass", "large")], VALUE),
            (PLAIN, &[("DBPortNumber", "1150")], ACCEPTED),
            (PLAIN, &[("DBPortNumber", "1149")], VALUE),
            (PLAIN, &[("DBPortNumber", "65536")], VALUE),
            (PLAIN, &[("BackupRetentionPeriod", "35")], ACCEPTED),
            (PLAIN, &[("BackupRetentionPeriod", "36")], VALUE),
            (PLAIN, &[("PreferredBackupWindow", "09:00-09:29")], VALUE),
            // The maintenance window is sun:05:00-sun:05:30.
            (PLAIN, &[("PreferredBackupWindow", "05:29-06:00")], VALUE),
            (PLAIN, &[("PreferredBackupWindow", "05:30-06:00")], ACCEPTED),
            (PLAIN, &[("NewDBInstanceIdentifier", "renamed")], ACCEPTED),
            (PLAIN, &[("NewDBInstanceIdentifier", "re--named")], VALUE),
            (
                PLAIN,
                &[("NewDBInstanceIdentifier", "row-0")],
                Some("DBInstanceAlreadyExists"),
            ),
            (PLAIN, &[("Engine", "postgres")], ACCEPTED),
            (PLAIN, &[("Engine", "mysql")], VALUE),
            (PLAIN, &[("LicenseModel", "license-included")], VALUE),
            (
                PLAIN,
                &[("OptionGroupName", "default:postgres-17")],
                ACCEPTED,
            ),
            (
                PLAIN,
                &[("OptionGroupName", "mine")],
                Some("OptionGroupNotFoundFault"),
            ),
            (
                PLAIN,
                &[("CACertificateIdentifier", "rds-ca-rsa4096-g1")],
                ACCEPTED,
            ),
            (
                PLAIN,
                &[("CACertificateIdentifier", "mine")],
                Some("CertificateNotFound"),
            ),
            (
                PLAIN,
                &[("CertificateRotationRestart", "true")],
                COMBINATION,
            ),
            (PLAIN, &[("MonitoringInterval", "60")], COMBINATION),
            (PLAIN, &[("EnablePerformanceInsights", "true")], ACCEPTED),
            (
                PLAIN,
                &[("PerformanceInsightsRetentionPeriod", "31")],
                COMBINATION,
            ),
            (
                PLAIN,
                &[("NetworkType", "DUAL")],
                Some("NetworkTypeNotSupported"),
            ),
            (PLAIN, &[("EngineLifecycleSupport", "forever")], VALUE),
            (
                PLAIN,
                &[(
                    "EngineLifecycleSupport",
                    "open-source-rds-extended-support-disabled",
                )],
                ACCEPTED,
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn groups_and_versions() {
    const PLAIN: &[(&str, &str)] = &[];
    const OLD: &[(&str, &str)] = &[("EngineVersion", "17.5")];
    const OLDER: &[(&str, &str)] = &[("EngineVersion", "16.10")];
    const MAJOR: (&str, &str) = ("AllowMajorVersionUpgrade", "true");
    check_modifies(
        "the model: DBSubnetGroupName, DBParameterGroupName, EngineVersion, and what is not here",
        &[
            // There is one VPC.
            (
                PLAIN,
                &[("DBSubnetGroupName", "none")],
                Some("DBSubnetGroupNotFoundFault"),
            ),
            (
                PLAIN,
                &[("DBSubnetGroupName", "default")],
                Some("InvalidVPCNetworkStateFault"),
            ),
            (PLAIN, &[("DBSecurityGroups", "classic")], COMBINATION),
            (PLAIN, &[("Domain", "d-1234567890")], COMBINATION),
            (PLAIN, &[("ManageMasterUserPassword", "true")], COMBINATION),
            (PLAIN, &[("RotateMasterUserPassword", "true")], COMBINATION),
            (
                PLAIN,
                &[("DBParameterGroupName", "none")],
                Some("DBParameterGroupNotFound"),
            ),
            (
                PLAIN,
                &[("DBParameterGroupName", "default.postgres16")],
                COMBINATION,
            ),
            (OLD, &[("EngineVersion", "17.6")], ACCEPTED),
            (OLD, &[("EngineVersion", "17")], ACCEPTED),
            (OLD, &[("EngineVersion", "17.9")], COMBINATION),
            (OLD, &[("EngineVersion", "16.10")], COMBINATION),
            (OLDER, &[("EngineVersion", "17.6")], VALUE),
            (OLDER, &[("EngineVersion", "17.6"), MAJOR], ACCEPTED),
            (
                OLDER,
                &[
                    ("EngineVersion", "17.6"),
                    MAJOR,
                    ("DBParameterGroupName", "default.postgres16"),
                ],
                COMBINATION,
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn only_what_is_available_is_modified() {
    let berth = super::berth().await;
    let rds = berth.rds();
    let modify = async |name: &str| {
        let given = [("DBInstanceClass", "db.m5.large")];
        outcome(send::modify(&rds, name, &given).send().await)
    };
    assert_eq!(modify("none").await.as_deref(), Some("DBInstanceNotFound"));
    create(&rds, "a").await;
    until(&rds, "a", "available").await;
    let stop = rds.stop_db_instance().db_instance_identifier("a");
    stop.send().await.unwrap();
    until(&rds, "a", "stopped").await;
    assert_eq!(modify("a").await.as_deref(), STATE);
    let start = rds.start_db_instance().db_instance_identifier("a");
    start.send().await.unwrap();
    until(&rds, "a", "available").await;
    assert_eq!(modify("a").await, None);
}
