use super::*;
use crate::plan::Noted;
use std::collections::BTreeMap;

fn binding(without: Without) -> Binding {
    Binding {
        subject: Subject {
            cluster: String::new(),
            namespace: "shop".to_owned(),
            name: "orders".to_owned(),
            uid: "u".to_owned(),
        },
        secret: "orders".to_owned(),
        without,
    }
}

fn found(labelled: bool, owners: &[&str], kind: &str, data: &[(&str, &str)]) -> SecretRead {
    let data = data.iter();
    SecretRead::Found {
        held: HeldSecret {
            name: "orders".to_owned(),
            uid: "s".to_owned(),
            resource_version: "1".to_owned(),
            data: data
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect::<BTreeMap<_, _>>(),
            password_pending: false,
            noted: Noted::Nothing,
        },
        labelled,
        owners: owners.iter().map(|&owner| owner.to_owned()).collect(),
        kind: kind.to_owned(),
    }
}

#[test]
fn each_secret_is_told_by_whose_it_is_and_without_a_value() {
    const OLD: &[(&str, &str)] = &[
        ("DB_HOST", "secret-host:5432"),
        ("DB_PASSWORD", "hunter2"),
        ("DB_USER", "u"),
    ];
    let table: [(Without, SecretRead, Option<Severity>, &[&str]); 9] = [
        (Without::Made, SecretRead::Missing, None, &[]),
        (
            Without::Renewed,
            SecretRead::Missing,
            Some(Severity::Warning),
            &["new password"],
        ),
        (
            Without::Awaited,
            SecretRead::Missing,
            Some(Severity::Error),
            &[
                "SecretMissing",
                "no new password",
                "annotate -n shop postgresdb orders",
            ],
        ),
        (
            Without::Renewed,
            found(true, &["u"], "Opaque", &[]),
            None,
            &[],
        ),
        (
            Without::Renewed,
            found(false, &[], "Opaque", OLD),
            Some(Severity::Note),
            &["2017", "holds the port", "DB_PORT, DB_NAME, DATABASE_URL"],
        ),
        (
            Without::Renewed,
            found(
                false,
                &[],
                "Opaque",
                &[("DB_HOST", "h"), ("DB_PASSWORD", "")],
            ),
            Some(Severity::Error),
            &["no DB_PASSWORD", "SecretConflict"],
        ),
        (
            Without::Renewed,
            found(false, &[], "kubernetes.io/tls", OLD),
            Some(Severity::Error),
            &["kubernetes.io/tls", "SecretConflict"],
        ),
        (
            Without::Renewed,
            found(true, &["other"], "Opaque", OLD),
            Some(Severity::Error),
            &["ownerReference"],
        ),
        (
            Without::Renewed,
            found(false, &["u"], "Opaque", OLD),
            Some(Severity::Error),
            &["managed-by"],
        ),
    ];
    for (without, read, severity, words) in table {
        let shown = format!("{read:?}");
        let finding = binding(without).judge(read);
        assert_eq!(
            finding.as_ref().map(|found| found.severity),
            severity,
            "{shown}"
        );
        let text = finding.map(|found| found.to_string()).unwrap_or_default();
        for word in words {
            assert!(text.contains(word), "{word}: {text}");
        }
        assert!(
            !text.contains("hunter2") && !text.contains("secret-host"),
            "{text}"
        );
    }
}

#[test]
fn a_secret_that_is_missing_is_foretold_as_the_planner_decides() {
    let object = |finalizer: bool, arn: bool, inherited: bool, applies: bool| {
        let mut object: PostgresDB = serde_json::from_value(serde_json::json!({
            "apiVersion": "myob.com/v1beta1", "kind": "PostgresDB", "metadata": {}, "spec": {},
        }))
        .unwrap();
        object.metadata.finalizers = finalizer.then(|| vec![stow_versions::FINALIZER.to_owned()]);
        object.status.arn = arn.then(|| "arn".to_owned());
        if inherited {
            let entry = (UNKNOWN_PASSWORD.to_owned(), "unknown".to_owned());
            object.status.inherited = Some([entry].into());
        }
        if applies {
            let entry = (APPLY_SPEC.to_owned(), "true".to_owned());
            object.metadata.annotations = Some([entry].into());
        }
        Without::of(&object)
    };
    for (finalizer, arn, inherited, applies, without) in [
        (false, false, false, false, Without::Made),
        (false, true, false, false, Without::Awaited),
        (false, true, false, true, Without::Renewed),
        (true, true, false, false, Without::Renewed),
        (true, true, true, false, Without::Awaited),
        (true, true, true, true, Without::Renewed),
    ] {
        let row = (finalizer, arn, inherited, applies);
        assert_eq!(
            object(finalizer, arn, inherited, applies),
            without,
            "{row:?}"
        );
    }
}
