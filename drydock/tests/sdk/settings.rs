//! What Create and Modify were told is what Describe shows; what they were not
//! told has RDS's defaults; and what a restore does not take over.

use aws_sdk_rds::types::{DbInstance, Tag};

use crate::berth::{Berth, code, describe, request, until};

const ROLE: &str = "arn:aws:iam::123456789012:role/watch";

async fn made(
    berth: &Berth,
    name: &str,
    request: aws_sdk_rds::operation::create_db_instance::builders::CreateDBInstanceFluentBuilder,
) -> DbInstance {
    request.send().await.unwrap();
    until(&berth.rds(), name, "available").await
}

#[tokio::test]
async fn the_defaults_are_those_of_rds() {
    let berth = Berth::new().await;
    let made = made(&berth, "plain", request(&berth.rds(), "plain")).await;
    assert_eq!(made.publicly_accessible, Some(true), "with no subnet group");
    assert_eq!(made.backup_retention_period, Some(1));
    assert_eq!(made.storage_type(), Some("gp3"));
    assert_eq!(
        (made.iops, made.storage_throughput),
        (Some(3_000), Some(125))
    );
    assert_eq!(made.storage_encrypted, Some(false));
    assert_eq!(made.deletion_protection, Some(false));
    assert_eq!(made.copy_tags_to_snapshot, Some(false));
    assert_eq!(made.auto_minor_version_upgrade, Some(true));
    assert_eq!(made.multi_az, Some(false));
    assert_eq!(made.secondary_availability_zone(), None);
    assert_eq!(made.monitoring_interval, Some(0));
    assert_eq!(made.performance_insights_enabled, Some(false));
    assert_eq!(made.license_model(), Some("postgresql-license"));
    let paid = made.engine_lifecycle_support();
    assert_eq!(paid, Some("open-source-rds-extended-support"));
    assert_eq!(made.engine_version(), Some("17.6"));
    let group = &made.db_parameter_groups()[0];
    assert_eq!(group.db_parameter_group_name(), Some("default.postgres17"));
    let options = &made.option_group_memberships()[0];
    assert_eq!(options.option_group_name(), Some("default:postgres-17"));
    assert_eq!(made.ca_certificate_identifier(), Some("rds-ca-rsa2048-g1"));
    assert_eq!(made.db_instance_port, Some(5432));
    let group = made.db_subnet_group.unwrap();
    assert_eq!(group.db_subnet_group_name(), Some("default"));
}

#[tokio::test]
async fn what_was_asked_for_is_shown() {
    let berth = Berth::new().await;
    let rds = berth.rds();
    let asked = request(&rds, "a")
        .multi_az(true)
        .port(6000)
        .storage_type("io1")
        .allocated_storage(100)
        .iops(1_000)
        .max_allocated_storage(500)
        .dedicated_log_volume(true)
        .storage_encrypted(true)
        .kms_key_id("alias/mine")
        .monitoring_interval(30)
        .monitoring_role_arn(ROLE)
        .enable_performance_insights(true)
        .performance_insights_retention_period(465)
        .database_insights_mode("advanced".into())
        .enable_cloudwatch_logs_exports("upgrade")
        .vpc_security_group_ids("sg-1")
        .ca_certificate_identifier("rds-ca-rsa4096-g1")
        .engine_lifecycle_support("open-source-rds-extended-support-disabled")
        .enable_iam_database_authentication(true)
        .preferred_backup_window("10:00-11:00")
        .preferred_maintenance_window("tue:12:00-tue:13:00");
    let shown = made(&berth, "a", asked).await;
    assert_eq!(shown.multi_az, Some(true));
    let zones = (
        shown.availability_zone(),
        shown.secondary_availability_zone(),
    );
    assert_eq!(zones, (Some("eu-west-1a"), Some("eu-west-1b")));
    assert_eq!(shown.db_instance_port, Some(6000));
    assert_eq!(shown.storage_type(), Some("io1"));
    assert_eq!((shown.iops, shown.storage_throughput), (Some(1_000), None));
    assert_eq!(shown.max_allocated_storage, Some(500));
    assert_eq!(shown.dedicated_log_volume, Some(true));
    assert_eq!(shown.kms_key_id(), Some("alias/mine"));
    assert_eq!(shown.monitoring_interval, Some(30));
    assert_eq!(shown.monitoring_role_arn(), Some(ROLE));
    assert_eq!(shown.performance_insights_enabled, Some(true));
    assert_eq!(shown.performance_insights_retention_period, Some(465));
    let key = shown.performance_insights_kms_key_id().unwrap();
    assert!(key.starts_with("arn:aws:kms:eu-west-1:"), "{key}");
    assert_eq!(shown.database_insights_mode.unwrap().as_str(), "advanced");
    assert_eq!(shown.enabled_cloudwatch_logs_exports.unwrap(), ["upgrade"]);
    let group = &shown.vpc_security_groups.unwrap()[0];
    assert_eq!(group.vpc_security_group_id(), Some("sg-1"));
    let details = shown.certificate_details.unwrap();
    assert_eq!(details.ca_identifier(), Some("rds-ca-rsa4096-g1"));
    let lifecycle = shown.engine_lifecycle_support.unwrap();
    assert_eq!(lifecycle, "open-source-rds-extended-support-disabled");
    assert_eq!(shown.iam_database_authentication_enabled, Some(true));
    assert_eq!(shown.preferred_backup_window.unwrap(), "10:00-11:00");
    let window = shown.preferred_maintenance_window.unwrap();
    assert_eq!(window, "tue:12:00-tue:13:00");
}

