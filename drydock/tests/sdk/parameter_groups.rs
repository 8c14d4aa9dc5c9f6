//! Parameter groups, what they set, and what servers make of it.

use aws_sdk_rds::{
    Client,
    types::{ApplyMethod, Filter, Parameter, SourceType, Tag},
};

use crate::berth::{Berth, code, create, request, until};

pub(crate) async fn parameter_group(rds: &Client, name: &str, family: &str) {
    let group = rds
        .create_db_parameter_group()
        .db_parameter_group_name(name);
    let group = group.db_parameter_group_family(family).description("mine");
    let tag = Tag::builder().key("of").value("pg").build();
    group.tags(tag).send().await.unwrap();
}

fn parameter(name: &str, value: &str, method: ApplyMethod) -> Parameter {
    Parameter::builder()
        .parameter_name(name)
        .parameter_value(value)
        .apply_method(method)
        .build()
}

#[tokio::test]
async fn a_parameter_group_lives_and_is_used() {
    let berth = Berth::new().await;
    let rds = berth.rds();
    parameter_group(&rds, "Mine", "postgres17").await;
    let again = rds
        .create_db_parameter_group()
        .db_parameter_group_name("mine");
    let again = again
        .db_parameter_group_family("postgres17")
        .description("x");
    assert_eq!(code(again.send().await), "DBParameterGroupAlreadyExists");
    for (name, family) in [("other", "postgres9"), ("o--ther", "postgres17")] {
        let wrong = rds
            .create_db_parameter_group()
            .db_parameter_group_name(name);
        let wrong = wrong.db_parameter_group_family(family).description("x");
        assert_eq!(code(wrong.send().await), "InvalidParameterValue", "{name}");
    }
    let all = rds.describe_db_parameter_groups().send().await.unwrap();
    let names: Vec<_> = all
        .db_parameter_groups()
        .iter()
        .filter_map(|group| group.db_parameter_group_name())
        .collect();
    assert_eq!(names, ["default.postgres16", "default.postgres17", "mine"]);
    let only = |name: &str| {
        let groups = rds.describe_db_parameter_groups();
        groups.db_parameter_group_name(name).send()
    };
    let found = only("MINE").await.unwrap();
    let [group] = found.db_parameter_groups() else {
        panic!("{found:?}");
    };
    assert_eq!(group.db_parameter_group_family(), Some("postgres17"));
    assert_eq!(code(only("none").await), "DBParameterGroupNotFound");

    let using = request(&rds, "a").db_parameter_group_name("MINE");
    using.send().await.unwrap();
    until(&rds, "a", "available").await;
    let delete = |name: &str| {
        let delete = rds.delete_db_parameter_group();
        delete.db_parameter_group_name(name).send()
    };
    assert_eq!(code(delete("mine").await), "InvalidDBParameterGroupState");
    assert_eq!(
        code(delete("default.postgres17").await),
        "InvalidDBParameterGroupState"
    );
    assert_eq!(code(delete("none").await), "DBParameterGroupNotFound");

    let modify = rds.modify_db_instance().db_instance_identifier("a");
    let modify = modify.db_parameter_group_name("default.postgres17");
    modify.send().await.unwrap();
    let changed = until(&rds, "a", "available").await;
    let shown = &changed.db_parameter_groups()[0];
    assert_eq!(shown.db_parameter_group_name(), Some("default.postgres17"));
    assert_eq!(shown.parameter_apply_status(), Some("pending-reboot"));
    let reboot = rds.reboot_db_instance().db_instance_identifier("a");
    reboot.send().await.unwrap();
    let rebooted = until(&rds, "a", "available").await;
    let shown = &rebooted.db_parameter_groups()[0];
    assert_eq!(shown.parameter_apply_status(), Some("in-sync"));
    delete("mine").await.unwrap();
    assert_eq!(code(only("mine").await), "DBParameterGroupNotFound");
}

