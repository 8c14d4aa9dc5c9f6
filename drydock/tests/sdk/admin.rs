//! drydock's own routes.

use crate::{
    berth::{Berth, code, create, until},
    http::{admin, exchange, request},
};

#[tokio::test]
async fn what_is_set_is_shown() {
    let berth = Berth::new().await;
    let it = berth.address();
    assert_eq!(admin(it, "GET health", "").await, (200, "ok".to_owned()));
    for (route, json) in [
        (
            "settings",
            r#"{"delay": 5, "delays": {"creating": 7}, "instances": 3}"#,
        ),
        ("account", r#"{"account": "210987654321"}"#),
        (
            "faults",
            r#"[{"action": "StopDBInstance", "rate": 0.5, "effect": "throttling"}]"#,
        ),
    ] {
        let put = admin(it, &format!("PUT {route}"), json).await;
        assert_eq!(put, (204, String::new()), "{route}");
        let (status, shown) = admin(it, &format!("GET {route}"), "").await;
        assert_eq!(status, 200);
        // What is shown can be put again, and changes nothing.
        let again = admin(it, &format!("PUT {route}"), &shown).await;
        assert_eq!(again.0, 204, "{shown}");
        assert_eq!(admin(it, &format!("GET {route}"), "").await.1, shown);
    }
    let settings = berth.dock.settings();
    assert_eq!((settings.delay, settings.instances), (5, 3));
    assert_eq!(berth.dock.account(), "210987654321");
    let before = berth.dock.clock().now();
    let (status, now) = admin(it, "POST clock", r#"{"seconds": 86400}"#).await;
    assert_eq!(status, 200, "{now}");
    let day = jiff::SignedDuration::from_hours(24);
    assert!(berth.dock.clock().now() >= before + day);
    assert_eq!(admin(it, "GET clock", "").await.0, 200);
    // Without servers there is nothing to trust.
    assert_eq!(admin(it, "GET authority.pem", "").await.0, 404);
}

#[tokio::test]
async fn what_is_wrong_is_refused_and_changes_nothing() {
    let berth = Berth::new().await;
    let it = berth.address();
    let settings = berth.dock.settings();
    for (line, json, status, why) in [
        ("PUT settings", "{", 400, "JSON"),
        (
            "PUT settings",
            r#"{"delai": 5}"#,
            422,
            "unknown field `delai`",
        ),
        ("PUT settings", r#"{"delay": -5}"#, 422, "invalid value"),
        (
            "PUT settings",
            r#"{"delays": {"creatign": 5}}"#,
            422,
            "not a status",
        ),
        (
            "PUT settings",
            r#"{"lag": 99999999999}"#,
            422,
            "longest delay",
        ),
        (
            "PUT faults",
            r#"{"effect": "reset"}"#,
            422,
            "expected a sequence",
        ),
        (
            "PUT faults",
            r#"[{"effect": "explode"}]"#,
            422,
            "unknown variant `explode`",
        ),
        (
            "PUT faults",
            r#"[{"effect": "reset", "rate": 2}]"#,
            422,
            "from 0 to 1",
        ),
        (
            "PUT faults",
            r#"[{"action": "Nope", "effect": "reset"}]"#,
            422,
            "not an Action",
        ),
        ("PUT account", r#"{"account": "1"}"#, 422, "12 digits"),
        ("POST clock", r#"{"seconds": -1}"#, 422, "invalid value"),
        (
            "POST clock",
            r#"{"seconds": 9999999999999}"#,
            422,
            "a century",
        ),
        ("GET calls?acton=x", "", 400, "unknown field `acton`"),
        ("GET calls?since=x", "", 400, "invalid digit"),
        ("GET nothing", "", 404, "no such route"),
        ("GET ", "", 404, "settings, clock"),
        ("DELETE settings", "", 405, ""),
    ] {
        let (found, text) = admin(it, line, json).await;
        assert_eq!(found, status, "{line} {json}: {text}");
        assert!(text.contains(why), "{line} {json}: {text}");
    }
    // No web page can send this without being asked for permission.
    let text = "Content-Type: text/plain\r\n";
    let bytes = request("POST /_drydock/clock", text, br#"{"seconds": 5}"#);
    assert!(exchange(it, &bytes).await.starts_with("HTTP/1.1 415 "));
    assert_eq!(berth.dock.settings(), settings);
    assert_eq!(berth.dock.faults.read(), []);
}

#[tokio::test]
async fn the_clock_stops_before_time_ends() {
    let berth = Berth::new().await;
    let rds = berth.rds();
    let century = format!(r#"{{"seconds": {}}}"#, 100_u64 * 365 * 24 * 3_600);
    let mut answer = (200, String::new());
    // The last year that can be written is 9999.
    for _ in 0..100 {
        answer = admin(berth.address(), "POST clock", &century).await;
        if answer.0 != 200 {
            break;
        }
    }
    assert_eq!(answer.0, 422, "{}", answer.1);
    assert!(answer.1.contains("no time left"), "{}", answer.1);
    create(&rds, "a").await;
    until(&rds, "a", "available").await;
    let stop = rds.stop_db_instance().db_instance_identifier("a");
    stop.send().await.unwrap();
    until(&rds, "a", "stopped").await;
}

#[tokio::test]
async fn calls_are_counted_by_action_and_place() {
    let berth = Berth::new().await;
    let it = berth.address();
    let rds = berth.rds();
    create(&rds, "a").await;
    let elsewhere = aws_sdk_rds::Client::new(&berth.config("us-east-1"));
    elsewhere.describe_db_instances().send().await.unwrap();
    rds.describe_db_instances().send().await.unwrap();
    let log = async |query: &str| -> serde_json::Value {
        let (status, json) = admin(it, &format!("GET calls{query}"), "").await;
        assert_eq!(status, 200, "{json}");
        serde_json::from_str(&json).unwrap()
    };
    let all = log("").await;
    assert_eq!(all["counts"]["DescribeDBInstances"], 2);
    assert_eq!(
        all["places"]["123456789012/us-east-1"]["DescribeDBInstances"],
        1
    );
    assert_eq!(all["calls"].as_array().unwrap().len(), 3);
    let since = all["next"].as_u64().unwrap();
    assert_eq!(code(rds.describe_events().send().await), "InvalidAction");
    let newer = log(&format!("?since={since}")).await;
    let [call] = &newer["calls"].as_array().unwrap()[..] else {
        panic!("not one call: {newer}");
    };
    assert_eq!(call["refused"], "InvalidAction");
    let some = log("?action=DescribeDBInstances&region=eu-west-1&account=123456789012").await;
    assert_eq!(
        some["counts"],
        serde_json::json!({"DescribeDBInstances": 1})
    );
    assert_eq!(some["calls"].as_array().unwrap().len(), 1);
    assert!(!all.to_string().contains("correct-horse"));
    assert_eq!(admin(it, "DELETE calls", "").await.0, 204);
    let none = log("").await;
    assert_eq!(none["counts"], serde_json::json!({}));
    assert_eq!(none["next"], since + 1);
}