#[tokio::test]
async fn only_without_a_subnet_group_of_its_own_is_an_instance_public() {
    let berth = Berth::new().await;
    let rds = berth.rds();
    let group = rds.create_db_subnet_group().db_subnet_group_name("mine");
    let group = group.db_subnet_group_description("mine");
    let group = group.subnet_ids("subnet-1").subnet_ids("subnet-2");
    group.send().await.unwrap();
    for (name, group, public, expected) in [
        ("none", None, None, true),
        ("default", Some("default"), None, true),
        ("mine", Some("mine"), None, false),
        ("asked", Some("Mine"), Some(true), true),
        ("hidden", None, Some(false), false),
    ] {
        let create = request(&rds, name).set_db_subnet_group_name(group.map(str::to_owned));
        create.set_publicly_accessible(public).send().await.unwrap();
        let shown = describe(&rds, name).await;
        assert_eq!(shown.publicly_accessible, Some(expected), "{name}");
    }
}

#[tokio::test]
async fn monitoring_and_logs_change_at_once() {
    let berth = Berth::with(drydock::settings::Settings {
        delays: [("configuring-enhanced-monitoring".to_owned(), 3_600_000)].into(),
        ..drydock::settings::Settings::default()
    })
    .await;
    let rds = berth.rds();
    let asked = request(&rds, "a").enable_cloudwatch_logs_exports("upgrade");
    made(&berth, "a", asked).await;
    let logs = aws_sdk_rds::types::CloudwatchLogsExportConfiguration::builder()
        .enable_log_types("postgresql")
        .disable_log_types("upgrade")
        .build();
    let modify = rds.modify_db_instance().db_instance_identifier("a");
    let modify = modify
        .cloudwatch_logs_export_configuration(logs)
        .monitoring_interval(5)
        .monitoring_role_arn(ROLE)
        .enable_performance_insights(true);
    modify.send().await.unwrap();
    let shown = until(&rds, "a", "configuring-enhanced-monitoring").await;
    assert_eq!(shown.monitoring_interval, Some(5));
    assert_eq!(shown.performance_insights_retention_period, Some(7));
    let hour = std::time::Duration::from_hours(1);
    berth.dock.advance(hour).unwrap();
    let shown = until(&rds, "a", "available").await;
    assert_eq!(shown.enabled_cloudwatch_logs_exports(), ["postgresql"]);

    let modify = rds.modify_db_instance().db_instance_identifier("a");
    let off = modify
        .monitoring_interval(0)
        .enable_performance_insights(false);
    off.send().await.unwrap();
    let shown = describe(&rds, "a").await;
    assert_eq!(shown.monitoring_role_arn(), None);
    assert_eq!(shown.performance_insights_kms_key_id(), None);
}

