//! Parameters that RDS has and that cannot be had here: each is refused with
//! the reason, since ignoring it would promise what nobody keeps.
//!
//! Must not list what RDS itself does not know: that is refused as unknown.

use crate::{
    fault::{self, Fault},
    wire::Parameters,
};

const DIRECTORY: &str = "there is no directory to join, so no Kerberos";
const SECRETS: &str = "there is no Secrets Manager to keep it; give MasterUserPassword";
const OTHER_ENGINE: &str = "RDS for PostgreSQL does not have it";
const CUSTOM: &str = "it belongs to RDS Custom";
const CLUSTER: &str = "it belongs to Aurora and to clusters, which are not here";

/// Of Create, the restores and Modify alike.
const ABSENT: [(&str, &str); 32] = [
    ("AdditionalStorageVolumes", OTHER_ENGINE),
    ("AutomationMode", CUSTOM),
    (
        "AwsBackupRecoveryPointArn",
        "there is no AWS Backup to restore from",
    ),
    ("CharacterSetName", OTHER_ENGINE),
    ("CustomIamInstanceProfile", CUSTOM),
    ("DBCapacityReservationIdentifier", "no capacity is reserved"),
    ("DBClusterIdentifier", CLUSTER),
    (
        "DBSecurityGroups",
        "it belongs to EC2-Classic; give VpcSecurityGroupIds",
    ),
    ("DBSystemId", CUSTOM),
    ("DetachFromDBCapacityReservation", "no capacity is reserved"),
    ("DisableDomain", DIRECTORY),
    ("Domain", DIRECTORY),
    ("DomainAuthSecretArn", DIRECTORY),
    ("DomainDnsIps", DIRECTORY),
    ("DomainFqdn", DIRECTORY),
    ("DomainIAMRoleName", DIRECTORY),
    ("DomainOu", DIRECTORY),
    ("EnableCustomerOwnedIp", "it belongs to Outposts"),
    ("ManageMasterUserPassword", SECRETS),
    ("MasterUserSecretKmsKeyId", SECRETS),
    ("MultiTenant", OTHER_ENGINE),
    ("NcharCharacterSetName", OTHER_ENGINE),
    ("ProcessorFeatures", OTHER_ENGINE),
    ("PromotionTier", CLUSTER),
    ("ReplicaMode", OTHER_ENGINE),
    ("ResumeFullAutomationModeMinutes", CUSTOM),
    ("RotateMasterUserPassword", SECRETS),
    (
        "TagSpecifications",
        "backups have their instance's tags alone; give Tags",
    ),
    ("TdeCredentialArn", OTHER_ENGINE),
    ("TdeCredentialPassword", OTHER_ENGINE),
    ("Timezone", OTHER_ENGINE),
    ("UseDefaultProcessorFeatures", OTHER_ENGINE),
];

/// The only values that some parameters can have.
const SINGLE: [(&str, &str); 3] = [
    ("BackupTarget", "region"),
    ("LicenseModel", "postgresql-license"),
    ("MasterUserAuthenticationType", "password"),
];

/// Refuses what cannot be had, and takes what changes nothing: `false`, an empty
/// list, and the only value that there is.
pub(super) fn refuse(parameters: &mut Parameters) -> Result<(), Fault> {
    for (name, why) in ABSENT {
        let given = parameters.string(name);
        let asks = given.is_some_and(|value| !matches!(&*value, "" | "false"));
        if asks || has_members(parameters, name) {
            return Err(fault::INVALID_PARAMETER_COMBINATION
                .because(format!("{name} cannot be used here: {why}.")));
        }
    }
    for (name, only) in SINGLE {
        if let Some(value) = parameters.string(name)
            && value != only
        {
            return Err(fault::INVALID_PARAMETER_VALUE
                .because(format!("Invalid {name}: {value}. It can only be {only}.")));
        }
    }
    Ok(())
}

fn has_members(parameters: &Parameters, list: &str) -> bool {
    parameters.iter().any(|(name, _)| {
        name.strip_prefix(list)
            .is_some_and(|rest| rest.starts_with('.'))
    })
}
