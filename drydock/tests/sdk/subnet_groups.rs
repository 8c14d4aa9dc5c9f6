//! Subnet groups, and the tags of everything that has an ARN.

use aws_sdk_rds::{
    Client, operation::create_db_subnet_group::builders::CreateDBSubnetGroupFluentBuilder,
    types::Tag,
};

use crate::{
    berth::{Berth, code, describe, request, until, until_gone},
    parameter_groups::parameter_group,
};

fn subnet_group(rds: &Client, name: &str) -> CreateDBSubnetGroupFluentBuilder {
    rds.create_db_subnet_group()
        .db_subnet_group_name(name)
        .db_subnet_group_description("mine")
        .subnet_ids("subnet-1")
}

#[tokio::test]
async fn a_subnet_group_lives_and_is_used() {
    let berth = Berth::new().await;
    let rds = berth.rds();
    for (name, second, expected) in [
        ("one", "subnet-1", "DBSubnetGroupDoesNotCoverEnoughAZs"),
        ("two", "vpc-1", "InvalidSubnet"),
        ("default", "subnet-2", "InvalidParameterValue"),
        ("1one", "subnet-2", "InvalidParameterValue"),
        ("a/b", "subnet-2", "InvalidParameterValue"),
    ] {
        let wrong = subnet_group(&rds, name).subnet_ids(second).send().await;
        assert_eq!(code(wrong), expected, "{name}");
    }
    let fine = subnet_group(&rds, "My group._-1").subnet_ids("subnet-2");
    let made = fine.clone().send().await.unwrap().db_subnet_group.unwrap();
    assert_eq!(made.db_subnet_group_name(), Some("my group._-1"));
    assert_eq!(code(fine.send().await), "DBSubnetGroupAlreadyExists");
    let zone = |n: usize| made.subnets()[n].subnet_availability_zone().unwrap().name();
    assert_eq!((zone(0), zone(1)), (Some("eu-west-1a"), Some("eu-west-1b")));
    let only = |name: &str| {
        let groups = rds.describe_db_subnet_groups();
        groups.db_subnet_group_name(name).send()
    };
    assert_eq!(
        only("MY GROUP._-1").await.unwrap().db_subnet_groups().len(),
        1
    );
    assert_eq!(only("default").await.unwrap().db_subnet_groups().len(), 1);
    assert_eq!(code(only("none").await), "DBSubnetGroupNotFoundFault");

    let using = request(&rds, "a").db_subnet_group_name("my group._-1");
    using.send().await.unwrap();
    let shown = until(&rds, "a", "available").await.db_subnet_group.unwrap();
    assert_eq!(shown.db_subnet_group_name(), Some("my group._-1"));
    let modify = |name: &str| {
        let modify = rds.modify_db_subnet_group().db_subnet_group_name(name);
        modify.subnet_ids("subnet-3").subnet_ids("subnet-4")
    };
    modify("my group._-1").send().await.unwrap();
    let shown = describe(&rds, "a").await.db_subnet_group.unwrap();
    assert_eq!(shown.subnets()[0].subnet_identifier(), Some("subnet-3"));
    assert_eq!(shown.db_subnet_group_description(), Some("mine"));
    assert_eq!(
        code(modify("none").send().await),
        "DBSubnetGroupNotFoundFault"
    );
    let delete = |name: &str| {
        let delete = rds.delete_db_subnet_group();
        delete.db_subnet_group_name(name).send()
    };
    assert_eq!(
        code(delete("my group._-1").await),
        "InvalidDBSubnetGroupStateFault"
    );
    assert_eq!(
        code(delete("default").await),
        "InvalidDBSubnetGroupStateFault"
    );
    assert_eq!(code(delete("none").await), "DBSubnetGroupNotFoundFault");
    let gone = rds.delete_db_instance().db_instance_identifier("a");
    gone.skip_final_snapshot(true).send().await.unwrap();
    until_gone(&rds, "a").await;
    delete("my group._-1").await.unwrap();
    assert_eq!(
        code(only("my group._-1").await),
        "DBSubnetGroupNotFoundFault"
    );
}

#[tokio::test]
async fn tags_of_each_kind_of_arn() {
    let berth = Berth::new().await;
    let rds = berth.rds();
    let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
    request(&rds, "a")
        .tags(tag("of", "db"))
        .send()
        .await
        .unwrap();
    until(&rds, "a", "available").await;
    let snapshot = rds.create_db_snapshot().db_snapshot_identifier("s");
    let snapshot = snapshot.db_instance_identifier("a");
    snapshot.tags(tag("of", "snapshot")).send().await.unwrap();
    parameter_group(&rds, "g", "postgres17").await;
    let group = subnet_group(&rds, "n").subnet_ids("subnet-2");
    group.tags(tag("of", "subgrp")).send().await.unwrap();
    for (kind, name, missing) in [
        ("db", "a", "DBInstanceNotFound"),
        ("snapshot", "s", "DBSnapshotNotFound"),
        ("pg", "g", "DBParameterGroupNotFound"),
        ("subgrp", "n", "DBSubnetGroupNotFoundFault"),
    ] {
        let arn = format!("arn:aws:rds:eu-west-1:123456789012:{kind}:{name}");
        let list = || rds.list_tags_for_resource().resource_name(&arn).send();
        assert_eq!(list().await.unwrap().tag_list(), [tag("of", kind)]);
        let add = rds.add_tags_to_resource().resource_name(&arn);
        let add = add.tags(tag("of", "all")).tags(tag("more", ""));
        add.send().await.unwrap();
        let both = [tag("more", ""), tag("of", "all")];
        assert_eq!(list().await.unwrap().tag_list(), both);
        let remove = rds.remove_tags_from_resource().resource_name(&arn);
        let remove = remove.tag_keys("of").tag_keys("never-there");
        remove.send().await.unwrap();
        assert_eq!(list().await.unwrap().tag_list(), [tag("more", "")]);
        let arn = format!("arn:aws:rds:eu-west-1:123456789012:{kind}:none");
        let none = rds.list_tags_for_resource().resource_name(arn).send().await;
        assert_eq!(code(none), missing);
    }
    for arn in [
        "a",
        "arn:aws:rds:us-east-1:123456789012:db:a",
        "arn:aws:rds:eu-west-1:210987654321:db:a",
        "arn:aws:rds:eu-west-1:123456789012:og:a",
        "arn:aws:s3:::a",
    ] {
        let wrong = rds.list_tags_for_resource().resource_name(arn).send().await;
        assert_eq!(code(wrong), "InvalidParameterValue", "{arn}");
    }
}
