//! drydock under the harness: real databases, and nothing left of them.

use std::{fs, time::Duration};

use harness::{Database, Drydock, Error, Rds, Result, eventually, process::is_alive};
use serde_json::json;

const REGION: &str = "eu-west-1";
const SOON: Duration = Duration::from_secs(30);
const CREATE: [(&str, &str); 7] = [
    ("DBInstanceIdentifier", "one"),
    ("DBInstanceClass", "db.t3.small"),
    ("Engine", "postgres"),
    ("AllocatedStorage", "20"),
    ("DBName", "orders"),
    ("MasterUsername", "postgres"),
    ("MasterUserPassword", "correct-horse"),
];

async fn create(rds: &Rds) -> Result<String> {
    let (status, xml) = rds.call("CreateDBInstance", &CREATE).await?;
    assert!(status.is_success(), "{status}: {xml}");
    eventually("an available instance", SOON, || async {
        let seen = rds.texts("DescribeDBInstances", &[], "DBInstanceStatus");
        match seen.await?.as_slice() {
            [state] if state == "available" => Ok(()),
            others => Err(Error::Unexpected(format!("{others:?}"))),
        }
    })
    .await?;
    let ports = rds.texts("DescribeDBInstances", &[], "Port").await?;
    Ok(format!("127.0.0.1:{}/orders?sslmode=require", ports[0]))
}

#[tokio::test]
async fn a_database_is_logged_in_to_over_tls() -> Result<()> {
    let drydock = Drydock::start().await?;
    let place = create(&drydock.rds(REGION)).await?;
    let authority = drydock.authority().await?;
    let url = format!("postgres://postgres:correct-horse@{place}");
    let database = Database::login(&url, &authority).await?;
    database
        .run("CREATE TABLE cargo (item text); INSERT INTO cargo VALUES ('tea')")
        .await?;
    assert_eq!(database.texts("SELECT item FROM cargo").await?, ["tea"]);

    let refusal = async |url: &str, authority: &str| match Database::login(url, authority).await {
        Ok(_) => panic!("let in"),
        Err(error) => error.to_string(),
    };
    let wrong = format!("postgres://postgres:wrong@{place}");
    let said = refusal(&wrong, &authority).await;
    assert!(said.contains("password authentication failed"), "{said}");
    let plain = url.replace("require", "disable");
    let said = refusal(&plain, &authority).await;
    assert!(said.contains("does not ask for TLS"), "{said}");
    // A certificate that somebody else signed.
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::default();
    let another = params.self_signed(&key).unwrap().pem();
    let said = refusal(&url, &another).await;
    assert!(said.contains("certificate"), "{said}");
    Ok(())
}

#[tokio::test]
async fn nothing_is_left_of_it() -> Result<()> {
    let drydock = Drydock::start().await?;
    create(&drydock.rds(REGION)).await?;
    let (pid, folder) = (drydock.pid(), drydock.folder());
    let servers = servers(&folder);
    assert_eq!(servers.len(), 1, "{servers:?}");
    assert!(servers.iter().all(|&pid| is_alive(pid)));
    drop(drydock);
    assert!(!is_alive(pid));
    assert!(!servers.iter().any(|&pid| is_alive(pid)), "{servers:?}");
    assert!(!folder.exists());
    Ok(())
}

#[tokio::test]
async fn nothing_is_left_of_one_that_was_killed() -> Result<()> {
    let mut drydock = Drydock::start().await?;
    create(&drydock.rds(REGION)).await?;
    let folder = drydock.folder();
    let servers = servers(&folder);
    drydock.kill()?;
    for pid in servers {
        eventually(format!("the end of server {pid}"), SOON, || async {
            !is_alive(pid)
        })
        .await?;
    }
    drop(drydock);
    assert!(!folder.exists());
    Ok(())
}

