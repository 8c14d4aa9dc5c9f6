//! Every key of the ConfigMap: one table, from which the reader takes the names
//! and docs/configuration.md its rows.
//!
//! Nothing here may read a value.

/// One key of the ConfigMap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What its value is, in words that follow "is not".
    pub takes: &'static str,
    /// The value that stands for a missing or empty one.
    pub default: &'static str,
    /// What it decides, and what an empty value means.
    pub meaning: &'static str,
    /// A value that differs from the default.
    pub example: &'static str,
}

impl Key {
    /// Whether it says what objects may ask for.
    pub fn is_policy(&self) -> bool {
        self.name.starts_with(POLICY)
    }

    /// What it sets, without what stands before it: `maxStorage`.
    fn last(&self) -> &'static str {
        self.name.rsplit('.').next().unwrap_or(self.name)
    }
}

/// What the names of policies begin with.
const POLICY: &str = "policy.";

/// Whether a key that is not known was likely meant as a policy: by its first
/// letters, or by what follows them.
pub(super) fn seems_policy(name: &str) -> bool {
    let folded = name.to_ascii_lowercase();
    let last = folded.rsplit('.').next().unwrap_or_default();
    folded.starts_with("polic")
        || KEYS
            .iter()
            .any(|key| key.is_policy() && key.last().eq_ignore_ascii_case(last))
}

/// Declares the keys and their table, so that none is forgotten.
macro_rules! keys {
    ($($id:ident = $name:literal, $takes:literal, $default:literal, $example:literal, $meaning:literal;)+) => {
        $(
            pub(super) const $id: Key = Key {
                name: $name,
                takes: $takes,
                default: $default,
                meaning: $meaning,
                example: $example,
            };
        )+

        /// Every key, in the order of the documentation.
        pub const KEYS: &[Key] = &[$($id),+];
    };
}

