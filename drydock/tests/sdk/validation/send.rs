//! Requests of the SDK, from parameters by their names in the API.

use aws_sdk_rds::{
    Client,
    operation::{
        create_db_instance::builders::CreateDBInstanceFluentBuilder as Create,
        modify_db_instance::builders::ModifyDBInstanceFluentBuilder as Modify,
    },
};

/// A request to create an instance that is accepted as it is, with these
/// parameters instead of its own.
pub(super) fn create(rds: &Client, name: &str, given: &[(&str, &str)]) -> Create {
    let mut parameters = vec![
        ("DBInstanceIdentifier", name),
        ("DBInstanceClass", "db.t3.micro"),
        ("Engine", "postgres"),
        ("AllocatedStorage", "20"),
        ("MasterUsername", "postgres"),
        ("MasterUserPassword", "correct-horse"),
    ];
    for (name, value) in given {
        parameters.retain(|(default, _)| default != name);
        if *value != "-" {
            parameters.push((name, value));
        }
    }
    parameters
        .into_iter()
        .fold(rds.create_db_instance(), |request, (name, value)| {
            set_created(request, name, &expanded(value))
        })
}

pub(super) fn modify(rds: &Client, name: &str, given: &[(&str, &str)]) -> Modify {
    let request = rds.modify_db_instance().db_instance_identifier(name);
    given.iter().fold(request, |request, (name, value)| {
        set_modified(request, name, &expanded(value))
    })
}

/// `x*128` is 128 times x.
pub(super) fn expanded(value: &str) -> String {
    match value.split_once('*') {
        Some((text, times)) => match times.parse() {
            Ok(times) => text.repeat(times),
            Err(_) => value.to_owned(),
        },
        None => value.to_owned(),
    }
}

fn list(value: &str) -> Vec<String> {
    value.split(',').map(str::to_owned).collect()
}

macro_rules! setters {
    ($function:ident($request:ident: $type:ty, $value:ident) {
        text $($text:literal $set_text:ident)*;
        integer $($integer:literal $set_integer:ident)*;
        boolean $($boolean:literal $set_boolean:ident)*;
        list $($list:literal $set_list:ident)*;
    }) => {
        fn $function($request: $type, name: &str, $value: &str) -> $type {
            match name {
                $($text => $request.$set_text($value),)*
                $($integer => $request.$set_integer($value.parse().unwrap()),)*
                $($boolean => $request.$set_boolean($value.parse().unwrap()),)*
                $($list => $request.$set_list(Some(list($value))),)*
                _ => panic!("no setter for {name}"),
            }
        }
    };
}

setters! {
    set_created(request: Create, value) {
        text
            "AvailabilityZone" availability_zone
            "BackupTarget" backup_target
            "CACertificateIdentifier" ca_certificate_identifier
            "CharacterSetName" character_set_name
            "DBClusterIdentifier" db_cluster_identifier
            "DBInstanceClass" db_instance_class
            "DBInstanceIdentifier" db_instance_identifier
            "DBName" db_name
            "DBParameterGroupName" db_parameter_group_name
            "DBSubnetGroupName" db_subnet_group_name
            "Domain" domain
            "DomainIAMRoleName" domain_iam_role_name
            "Engine" engine
            "EngineLifecycleSupport" engine_lifecycle_support
            "EngineVersion" engine_version
            "KmsKeyId" kms_key_id
            "LicenseModel" license_model
            "MasterUserPassword" master_user_password
            "MasterUserSecretKmsKeyId" master_user_secret_kms_key_id
            "MasterUsername" master_username
            "MonitoringRoleArn" monitoring_role_arn
            "NetworkType" network_type
            "OptionGroupName" option_group_name
            "PerformanceInsightsKMSKeyId" performance_insights_kms_key_id
            "PreferredBackupWindow" preferred_backup_window
            "PreferredMaintenanceWindow" preferred_maintenance_window
            "StorageType" storage_type
            "TdeCredentialArn" tde_credential_arn
            "Timezone" timezone;
        integer
            "AllocatedStorage" allocated_storage
            "BackupRetentionPeriod" backup_retention_period
            "Iops" iops
            "MaxAllocatedStorage" max_allocated_storage
            "MonitoringInterval" monitoring_interval
            "PerformanceInsightsRetentionPeriod" performance_insights_retention_period
            "Port" port
            "PromotionTier" promotion_tier
            "StorageThroughput" storage_throughput;
        boolean
            "DedicatedLogVolume" dedicated_log_volume
            "DeletionProtection" deletion_protection
            "EnableCustomerOwnedIp" enable_customer_owned_ip
            "EnablePerformanceInsights" enable_performance_insights
            "ManageMasterUserPassword" manage_master_user_password
            "MultiAZ" multi_az
            "MultiTenant" multi_tenant
            "PubliclyAccessible" publicly_accessible
            "StorageEncrypted" storage_encrypted;
        list
            "DBSecurityGroups" set_db_security_groups
            "DomainDnsIps" set_domain_dns_ips
            "EnableCloudwatchLogsExports" set_enable_cloudwatch_logs_exports
            "VpcSecurityGroupIds" set_vpc_security_group_ids;
    }
}

setters! {
    set_modified(request: Modify, value) {
        text
            "CACertificateIdentifier" ca_certificate_identifier
            "DBInstanceClass" db_instance_class
            "DBParameterGroupName" db_parameter_group_name
            "DBSubnetGroupName" db_subnet_group_name
            "Domain" domain
            "Engine" engine
            "EngineLifecycleSupport" engine_lifecycle_support
            "EngineVersion" engine_version
            "LicenseModel" license_model
            "MasterUserPassword" master_user_password
            "MonitoringRoleArn" monitoring_role_arn
            "NetworkType" network_type
            "NewDBInstanceIdentifier" new_db_instance_identifier
            "OptionGroupName" option_group_name
            "PreferredBackupWindow" preferred_backup_window
            "PreferredMaintenanceWindow" preferred_maintenance_window
            "StorageType" storage_type;
        integer
            "AllocatedStorage" allocated_storage
            "BackupRetentionPeriod" backup_retention_period
            "DBPortNumber" db_port_number
            "Iops" iops
            "MaxAllocatedStorage" max_allocated_storage
            "MonitoringInterval" monitoring_interval
            "PerformanceInsightsRetentionPeriod" performance_insights_retention_period
            "StorageThroughput" storage_throughput;
        boolean
            "AllowMajorVersionUpgrade" allow_major_version_upgrade
            "ApplyImmediately" apply_immediately
            "CertificateRotationRestart" certificate_rotation_restart
            "DedicatedLogVolume" dedicated_log_volume
            "EnablePerformanceInsights" enable_performance_insights
            "ManageMasterUserPassword" manage_master_user_password
            "RotateMasterUserPassword" rotate_master_user_password;
        list
            "DBSecurityGroups" set_db_security_groups;
    }
}
