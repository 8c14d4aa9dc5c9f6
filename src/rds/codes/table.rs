//! The table itself.
//!
//! Nothing here may decide: which row fits, and what follows, is said above.

use super::{FAILED, Meaning, Row, THROTTLED, When};
use crate::rds::error::Refusal;

const fn of(codes: &'static [&'static str], meaning: Meaning, advice: &'static str) -> Row {
    Row {
        codes,
        when: When::Always,
        meaning,
        advice,
    }
}

const fn refused(codes: &'static [&'static str], refusal: Refusal, advice: &'static str) -> Row {
    of(codes, Meaning::Refused(refusal), advice)
}

const fn refused_when(
    codes: &'static [&'static str],
    when: When,
    refusal: Refusal,
    advice: &'static str,
) -> Row {
    Row {
        when,
        ..refused(codes, refusal, advice)
    }
}

/// A quota that is not in the table.
pub static OTHER_QUOTA: Row = refused(
    &["(another …QuotaExceeded)"],
    Refusal::Quota,
    "Raise the quota that RDS names, or make room.",
);

/// A code that is not in the table.
pub static OTHER: Row = refused(
    &["(any other)"],
    Refusal::Invalid,
    "Change the spec, or the operator's ConfigMap, so that RDS accepts it.",
);

/// Every code that RDS is known to answer the calls with that Stow makes. The
/// first row that fits counts.
pub static ROWS: &[Row] = &[
    of(
        &[
            "Throttling",
            "ThrottlingException",
            "ThrottledException",
            "RequestThrottled",
            "RequestThrottledException",
            "RequestLimitExceeded",
            "TooManyRequestsException",
            "BandwidthLimitExceeded",
            "SlowDown",
        ],
        Meaning::Throttled,
        THROTTLED,
    ),
    of(
        &[
            "InternalFailure",
            "InternalError",
            "InternalServerError",
            "ServiceUnavailable",
            "RequestTimeout",
            "RequestTimeoutException",
        ],
        Meaning::Failed,
        FAILED,
    ),
    refused(
        &[
            "AccessDenied",
            "AccessDeniedException",
            "UnauthorizedOperation",
            "NotAuthorized",
        ],
        Refusal::Denied,
        "Allow rds:{action}, and whatever else it names, to the operator's IAM identity, as docs/iam-policy.json does.",
    ),
    refused(
        &["ExpiredToken", "ExpiredTokenException"],
        Refusal::Denied,
        "The operator's AWS credentials have run out: renew them, or give its ServiceAccount a role, whose credentials renew themselves.",
    ),
    refused(
        &[
            "InvalidClientTokenId",
            "UnrecognizedClientException",
            "AuthFailure",
            "MissingAuthenticationToken",
            "MissingAuthenticationTokenException",
        ],
        Refusal::Denied,
        "AWS does not know the operator's access key: check AWS_ACCESS_KEY_ID, the profile, or the ServiceAccount's role.",
    ),
    refused(
        &[
            "SignatureDoesNotMatch",
            "IncompleteSignature",
            "InvalidSignatureException",
        ],
        Refusal::Denied,
        "The operator's secret access key is not the one of its access key, or something on the way changes requests: check AWS_SECRET_ACCESS_KEY and proxies.",
    ),
    refused(
        &["RequestExpired", "RequestTimeTooSkewed"],
        Refusal::Denied,
        "The clock of the operator's node is wrong: set it by NTP.",
    ),
    refused(
        &["OptInRequired"],
        Refusal::Denied,
        "The AWS account has not enabled RDS, or this region: enable it, or set AWS_REGION to another.",
    ),
    refused(
        &["InstanceQuotaExceeded"],
        Refusal::Quota,
        "Raise the quota of DB instances in this region, or delete some.",
    ),
    refused(
        &["StorageQuotaExceeded"],
        Refusal::Quota,
        "Raise the quota of the total storage of all DB instances in this region, or ask for less.",
    ),
    refused(
        &["SnapshotQuotaExceeded", "ManualSnapshotQuotaExceeded"],
        Refusal::Quota,
        "Raise the quota of manual DB snapshots in this region, or delete some that nobody needs: a final snapshot needs room.",
    ),
    refused(
        &["DBInstanceAutomatedBackupQuotaExceeded"],
        Refusal::Quota,
        "Raise the quota of retained automated backups in this region, or delete some that nobody needs.",
    ),
    refused(
        &["SharedSnapshotQuotaExceeded", "TenantDatabaseQuotaExceeded"],
        Refusal::Quota,
        "Raise the quota that RDS names, or make room.",
    ),
    refused(
        &[
            "InsufficientDBInstanceCapacity",
            "InsufficientStorageClusterCapacity",
        ],
        Refusal::Quota,
        "AWS has no such machine left where the subnets are: wait, choose another size, or add subnets of another availability zone.",
    ),
    refused(
        &["ProvisionedIopsNotAvailableInAZFault"],
        Refusal::Quota,
        "AWS has no provisioned IOPS left where the subnets are: wait, ask for fewer, or choose storageType gp3.",
    ),
    refused(
        &["DBInstanceAlreadyExists"],
        Refusal::AlreadyExists,
        "The instance exists and is not listed yet; whose it is shows when RDS is observed again.",
    ),
    refused(
        &["DBInstanceNotFound"],
        Refusal::NotFound,
        "The instance is observed again before anything else is done.",
    ),
    refused_when(
        &["InvalidDBInstanceState"],
        When::AlreadyDeleting,
        Refusal::AlreadyDeleting,
        "Nothing is left to do.",
    ),
    refused(
        &["InvalidDBInstanceState"],
        Refusal::State,
        "Wait until RDS is done with the instance.",
    ),
    refused(
        &["InvalidDBSnapshotState"],
        Refusal::State,
        "Wait until RDS is done with the snapshot.",
    ),
    refused(
        &["DBUpgradeDependencyFailure"],
        Refusal::State,
        "What the upgrade depends on is not ready: RDS names it.",
    ),
    refused_when(
        &["InvalidParameterCombination"],
        When::StorageTooSoon,
        Refusal::State,
        "RDS takes another change of the storage once it has optimized the last one, which may take hours, and only a few within 24 hours.",
    ),
    refused_when(
        &["InvalidParameterCombination"],
        When::Protected,
        Refusal::Unmet,
        "Turn deletion protection off on the RDS instance, if it may go.",
    ),
    refused(
        &["DBSnapshotAlreadyExists"],
        Refusal::SnapshotExists,
        "A snapshot of the final snapshot's name exists already: make sure that it is the one you want, then copy it under another name and delete it.",
    ),
    refused(
        &["DBSubnetGroupNotFoundFault"],
        Refusal::Unmet,
        "Create the DB subnet group in this region, or name another in aws.subnet.group.name of the operator's ConfigMap.",
    ),
    refused(
        &["DBSubnetGroupDoesNotCoverEnoughAZs", "InvalidSubnet"],
        Refusal::Unmet,
        "Give the DB subnet group of aws.subnet.group.name subnets in at least two availability zones, with free addresses.",
    ),
    refused(
        &[
            "InvalidVPCNetworkStateFault",
            "VpcEncryptionControlViolationException",
        ],
        Refusal::Unmet,
        "Mend the VPC of the DB subnet group as RDS says, above all that its security groups are of this VPC (aws.security.group.id).",
    ),
    refused(
        &["DBSecurityGroupNotFound", "InvalidDBSecurityGroupState"],
        Refusal::Unmet,
        "Create the security group, or name another in aws.security.group.id of the operator's ConfigMap.",
    ),
    refused(
        &["KMSKeyNotAccessibleFault"],
        Refusal::Unmet,
        "Make sure that the KMS key of aws.kms.key.arn exists in this region, is enabled, and that its policy lets the operator's IAM identity use it (docs/iam-policy.json).",
    ),
    refused(
        &["DBParameterGroupNotFound", "OptionGroupNotFoundFault"],
        Refusal::Unmet,
        "Create the group in this region, or name another.",
    ),
    refused(
        &[
            "CertificateNotFound",
            "DomainNotFoundFault",
            "BackupPolicyNotFoundFault",
            "DBClusterNotFoundFault",
            "TenantDatabaseNotFound",
            "NetworkTypeNotSupported",
            "DBCapacityReservationNotFound",
            "InvalidDBCapacityReservationState",
            "InvalidDBClusterStateFault",
        ],
        Refusal::Unmet,
        "Mend at AWS what RDS names.",
    ),
    refused(
        &[
            "DBSnapshotNotFound",
            "DBInstanceAutomatedBackupNotFound",
            "PointInTimeRestoreNotEnabled",
            "InvalidRestoreFault",
        ],
        Refusal::Unmet,
        "There is nothing to restore from: name a snapshot, or a time, that RDS has.",
    ),
    refused(
        &["StorageTypeNotSupported"],
        Refusal::Invalid,
        "Change spec.storageType, or spec.size: this class does not take that type of storage.",
    ),
    refused(
        &[
            "InvalidParameterValue",
            "InvalidParameterCombination",
            "ValidationError",
            "MissingParameter",
            "MalformedInput",
        ],
        Refusal::Invalid,
        "Change the spec, or the operator's ConfigMap, so that RDS accepts it.",
    ),
];
