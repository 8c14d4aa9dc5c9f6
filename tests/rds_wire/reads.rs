//! Sweeps and single reads: what counts as an answer.

use futures::future::join_all;
use stow::rds::{Error, Outcome, Rds};

use crate::canned::{Server, error, html, page, xml};
use crate::{client, instance, outcomes};

#[tokio::test]
async fn a_sweep_reads_every_page_and_each_instance_once() {
    let server = Server::start(|_, request| {
        match request.form.get("Marker").map(String::as_str) {
            None => page(&[instance("b", ""), instance("a", "")], Some("p2&<1>")),
            Some("p2&<1>") => page(
                &[
                    // Seen again, and by now it has changed.
                    instance("a", "").replace("available", "modifying"),
                    instance("aurora-1", "<DBClusterIdentifier>c</DBClusterIdentifier>"),
                ],
                Some("p3"),
            ),
            _ => page(
                &[instance("mysql", "").replace("<Engine>postgres", "<Engine>mysql")],
                None,
            ),
        }
    })
    .await;
    let (rds, _) = client(&server).await;
    let found = rds.sweep().await.unwrap();
    let named: Vec<_> = found
        .iter()
        .map(|i| (i.identifier.as_str(), i.status.as_str()))
        .collect();
    assert_eq!(
        named,
        [
            ("a", "modifying"),
            ("b", "available"),
            ("mysql", "available")
        ]
    );
    assert_eq!(server.requests().len(), 3);
    assert!(
        server
            .requests()
            .iter()
            .all(|r| r.form["MaxRecords"] == "100")
    );
}

#[tokio::test]
async fn an_instance_is_read_with_all_that_rds_says_of_it() {
    let server = Server::start(|_, _| {
        page(
            &[instance(
                "orders-1",
                "<DbiResourceId>db-1</DbiResourceId><EngineVersion>17.4</EngineVersion>\
                 <Endpoint><Address>h.example</Address><Port>5433</Port></Endpoint>\
                 <StorageType>io1</StorageType><Iops>1000</Iops><DBName>orders</DBName>\
                 <DeletionProtection>true</DeletionProtection>\
                 <ReadReplicaDBInstanceIdentifiers><ReadReplicaDBInstanceIdentifier>r\
                 </ReadReplicaDBInstanceIdentifier></ReadReplicaDBInstanceIdentifiers>\
                 <PendingModifiedValues><AllocatedStorage>40</AllocatedStorage>\
                 <MultiAZ>true</MultiAZ></PendingModifiedValues>\
                 <TagList><Tag><Key>a&amp;b</Key><Value>1</Value></Tag>\
                 <Tag><Key>bare</Key></Tag></TagList><Unheard><Of/></Unheard>",
            )],
            None,
        )
    })
    .await;
    let (rds, _) = client(&server).await;
    let read = rds.describe("Orders-1").await.unwrap().unwrap();
    assert_eq!(read.endpoint, Some(("h.example".to_owned(), 5433)));
    assert_eq!(read.resource_id.as_deref(), Some("db-1"));
    assert_eq!(read.storage_type.as_deref(), Some("io1"));
    assert_eq!((read.storage, read.iops), (20, Some(1000)));
    assert_eq!(read.database_name.as_deref(), Some("orders"));
    assert_eq!(read.settings.deletion_protection, Some(true));
    assert_eq!(read.read_replicas, ["r"]);
    assert_eq!(
        (read.pending.storage, read.pending.multi_az),
        (Some(40), Some(true))
    );
    assert_eq!(read.tags["a&b"], "1");
    assert_eq!(read.tags["bare"], "");
    assert_eq!(server.requests()[0].form["Action"], "DescribeDBInstances");
}

#[tokio::test]
async fn the_port_is_the_one_that_was_asked_for() {
    for (stated, want) in [("0", 5433), ("5434", 5434)] {
        let server = Server::start(move |_, _| {
            let extra = format!(
                "<Endpoint><Address>h</Address><Port>5433</Port></Endpoint>\
                 <DbInstancePort>{stated}</DbInstancePort>"
            );
            page(&[instance("orders-1", &extra)], None)
        })
        .await;
        let (rds, _) = client(&server).await;
        let read = rds.describe("orders-1").await.unwrap().unwrap();
        assert_eq!(read.settings.port, Some(want));
    }
}

#[tokio::test]
async fn a_torn_sweep_is_no_sweep() {
    let ok = page(&[instance("a", ""), instance("b", "")], None);
    let text = String::from_utf8(ok).unwrap();
    let body = text.split_once("\r\n\r\n").unwrap().1.to_owned();
    let after_first = body.find("</DBInstance>").unwrap() + "</DBInstance>".len();
    let cases = [
        (
            "cut within an instance",
            xml(200, &body[..after_first - 40]),
        ),
        ("cut between instances", xml(200, &body[..after_first])),
        (
            "no list",
            xml(
                200,
                "<DescribeDBInstancesResponse><DescribeDBInstancesResult/></DescribeDBInstancesResponse>",
            ),
        ),
        ("no result", xml(200, "<DescribeDBInstancesResponse/>")),
        (
            "an error with a 200",
            xml(
                200,
                "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>",
            ),
        ),
        ("a page of HTML", html(200)),
        ("an empty body", xml(200, "")),
        (
            "no name",
            page(
                &[instance("a", "").replace("DBInstanceIdentifier", "Nothing")],
                None,
            ),
        ),
        (
            "storage in words",
            page(&[instance("a", "").replace(">20<", ">twenty<")], None),
        ),
    ];
    join_all(cases.map(|(what, answer)| async move {
        let server = Server::start(move |turn, _| match turn {
            0 => page(&[instance("first", "")], Some("next")),
            _ => answer.clone(),
        })
        .await;
        let (rds, _) = client(&server).await;
        let result = rds.sweep().await;
        assert!(
            matches!(result, Err(Error::Unknown { .. })),
            "{what}: {result:?}"
        );
    }))
    .await;
}

