//! What a mutation sends, once, and what its failures say.

use std::collections::BTreeSet;

use stow::rds::{DeleteInstance, Error, ModifyInstance, Outcome, Password, Rds, Refusal, Settings};

use crate::canned::{Server, error, html, raw, wrapped, xml};
use crate::log::LOG;
use crate::{PASSWORD, client, create, delete, instance, outcomes};

#[tokio::test]
async fn a_create_sends_what_is_asked_and_what_protects() {
    let server = Server::start(|_, _| wrapped("CreateDBInstance", &instance("orders-1", ""))).await;
    let (rds, told) = client(&server).await;
    let created = rds.create(&create()).await.unwrap();
    assert_eq!(created.identifier, "orders-1");
    assert_eq!(created.endpoint, None);
    let sent = &server.requests()[0];
    for (key, value) in [
        ("Action", "CreateDBInstance"),
        ("Engine", "postgres"),
        ("PubliclyAccessible", "false"),
        ("CopyTagsToSnapshot", "true"),
        ("AutoMinorVersionUpgrade", "true"),
        (
            "EngineLifecycleSupport",
            "open-source-rds-extended-support-disabled",
        ),
        ("DBInstanceIdentifier", "orders-1"),
        ("DBInstanceClass", "db.t3.micro"),
        ("AllocatedStorage", "20"),
        ("StorageType", "gp3"),
        ("MultiAZ", "true"),
        ("DBName", "orders"),
        ("MasterUsername", "postgres"),
        ("MasterUserPassword", PASSWORD),
        ("Port", "5432"),
        ("BackupRetentionPeriod", "7"),
        ("PreferredBackupWindow", "03:00-04:00"),
        ("StorageEncrypted", "true"),
        ("Tags.Tag.1.Key", "stow.myob.com/uid"),
        ("Tags.Tag.1.Value", "u"),
    ] {
        assert_eq!(sent.form.get(key).map(String::as_str), Some(value), "{key}");
    }
    // What nobody asked for is not sent, so that RDS's own default holds; Iops
    // would be refused at this size.
    for key in sent.form.keys() {
        let unasked = [
            "Iops",
            "KmsKeyId",
            "DBSubnetGroupName",
            "VpcSecurityGroupIds",
        ];
        assert!(!unasked.iter().any(|name| key.starts_with(name)), "{key}");
    }
    assert!(
        sent.user_agent
            .contains(concat!("stow/", env!("CARGO_PKG_VERSION"))),
        "{}",
        sent.user_agent
    );
    assert_eq!(*told.lock().unwrap(), [("CreateDBInstance", Outcome::Done)]);
}

#[tokio::test]
async fn a_modify_sends_the_changes_alone() {
    let server = Server::start(|_, _| {
        let pending = "<PendingModifiedValues><DBInstanceClass>db.t3.small</DBInstanceClass>\
                       <MasterUserPassword>****</MasterUserPassword></PendingModifiedValues>";
        wrapped("ModifyDBInstance", &instance("orders-1", pending))
    })
    .await;
    let (rds, _) = client(&server).await;
    let modified = rds
        .modify(&ModifyInstance {
            identifier: "orders-1".to_owned(),
            class: Some("db.t3.small".to_owned()),
            ..ModifyInstance::default()
        })
        .await
        .unwrap();
    assert_eq!(modified.pending.class.as_deref(), Some("db.t3.small"));
    assert!(modified.pending.master_password);
    let keys: Vec<_> = server.requests()[0].form.keys().cloned().collect();
    assert_eq!(
        keys,
        [
            "Action",
            "ApplyImmediately",
            "DBInstanceClass",
            "DBInstanceIdentifier",
            "Version"
        ]
    );
}

#[tokio::test]
async fn a_delete_keeps_a_snapshot_and_the_backups() {
    let server = Server::start(|_, _| wrapped("DeleteDBInstance", &instance("orders-1", ""))).await;
    let (rds, _) = client(&server).await;
    rds.delete(&delete()).await.unwrap();
    let form = &server.requests()[0].form;
    assert_eq!(form["SkipFinalSnapshot"], "false");
    assert_eq!(form["DeleteAutomatedBackups"], "false");
    assert_eq!(form["FinalDBSnapshotIdentifier"], "orders-1-20261122170000");
}

