//! `docs/troubleshooting.md` against the code: each reason and each of RDS's
//! codes has an entry, and says what the code does.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use stow::plan::Obstacle;
use stow::rds::codes::{Meaning, OTHER, OTHER_QUOTA, ROWS, Row, When, row};
use stow::rds::{Decision, Error, Refusal};
use stow_versions::status::Reason;

const PAGE: &str = "docs/troubleshooting.md";

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The text under a heading of the second level.
#[track_caller]
fn section(heading: &str) -> String {
    let page = page();
    let found = page
        .split("\n## ")
        .find_map(|section| section.strip_prefix(heading));
    found
        .unwrap_or_else(|| panic!("{PAGE} has no {heading}"))
        .to_owned()
}

/// The rows of a section's table, without its head.
fn table(heading: &str) -> Vec<String> {
    let rows = section(heading);
    let rows = rows.lines().filter(|line| line.starts_with('|'));
    rows.skip(2).map(str::to_owned).collect()
}

#[test]
fn every_reason_has_an_entry_that_says_what_to_do() {
    let rows = table("Reasons");
    let mut entries = BTreeMap::new();
    for row in &rows {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [reason, meaning, action] = cells.as_slice() else {
            panic!("three cells: {row}")
        };
        for cell in [meaning, action] {
            assert!(cell.len() > 3, "{reason} has an empty cell");
        }
        let twice = entries.insert(reason.trim_matches('`').to_owned(), row);
        assert!(twice.is_none(), "{reason} twice");
    }
    let documented: BTreeSet<_> = entries.into_keys().collect();
    let known: BTreeSet<_> = Reason::ALL.iter().map(|r| r.as_str().to_owned()).collect();
    assert_eq!(documented, known, "{PAGE}, and the reasons in the code");
}

#[test]
fn the_table_of_codes_is_that_of_the_code() {
    let rows = ROWS.iter().chain([&OTHER_QUOTA, &OTHER]);
    let expected: Vec<_> = rows.map(entry).collect();
    let documented = table("What RDS answers");
    assert!(
        documented == expected,
        "{PAGE} is stale. Write:\n{}\n",
        expected.join("\n")
    );
}

/// A row as the page has it.
fn entry(row: &Row) -> String {
    let codes = row.codes.iter().map(|code| match code.strip_prefix('(') {
        Some(words) => words.trim_end_matches(')').to_owned(),
        None => format!("`{code}`"),
    });
    let codes = codes.collect::<Vec<_>>().join(", ");
    let codes = match row.when {
        When::Always => codes,
        when => format!("{codes} {}", when.describe()),
    };
    let reason = Reason::from(row.meaning);
    let advice = row.advice.replace("{action}", "…");
    let decision = row.meaning.decision().describe();
    format!("| {codes} | `{reason}` | {decision} | {advice} |")
}

#[test]
fn a_code_is_decided_on_once() {
    let mut seen = BTreeSet::new();
    for row in ROWS {
        for code in row.codes {
            let key = (code.trim_end_matches("Fault"), row.when.describe());
            assert!(seen.insert(key), "{code} twice");
        }
        assert!(row.advice.ends_with('.'), "{}", row.advice);
        assert!(!row.advice.contains('|'), "{}", row.advice);
    }
    // A special case that comes after the general one would never be met.
    for (index, row) in ROWS.iter().enumerate() {
        if row.when != When::Always {
            let before = ROWS[..index].iter().filter(|r| r.when == When::Always);
            let mut shadowing = before
                .flat_map(|r| r.codes)
                .filter(|c| row.codes.contains(c));
            assert_eq!(shadowing.next(), None, "{row:?} is never met");
        }
    }
}

