//! `ConfigMap`s, what is read from them, and what is not.

use std::collections::BTreeSet;

use proptest::prelude::*;
use stow_versions::v1beta1::DeletionPolicy;

use super::*;

fn data<K: Into<String>>(entries: impl IntoIterator<Item = (K, K)>) -> BTreeMap<String, String> {
    let entries = entries.into_iter();
    entries
        .map(|(key, value)| (key.into(), value.into()))
        .collect()
}

fn read(entries: &[(&str, &str)]) -> Configuration {
    Configuration::read(&data(entries.iter().copied()))
}

fn faults(configuration: &Configuration) -> Vec<String> {
    configuration
        .faults
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn nothing_set_is_the_safest() {
    let Configuration {
        security_groups,
        subnet_group,
        kms_key,
        monitoring_role,
        port,
        multi_az,
        encrypted,
        class,
        backup_window,
        maintenance_window,
        storage_type,
        storage,
        policy,
        faults,
        strangers,
    } = read(&[]);
    let nothing: Vec<String> = Vec::new();
    assert_eq!(
        (security_groups, strangers),
        (nothing.clone(), nothing.clone())
    );
    assert_eq!(
        (subnet_group, kms_key, monitoring_role, class),
        (None, None, None, None)
    );
    assert_eq!((backup_window, maintenance_window), (None, None));
    assert_eq!((port, multi_az, encrypted), (5432, false, true));
    assert_eq!((storage_type, storage), (StorageType::Gp3, 20));
    assert_eq!(faults, []);
    let strict = Policy {
        adopt: false,
        restore: false,
        public_access: false,
        security_groups: nothing.clone(),
        subnet_groups: nothing.clone(),
        kms_keys: nothing.clone(),
        parameter_groups: nothing,
        minimum_deletion_policy: DeletionPolicy::Snapshot,
        minimum_backup_retention: 7,
        encryption: EncryptionPolicy::Required,
        classes: Vec::new(),
        max_storage: None,
        max_iops: None,
        max_per_namespace: None,
        required_tags: BTreeMap::new(),
        denied_tags: Vec::new(),
    };
    assert_eq!(policy, strict);
}

#[test]
fn every_key_has_the_default_that_is_told_of_it() {
    let bare = read(&[]);
    for key in KEYS {
        assert_eq!(read(&[(key.name, key.default)]), bare, "{}", key.name);
        assert_eq!(read(&[(key.name, "  ")]), bare, "{} left empty", key.name);
        let example = read(&[(key.name, key.example)]);
        assert_eq!(faults(&example), [""; 0], "the example of {}", key.name);
        assert_ne!(example, bare, "{} has no effect", key.name);
    }
}

#[test]
fn every_key_is_known_once_and_explained() {
    let names: BTreeSet<_> = KEYS.iter().map(|key| key.name).collect();
    assert_eq!(names.len(), KEYS.len());
    for key in KEYS {
        assert!(key.meaning.ends_with('.'), "{}", key.name);
        assert!(!key.takes.ends_with('.'), "{}", key.name);
        assert!(
            key.default.is_empty() == key.meaning.contains("Empty:") || key.is_policy(),
            "{}",
            key.name
        );
    }
}

#[test]
fn every_fault_is_named_with_its_key_and_value() {
    // What no form takes: a control character, a star in the middle.
    let garbage: Vec<_> = KEYS.iter().map(|key| (key.name, "a*b\u{7}")).collect();
    let configuration = read(&garbage);
    let told = faults(&configuration);
    assert_eq!(told.len(), KEYS.len(), "{told:#?}");
    for key in KEYS {
        let of_key = configuration
            .faults
            .iter()
            .find(|fault| fault.key == key.name);
        let text = of_key.map(ToString::to_string).unwrap_or_default();
        assert!(text.starts_with(&format!("{}: ", key.name)), "{}", key.name);
        assert!(text.ends_with(&format!("is not {}", key.takes)), "{text}");
        assert!(text.contains(r#""a*b\u{7}""#), "{text}");
    }
    let open: Vec<_> = configuration
        .unreadable_policies()
        .map(|fault| fault.key)
        .collect();
    assert!(open.iter().all(|key| key.starts_with("policy.")));
    assert_eq!(
        open.len(),
        KEYS.iter().filter(|key| key.is_policy()).count()
    );
}

#[test]
fn values_are_read_by_their_form() {
    for (key, good, bad) in [
        (
            "aws.security.group.id",
            "sg-01234567, sg-0123456789abcdef0",
            "sg-01234567,sg-1",
        ),
        ("aws.subnet.group.name", "a private one.1", "a/b"),
        ("aws.kms.key.arn", "alias/payments", "payments"),
        ("aws.rds.postgres.default.port", "65535", "80"),
        ("aws.rds.postgres.default.multiaz", "true", "True"),
        ("aws.rds.postgres.default.kms.encryption", "false", "no"),
        (
            "aws.rds.postgres.default.instance.class",
            "db.t3.micro",
            "t3.micro",
        ),
        (
            "aws.rds.postgres.default.backup.window",
            "23:45-00:15",
            "03:00-03:29",
        ),
        (
            "aws.rds.postgres.default.maintenance.window",
            "Sun:05:00-Sun:06:00",
            "sun:05:00-mon:05:00",
        ),
        ("aws.rds.postgres.default.storage.type", "io1", "ssd"),
        ("aws.rds.postgres.default.storage.size", "5", "20Gi"),
        ("policy.adopt", "true", "yes"),
        ("policy.restore", "true", "TRUE"),
        ("policy.publicAccess", "true", "1"),
        ("policy.securityGroups", "sg-01234567", "sg-01234567,"),
        ("policy.subnetGroups", "a,b", ",,"),
        ("policy.kmsKeys", "alias/a,alias/b", "alias/a;alias/b"),
        ("policy.parameterGroups", "orders-pg17", "orders--pg17"),
        ("policy.minimumDeletionPolicy", "Delete", "delete"),
        ("policy.minimumBackupRetention", "0", "36"),
        ("policy.encryption", "optional", "false"),
        (
            "policy.classes",
            "db.t3.micro, db.r*, db.m7g.*, db.m7g.2x*",
            "db.*.micro",
        ),
        ("policy.classes", "*", "t3.*"),
        ("policy.maxStorage", "2Ti", "500"),
        ("policy.maxStorage", "5Gi", "4Gi"),
        ("policy.maxIops", "1000", "999"),
        ("policy.maxPerNamespace", "0", "-1"),
        ("policy.requiredTags", "a=1,b=,c=x=y", "a=1,b"),
        ("policy.requiredTags", "A=1", "A=1,a=2"),
        ("policy.requiredTags", "Owner=a b", "aws:x=1"),
        ("policy.deniedTags", "team,iam-*", "te*m"),
        ("policy.deniedTags", "*", "a,,b"),
    ] {
        assert_eq!(faults(&read(&[(key, good)])), [""; 0], "{key}");
        let told = faults(&read(&[(key, bad)]));
        assert!(
            told.len() == 1 && told[0].starts_with(key),
            "{key} {bad}: {told:?}"
        );
    }
    let policy = read(&[("policy.requiredTags", "a=1, b=, c=x=y")]).policy;
    assert_eq!(
        policy.required_tags,
        data([("a", "1"), ("b", ""), ("c", "x=y")])
    );
    let policy = read(&[("policy.maxStorage", "2Ti")]).policy;
    assert_eq!(policy.max_storage, Some(2048));
}

#[test]
fn patterns_mean_what_they_begin_with() {
    let patterns = read(&[("policy.deniedTags", "team, iam-*")])
        .policy
        .denied_tags;
    let denied = |key: &str| patterns.iter().any(|pattern| pattern.matches(key));
    for (key, expected) in [
        ("team", true),
        ("Team", true),
        ("teams", false),
        ("iam-", true),
        ("IAM-role", true),
        ("iam", false),
    ] {
        assert_eq!(denied(key), expected, "{key}");
    }
}

#[test]
fn a_policy_that_is_misspelt_is_a_fault_and_other_strangers_are_not() {
    for key in [
        "policy.maxStorge",
        "policy.MaxStorage",
        "Policy.maxStorage",
        "polcy.maxStorage",
        "maxStorage",
        "policies.classes",
        "policy",
        "policy.",
    ] {
        let configuration = read(&[(key, "500Gi")]);
        let told = faults(&configuration);
        assert!(
            told.len() == 1 && told[0].starts_with(key),
            "{key}: {told:?}"
        );
        assert_eq!(configuration.unreadable_policies().count(), 1, "{key}");
    }
    let configuration = read(&[("aws.kms.key", "x"), ("owner", "platform")]);
    assert_eq!(configuration.strangers, ["aws.kms.key", "owner"]);
    assert_eq!(faults(&configuration), [""; 0]);
}

/// A key that is known, nearly known, or not at all; any text under it.
pub(crate) fn entries() -> impl Strategy<Value = BTreeMap<String, String>> {
    let names: Vec<_> = KEYS.iter().map(|key| key.name).collect();
    let key = prop_oneof![
        6 => prop::sample::select(names).prop_map(str::to_owned),
        1 => "policy[.][a-zA-Z]{0,12}",
        1 => "[-._a-zA-Z0-9]{1,20}",
    ];
    let words: Vec<_> = KEYS
        .iter()
        .flat_map(|key| [key.default, key.example])
        .collect();
    let value = prop_oneof![
        any::<String>(),
        "[ ,*a-z0-9.=-]{0,12}",
        prop::sample::select(words).prop_map(str::to_owned),
        (0_i64..1_000_000).prop_map(|number| number.to_string()),
    ];
    prop::collection::btree_map(key, value, 0..12)
}

proptest! {
    /// Nothing is wider than it would be by default but by a value that says
    /// so; and a value that cannot be read leaves its policy open.
    #[test]
    fn garbage_never_widens_a_policy(data in entries()) {
        let configuration = Configuration::read(&data);
        let strict = read(&[]).policy;
        let said = |key: &str| data.get(key).map_or("", |text| text.trim());
        let Policy {
            adopt, restore, public_access, security_groups, subnet_groups, kms_keys,
            parameter_groups, minimum_deletion_policy, minimum_backup_retention, encryption,
            classes, max_storage, max_iops, max_per_namespace, required_tags, denied_tags,
        } = &configuration.policy;
        for (key, on) in [
            ("policy.adopt", adopt), ("policy.restore", restore), ("policy.publicAccess", public_access),
        ] {
            prop_assert_eq!(*on, said(key) == "true", "{}", key);
        }
        for (key, names) in [
            ("policy.securityGroups", security_groups), ("policy.subnetGroups", subnet_groups),
            ("policy.kmsKeys", kms_keys), ("policy.parameterGroups", parameter_groups),
        ] {
            let listed: Vec<_> = said(key).split(',').map(str::trim).collect();
            let is_listed = |name: &String| {
                let grouped = key.ends_with("Groups");
                listed.iter().any(|it| name == it || grouped && *name == it.to_ascii_lowercase())
            };
            prop_assert!(names.iter().all(is_listed), "{}", key);
        }
        prop_assert!(
            *minimum_deletion_policy >= strict.minimum_deletion_policy
                || said("policy.minimumDeletionPolicy") == "Delete"
        );
        let days = minimum_backup_retention.to_string();
        prop_assert!(*minimum_backup_retention >= 7
            || said("policy.minimumBackupRetention").trim_start_matches(['+', '0']) == days.trim_start_matches('0'));
        prop_assert!(*encryption == EncryptionPolicy::Required || said("policy.encryption") == "optional");
        // These have no bound by default: what is said and not followed is open.
        let open: BTreeSet<_> = configuration.unreadable_policies().map(|fault| fault.key).collect();
        for (key, bound) in [
            ("policy.classes", !classes.is_empty()),
            ("policy.maxStorage", max_storage.is_some()),
            ("policy.maxIops", max_iops.is_some()),
            ("policy.maxPerNamespace", max_per_namespace.is_some()),
            ("policy.requiredTags", !required_tags.is_empty()),
            ("policy.deniedTags", !denied_tags.is_empty()),
        ] {
            prop_assert_eq!(!said(key).is_empty(), bound || open.contains(key), "{}", key);
        }
        let known = |name: &str| KEYS.iter().any(|key| key.name == name);
        for name in data.keys().filter(|name| name.starts_with("policy.") && !known(name)) {
            prop_assert!(faults(&configuration).iter().any(|fault| fault.starts_with(name.as_str())), "{}", name);
        }
    }
}
