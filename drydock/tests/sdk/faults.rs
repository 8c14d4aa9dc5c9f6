//! What goes wrong on request, as clients see it.

use aws_sdk_rds::{Client, types::DbInstance};
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::{
    berth::{Berth, code, create, describe, request, until, until_gone},
    http::{self, AUTHORIZATION, admin},
};

async fn rule(berth: &Berth, rules: &str) {
    let done = admin(berth.address(), "PUT faults", rules).await;
    assert_eq!(done, (204, String::new()), "{rules}");
}

async fn meddle(berth: &Berth, how: &str) {
    let done = admin(berth.address(), "POST instances/eu-west-1/a", how).await;
    assert_eq!(done, (204, String::new()), "{how}");
}

async fn exists(rds: &Client, identifier: &str) -> bool {
    let found = rds.describe_db_instances().send().await.unwrap();
    let mut found = found.db_instances().iter();
    found.any(|it| it.db_instance_identifier() == Some(identifier))
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
    while !exists(&berth.rds(), "a").await {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_late_answer_is_to_what_happened_at_once() {
    let berth = Berth::new().await;
    let rules = r#"[{"action": "CreateDBInstance", "effect": {"delay-answer": 3600000}}]"#;
    rule(&berth, rules).await;
    let rds = berth.rds();
    let late = tokio::spawn(request(&rds, "a").send());
    while !exists(&rds, "a").await {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
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

/// All pages of a sweep, by identifier; or the code that ended it.
async fn sweep(rds: &Client) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    let mut marker = None;
    loop {
        let page = rds.describe_db_instances().max_records(20);
        let page = match page.set_marker(marker).send().await {
            Ok(page) => page,
            refused => return Err(code(refused)),
        };
        let name = |it: &DbInstance| it.db_instance_identifier().unwrap().to_owned();
        names.extend(page.db_instances().iter().map(name));
        marker = page.marker;
        if marker.is_none() {
            return Ok(names);
        }
    }
}

#[tokio::test]
async fn pages_of_a_sweep_fail_and_shift() {
    let berth = Berth::new().await;
    let rds = berth.rds();
    let all: Vec<_> = (100..150).map(|number| format!("db-{number}")).collect();
    berth.dock.set(drydock::settings::Settings {
        instances: 100,
        ..berth.dock.settings()
    });
    for name in &all {
        create(&rds, name).await;
    }
    assert_eq!(sweep(&rds).await.as_ref(), Ok(&all));
    let paging = async |effect: &str, after: u64| {
        let rules = format!(
            r#"[{{"action": "DescribeDBInstances", "marker": true, "after": {after}, "times": 1,
                 "effect": {effect}}}]"#
        );
        rule(&berth, &rules).await;
        let swept = sweep(&rds).await;
        assert_eq!(berth.dock.faults.read(), [], "{effect} was not met");
        swept
    };
    for after in [0, 1] {
        let failed = paging(r#""internal-failure""#, after).await;
        assert_eq!(failed, Err("InternalFailure".to_owned()));
    }
    let expired = r#"{"error": {"code": "InvalidParameterValue", "message": "Marker expired"}}"#;
    let failed = paging(expired, 1).await;
    assert_eq!(failed, Err("InvalidParameterValue".to_owned()));

    let missed = paging(r#"{"shift": 1}"#, 0).await.unwrap();
    assert!(!missed.contains(&"db-120".to_owned()));
    assert_eq!(missed.len(), 49);
    let twice = paging(r#"{"shift": -2}"#, 1).await.unwrap();
    let count = |name: &str| twice.iter().filter(|it| *it == name).count();
    assert_eq!(
        (count("db-138"), count("db-139"), count("db-140")),
        (2, 2, 1)
    );
    assert_eq!(twice.len(), 52);
    let begun_again = paging(r#"{"shift": -1000}"#, 0).await.unwrap();
    assert_eq!(begun_again.len(), 70);
    let ended = paging(r#"{"shift": 1000}"#, 0).await.unwrap();
    assert_eq!(ended, all[..20]);

    // The list itself changes between two pages.
    let moved = r#"{"meddle": {"instance": "db-145", "how": {"rename": "db-099"}}}"#;
    let missed = paging(moved, 0).await.unwrap();
    assert!(!missed.contains(&"db-145".to_owned()) && !missed.contains(&"db-099".to_owned()));
    let moved = r#"{"meddle": {"instance": "db-099", "how": {"rename": "db-145"}}}"#;
    let twice = paging(moved, 0).await.unwrap();
    assert_eq!(twice.len(), 51);
    let gone = r#"{"meddle": {"instance": "db-130", "how": {"delete": {}}}}"#;
    paging(gone, 0).await.unwrap();
    until_gone(&rds, "db-130").await;
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