#[tokio::test]
async fn a_delete_without_a_snapshot_takes_the_backups_along() {
    let server = Server::start(|_, _| wrapped("DeleteDBInstance", &instance("orders-1", ""))).await;
    let (rds, _) = client(&server).await;
    let request = DeleteInstance {
        final_snapshot: None,
        ..delete()
    };
    rds.delete(&request).await.unwrap();
    let form = &server.requests()[0].form;
    assert_eq!(form["SkipFinalSnapshot"], "true");
    assert_eq!(form["DeleteAutomatedBackups"], "true");
    assert!(!form.contains_key("FinalDBSnapshotIdentifier"));
}

#[tokio::test]
async fn every_setting_is_sent_by_its_name() {
    let server =
        Server::start(|_, request| wrapped(&request.form["Action"], &instance("orders-1", "")))
            .await;
    let (rds, _) = client(&server).await;
    let set = |names: [&str; 2]| {
        names
            .map(str::to_owned)
            .into_iter()
            .collect::<BTreeSet<_>>()
    };
    let settings = Settings {
        port: Some(5433),
        backup_retention: Some(14),
        backup_window: Some("01:00-02:00".to_owned()),
        maintenance_window: Some("mon:03:00-mon:04:00".to_owned()),
        auto_minor_version_upgrade: Some(false),
        parameter_group: Some("own17".to_owned()),
        security_groups: Some(set(["sg-1", "sg-2"])),
        publicly_accessible: Some(true),
        iam_authentication: Some(true),
        performance_insights: Some(true),
        enhanced_interval: Some(60),
        log_exports: Some(set(["postgresql", "upgrade"])),
        extended_support: Some(true),
        deletion_protection: Some(true),
    };
    let mut request = create();
    request.settings = settings.clone();
    request.monitoring_role = Some("role".to_owned());
    request.throughput = Some(1000);
    request.max_storage = Some(800);
    request.engine_version = Some("17".to_owned());
    rds.create(&request).await.unwrap();
    let modify = ModifyInstance {
        identifier: "orders-1".to_owned(),
        throughput: Some(1000),
        max_storage: Some(800),
        engine_version: Some("17".to_owned()),
        allow_major_version_upgrade: true,
        settings,
        log_exports_before: set(["upgrade", "iam-db-auth-error"]),
        monitoring_role: Some("role".to_owned()),
        ..ModifyInstance::default()
    };
    rds.modify(&modify).await.unwrap();
    let requests = server.requests();
    let both = [
        ("StorageThroughput", "1000"),
        ("MaxAllocatedStorage", "800"),
        ("EngineVersion", "17"),
        ("BackupRetentionPeriod", "14"),
        ("PreferredBackupWindow", "01:00-02:00"),
        ("PreferredMaintenanceWindow", "mon:03:00-mon:04:00"),
        ("AutoMinorVersionUpgrade", "false"),
        ("DBParameterGroupName", "own17"),
        ("VpcSecurityGroupIds.VpcSecurityGroupId.1", "sg-1"),
        ("VpcSecurityGroupIds.VpcSecurityGroupId.2", "sg-2"),
        ("PubliclyAccessible", "true"),
        ("EnableIAMDatabaseAuthentication", "true"),
        ("EnablePerformanceInsights", "true"),
        ("MonitoringInterval", "60"),
        ("MonitoringRoleArn", "role"),
        ("EngineLifecycleSupport", "open-source-rds-extended-support"),
        ("DeletionProtection", "true"),
    ];
    let create = [
        ("Port", "5433"),
        ("EnableCloudwatchLogsExports.member.1", "postgresql"),
    ];
    let modify = [
        ("DBPortNumber", "5433"),
        ("AllowMajorVersionUpgrade", "true"),
        ("ApplyImmediately", "false"),
        (
            "CloudwatchLogsExportConfiguration.EnableLogTypes.member.1",
            "postgresql",
        ),
        (
            "CloudwatchLogsExportConfiguration.DisableLogTypes.member.1",
            "iam-db-auth-error",
        ),
    ];
    for (request, own) in requests.iter().zip([&create[..], &modify[..]]) {
        for (key, value) in both.iter().chain(own) {
            let value_sent = request.form.get(*key).map(String::as_str);
            assert_eq!(
                value_sent,
                Some(*value),
                "{key} of {}",
                request.form["Action"]
            );
        }
    }
}

