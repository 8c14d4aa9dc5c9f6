//! Instances that change behind our back.

use aws_sdk_rds::types::DbInstance;
use drydock::settings::Settings;

use crate::{
    berth::{Berth, create, describe, until, until_gone},
    faults::exists,
    http::admin,
};

async fn meddle(berth: &Berth, how: &str) {
    let done = admin(berth.address(), "POST instances/eu-west-1/a", how).await;
    assert_eq!(done, (204, String::new()), "{how}");
}

/// Whether an instance shows what was done to it.
type Check = fn(&DbInstance) -> bool;

#[tokio::test]
async fn instances_change_behind_our_back() {
    let berth = Berth::new().await;
    let rds = berth.rds();
    create(&rds, "a").await;
    until(&rds, "a", "available").await;
    let groups = rds
        .create_db_parameter_group()
        .db_parameter_group_name("tuned")
        .db_parameter_group_family("postgres17")
        .description("x");
    groups.send().await.unwrap();
    let table: [(&str, Check); 14] = [
        (r#"{"status": "storage-full"}"#, |it| {
            it.db_instance_status() == Some("storage-full")
        }),
        (r#"{"status": "incompatible-parameters"}"#, |it| {
            it.db_instance_status() == Some("incompatible-parameters")
        }),
        (r#"{"status": "pondering"}"#, |it| {
            it.db_instance_status() == Some("pondering")
        }),
        (r#"{"status": "available"}"#, |it| {
            it.db_instance_status() == Some("available")
        }),
        (r#"{"grow": 33}"#, |it| it.allocated_storage() == Some(33)),
        (r#"{"version": "17.7"}"#, |it| {
            it.engine_version() == Some("17.7")
        }),
        (r#"{"class": "db.r7g.large"}"#, |it| {
            it.db_instance_class() == Some("db.r7g.large")
        }),
        (r#"{"storage-type": "io2"}"#, |it| {
            it.storage_type() == Some("io2")
        }),
        (r#"{"iops": 4000}"#, |it| it.iops() == Some(4_000)),
        (r#"{"throughput": 600}"#, |it| {
            it.storage_throughput() == Some(600)
        }),
        (r#"{"protection": true}"#, |it| {
            it.deletion_protection() == Some(true)
        }),
        (r#"{"retention": 9}"#, |it| {
            it.backup_retention_period() == Some(9)
        }),
        (r#"{"security-groups": ["sg-1"]}"#, |it| {
            let [group] = it.vpc_security_groups() else {
                return false;
            };
            group.vpc_security_group_id() == Some("sg-1")
        }),
        (r#"{"tags": {"team": "x"}}"#, |it| {
            let [tag] = it.tag_list() else { return false };
            tag.key() == Some("team") && tag.value() == Some("x")
        }),
    ];
    for (how, check) in table {
        meddle(&berth, how).await;
        let now = describe(&rds, "a").await;
        assert!(check(&now), "{how}: {now:?}");
    }
    meddle(&berth, r#"{"retention": 0}"#).await;
    let without = until(&rds, "a", "available").await;
    assert_eq!(without.backup_retention_period(), Some(0));
    meddle(&berth, r#"{"parameter-group": "tuned"}"#).await;
    let regrouped = until(&rds, "a", "available").await;
    assert_eq!(
        regrouped.db_parameter_groups()[0].db_parameter_group_name(),
        Some("tuned")
    );
    meddle(&berth, r#"{"rename": "b"}"#).await;
    assert!(!exists(&rds, "a").await);
    let renamed = describe(&rds, "b").await;
    assert!(renamed.db_instance_arn().unwrap().ends_with(":db:b"));
    assert_eq!(renamed.dbi_resource_id, regrouped.dbi_resource_id);
    let gone = admin(
        berth.address(),
        "POST instances/eu-west-1/B",
        r#"{"delete": {}}"#,
    )
    .await;
    assert_eq!(gone.0, 204);
    until_gone(&rds, "b").await;
}

#[tokio::test]
async fn of_two_passwords_the_last_one_counts() {
    let berth = Berth::with(Settings {
        delays: [("resetting-master-credentials".to_owned(), 3_600_000)].into(),
        ..Settings::default()
    })
    .await;
    let rds = berth.rds();
    create(&rds, "a").await;
    until(&rds, "a", "available").await;
    for password in ["one-horse-power", "two-horse-power"] {
        meddle(&berth, &format!(r#"{{"password": "{password}"}}"#)).await;
    }
    until(&rds, "a", "resetting-master-credentials").await;
    let hour = std::time::Duration::from_hours(1);
    berth.dock.advance(hour).unwrap();
    until(&rds, "a", "available").await;
    assert_eq!(berth.instances()["a"].password, "two-horse-power");
}

#[tokio::test]
async fn what_cannot_have_happened_is_refused() {
    let berth = Berth::new().await;
    let rds = berth.rds();
    for name in ["a", "b"] {
        create(&rds, name).await;
        until(&rds, name, "available").await;
    }
    let before = berth.instances();
    for how in [
        r#"{"grow": 19}"#,
        r#"{"version": "17"}"#,
        r#"{"class": "large"}"#,
        r#"{"storage-type": "floppy"}"#,
        r#"{"iops": -1}"#,
        r#"{"throughput": 0}"#,
        r#"{"retention": 36}"#,
        r#"{"parameter-group": "none"}"#,
        r#"{"parameter-group": "default.postgres16"}"#,
        r#"{"password": "short"}"#,
        r#"{"rename": "b"}"#,
        r#"{"rename": "-"}"#,
        r#"{"status": " "}"#,
    ] {
        let (status, why) = admin(berth.address(), "POST instances/eu-west-1/a", how).await;
        assert_eq!(status, 400, "{how}: {why}");
        assert!(why.contains(": "), "{how}: {why}");
    }
    for how in [
        "{}",
        r#"{"explode": 1}"#,
        r#"{"grow": 30, "class": "db.t3.small"}"#,
    ] {
        let (status, why) = admin(berth.address(), "POST instances/eu-west-1/a", how).await;
        assert!([400, 422].contains(&status), "{how}: {why}");
    }
    let (status, _) = admin(
        berth.address(),
        "POST instances/eu-west-1/c",
        r#"{"grow": 30}"#,
    )
    .await;
    assert_eq!(status, 404);
    assert_eq!(berth.instances(), before);
}