keys! {
    SECURITY_GROUP = "aws.security.group.id",
        "ids of VPC security groups, separated by commas", "", "sg-0123456789abcdef0",
        "Who can reach a new database. Empty: the VPC's default group.";
    SUBNET_GROUP = "aws.subnet.group.name",
        "the name of a DB subnet group", "", "private",
        "The VPC and the subnets of a new database. Empty: those of the account's default VPC.";
    KMS_KEY = "aws.kms.key.arn",
        "the ARN, id or alias of a KMS key", "",
        "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "What encrypts storage, backups and snapshots of a new database. Empty: the account's key `aws/rds`.";
    MONITORING_ROLE = "aws.monitoring.role.arn",
        "the ARN of an IAM role", "", "arn:aws:iam::123456789012:role/rds-monitoring",
        "The role that Enhanced Monitoring writes by; no object can name one. Empty: `monitoring.enhancedInterval` is not allowed.";
    PORT = "aws.rds.postgres.default.port",
        "a port from 1150 to 65535", "5432", "6432",
        "The TCP port of databases whose object names none.";
    MULTI_AZ = "aws.rds.postgres.default.multiaz",
        "true or false", "false", "true",
        "Whether a standby runs in a second availability zone, for objects that do not say so. It about doubles the price.";
    ENCRYPTION = "aws.rds.postgres.default.kms.encryption",
        "true or false", "true", "false",
        "Whether storage is encrypted, for objects that do not say so. It cannot be changed later. `false` needs `policy.encryption: optional`.";
    CLASS = "aws.rds.postgres.default.instance.class",
        "an instance class such as db.t3.micro", "", "db.t4g.small",
        "The instance class of objects that name no `size`. Empty: each has to name one.";
    BACKUP_WINDOW = "aws.rds.postgres.default.backup.window",
        "a time of the day, hh:mm-hh:mm, of 30 minutes or more", "", "03:00-03:30",
        "When automated backups are taken, in UTC, for objects that do not say so. Empty: AWS chooses.";
    MAINTENANCE_WINDOW = "aws.rds.postgres.default.maintenance.window",
        "a time of the week, ddd:hh:mm-ddd:hh:mm, of 30 minutes to less than a day", "",
        "sun:05:00-sun:05:30",
        "When AWS may do maintenance, in UTC, for objects that do not say so; apart from the backup window. Empty: AWS chooses.";
    STORAGE_TYPE = "aws.rds.postgres.default.storage.type",
        "one of gp2, gp3, io1, io2", "gp3", "io2",
        "The storage type of objects that name none. With io1 and io2 each has to state its IOPS.";
    STORAGE_SIZE = "aws.rds.postgres.default.storage.size",
        "a whole number of GiB from 5 to 65536", "20", "100",
        "The storage of objects that name none, in GiB.";
    ADOPT = "policy.adopt",
        "true or false", "false", "true",
        "Whether an object may take over an RDS instance that exists (`adopt`). This release cannot do so yet, and refuses it either way.";
    RESTORE = "policy.restore",
        "true or false", "false", "true",
        "Whether an object may start from a snapshot or another database's past (`restoreFrom`). This release cannot do so yet, and refuses it either way.";
    PUBLIC_ACCESS = "policy.publicAccess",
        "true or false", "false", "true",
        "Whether an object may set `network.publiclyAccessible: true`.";
    SECURITY_GROUPS = "policy.securityGroups",
        "ids of VPC security groups, separated by commas", "", "sg-0123456789abcdef0,sg-01234567",
        "The security groups that an object may name, besides those of `aws.security.group.id`.";
    SUBNET_GROUPS = "policy.subnetGroups",
        "names of DB subnet groups, separated by commas", "", "private,isolated",
        "The DB subnet groups that an object may name, besides that of `aws.subnet.group.name`.";
    KMS_KEYS = "policy.kmsKeys",
        "ARNs, ids or aliases of KMS keys, separated by commas", "", "alias/payments",
        "The KMS keys that an object may name, in just these words, besides that of `aws.kms.key.arn`.";
    PARAMETER_GROUPS = "policy.parameterGroups",
        "names of DB parameter groups, separated by commas", "", "orders-pg17",
        "The DB parameter groups that an object may name, besides RDS's own, such as `default.postgres17`.";
    MINIMUM_DELETION_POLICY = "policy.minimumDeletionPolicy",
        "one of Delete, Snapshot, Retain", "Snapshot", "Retain",
        "The least that `deletionPolicy` has to keep: `Delete` keeps nothing, `Snapshot` a final snapshot, `Retain` the database.";
    MINIMUM_BACKUP_RETENTION = "policy.minimumBackupRetention",
        "a number of days from 0 to 35", "7", "14",
        "The least that `backup.retentionDays` may be; a new database whose object does not say has at least 7.";
    ENCRYPTION_POLICY = "policy.encryption",
        "one of required, optional", "required", "optional",
        "Whether every new database is encrypted.";
    CLASSES = "policy.classes",
        "instance classes, separated by commas, each perhaps with a * at its end", "",
        "db.t4g.*,db.m7g.large",
        "The instance classes that an object may name, besides that of `aws.rds.postgres.default.instance.class`. Empty: any.";
    MAX_STORAGE = "policy.maxStorage",
        "a size such as 500Gi or 2Ti, from 5Gi to 65536Gi", "", "500Gi",
        "The most that `storage` and `maxStorage` may be. Empty: what RDS has.";
    MAX_IOPS = "policy.maxIops",
        "a number from 1000 to 256000", "", "12000",
        "The most that `iops` may be. Empty: what RDS has.";
    MAX_PER_NAMESPACE = "policy.maxPerNamespace",
        "a whole number", "", "10",
        "How many objects of a namespace have a database: the oldest ones. Empty: all.";
    REQUIRED_TAGS = "policy.requiredTags",
        "tags, each a key=value, separated by commas, at most 20", "", "cost-center=4711,env=prod",
        "Tags that every new database gets; an object cannot set them otherwise.";
    DENIED_TAGS = "policy.deniedTags",
        "keys of tags, separated by commas, each perhaps with a * at its end", "", "team,iam-*",
        "Keys that an object may not set in `tags`, in upper or lower case: those by which you grant access or share costs.";
}