#[tokio::test]
async fn a_mutation_is_sent_once_however_it_ends() {
    for answer in [
        html(500),
        error(500, "InternalFailure", "try again"),
        error(503, "ServiceUnavailable", "try again"),
        error(400, "Throttling", "Rate exceeded"),
        Vec::new(),
    ] {
        let shown = String::from_utf8_lossy(&answer).into_owned();
        let server = Server::start(move |_, _| answer.clone()).await;
        let (rds, told) = client(&server).await;
        let failures = [
            rds.create(&create()).await.unwrap_err(),
            rds.modify(&ModifyInstance::default()).await.unwrap_err(),
            rds.delete(&delete()).await.unwrap_err(),
            rds.add_tags("arn", &create().tags).await.unwrap_err(),
        ];
        let throttled = shown.contains("Throttling");
        for failure in failures {
            match failure {
                Error::Throttled { .. } => assert!(throttled, "{shown}"),
                Error::Unknown { .. } => assert!(!throttled, "{shown}"),
                other => panic!("{other:?} for {shown}"),
            }
        }
        assert_eq!(server.requests().len(), 4, "{shown}");
        assert_eq!(outcomes(&told).len(), 4, "{shown}");
    }
}

#[tokio::test]
async fn a_mutation_whose_success_cannot_be_read_is_unknown() {
    let whole = wrapped("CreateDBInstance", &instance("orders-1", ""));
    let cut = String::from_utf8(whole).unwrap();
    let cut = cut
        .split_once("<MultiAZ>")
        .unwrap()
        .0
        .split_once("\r\n\r\n")
        .unwrap()
        .1
        .to_owned();
    for answer in [
        xml(200, &cut),
        html(200),
        xml(200, ""),
        wrapped("CreateDBInstance", ""),
        raw("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n<CreateDBInstanceResponse>"),
    ] {
        let shown = String::from_utf8_lossy(&answer).into_owned();
        let server = Server::start(move |_, _| answer.clone()).await;
        let (rds, _) = client(&server).await;
        let failure = rds.create(&create()).await.unwrap_err();
        assert!(
            matches!(failure, Error::Unknown { .. }),
            "{failure:?} for {shown}"
        );
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_refusal_is_shown_without_the_password() {
    let server = Server::start(|_, request| {
        let said = format!(
            "The parameter MasterUserPassword ({}) is not valid, in {}",
            request.form["MasterUserPassword"], request.body
        );
        error(400, "InvalidParameterValue", &said)
    })
    .await;
    let (rds, _) = client(&server).await;
    let refused = rds.create(&create()).await.unwrap_err();
    let shown = format!("{refused} {refused:?}");
    assert!(shown.contains("MasterUserPassword"), "{shown}");
    for secret in [PASSWORD, "correct", "battery"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(matches!(
        refused,
        Error::Refused {
            refusal: Refusal::Invalid,
            action: "CreateDBInstance",
            ..
        }
    ));
}

#[tokio::test]
async fn the_password_is_in_no_log_of_any_level() {
    let server =
        Server::start(|_, request| error(400, "InvalidParameterValue", &request.body)).await;
    let (rds, _) = client(&server).await;
    rds.create(&create()).await.unwrap_err();
    let modify = ModifyInstance {
        identifier: "orders-1".to_owned(),
        master_password: Some(Password::new(PASSWORD.to_owned())),
        ..ModifyInstance::default()
    };
    rds.modify(&modify).await.unwrap_err();
    rds.describe("orders-1").await.unwrap_err();
    let text = LOG.text();
    assert!(text.contains("transmitting request"), "the log was read");
    assert!(!text.contains("battery"), "the log holds the password");
}