/// A restore inherits the data's owner and the tags, and neither what watched
/// the source nor how it was protected.
#[tokio::test]
async fn a_restore_takes_over_what_belongs_to_the_data() {
    let berth = Berth::new().await;
    let rds = berth.rds();
    let tag = Tag::builder().key("team").value("shop").build();
    let asked = request(&rds, "source")
        .db_name("orders")
        .master_username("owner")
        .tags(tag.clone())
        .copy_tags_to_snapshot(true)
        .deletion_protection(true)
        .max_allocated_storage(100)
        .monitoring_interval(30)
        .monitoring_role_arn(ROLE)
        .enable_performance_insights(true)
        .enable_cloudwatch_logs_exports("upgrade")
        .engine_version("17.5");
    let source = made(&berth, "source", asked).await;
    let snapshot = rds.create_db_snapshot().db_snapshot_identifier("snapshot");
    let snapshot = snapshot.db_instance_identifier("source");
    snapshot.send().await.unwrap();
    until(&rds, "source", "available").await;
    let from_snapshot = rds
        .restore_db_instance_from_db_snapshot()
        .db_snapshot_identifier("snapshot")
        .db_instance_identifier("from-snapshot");
    from_snapshot.send().await.unwrap();
    let to_time = rds
        .restore_db_instance_to_point_in_time()
        .source_db_instance_identifier("source")
        .target_db_instance_identifier("to-time")
        .use_latest_restorable_time(true);
    to_time.send().await.unwrap();
    for (name, most) in [("from-snapshot", None), ("to-time", Some(100))] {
        let restored = until(&rds, name, "available").await;
        assert_ne!(restored.dbi_resource_id, source.dbi_resource_id);
        assert_eq!(restored.master_username(), Some("owner"), "{name}");
        assert_eq!(restored.db_name(), Some("orders"), "{name}");
        assert_eq!(restored.engine_version(), Some("17.5"), "{name}");
        assert_eq!(restored.storage_encrypted, Some(false), "{name}");
        assert_eq!(restored.tag_list(), std::slice::from_ref(&tag), "{name}");
        assert_eq!(restored.max_allocated_storage, most, "{name}");
        assert_eq!(restored.deletion_protection, Some(false), "{name}");
        assert_eq!(restored.monitoring_interval, Some(0), "{name}");
        assert_eq!(restored.performance_insights_enabled, Some(false));
        assert_eq!(restored.enabled_cloudwatch_logs_exports(), [""; 0]);
        assert_eq!(restored.publicly_accessible, Some(true), "{name}");
    }
}

/// The SDK's restores have no such parameters, so they are put into the request
/// on its way.
#[tokio::test]
async fn a_restore_refuses_what_it_cannot_take() {
    let berth = Berth::new().await;
    let rds = berth.rds();
    made(&berth, "source", request(&rds, "source")).await;
    let snapshot = rds.create_db_snapshot().db_snapshot_identifier("snapshot");
    let snapshot = snapshot.db_instance_identifier("source");
    snapshot.send().await.unwrap();
    until(&rds, "source", "available").await;
    for (parameter, value) in [
        ("MasterUserPassword", "another-horse"),
        ("MasterUsername", "other"),
        ("EngineVersion", "17.6"),
        ("StorageEncrypted", "true"),
        ("KmsKeyId", "alias%2Fmine"),
        ("MonitoringInterval", "60"),
        ("PreferredMaintenanceWindow", "sun:05:00-sun:06:00"),
        ("MaxAllocatedStorage", "1000"),
    ] {
        let restore = rds
            .restore_db_instance_from_db_snapshot()
            .db_snapshot_identifier("snapshot")
            .db_instance_identifier("b")
            .customize()
            .mutate_request(move |request| {
                let own = request.body().bytes().unwrap();
                let body = [own, format!("&{parameter}={value}").as_bytes()].concat();
                let headers = request.headers_mut();
                headers.insert("content-length", body.len().to_string());
                *request.body_mut() = body.into();
            });
        let refused = restore.send().await;
        assert!(format!("{refused:?}").contains(parameter), "{refused:?}");
        assert_eq!(code(refused), "InvalidQueryParameter", "{parameter}");
    }
    let missing = rds.describe_db_instances().db_instance_identifier("b");
    assert_eq!(code(missing.send().await), "DBInstanceNotFound");
}
