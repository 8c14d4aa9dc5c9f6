//! The RDS client against moto: a wire format that nobody of this project wrote.
//!
//! Nothing here may assert what moto gets wrong: transitions, pending values,
//! validation of parameters, `DbiResourceId`, tags for what does not exist.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_config::{BehaviorVersion, Region};
use futures::stream::{self, StreamExt, TryStreamExt};
use harness::Moto;
use stow::rds::{
    AwsRds, CreateInstance, DeleteInstance, Error, ModifyInstance, Password, Rds, Refusal, Settings,
};

async fn client(moto: &Moto) -> AwsRds {
    let chain = aws_config::defaults(BehaviorVersion::latest())
        .empty_test_environment()
        .region(Region::new("eu-west-1"))
        .endpoint_url(moto.url())
        .test_credentials();
    AwsRds::connect_with(chain, Arc::new(|_, _| ())).await
}

fn tags<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
}

fn create(identifier: &str) -> CreateInstance {
    CreateInstance {
        identifier: identifier.to_owned(),
        class: "db.t3.micro".to_owned(),
        storage: 20,
        storage_type: "gp2".to_owned(),
        iops: None,
        throughput: None,
        max_storage: None,
        engine_version: None,
        multi_az: false,
        database_name: "orders".to_owned(),
        master_username: "postgres".to_owned(),
        master_password: Password::new("correct-horse".to_owned()),
        subnet_group: None,
        encrypted: true,
        kms_key: None,
        settings: Settings {
            port: Some(5432),
            backup_retention: Some(7),
            backup_window: None,
            auto_minor_version_upgrade: Some(true),
            ..Settings::default()
        },
        monitoring_role: None,
        tags: tags([
            ("stow.myob.com/object", "shop/orders"),
            ("Created By", "ümläut & <co>"),
        ]),
    }
}

fn delete(identifier: &str, snapshot: &str) -> DeleteInstance {
    DeleteInstance {
        identifier: identifier.to_owned(),
        final_snapshot: Some(snapshot.to_owned()),
    }
}

/// The kind of refusal that a call ended in.
#[track_caller]
fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> Refusal {
    match result {
        Err(Error::Refused { refusal, .. }) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn an_instance_from_create_to_delete() {
    let moto = Moto::start().await.unwrap();
    let rds = client(&moto).await;
    assert_eq!(rds.describe("orders-1").await, Ok(None));
    assert_eq!(rds.sweep().await, Ok(vec![]));

    let asked = create("orders-1");
    rds.create(&asked).await.unwrap();
    let made = rds.describe("orders-1").await.unwrap().unwrap();
    assert_eq!(made.identifier, "orders-1");
    assert_eq!(made.arn, "arn:aws:rds:eu-west-1:123456789012:db:orders-1");
    assert_eq!(made.engine, "postgres");
    assert_eq!((made.class.as_str(), made.storage), ("db.t3.micro", 20));
    assert_eq!(made.storage_type.as_deref(), Some("gp2"));
    assert_eq!(made.master_username, "postgres");
    assert_eq!(made.database_name.as_deref(), Some("orders"));
    assert_eq!(made.endpoint.as_ref().map(|(_, port)| *port), Some(5432));
    assert_eq!(made.tags, asked.tags);
    assert!(!made.multi_az);
    assert_eq!(rds.sweep().await.unwrap(), std::slice::from_ref(&made));

    rds.modify(&ModifyInstance {
        identifier: "orders-1".to_owned(),
        class: Some("db.t3.small".to_owned()),
        storage: Some(40),
        storage_type: Some("io1".to_owned()),
        iops: Some(1000),
        multi_az: Some(true),
        master_password: Some(Password::new("another-horse".to_owned())),
        apply_immediately: true,
        ..ModifyInstance::default()
    })
    .await
    .unwrap();
    let changed = rds.describe("orders-1").await.unwrap().unwrap();
    assert_eq!(
        (changed.class.as_str(), changed.storage),
        ("db.t3.small", 40)
    );
    assert_eq!(
        (changed.storage_type.as_deref(), changed.iops),
        (Some("io1"), Some(1000))
    );
    assert!(changed.multi_az);

    rds.add_tags(&made.arn, &tags([("Created By", "stow"), ("team", "shop")]))
        .await
        .unwrap();
    let tagged = rds.describe("orders-1").await.unwrap().unwrap();
    assert_eq!(
        tagged.tags,
        tags([
            ("stow.myob.com/object", "shop/orders"),
            ("Created By", "stow"),
            ("team", "shop")
        ])
    );

    rds.delete(&delete("orders-1", "orders-1-20261122170000"))
        .await
        .unwrap();
    assert_eq!(rds.describe("orders-1").await, Ok(None));
    let snapshots = moto
        .rds("eu-west-1")
        .texts(
            "DescribeDBSnapshots",
            &[("SnapshotType", "manual")],
            "DBSnapshotIdentifier",
        )
        .await
        .unwrap();
    assert_eq!(snapshots, ["orders-1-20261122170000"]);
}

#[tokio::test]
async fn what_cannot_be_is_refused_by_kind() {
    let moto = Moto::start().await.unwrap();
    let rds = client(&moto).await;
    rds.create(&create("orders-1")).await.unwrap();
    assert_eq!(
        refusal(rds.create(&create("orders-1")).await),
        Refusal::AlreadyExists
    );

    let absent = ModifyInstance {
        identifier: "absent-1".to_owned(),
        multi_az: Some(true),
        ..ModifyInstance::default()
    };
    assert_eq!(refusal(rds.modify(&absent).await), Refusal::NotFound);
    assert_eq!(
        refusal(rds.delete(&delete("absent-1", "s-1")).await),
        Refusal::NotFound
    );
    rds.create(&create("orders-2")).await.unwrap();
    rds.delete(&delete("orders-1", "taken")).await.unwrap();
    assert_eq!(
        refusal(rds.delete(&delete("orders-2", "taken")).await),
        Refusal::SnapshotExists
    );

    let mut nowhere = create("orders-3");
    nowhere.subnet_group = Some("no-such-group".to_owned());
    assert_eq!(refusal(rds.create(&nowhere).await), Refusal::Unmet);
}

#[tokio::test]
async fn a_sweep_reads_past_a_page() {
    let moto = Moto::start().await.unwrap();
    let rds = client(&moto).await;
    let wanted: Vec<String> = (0..120).map(|n| format!("orders-{n:03}")).collect();
    stream::iter(&wanted)
        .map(|identifier| {
            let rds = rds.clone();
            async move { rds.create(&create(identifier)).await }
        })
        .buffer_unordered(8)
        .try_collect::<Vec<_>>()
        .await
        .unwrap();
    let found: Vec<String> = rds
        .sweep()
        .await
        .unwrap()
        .into_iter()
        .map(|instance| instance.identifier)
        .collect();
    assert_eq!(found, wanted);
}
