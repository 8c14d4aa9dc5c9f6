//! Tags, pages, filters, groups, faults, regions, and who is calling.

use aws_sdk_rds::types::{Filter, Tag};
use drydock::faults::Rule;

use crate::berth::{Berth, code, create, describe, request, until, until_gone};

fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build()
}

#[tokio::test]
async fn tags_come_and_go_and_restores_inherit_them() {
    let berth = Berth::new().await;
    let rds = berth.rds();
    let request = request(&rds, "a").tags(tag("team", "shöp"));
    request.copy_tags_to_snapshot(true).send().await.unwrap();
    let made = until(&rds, "a", "available").await;
    let arn = made.db_instance_arn().unwrap();
    let add = rds.add_tags_to_resource().resource_name(arn);
    add.tags(tag("cost", "1")).send().await.unwrap();
    let remove = rds.remove_tags_from_resource().resource_name(arn);
    remove.tag_keys("team").send().await.unwrap();
    let listed = rds.list_tags_for_resource().resource_name(arn).send().await;
    assert_eq!(listed.unwrap().tag_list(), [tag("cost", "1")]);
    assert_eq!(describe(&rds, "a").await.tag_list(), [tag("cost", "1")]);

    let delete = rds.delete_db_instance().db_instance_identifier("a");
    delete
        .final_db_snapshot_identifier("last")
        .send()
        .await
        .unwrap();
    until_gone(&rds, "a").await;
    let restore = rds.restore_db_instance_from_db_snapshot();
    let restore = restore
        .db_snapshot_identifier("last")
        .db_instance_identifier("b");
    restore.send().await.unwrap();
    assert_eq!(describe(&rds, "b").await.tag_list(), [tag("cost", "1")]);
    let wrong = rds.list_tags_for_resource().resource_name("arn:aws:rds:x");
    assert_eq!(code(wrong.send().await), "InvalidParameterValue");
}

#[tokio::test]
async fn pages_and_filters() {
    let berth = Berth::new().await;
    let rds = berth.rds();
    for number in 10..35 {
        create(&rds, &format!("db-{number}")).await;
    }
    let first = rds.describe_db_instances().max_records(20).send().await;
    let first = first.unwrap();
    assert_eq!(first.db_instances().len(), 20);
    let rest = rds.describe_db_instances().max_records(20);
    let rest = rest.set_marker(first.marker).send().await.unwrap();
    assert_eq!(rest.db_instances().len(), 5);
    assert_eq!(rest.marker(), None);
    for wrong in [19, 101] {
        let wrong = rds.describe_db_instances().max_records(wrong).send().await;
        assert_eq!(code(wrong), "InvalidParameterValue");
    }
    let filter = |name: &str| {
        let filter = Filter::builder().name(name).values("db-11").values("DB-34");
        rds.describe_db_instances()
            .filters(filter.values("x").build())
    };
    let found = filter("db-instance-id").send().await.unwrap();
    assert_eq!(found.db_instances().len(), 2);
    assert_eq!(code(filter("colour").send().await), "InvalidParameterValue");
}

#[tokio::test]
async fn instances_are_found_by_each_of_their_names() {
    let berth = Berth::new().await;
    let rds = berth.rds();
    create(&rds, "Orders-A").await;
    create(&rds, "orders-b").await;
    let (one, other) = (
        describe(&rds, "orders-a").await,
        describe(&rds, "orders-b").await,
    );
    assert_eq!(one.db_instance_identifier(), Some("orders-a"));
    assert_ne!(one.dbi_resource_id, other.dbi_resource_id);
    let resource = one.dbi_resource_id().unwrap();
    assert!(
        resource.starts_with("db-") && resource.len() == 29,
        "{resource}"
    );
    let arn = one.db_instance_arn().unwrap();
    let by = |name: &str, values: &[&str]| {
        let values = values.iter().copied().map(str::to_owned).collect();
        let filter = Filter::builder().name(name).set_values(Some(values));
        rds.describe_db_instances().filters(filter.build())
    };
    for (request, expected) in [
        (by("db-instance-id", &["ORDERS-A"]), 1),
        (by("db-instance-id", &[arn, "orders-b"]), 2),
        (by("dbi-resource-id", &[resource]), 1),
        (by("engine", &["postgres"]), 2),
        (by("engine", &["mysql"]), 0),
        (by("db-cluster-id", &["orders-a"]), 0),
        (by("domain", &["d-1"]), 0),
        (
            by("engine", &["postgres"]).filters(
                Filter::builder()
                    .name("db-instance-id")
                    .values("orders-b")
                    .build(),
            ),
            1,
        ),
        (
            by("engine", &["postgres"]).db_instance_identifier("orders-a"),
            1,
        ),
    ] {
        let asked = format!("{request:?}");
        let found = request.send().await.unwrap();
        assert_eq!(found.db_instances().len(), expected, "{asked}");
    }
    let empty = by("engine", &[]).send().await;
    assert_eq!(code(empty), "InvalidParameterCombination");
    let twice = request(&rds, "ORDERS-A").send().await;
    assert_eq!(code(twice), "DBInstanceAlreadyExists");
    let none = rds
        .describe_db_instances()
        .db_instance_identifier("orders-c");
    assert_eq!(code(none.send().await), "DBInstanceNotFound");
}

