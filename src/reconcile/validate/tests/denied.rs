//! What objects ask for beyond what the platform allows, and what of it is left.

use jiff::{SignedDuration, Timestamp};

use super::*;

mod table;

const CLASS: (&str, &str) = ("aws.rds.postgres.default.instance.class", "db.t3.micro");

fn judged(settings: &[(&str, &str)], spec: &Value) -> Database {
    let settings: Vec<_> = [CLASS].iter().chain(settings).copied().collect();
    let configuration = configuration(&settings);
    assert_eq!(configuration.faults, [], "{settings:?}");
    judged_by(&configuration, spec)
}

fn judged_by(configuration: &Configuration, spec: &Value) -> Database {
    match desired(&subject(), &object(spec), with(Some(configuration))).goal {
        Goal::Exists(database) => *database,
        goal => panic!("{spec} became {goal:?}"),
    }
}

#[test]
fn all_that_is_denied_is_in_one_message() {
    let settings = [
        ("policy.classes", "db.t4g.*"),
        ("policy.maxStorage", "100Gi"),
    ];
    let spec = json!({
        "size": "db.m6g.large",
        "storage": "1Ti",
        "deletionPolicy": "Delete",
        "network": {"publiclyAccessible": true},
    });
    let message = judged(&settings, &spec).creation.unwrap_err().message;
    for key in [
        "policy.classes",
        "db.t4g.*, db.t3.micro",
        "policy.maxStorage",
        "policy.minimumDeletionPolicy",
        "policy.publicAccess",
    ] {
        assert!(message.contains(key), "{key} is not in {message}");
    }
}

#[test]
fn of_a_database_that_runs_what_is_denied_is_left_as_it_is_and_the_rest_is_not() {
    let settings = [("policy.maxIops", "2000"), ("policy.deniedTags", "team")];
    let spec = json!({
        "size": "db.m6g.large",
        "multiAZ": true,
        "storageType": "io2",
        "storage": "200Gi",
        "iops": 3000,
        "tags": {"team": "shop", "app": "orders"},
    });
    let database = judged(&settings, &spec);
    assert_eq!(database.class.as_deref(), Some("db.m6g.large"));
    assert_eq!(database.multi_az, Some(true));
    let volume = (database.storage, database.storage_type, database.iops);
    assert_eq!(volume, (None, None, None), "they go to RDS in one call");
    assert_eq!(
        database.tags,
        BTreeMap::from([("app".into(), "orders".into())])
    );
}

/// RDS keeps the names of groups in lower case: a spec that writes one otherwise
/// asks for the same, and gets it once.
#[test]
fn groups_are_the_same_in_upper_and_lower_case() {
    let settings = [
        ("policy.parameterGroups", "Own17"),
        ("policy.subnetGroups", "Inner"),
    ];
    for (group, subnets) in [("Own17", "inner"), ("own17", "INNER")] {
        let spec = json!({"parameterGroup": group, "network": {"subnetGroup": subnets}});
        let database = judged(&settings, &spec);
        assert_eq!(database.denied, None, "{group}");
        assert_eq!(database.settings.parameter_group.as_deref(), Some("own17"));
        let creation = database.creation.expect("it can be created");
        assert_eq!(creation.settings.parameter_group.as_deref(), Some("own17"));
        assert_eq!(creation.subnet_group.as_deref(), Some("inner"));
    }
}

/// An upgrade to another major without its group would set another one up for
/// good.
#[test]
fn an_upgrade_waits_for_its_parameter_group() {
    let spec = json!({
        "engineVersion": "18",
        "allowMajorVersionUpgrade": true,
        "parameterGroup": "own18",
        "multiAZ": true,
    });
    let denied = judged(&[], &spec);
    let open = configuration(&[("policy.maxIops", "many")]);
    let unreadable = judged_by(&open, &spec);
    for database in [denied, unreadable] {
        assert_eq!(database.engine_version, None);
        assert_eq!(database.settings.parameter_group, None);
        assert_eq!(database.multi_az, Some(true));
    }
    let allowed = judged(&[("policy.parameterGroups", "own18")], &spec);
    assert_eq!(allowed.engine_version.as_deref(), Some("18"));
    let alone = json!({"engineVersion": "18", "allowMajorVersionUpgrade": true});
    let alone = judged_by(&open, &alone);
    assert_eq!(alone.engine_version.as_deref(), Some("18"));
}

