//! Refusals, with the codes and HTTP statuses of the RDS API's model.
//!
//! The codes' uneven `Fault` suffixes are AWS's own. Must not decide anything.

/// A code of the API and the HTTP status it comes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    name: &'static str,
    status: u16,
}

/// A refusal as the client gets it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Fault {
    /// What clients branch on.
    pub code: String,
    /// The HTTP status; `Sender` is to blame below 500.
    pub status: u16,
    /// For people.
    pub message: String,
}

impl Code {
    /// A refusal with this code.
    pub fn because(self, message: impl Into<String>) -> Fault {
        Fault {
            code: self.name.to_owned(),
            status: self.status,
            message: message.into(),
        }
    }
}

macro_rules! codes {
    ($($constant:ident = $name:literal $status:literal;)*) => {
        $(
            #[doc = concat!("`", $name, "`, with HTTP status ", $status)]
            pub const $constant: Code = Code { name: $name, status: $status };
        )*
    };
}

codes! {
    ACCESS_DENIED = "AccessDenied" 403;
    AUTOMATED_BACKUP_NOT_FOUND = "DBInstanceAutomatedBackupNotFound" 404;
    AUTOMATED_BACKUP_QUOTA_EXCEEDED = "DBInstanceAutomatedBackupQuotaExceeded" 400;
    CERTIFICATE_NOT_FOUND = "CertificateNotFound" 404;
    INCOMPLETE_SIGNATURE = "IncompleteSignature" 400;
    INSTANCE_ALREADY_EXISTS = "DBInstanceAlreadyExists" 400;
    INSTANCE_NOT_FOUND = "DBInstanceNotFound" 404;
    INSTANCE_QUOTA_EXCEEDED = "InstanceQuotaExceeded" 400;
    INTERNAL_FAILURE = "InternalFailure" 500;
    INVALID_ACTION = "InvalidAction" 400;
    INVALID_AUTOMATED_BACKUP_STATE = "InvalidDBInstanceAutomatedBackupState" 400;
    INVALID_CLIENT_TOKEN_ID = "InvalidClientTokenId" 403;
    INVALID_INSTANCE_STATE = "InvalidDBInstanceState" 400;
    INVALID_PARAMETER_COMBINATION = "InvalidParameterCombination" 400;
    INVALID_PARAMETER_GROUP_STATE = "InvalidDBParameterGroupState" 400;
    INVALID_PARAMETER_VALUE = "InvalidParameterValue" 400;
    INVALID_QUERY_PARAMETER = "InvalidQueryParameter" 400;
    INVALID_RESTORE = "InvalidRestoreFault" 400;
    INVALID_SNAPSHOT_STATE = "InvalidDBSnapshotState" 400;
    INVALID_SUBNET = "InvalidSubnet" 400;
    INVALID_SUBNET_GROUP_STATE = "InvalidDBSubnetGroupStateFault" 400;
    INVALID_VPC_NETWORK_STATE = "InvalidVPCNetworkStateFault" 400;
    MALFORMED_QUERY_STRING = "MalformedQueryString" 404;
    MISSING_ACTION = "MissingAction" 400;
    MISSING_AUTHENTICATION_TOKEN = "MissingAuthenticationToken" 403;
    MISSING_PARAMETER = "MissingParameter" 400;
    NETWORK_TYPE_NOT_SUPPORTED = "NetworkTypeNotSupported" 400;
    OPTION_GROUP_NOT_FOUND = "OptionGroupNotFoundFault" 404;
    PARAMETER_GROUP_ALREADY_EXISTS = "DBParameterGroupAlreadyExists" 400;
    PARAMETER_GROUP_NOT_FOUND = "DBParameterGroupNotFound" 404;
    POINT_IN_TIME_RESTORE_NOT_ENABLED = "PointInTimeRestoreNotEnabled" 400;
    REQUEST_TOO_LARGE = "RequestEntityTooLarge" 413;
    REQUEST_TIMEOUT = "RequestTimeout" 408;
    RESOURCE_NOT_FOUND = "ResourceNotFoundFault" 404;
    SERVICE_UNAVAILABLE = "ServiceUnavailable" 503;
    SIGNATURE_DOES_NOT_MATCH = "SignatureDoesNotMatch" 403;
    SNAPSHOT_ALREADY_EXISTS = "DBSnapshotAlreadyExists" 400;
    SNAPSHOT_NOT_FOUND = "DBSnapshotNotFound" 404;
    SNAPSHOT_QUOTA_EXCEEDED = "SnapshotQuotaExceeded" 400;
    STORAGE_QUOTA_EXCEEDED = "StorageQuotaExceeded" 400;
    STORAGE_TYPE_NOT_SUPPORTED = "StorageTypeNotSupported" 400;
    SUBNET_GROUP_ALREADY_EXISTS = "DBSubnetGroupAlreadyExists" 400;
    SUBNET_GROUP_DOES_NOT_COVER_ENOUGH_AZS = "DBSubnetGroupDoesNotCoverEnoughAZs" 400;
    SUBNET_GROUP_NOT_FOUND = "DBSubnetGroupNotFoundFault" 404;
    THROTTLING = "Throttling" 400;
    THROTTLING_EXCEPTION = "ThrottlingException" 400;
    UNSUPPORTED_MEDIA_TYPE = "UnsupportedMediaType" 415;
}