#[tokio::test]
async fn regions_are_apart_and_accounts_too() {
    let berth = Berth::new().await;
    create(&berth.rds(), "a").await;
    let elsewhere = aws_sdk_rds::Client::new(&berth.config("us-east-1"));
    let found = elsewhere.describe_db_instances().send().await.unwrap();
    assert_eq!(found.db_instances(), []);
    let sts = aws_sdk_sts::Client::new(&berth.config("eu-west-1"));
    let identity = sts.get_caller_identity().send().await.unwrap();
    assert_eq!(identity.account(), Some("123456789012"));
    berth.dock.set_account("210987654321".to_owned());
    let identity = sts.get_caller_identity().send().await.unwrap();
    assert_eq!(identity.account(), Some("210987654321"));
    let found = berth.rds().describe_db_instances().send().await.unwrap();
    assert_eq!(found.db_instances(), []);
}

#[tokio::test]
async fn faults_happen_and_calls_are_counted() {
    let berth = Berth::new().await;
    let rds = berth.rds();
    let rules = r#"[
        {"action": "DescribeDBInstances", "times": 1, "effect": "throttling"},
        {"action": "DescribeDBInstances", "times": 1, "effect": "service-unavailable"},
        {"action": "CreateDBInstance", "times": 1, "effect": "lose-answer"}
    ]"#;
    let rules: Vec<Rule> = serde_json::from_str(rules).unwrap();
    berth.dock.faults.set(rules);
    for expected in ["Throttling", "ServiceUnavailable"] {
        let described = rds.describe_db_instances().send().await;
        assert_eq!(code(described), expected);
    }
    let lost = request(&rds, "a").send().await.unwrap_err();
    assert!(lost.as_service_error().is_none(), "{lost:?}");
    until(&rds, "a", "available").await;
    let log = berth.dock.calls.read();
    assert_eq!(log.counts["CreateDBInstance"], 1);
    let created = log
        .calls
        .iter()
        .find(|call| call.action == "CreateDBInstance");
    let parameters = &created.unwrap().parameters;
    assert_eq!(parameters["DBInstanceIdentifier"], "a");
    assert!(!parameters.contains_key("MasterUserPassword"));
}

#[tokio::test]
async fn what_is_unknown_or_wrong_is_refused_and_changes_nothing() {
    let berth = Berth::new().await;
    let rds = berth.rds();
    assert_eq!(code(rds.describe_events().send().await), "InvalidAction");
    let unknown = request(&rds, "a").timezone("UTC").send().await;
    assert_eq!(code(unknown), "InvalidParameterCombination");
    for (wrong, expected) in [
        (request(&rds, "a--b"), "InvalidParameterValue"),
        (request(&rds, "a").engine("mysql"), "InvalidParameterValue"),
        (request(&rds, "a").port(1_149), "InvalidParameterValue"),
        (
            request(&rds, "a").backup_retention_period(36),
            "InvalidParameterValue",
        ),
        (
            request(&rds, "a").engine_version("13"),
            "InvalidParameterCombination",
        ),
        (
            request(&rds, "a").db_subnet_group_name("none"),
            "DBSubnetGroupNotFoundFault",
        ),
        (
            request(&rds, "a").db_parameter_group_name("none"),
            "DBParameterGroupNotFound",
        ),
        (
            request(&rds, "a").db_parameter_group_name("default.postgres16"),
            "InvalidParameterCombination",
        ),
    ] {
        assert_eq!(code(wrong.send().await), expected);
    }
    let found = rds.describe_db_instances().send().await.unwrap();
    assert_eq!(found.db_instances(), []);
    let quota = drydock::settings::Settings {
        instances: 1,
        ..berth.dock.settings()
    };
    berth.dock.set(quota);
    create(&rds, "a").await;
    let code_of = |name: &'static str| request(&rds, name).send();
    assert_eq!(code(code_of("b").await), "InstanceQuotaExceeded");
}