#[test]
fn required_tags_are_the_platforms_in_upper_and_lower_case() {
    let settings = [("policy.requiredTags", "team=platform,env=prod")];
    let tags = |tags: &[(&str, &str)]| -> BTreeMap<String, String> {
        let tags = tags.iter();
        tags.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    };
    let spec = json!({"tags": {"Team": "shop", "env": "test", "app": "orders"}});
    let database = judged(&settings, &spec);
    assert_eq!(database.denied, None);
    assert_eq!(database.tags, tags(&[("app", "orders")]));
    let required = tags(&[("env", "prod"), ("team", "platform")]);
    assert_eq!(database.required_tags, required);
    // Said just so, it is wanted of a database that runs as well.
    let spec = json!({"tags": {"env": "prod", "TEAM": "platform"}});
    assert_eq!(judged(&settings, &spec).tags, tags(&[("env", "prod")]));

    let mut full: BTreeMap<_, _> = (0..41).map(|n| (format!("k{n}"), "v")).collect();
    full.insert("env".to_owned(), "prod");
    assert_eq!(judged(&settings, &json!({"tags": full})).denied, None);

    let many: BTreeMap<_, _> = (0..42).map(|n| (format!("k{n}"), "v")).collect();
    let obstacle = judged(&settings, &json!({"tags": many}))
        .creation
        .unwrap_err();
    assert!(
        obstacle.message.contains("policy.requiredTags"),
        "{}",
        obstacle.message
    );
}

#[test]
fn backups_are_kept_for_as_long_as_the_platform_asks() {
    let days = |settings: &[(&str, &str)], spec| {
        let settings = judged(settings, &spec).creation.unwrap().settings;
        settings.backup_retention.unwrap()
    };
    let key = "policy.minimumBackupRetention";
    assert_eq!(days(&[], json!({})), 7);
    assert_eq!(days(&[(key, "0")], json!({})), 7);
    assert_eq!(days(&[(key, "14")], json!({})), 14);
    assert_eq!(
        days(&[(key, "0")], json!({"backup": {"retentionDays": 1}})),
        1
    );
}

#[test]
fn a_default_of_no_encryption_needs_the_policys_word() {
    let default = ("aws.rds.postgres.default.kms.encryption", "false");
    let obstacle = judged(&[default], &json!({})).creation.unwrap_err();
    assert_eq!(obstacle.reason, Reason::InvalidConfiguration);
    assert!(
        obstacle.message.contains("policy.encryption"),
        "{}",
        obstacle.message
    );
    let optional = [default, ("policy.encryption", "optional")];
    assert!(!judged(&optional, &json!({})).creation.unwrap().encrypted);
    let stated = json!({"encryption": {"enabled": true}});
    assert!(judged(&[default], &stated).creation.unwrap().encrypted);
}

/// An object with so many older and younger ones beside it, of which the first few
/// have a database; and with databases that deleted ones left behind.
fn counted(most: &str, older: usize, younger: usize, holding: usize, left: usize) -> Database {
    let configuration = configuration(&[CLASS, ("policy.maxPerNamespace", most)]);
    let at = |second: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second);
    let mut object = object(&json!({}));
    object.metadata.creation_timestamp = Some(Time(at(100)));
    let ages = (0..older).map(|n| (99, format!("o{n}")));
    let ages = ages.chain((0..younger).map(|n| (100, format!("y{n}"))));
    let neighbours: Vec<_> = ages
        .enumerate()
        .map(|(n, (second, uid))| Neighbour {
            age: (Some(at(second)), uid),
            holds: n < holding,
        })
        .collect();
    let left_behind: Vec<_> = (0..left).map(|n| format!("left-{n}")).collect();
    let surroundings = Surroundings {
        configuration: Some(&configuration),
        neighbours: &neighbours,
        left_behind: &left_behind,
        placed: false,
    };
    match desired(&subject(), &object, surroundings).goal {
        Goal::Exists(database) => *database,
        goal => panic!("{goal:?}"),
    }
}