/// What the reference of RDS lists, and what AWS's own model says of the calls
/// that Stow makes: decided by hand, and not by the table under test.
#[test]
fn each_code_has_its_decision_and_its_reason() {
    use Decision::{Backoff, Slowly, Stop, Wait};
    for (code, decision, reason) in [
        ("DBInstanceAlreadyExists", Backoff, Reason::InProgress),
        ("InvalidDBInstanceState", Backoff, Reason::InProgress),
        ("StorageQuotaExceeded", Slowly, Reason::QuotaExceeded),
        ("InstanceQuotaExceeded", Slowly, Reason::QuotaExceeded),
        ("SnapshotQuotaExceeded", Slowly, Reason::QuotaExceeded),
        (
            "InsufficientDBInstanceCapacity",
            Slowly,
            Reason::QuotaExceeded,
        ),
        ("StorageTypeNotSupported", Wait, Reason::Refused),
        (
            "ProvisionedIopsNotAvailableInAZFault",
            Slowly,
            Reason::QuotaExceeded,
        ),
        ("KMSKeyNotAccessibleFault", Slowly, Reason::Refused),
        (
            "DBSubnetGroupDoesNotCoverEnoughAZs",
            Slowly,
            Reason::Refused,
        ),
        ("InvalidSubnet", Slowly, Reason::Refused),
        ("InvalidVPCNetworkStateFault", Slowly, Reason::Refused),
        ("DBSnapshotAlreadyExists", Slowly, Reason::IncompatibleState),
        ("DBUpgradeDependencyFailure", Backoff, Reason::InProgress),
        ("InvalidParameterValue", Wait, Reason::Refused),
        ("InvalidParameterCombination", Wait, Reason::Refused),
        ("DBInstanceNotFound", Stop, Reason::InProgress),
        ("DBParameterGroupNotFound", Slowly, Reason::Refused),
        ("DBSubnetGroupNotFoundFault", Slowly, Reason::Refused),
        ("Throttling", Backoff, Reason::Throttled),
        ("ThrottlingException", Backoff, Reason::Throttled),
        ("InternalFailure", Backoff, Reason::Unreachable),
        ("ServiceUnavailable", Backoff, Reason::Unreachable),
        ("AccessDenied", Slowly, Reason::AccessDenied),
        ("ExpiredToken", Slowly, Reason::AccessDenied),
        ("InvalidClientTokenId", Slowly, Reason::AccessDenied),
        ("SignatureDoesNotMatch", Slowly, Reason::AccessDenied),
        ("OptInRequired", Slowly, Reason::AccessDenied),
        // AWS's model of create, modify, delete, describe and tagging.
        ("BackupPolicyNotFoundFault", Slowly, Reason::Refused),
        ("CertificateNotFound", Slowly, Reason::Refused),
        ("DBClusterNotFoundFault", Slowly, Reason::Refused),
        (
            "DBInstanceAutomatedBackupQuotaExceeded",
            Slowly,
            Reason::QuotaExceeded,
        ),
        ("DBSecurityGroupNotFound", Slowly, Reason::Refused),
        ("DBSnapshotNotFound", Slowly, Reason::Refused),
        ("DomainNotFoundFault", Slowly, Reason::Refused),
        ("InvalidDBClusterStateFault", Slowly, Reason::Refused),
        ("InvalidDBSecurityGroupState", Slowly, Reason::Refused),
        ("NetworkTypeNotSupported", Slowly, Reason::Refused),
        ("OptionGroupNotFoundFault", Slowly, Reason::Refused),
        ("TenantDatabaseQuotaExceeded", Slowly, Reason::QuotaExceeded),
        (
            "VpcEncryptionControlViolationException",
            Slowly,
            Reason::Refused,
        ),
        // Restores.
        ("InvalidDBSnapshotState", Backoff, Reason::InProgress),
        ("InvalidRestoreFault", Slowly, Reason::Refused),
        ("PointInTimeRestoreNotEnabled", Slowly, Reason::Refused),
    ] {
        let found = row("CreateDBInstance", code, "x");
        assert!(
            found.codes.contains(&code),
            "{code} is only known as {:?}",
            found.codes
        );
        assert_eq!(found.meaning.decision(), decision, "{code}");
        assert_eq!(Reason::from(found.meaning), reason, "{code}");
    }
    for (code, found) in [
        ("FutureQuotaExceeded", &OTHER_QUOTA),
        ("FutureQuotaExceededFault", &OTHER_QUOTA),
        ("SomethingNewIn2027", &OTHER),
    ] {
        assert!(
            std::ptr::eq(row("CreateDBInstance", code, ""), found),
            "{code}"
        );
    }
}

#[test]
fn what_a_message_adds_to_its_code_counts_where_it_is_said_of_the_action() {
    let cooling = "the previous storage change is being optimized";
    let protected = "Cannot delete protected DB Instance, please disable deletion protection";
    let often = "You can't currently modify the storage of this DB instance because it was \
                 modified 4 times within 24 hours.";
    for (action, code, message, when) in [
        (
            "DeleteDBInstance",
            "InvalidParameterCombination",
            protected,
            When::Protected,
        ),
        (
            "ModifyDBInstance",
            "InvalidParameterCombination",
            protected,
            When::Always,
        ),
        (
            "ModifyDBInstance",
            "InvalidParameterCombination",
            cooling,
            When::StorageTooSoon,
        ),
        (
            "ModifyDBInstance",
            "InvalidParameterCombination",
            often,
            When::StorageTooSoon,
        ),
        (
            "DeleteDBInstance",
            "InvalidDBInstanceStateFault",
            "It is already being deleted.",
            When::AlreadyDeleting,
        ),
        (
            "DeleteDBInstance",
            "InvalidDBInstanceState",
            "It is creating.",
            When::Always,
        ),
        (
            "ModifyDBInstance",
            "InvalidDBInstanceState",
            "It is already being deleted.",
            When::Always,
        ),
    ] {
        assert_eq!(row(action, code, message).when, when, "{action}: {message}");
    }
}

#[test]
fn a_person_reads_what_rds_said_and_what_to_do() {
    let refused = |code: &str, refusal| Error::Refused {
        refusal,
        action: "CreateDBInstance",
        code: code.to_owned(),
        message: "No.".to_owned(),
    };
    for (error, reason, text) in [
        (
            refused("AccessDenied", Refusal::Denied),
            Reason::AccessDenied,
            "RDS refused CreateDBInstance: AccessDenied: No. Allow rds:CreateDBInstance, and whatever else it names, \
             to the operator's IAM identity, as docs/iam-policy.json does. Stow tries again every few minutes.",
        ),
        (
            refused("StorageTypeNotSupported", Refusal::Invalid),
            Reason::Refused,
            "RDS refused CreateDBInstance: StorageTypeNotSupported: No. Change spec.storageType, or \
             spec.size: this class does not take that type of storage. Stow tries again when another \
             request follows from the spec or the ConfigMap, or after 15 minutes.",
        ),
        (
            Error::Throttled {
                action: "CreateDBInstance",
            },
            Reason::Throttled,
            "RDS throttled CreateDBInstance. Where it lasts, look in CloudTrail for who else calls RDS \
             in this account and region. Stow tries again, less and less often.",
        ),
    ] {
        let obstacle = Obstacle::from(&error);
        assert_eq!((obstacle.reason, obstacle.message.as_str()), (reason, text));
    }
    assert_eq!(Meaning::Failed.decision(), Decision::Backoff);
}