#[tokio::test]
async fn an_empty_region_is_an_answer() {
    let server = Server::start(|_, _| page(&[], None)).await;
    let (rds, _) = client(&server).await;
    assert_eq!(rds.sweep().await.unwrap(), []);
}

#[tokio::test]
async fn another_engine_may_be_described_poorly() {
    let server = Server::start(|_, _| {
        page(
            &["<DBInstance><DBInstanceIdentifier>x</DBInstanceIdentifier>\
               <Engine>custom-oracle-ee</Engine></DBInstance>"
                .to_owned()],
            None,
        )
    })
    .await;
    let (rds, _) = client(&server).await;
    let found = rds.sweep().await.unwrap();
    assert_eq!((found[0].identifier.as_str(), found[0].lacks), ("x", None));
}

/// One odd neighbour blinds nobody: the rest is listed as ever, and of the odd
/// one no more is taken for true than its name and its tags.
#[tokio::test]
async fn an_instance_that_lacks_what_rds_always_states_is_named_so() {
    let fields = [
        ("DBInstanceArn", "arn:aws:rds:eu-west-1:1:db:odd"),
        ("DBInstanceStatus", "available"),
        ("Engine", "postgres"),
        ("DBInstanceClass", "db.t3.micro"),
        ("AllocatedStorage", "20"),
        ("MultiAZ", "false"),
        ("MasterUsername", "postgres"),
    ];
    for (field, value) in fields {
        let server = Server::start(move |_, request| {
            let tags = "<TagList><Tag><Key>k</Key><Value>v</Value></Tag></TagList>";
            let stated = format!("<{field}>{value}</{field}>");
            let odd = instance("odd", tags).replace(&stated, "");
            if request.form.contains_key("DBInstanceIdentifier") {
                page(&[odd], None)
            } else {
                page(&[instance("a", ""), odd, instance("b", "")], None)
            }
        })
        .await;
        let (rds, _) = client(&server).await;
        let found = rds.sweep().await.unwrap();
        let named: Vec<_> = found
            .iter()
            .map(|found| (found.identifier.as_str(), found.lacks))
            .collect();
        assert_eq!(named, [("a", None), ("b", None), ("odd", Some(field))]);
        assert_eq!(found[2].tags["k"], "v", "{field}");
        // Asked for alone, it is no answer.
        let asked = rds.describe("odd").await;
        let said = asked.expect_err(field).to_string();
        assert!(said.ends_with(&format!("odd without {field}")), "{said}");
    }
}

#[tokio::test]
async fn markers_that_lead_back_end_as_an_error() {
    for period in [1, 2, 3] {
        let server = Server::start(move |turn, _| {
            page(&[instance("a", "")], Some(&format!("m{}", turn % period)))
        })
        .await;
        let (rds, _) = client(&server).await;
        let result = rds.sweep().await;
        assert!(matches!(result, Err(Error::Unknown { .. })), "{result:?}");
        assert_eq!(server.requests().len(), period + 1);
    }
}

#[tokio::test]
async fn a_read_is_repeated_a_little() {
    let server = Server::start(|turn, _| match turn {
        0 => error(400, "Throttling", "Rate exceeded"),
        1 => html(502),
        _ => page(&[instance("a", "")], None),
    })
    .await;
    let (rds, told) = client(&server).await;
    assert_eq!(rds.sweep().await.unwrap().len(), 1);
    assert_eq!(
        outcomes(&told),
        [Outcome::Throttled, Outcome::Unknown, Outcome::Done]
    );

    let server = Server::start(|_, _| error(400, "ThrottlingException", "Rate exceeded")).await;
    let (rds, _) = client(&server).await;
    assert!(matches!(rds.sweep().await, Err(Error::Throttled { .. })));
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn only_rds_can_say_that_an_instance_is_gone() {
    let server =
        Server::start(|_, _| error(404, "DBInstanceNotFound", "DBInstance x not found.")).await;
    let (rds, told) = client(&server).await;
    assert_eq!(rds.describe("x").await, Ok(None));
    assert_eq!(outcomes(&told), [Outcome::NotFound]);

    for answer in [html(404), page(&[], None), page(&[instance("y", "")], None)] {
        let shown = String::from_utf8_lossy(&answer).into_owned();
        let server = Server::start(move |_, _| answer.clone()).await;
        let (rds, _) = client(&server).await;
        let result = rds.describe("x").await;
        assert!(
            matches!(result, Err(Error::Unknown { .. })),
            "{result:?} for {shown}"
        );
    }
}

#[tokio::test]
async fn a_denied_read_is_not_repeated() {
    let said = "User: arn:aws:iam::1:user/x is not authorized to perform: rds:DescribeDBInstances";
    let server = Server::start(move |_, _| error(403, "AccessDenied", said)).await;
    let (rds, told) = client(&server).await;
    let denied = rds.sweep().await.unwrap_err();
    assert!(denied.to_string().contains("is not authorized"), "{denied}");
    assert_eq!(outcomes(&told), [Outcome::Denied]);
}