#[test]
fn the_oldest_objects_of_a_namespace_have_a_database() {
    for (most, older, younger, holding, left, created, reported) in [
        ("2", 0, 0, 0, 0, true, false),
        ("2", 1, 9, 0, 0, true, false),
        ("2", 2, 0, 0, 0, false, false),
        ("2", 2, 0, 1, 0, false, false),
        ("2", 2, 0, 2, 0, false, true),
        ("0", 0, 0, 0, 0, false, true),
        // A younger one that came first keeps its place; it is no reason to
        // blame a database that runs.
        ("2", 0, 2, 2, 0, false, false),
        ("2", 1, 1, 1, 0, true, false),
        ("", 9, 9, 9, 9, true, false),
        // What was left behind takes a place, and is no reason to blame either.
        ("2", 0, 0, 0, 1, true, false),
        ("2", 0, 0, 0, 2, false, false),
        ("2", 1, 0, 1, 1, false, false),
        ("2", 0, 1, 1, 1, false, false),
    ] {
        let database = counted(most, older, younger, holding, left);
        let row = (most, older, younger, holding, left);
        assert_eq!(database.creation.is_ok(), created, "{row:?}");
        assert_eq!(database.denied.is_some(), reported, "{row:?}");
        for obstacle in database.creation.err().into_iter().chain(database.denied) {
            assert_eq!(obstacle.reason, Reason::NotAllowed);
            assert!(
                obstacle.message.contains("policy.maxPerNamespace"),
                "{}",
                obstacle.message
            );
            let named = obstacle.message.contains("left-0");
            assert_eq!(named, left > 0, "{}", obstacle.message);
        }
    }
}

#[test]
fn while_policies_are_open_nothing_they_decide_on_is_done() {
    let spec = json!({
        "size": "db.t3.small", "storage": "30Gi", "multiAZ": true, "tags": {"a": "b"},
        "databaseName": "orders",
    });
    let misspelt = configuration(&[CLASS, ("policy.maxStorge", "20Gi")]);
    let garbage = configuration(&[CLASS, ("policy.maxStorage", "plenty")]);
    for (configuration, word) in [
        (Some(&misspelt), "policy.maxStorge"),
        (Some(&garbage), "policy.maxStorage"),
        (None, "does not exist"),
    ] {
        let goal = desired(&subject(), &object(&spec), with(configuration)).goal;
        let Goal::Exists(database) = goal else {
            panic!("{goal:?}")
        };
        let undecided = database.undecided.expect("something is open");
        for obstacle in [database.creation.unwrap_err(), undecided.obstacle] {
            assert_eq!(obstacle.reason, Reason::InvalidConfiguration);
            assert!(obstacle.message.contains(word), "{}", obstacle.message);
        }
        let left = (database.class, database.storage, database.tags.len());
        assert_eq!(left, (None, None, 0));
        assert_eq!(database.multi_az, Some(true), "no policy decides on it");
        assert_eq!(database.database_name.as_deref(), Some("orders"));
        let whole = undecided.database;
        assert_eq!(
            (whole.class.as_deref(), whole.storage),
            (Some("db.t3.small"), Some(30))
        );
    }
    // What is no policy's leaves the rest as it was.
    let other = configuration(&[CLASS, ("aws.rds.postgres.default.port", "80")]);
    let goal = desired(&subject(), &object(&spec), with(Some(&other))).goal;
    let Goal::Exists(database) = goal else {
        panic!("{goal:?}")
    };
    assert_eq!((database.undecided, database.storage), (None, Some(30)));
}