#[tokio::test]
async fn a_parameter_group_is_modified_listed_and_reset() {
    let berth = Berth::new().await;
    let rds = berth.rds();
    parameter_group(&rds, "mine", "postgres17").await;
    let modify = |parameters: Vec<Parameter>| {
        let modify = rds
            .modify_db_parameter_group()
            .db_parameter_group_name("mine");
        modify.set_parameters(Some(parameters)).send()
    };
    let reset = || {
        rds.reset_db_parameter_group()
            .db_parameter_group_name("mine")
    };
    let set = async || {
        let listed = rds.describe_db_parameters().db_parameter_group_name("mine");
        let listed = listed.send().await.unwrap();
        let one = |it: &Parameter| {
            Some(format!(
                "{}={} {}",
                it.parameter_name()?,
                it.parameter_value()?,
                it.apply_method()?
            ))
        };
        listed
            .parameters()
            .iter()
            .filter_map(one)
            .collect::<Vec<_>>()
    };
    let now = ApplyMethod::Immediate;
    let many = |count: usize| {
        (0..count)
            .map(|n| parameter(&format!("p{n:02}"), "1", ApplyMethod::PendingReboot))
            .collect()
    };
    assert_eq!(code(modify(vec![]).await), "InvalidParameterValue");
    assert_eq!(code(modify(many(21)).await), "InvalidParameterValue");
    let wrong = parameter("work_mem", "64", ApplyMethod::from("later"));
    assert_eq!(code(modify(vec![wrong]).await), "InvalidParameterValue");
    assert_eq!(set().await, [""; 0]);
    modify(many(20)).await.unwrap();
    modify(vec![parameter("p00", "2", now.clone())])
        .await
        .unwrap();
    assert_eq!(set().await.len(), 20);
    assert_eq!(
        set().await[..2],
        ["p00=2 immediate", "p01=1 pending-reboot"]
    );

    let one = Parameter::builder().parameter_name("p00").apply_method(now);
    let both = reset()
        .reset_all_parameters(true)
        .parameters(one.clone().build());
    assert_eq!(code(both.send().await), "InvalidParameterCombination");
    let neither = reset().reset_all_parameters(false);
    assert_eq!(code(neither.send().await), "InvalidParameterCombination");
    reset().parameters(one.build()).send().await.unwrap();
    assert_eq!(set().await[0], "p01=1 pending-reboot");
    assert_eq!(set().await.len(), 19);
    reset().send().await.unwrap();
    assert_eq!(set().await, [""; 0]);
    let none = rds
        .reset_db_parameter_group()
        .db_parameter_group_name("none");
    assert_eq!(code(none.send().await), "DBParameterGroupNotFound");
    let default = rds.reset_db_parameter_group();
    let default = default.db_parameter_group_name("default.postgres17");
    assert_eq!(code(default.send().await), "InvalidParameterValue");
    let listed = rds.describe_db_parameters();
    let wrong = listed
        .db_parameter_group_name("default.postgres9")
        .send()
        .await;
    assert_eq!(code(wrong), "DBParameterGroupNotFound");
}

