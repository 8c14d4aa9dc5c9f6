//! What goes wrong on request, as clients see it.

use std::time::Duration;

use aws_sdk_rds::Client;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::{
    berth::{Berth, code, create, request, until},
    http::{self, AUTHORIZATION, admin},
};

pub(crate) async fn rule(berth: &Berth, rules: &str) {
    let done = admin(berth.address(), "PUT faults", rules).await;
    assert_eq!(done, (204, String::new()), "{rules}");
}

pub(crate) async fn exists(rds: &Client, identifier: &str) -> bool {
    let found = rds.describe_db_instances().send().await.unwrap();
    let mut found = found.db_instances().iter();
    found.any(|it| it.db_instance_identifier() == Some(identifier))
}

async fn until_it_exists(rds: &Client) {
    let asking = harness::eventually("the instance", Duration::from_mins(1), || exists(rds, "a"));
    asking.await.unwrap();
}

const CREATE: &str = "Action=CreateDBInstance&Version=2014-10-31&DBInstanceIdentifier=a\
    &DBInstanceClass=db.t3.micro&Engine=postgres&AllocatedStorage=20&MasterUsername=postgres\
    &MasterUserPassword=correct-horse";

#[tokio::test]
async fn refusals_have_their_codes_and_nothing_happens() {
    let berth = Berth::new().await;
    let rds = berth.rds();
    for (effect, expected, status) in [
        (r#""throttling""#, "Throttling", 400),
        (r#""throttling-exception""#, "ThrottlingException", 400),
        (r#""access-denied""#, "AccessDenied", 403),
        (r#""internal-failure""#, "InternalFailure", 500),
        (r#""service-unavailable""#, "ServiceUnavailable", 503),
        (
            r#"{"error": {"code": "KMSKeyNotAccessibleFault", "status": 409, "message": "No."}}"#,
            "KMSKeyNotAccessibleFault",
            409,
        ),
    ] {
        let rules =
            format!(r#"[{{"action": "CreateDBInstance", "times": 1, "effect": {effect}}}]"#);
        rule(&berth, &rules).await;
        let refused = request(&rds, "a").send().await;
        let raw = refused.as_ref().unwrap_err().raw_response().unwrap();
        assert_eq!(raw.status().as_u16(), status, "{effect}");
        assert_eq!(code(refused), expected);
        assert!(!exists(&rds, "a").await, "{effect}");
    }
    // All of them were for one request each.
    create(&rds, "a").await;
    let log = berth.dock.calls.read();
    let spoilt = |call: &&drydock::calls::Call| call.effect == Some("access-denied");
    assert_eq!(log.calls.iter().filter(spoilt).count(), 1);
}

#[tokio::test]
async fn broken_answers_say_nothing_of_what_happened() {
    for (effect, happens) in [
        ("bad-gateway", false),
        ("reset", false),
        ("lose-answer", true),
        ("truncate-answer", true),
        ("garble-answer", true),
    ] {
        let berth = Berth::new().await;
        let rds = berth.rds();
        let rules = format!(r#"[{{"action": "CreateDBInstance", "effect": "{effect}"}}]"#);
        rule(&berth, &rules).await;
        let answer = request(&rds, "a").send().await;
        // This SDK takes half a document for a whole one with little in it.
        let taken = effect == "truncate-answer";
        assert_eq!(answer.is_ok(), taken, "{effect}: {answer:?}");
        assert_eq!(exists(&rds, "a").await, happens, "{effect}");
    }
}

#[tokio::test]
async fn broken_answers_look_as_they_do_elsewhere() {
    let berth = Berth::new().await;
    let body = "Action=DescribeDBInstances&Version=2014-10-31";
    let answer = async |effect: &str| {
        rule(&berth, &format!(r#"[{{"effect": "{effect}"}}]"#)).await;
        http::post(berth.address(), AUTHORIZATION, body.as_bytes()).await
    };
    let gateway = answer("bad-gateway").await;
    assert!(gateway.starts_with("HTTP/1.1 502 "), "{gateway}");
    assert!(gateway.contains("text/html") && gateway.contains("<h1>502"));
    assert_eq!(answer("lose-answer").await, "");
    let truncated = answer("truncate-answer").await;
    assert!(truncated.starts_with("HTTP/1.1 200 "), "{truncated}");
    assert!(truncated.contains("<?xml") && !truncated.contains("</DescribeDBInstancesResponse>"));
    let garbled = answer("garble-answer").await;
    assert!(garbled.starts_with("HTTP/1.1 200 "), "{garbled}");
    assert!(!garbled.contains("<?xml"));

    rule(&berth, r#"[{"effect": "reset"}]"#).await;
    let mut stream = TcpStream::connect(berth.address()).await.unwrap();
    let bytes = http::request("POST /", AUTHORIZATION, body.as_bytes());
    stream.write_all(&bytes).await.unwrap();
    let ended = tokio::io::AsyncReadExt::read(&mut stream, &mut [0]).await;
    let error = ended.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_late_action_happens_though_the_client_gave_up() {
    let berth = Berth::new().await;
    rule(&berth, r#"[{"times": 1, "effect": {"delay-action": 300}}]"#).await;
    let mut stream = TcpStream::connect(berth.address()).await.unwrap();
    let bytes = http::request("POST /", AUTHORIZATION, CREATE.as_bytes());
    stream.write_all(&bytes).await.unwrap();
    while !berth.dock.faults.read().is_empty() {
        tokio::task::yield_now().await;
    }
    drop(stream);
    until_it_exists(&berth.rds()).await;
}

#[tokio::test]
async fn a_late_answer_is_to_what_happened_at_once() {
    let berth = Berth::new().await;
    let rules = r#"[{"action": "CreateDBInstance", "effect": {"delay-answer": 3600000}}]"#;
    rule(&berth, rules).await;
    let rds = berth.rds();
    let late = tokio::spawn(request(&rds, "a").send());
    until_it_exists(&rds).await;
    assert!(!late.is_finished());
    late.abort();
}

#[tokio::test]
async fn a_duplicate_is_answered_by_the_second() {
    let berth = Berth::new().await;
    let rds = berth.rds();
    rule(&berth, r#"[{"times": 1, "effect": "duplicate"}]"#).await;
    let second = request(&rds, "a").send().await;
    assert_eq!(code(second), "DBInstanceAlreadyExists");
    until(&rds, "a", "available").await;
}

#[tokio::test]
async fn rules_are_confined() {
    let berth = Berth::new().await;
    let rds = berth.rds();
    let elsewhere = Client::new(&berth.config("us-east-1"));
    rule(
        &berth,
        r#"[{"instance": "a", "after": 1, "times": 2, "effect": "throttling"},
            {"region": "us-east-1", "effect": "access-denied"}]"#,
    )
    .await;
    let start =
        |rds: &Client, name: &str| rds.start_db_instance().db_instance_identifier(name).send();
    let codes = [
        code(start(&rds, "a").await),
        code(start(&rds, "b").await),
        code(start(&rds, "A").await),
        code(start(&elsewhere, "b").await),
        code(start(&rds, "a").await),
        code(start(&rds, "a").await),
    ];
    let missing = "DBInstanceNotFound";
    assert_eq!(
        codes,
        [
            missing,
            missing,
            "Throttling",
            "AccessDenied",
            "Throttling",
            missing
        ]
    );
    let (status, left) = admin(berth.address(), "GET faults", "").await;
    assert_eq!(status, 200);
    assert!(
        !left.contains("throttling") && left.contains("us-east-1"),
        "{left}"
    );
}

#[tokio::test]
async fn denial_is_by_action_and_says_which() {
    let berth = Berth::new().await;
    let rds = berth.rds();
    let rules = r#"[{"action": "CreateDBInstance", "effect": "access-denied"}]"#;
    rule(&berth, rules).await;
    let denied = request(&rds, "a").send().await;
    let shown = format!("{denied:?}");
    assert!(shown.contains("not authorized to perform: rds:CreateDBInstance"));
    assert_eq!(code(denied), "AccessDenied");
    rds.describe_db_instances().send().await.unwrap();
}
