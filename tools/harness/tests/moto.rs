//! moto answers as RDS would, a region at a time, and forgets when told to.

use harness::Moto;

const CREATE: [(&str, &str); 8] = [
    ("DBInstanceIdentifier", "one"),
    ("DBInstanceClass", "db.t3.small"),
    ("Engine", "postgres"),
    ("AllocatedStorage", "10"),
    ("MasterUsername", "postgres"),
    ("MasterUserPassword", "a-long-enough-password"),
    ("Tags.Tag.1.Key", "k"),
    ("Tags.Tag.1.Value", "v"),
];

#[tokio::test]
async fn answers_and_forgets() {
    let moto = Moto::start().await.unwrap();
    let rds = moto.rds("eu-west-1");
    let (status, xml) = rds.call("CreateDBInstance", &CREATE).await.unwrap();
    assert!(status.is_success(), "{status}: {xml}");

    let identifiers = async |region: &str| {
        let rds = moto.rds(region);
        let found = rds.texts("DescribeDBInstances", &[], "DBInstanceIdentifier");
        found.await.unwrap()
    };
    assert_eq!(identifiers("eu-west-1").await, ["one"]);
    assert!(identifiers("us-east-1").await.is_empty());

    let (status, xml) = rds.call("CreateDBInstance", &CREATE).await.unwrap();
    assert_eq!(status.as_u16(), 400);
    assert!(xml.contains("DBInstanceAlreadyExists"), "{xml}");

    moto.reset().await.unwrap();
    assert!(identifiers("eu-west-1").await.is_empty());
}
