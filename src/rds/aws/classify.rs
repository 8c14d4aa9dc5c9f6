//! What a failed RDS call means, from its error code and HTTP status.
//!
//! Nothing here may send anything or know the SDK; what each code means is the
//! table's to say.

use crate::rds::Error;
use crate::rds::codes::{Meaning, row};

/// Names the decision that a failed answer calls for.
///
/// `code` is the `Code` of RDS's error document, absent where the body was none;
/// `status` is the HTTP status.
pub(super) fn classify(
    action: &'static str,
    code: Option<&str>,
    message: &str,
    status: u16,
) -> Error {
    let Some(code) = code.filter(|code| !code.is_empty()) else {
        return without_code(action, status);
    };
    let refusal = match row(action, code, message).meaning {
        Meaning::Throttled => return Error::Throttled { action },
        // RDS fails with a code too, and may have done the work before it failed.
        Meaning::Refused(refusal) if status < 500 => refusal,
        Meaning::Refused(_) | Meaning::Failed => {
            return Error::Unknown {
                action,
                message: format!("{code} (HTTP {status}): {message}"),
            };
        }
    };
    Error::Refused {
        refusal,
        action,
        code: code.to_owned(),
        message: message.to_owned(),
    }
}

/// An answer with no error code is not RDS's own: a proxy, a captive portal, a
/// wrong endpoint. It proves nothing, least of all, by a 404, that an instance
/// is gone.
fn without_code(action: &'static str, status: u16) -> Error {
    if status == 429 {
        return Error::Throttled { action };
    }
    Error::Unknown {
        action,
        message: format!(
            "HTTP {status} without an RDS error code; something else may answer for RDS \
             (a proxy, or AWS_ENDPOINT_URL)"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rds::Refusal;

    /// The refusal of a code at HTTP `status`, with and without `Fault`.
    fn refused(code: &str, status: u16) -> Refusal {
        let bare = code.strip_suffix("Fault").unwrap_or(code);
        let kinds = [bare.to_owned(), format!("{bare}Fault")].map(|code| {
            match classify("CreateDBInstance", Some(&code), "why", status) {
                Error::Refused {
                    refusal,
                    code: kept,
                    message,
                    ..
                } => {
                    assert_eq!(kept, code, "the code is shown as it came");
                    assert_eq!(message, "why");
                    refusal
                }
                other => panic!("{code} is {other:?}"),
            }
        });
        assert_eq!(kinds[0], kinds[1], "{bare} with and without Fault");
        kinds[0]
    }

    #[test]
    fn a_storage_cooldown_passes_by_itself() {
        let modify = |message| {
            classify(
                "ModifyDBInstance",
                Some("InvalidParameterCombination"),
                message,
                400,
            )
        };
        let refusal = |error| match error {
            Error::Refused { refusal, .. } => refusal,
            other => panic!("{other:?}"),
        };
        let cooling = "You can't currently modify the storage of this DB instance because the previous storage change is being optimized.";
        assert_eq!(refusal(modify(cooling)), Refusal::State);
        let often = "You can't currently modify the storage of this DB instance because it was modified 4 times within 24 hours.";
        assert_eq!(refusal(modify(often)), Refusal::State);
        assert_eq!(
            refusal(modify("Iops cannot be given with gp2 storage")),
            Refusal::Invalid
        );
    }

    #[test]
    fn refusals_by_code() {
        use Refusal::{
            AlreadyExists, Denied, Invalid, NotFound, Quota, SnapshotExists, State, Unmet,
        };
        for (code, status, expected) in [
            ("DBInstanceAlreadyExists", 400, AlreadyExists),
            ("InvalidDBInstanceState", 400, State),
            ("StorageQuotaExceeded", 400, Quota),
            ("InstanceQuotaExceeded", 400, Quota),
            ("SnapshotQuotaExceeded", 400, Quota),
            ("DBInstanceAutomatedBackupQuotaExceeded", 400, Quota),
            ("InsufficientDBInstanceCapacity", 400, Quota),
            ("StorageTypeNotSupported", 400, Invalid),
            ("ProvisionedIopsNotAvailableInAZFault", 400, Quota),
            ("KMSKeyNotAccessibleFault", 400, Unmet),
            ("DBSubnetGroupDoesNotCoverEnoughAZs", 400, Unmet),
            ("InvalidSubnet", 400, Unmet),
            ("InvalidVPCNetworkStateFault", 400, Unmet),
            ("DBSnapshotAlreadyExists", 400, SnapshotExists),
            ("DBUpgradeDependencyFailure", 400, State),
            ("InvalidParameterValue", 400, Invalid),
            ("InvalidParameterCombination", 400, Invalid),
            ("ValidationError", 400, Invalid),
            ("SomethingNewIn2027", 400, Invalid),
            ("DBInstanceNotFound", 404, NotFound),
            ("DBParameterGroupNotFound", 404, Unmet),
            ("DBSubnetGroupNotFoundFault", 404, Unmet),
            ("AccessDenied", 403, Denied),
            ("AccessDeniedException", 403, Denied),
            ("UnauthorizedOperation", 403, Denied),
            ("InvalidClientTokenId", 403, Denied),
            ("ExpiredToken", 403, Denied),
            ("SignatureDoesNotMatch", 403, Denied),
            ("OptInRequired", 403, Denied),
        ] {
            assert_eq!(refused(code, status), expected, "{code}");
        }
    }

    #[test]
    fn throttling_by_any_name_and_status() {
        for (code, status) in [
            (Some("Throttling"), 400),
            (Some("ThrottlingException"), 400),
            (Some("RequestLimitExceeded"), 503),
            (Some("Throttling"), 503),
            (None, 429),
        ] {
            assert_eq!(
                classify("ModifyDBInstance", code, "Rate exceeded", status),
                Error::Throttled {
                    action: "ModifyDBInstance"
                },
                "{code:?} at {status}"
            );
        }
    }

    #[test]
    fn failures_of_rds_leave_the_effect_unknown() {
        for (code, status) in [
            (Some("InternalFailure"), 500),
            (Some("InternalFailure"), 400),
            (Some("ServiceUnavailable"), 503),
            (Some("RequestTimeout"), 400),
            (Some("DBInstanceNotFound"), 500),
            (None, 500),
            (Some(""), 502),
        ] {
            let error = classify("CreateDBInstance", code, "oops", status);
            assert!(
                matches!(&error, Error::Unknown { message, .. } if message.contains(&status.to_string())),
                "{code:?} at {status}: {error:?}"
            );
        }
    }

    #[test]
    fn an_answer_that_is_not_from_rds_proves_nothing() {
        for status in [400, 401, 403, 404, 407] {
            let error = classify("DescribeDBInstances", None, "", status);
            assert!(
                matches!(error, Error::Unknown { .. }),
                "{status}: {error:?}"
            );
        }
    }

    #[test]
    fn a_delete_is_under_way_only_where_rds_says_so() {
        let said = "Instance orders-1 is already being deleted.";
        for (action, message, expected) in [
            ("DeleteDBInstance", said, Refusal::AlreadyDeleting),
            (
                "DeleteDBInstance",
                "Instance orders-1 is not in available state.",
                Refusal::State,
            ),
            (
                "DeleteDBInstance",
                "Cannot delete: a replica is being deleted",
                Refusal::State,
            ),
            ("ModifyDBInstance", said, Refusal::State),
        ] {
            for code in ["InvalidDBInstanceState", "InvalidDBInstanceStateFault"] {
                let error = classify(action, Some(code), message, 400);
                assert!(
                    matches!(error, Error::Refused { refusal, .. } if refusal == expected),
                    "{action}, {message}: {error:?}"
                );
            }
        }
    }
}
