//! Rules as they are written, and what they are for.

use super::*;

fn short(text: &str) -> Rule {
    text.parse().unwrap()
}

#[test]
fn a_short_rule_says_what_the_long_one_does() {
    for (short_one, long) in [
        (
            "CreateDBInstance=throttling@0.25",
            r#"{"action": "CreateDBInstance", "rate": 0.25, "effect": "throttling"}"#,
        ),
        ("*=lose-answer", r#"{"effect": "lose-answer"}"#),
        (
            "*=delay-action:1500",
            r#"{"effect": {"delay-action": 1500}}"#,
        ),
        (
            "DescribeDBInstances=shift:-1",
            r#"{"action": "DescribeDBInstances", "effect": {"shift": -1}}"#,
        ),
    ] {
        assert_eq!(short(short_one), short(long), "{short_one}");
    }
}

#[test]
fn what_would_never_happen_is_refused() {
    for (text, why) in [
        ("throttling", "there is no ="),
        ("*=throtling", "unknown variant `throtling`"),
        ("*=delay-answer", "delay-answer"),
        ("*=delay-answer:soon", "no number"),
        ("*=delay-answer:-1", "expected u64"),
        ("*=delay-answer:86400001", "at most 86400000"),
        ("*=throttling@2", "from 0 to 1"),
        ("*=throttling@NaN", "from 0 to 1"),
        ("DescribeDBInstance=throttling", "not an Action"),
        ("*=shift:1", "DescribeDBInstances alone"),
        (r#"{"effect": "reset", "times": 0}"#, "0 times"),
        (r#"{"effect": "reset", "tims": 1}"#, "unknown field `tims`"),
        (r#"{"effect": {"error": {"code": "A B"}}}"#, "has a code"),
        (
            r#"{"effect": {"error": {"code": "A", "status": 200}}}"#,
            "400 to 599",
        ),
    ] {
        let refused = text.parse::<Rule>().unwrap_err().to_string();
        assert!(refused.contains(why), "{text}: {refused}");
    }
}

#[test]
fn rules_are_for_what_they_name() {
    let parameters = |pairs: &[(&str, &str)]| -> BTreeMap<_, _> {
        let own = |(name, value): &(&str, &str)| (name.to_string(), value.to_string());
        pairs.iter().map(own).collect()
    };
    let fits = |rule: &str, pairs: &[(&str, &str)]| {
        short(rule).fits(Asked {
            action: "DescribeDBInstances",
            region: "eu-west-1",
            parameters: &parameters(pairs),
        })
    };
    let named = r#"{"instance": "Orders", "effect": "reset"}"#;
    assert!(fits(named, &[("DBInstanceIdentifier", "ORDERS")]));
    assert!(fits(named, &[("TargetDBInstanceIdentifier", "orders")]));
    assert!(fits(
        named,
        &[("ResourceName", "arn:aws:rds:a:1:db:orders")]
    ));
    assert!(!fits(
        named,
        &[("ResourceName", "arn:aws:rds:a:1:snapshot:orders")]
    ));
    assert!(!fits(named, &[("DBInstanceIdentifier", "orders-2")]));
    assert!(!fits(named, &[]));
    let later = r#"{"marker": true, "effect": "reset"}"#;
    assert!(fits(later, &[("Marker", "a")]));
    assert!(!fits(later, &[]));
    assert!(fits(r#"{"region": "eu-west-1", "effect": "reset"}"#, &[]));
    assert!(!fits(r#"{"region": "us-east-1", "effect": "reset"}"#, &[]));
}