/// With servers, since only they know their parameters.
#[tokio::test]
async fn every_parameter_is_listed_with_where_its_value_comes_from() {
    let port = crate::port::Port::new().await;
    let rds = &port.rds;
    let family = format!("postgres{}", port.berth.dock.servers().versions()[0].major);
    parameter_group(rds, "mine", &family).await;
    let modify = |name: &str, value: &str| {
        let modify = rds
            .modify_db_parameter_group()
            .db_parameter_group_name("mine");
        let parameter = parameter(name, value, ApplyMethod::PendingReboot);
        modify.parameters(parameter).send()
    };
    modify("work_mem", "8192").await.unwrap();
    for (name, value) in [
        ("work_mem", "63"),
        ("work_mem", "8MB"),
        ("work_mem", "{DBInstanceClassMemory/32768}"),
        ("random_page_cost", "cheap"),
        ("autovacuum", "maybe"),
        ("fsync", "0"),
        ("rds.unknown", "1"),
    ] {
        let refused = modify(name, value).await;
        assert_eq!(code(refused), "InvalidParameterValue", "{name}={value}");
    }
    let list = || rds.describe_db_parameters().db_parameter_group_name("mine");
    let mut all = Vec::new();
    let mut marker = None;
    loop {
        let page = list()
            .max_records(50)
            .set_marker(marker)
            .send()
            .await
            .unwrap();
        assert!(page.parameters().len() <= 50);
        all.extend(page.parameters().to_vec());
        marker = page.marker;
        if marker.is_none() {
            break;
        }
    }
    let names: Vec<_> = all.iter().map(|it| it.parameter_name().unwrap()).collect();
    assert!(names.is_sorted() && names.len() > 200, "{names:?}");
    assert!(!names.contains(&"archive_command"));
    let of = |name: &str| {
        all.iter()
            .find(|it| it.parameter_name() == Some(name))
            .unwrap()
    };
    let set = of("work_mem");
    assert_eq!(set.source(), Some("user"));
    assert_eq!(set.parameter_value(), Some("8192"));
    assert_eq!(set.apply_type(), Some("dynamic"));
    assert_eq!(set.data_type(), Some("integer"));
    assert_eq!(set.allowed_values(), Some("64-2147483647"));
    let default = of("max_connections");
    assert_eq!(default.source(), Some("engine-default"));
    assert_eq!(default.apply_type(), Some("static"));
    let ssl = of("rds.force_ssl");
    assert_eq!(
        (ssl.source(), ssl.parameter_value()),
        (Some("system"), Some("1"))
    );
    for (source, expected) in [("user", 1), ("system", 2)] {
        let some = list().source(source).send().await.unwrap();
        assert_eq!(some.parameters().len(), expected, "{source}");
    }
    let wrong = list().source(SourceType::DbInstance.as_str()).send().await;
    assert_eq!(code(wrong), "InvalidParameterValue");
    let filter = Filter::builder().name("parameter-name").values("work_mem");
    let some = list().filters(filter.values("fsync").build()).send().await;
    assert_eq!(some.unwrap().parameters().len(), 1);
}

#[tokio::test]
async fn a_reset_reaches_the_servers() {
    let port = crate::port::Port::new().await;
    let rds = &port.rds;
    let version = port.berth.dock.servers().versions()[0];
    parameter_group(rds, "mine", &format!("postgres{}", version.major)).await;
    let modify = rds
        .modify_db_parameter_group()
        .db_parameter_group_name("mine");
    let modify = modify
        .parameters(parameter("work_mem", "8192", ApplyMethod::Immediate))
        .parameters(parameter(
            "max_connections",
            "50",
            ApplyMethod::PendingReboot,
        ));
    modify.send().await.unwrap();
    let create = request(rds, "orders").db_name("orders");
    let create = create.engine_version(version.to_string());
    create.db_parameter_group_name("mine").send().await.unwrap();
    until(rds, "orders", "available").await;
    let shown = async |name: &str| -> String {
        let client = port.login("orders", "correct-horse").await.unwrap();
        let query = format!("SHOW {name}");
        client.query_one(&query, &[]).await.unwrap().get(0)
    };
    assert_eq!(shown("work_mem").await, "8MB");
    assert_eq!(shown("max_connections").await, "50");
    let reset = rds
        .reset_db_parameter_group()
        .db_parameter_group_name("mine");
    reset.send().await.unwrap();
    let told = async { while shown("work_mem").await != "4MB" {} };
    tokio::time::timeout(crate::berth::PATIENCE, told)
        .await
        .expect("the server is told");
    assert_eq!(shown("max_connections").await, "50", "until a reboot");
    let waiting = until(rds, "orders", "available").await;
    let status = waiting.db_parameter_groups()[0].parameter_apply_status();
    assert_eq!(status, Some("pending-reboot"));
    let reboot = rds.reboot_db_instance().db_instance_identifier("orders");
    reboot.send().await.unwrap();
    until(rds, "orders", "available").await;
    assert_eq!(shown("max_connections").await, "100");
}

#[tokio::test]
async fn a_group_in_another_region_is_another() {
    let berth = Berth::new().await;
    parameter_group(&berth.rds(), "mine", "postgres17").await;
    let elsewhere = Client::new(&berth.config("us-east-1"));
    create(&elsewhere, "a").await;
    let groups = elsewhere.describe_db_parameter_groups();
    let none = groups.db_parameter_group_name("mine").send().await;
    assert_eq!(code(none), "DBParameterGroupNotFound");
}