#[tokio::test]
async fn servers_can_be_for_some_alone() -> Result<()> {
    let drydock = Drydock::with(&["--postgres-for", "one"]).await?;
    let rds = drydock.rds(REGION);
    let place = create(&rds).await?;
    let mut create = CREATE;
    create[0].1 = "another";
    let (status, xml) = rds.call("CreateDBInstance", &create).await?;
    assert!(status.is_success(), "{status}: {xml}");
    let listed = || async {
        let seen = rds.texts("DescribeDBInstances", &[], "DBInstanceStatus");
        match seen.await?.as_slice() {
            [one, other] if one == "available" && other == "available" => Ok(()),
            others => Err(Error::Unexpected(format!("{others:?}"))),
        }
    };
    eventually("both", SOON, listed).await?;
    assert_eq!(servers(&drydock.folder()).len(), 1);
    // All that is done to one without a server changes its state.
    let another = ("DBInstanceIdentifier", "another");
    let at_once = ("ApplyImmediately", "true");
    let modify = [another, ("DBInstanceClass", "db.t3.large"), at_once];
    let (status, xml) = rds.call("ModifyDBInstance", &modify).await?;
    assert!(status.is_success(), "{status}: {xml}");
    eventually("both, one of them larger", SOON, listed).await?;
    let classes = rds.texts("DescribeDBInstances", &[], "DBInstanceClass");
    assert_eq!(classes.await?, ["db.t3.large", "db.t3.small"]);
    let delete = [another, ("SkipFinalSnapshot", "true")];
    let (status, xml) = rds.call("DeleteDBInstance", &delete).await?;
    assert!(status.is_success(), "{status}: {xml}");
    eventually("the end of one", SOON, || async {
        let left = rds.texts("DescribeDBInstances", &[], "DBInstanceIdentifier");
        match left.await?.as_slice() {
            [one] if one == "one" => Ok(()),
            others => Err(Error::Unexpected(format!("{others:?}"))),
        }
    })
    .await?;
    let url = format!("postgres://postgres:correct-horse@{place}");
    Database::login(&url, &drydock.authority().await?).await?;
    Ok(())
}

/// The process ids of the PostgreSQL servers whose data lie in a folder.
fn servers(folder: &std::path::Path) -> Vec<u32> {
    let instances = fs::read_dir(folder.join("data/instances")).expect("its folder");
    let files = instances.flatten().flat_map(|instance| {
        let within = fs::read_dir(instance.path())
            .expect("an instance")
            .flatten();
        within.map(|entry| entry.path().join("postmaster.pid"))
    });
    let texts = files.filter_map(|file| fs::read_to_string(file).ok());
    texts
        .filter_map(|text| text.lines().next()?.trim().parse().ok())
        .collect()
}

#[tokio::test]
async fn its_admin_endpoint_sets_and_tells() -> Result<()> {
    let drydock = Drydock::with(&["--without-postgres"]).await?;
    let of_region = drydock.rds(REGION);
    let fault = json!([{"action": "CreateDBInstance", "times": 1, "effect": "throttling"}]);
    drydock.set_faults(fault).await?;
    let (status, xml) = of_region.call("CreateDBInstance", &CREATE).await?;
    assert_eq!(status, 400);
    assert!(xml.contains("<Code>Throttling</Code>"), "{xml}");
    assert_eq!(drydock.faults().await?, json!([]));
    create(&of_region).await?;

    let grow = json!({"grow": 50});
    drydock.meddle(REGION, "one", grow).await?;
    let storage = of_region.texts("DescribeDBInstances", &[], "AllocatedStorage");
    assert_eq!(storage.await?, ["50"]);
    let unknown = drydock.meddle(REGION, "one", json!({"sink": 1})).await;
    assert!(unknown.is_err(), "{unknown:?}");

    let before = drydock.clock().await?;
    drydock.advance(Duration::from_hours(24 * 400)).await?;
    let after = drydock.clock().await?;
    assert!(before[..4] < after[..4], "{before} and {after}");
    drydock.set_account("210987654321").await?;
    let arns = of_region
        .texts("DescribeDBInstances", &[], "DBInstanceArn")
        .await?;
    assert_eq!(arns, [""; 0], "of another account");

    let calls = drydock.calls().await?;
    assert_eq!(calls["counts"]["CreateDBInstance"], 2, "{calls}");
    drydock.forget().await?;
    assert_eq!(drydock.calls().await?["counts"], json!({}));
    Ok(())
}
