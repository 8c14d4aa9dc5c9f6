//! What a cluster of 2017 stored without a schema: it lives on as it is, says
//! what is wrong with it, and holds up nothing else.

use harness::{Error, Result, eventually};
use serde_json::{Value, json};

use crate::stage::{NAMESPACE, PATIENCE, Stage, condition};

const V1ALPHA1: &str = "postgresdbs.v1alpha1.myob.com";
const V1BETA1: &str = "postgresdbs.v1beta1.myob.com";

/// A name, a spec (or none), and what the object then says is wrong, if anything.
type Case = (&'static str, Option<Value>, Option<&'static str>);

fn cases() -> Vec<Case> {
    let spec = Some;
    vec![
        (
            "storage-ten",
            spec(json!({"size": "db.t2.small", "storage": "ten"})),
            Some("storage is \"ten\""),
        ),
        (
            "storage-half",
            spec(json!({"storage": 1.5})),
            Some("storage is 1.5"),
        ),
        (
            "storage-bool",
            spec(json!({"storage": true})),
            Some("storage is true"),
        ),
        (
            "storage-list",
            spec(json!({"storage": ["10"]})),
            Some("storage is [\"10\"]"),
        ),
        (
            "storage-negative",
            spec(json!({"storage": "-10"})),
            Some("storage is \"-10\""),
        ),
        (
            "storage-zero",
            spec(json!({"storage": "0"})),
            Some("storage"),
        ),
        (
            "size-number",
            spec(json!({"size": 5, "storage": "10"})),
            Some("size is 5"),
        ),
        (
            "size-empty",
            spec(json!({"size": ""})),
            Some("size is \"\""),
        ),
        ("ha-text", spec(json!({"ha": "yes"})), Some("ha is \"yes\"")),
        (
            "tags-number",
            spec(json!({"tags": {"team": "shop", "cost": 5}})),
            Some("tags is"),
        ),
        (
            "tags-text",
            spec(json!({"tags": "team"})),
            Some("tags is \"team\""),
        ),
        (
            "iops-text",
            spec(json!({"storage": "100", "iops": "fast"})),
            Some("iops is \"fast\""),
        ),
        (
            "iops-bool",
            spec(json!({"storage": "100", "iops": false})),
            Some("iops is false"),
        ),
        (
            "many",
            spec(json!({"size": 5, "storage": "ten", "ha": "no", "iops": "x", "tags": 1})),
            Some("ha is \"no\""),
        ),
        (
            "spec-text",
            spec(json!("db.t2.small")),
            Some("spec is \"db.t2.small\""),
        ),
        // Odd, and yet clear.
        (
            "storage-zeros",
            spec(json!({"size": "db.t2.small", "storage": "020"})),
            None,
        ),
        ("no-spec", None, None),
        ("spec-null", spec(Value::Null), None),
        ("spec-empty", spec(json!({})), None),
    ]
}

/// The object as 2017's operator would have stored it.
fn stored((name, spec, _): &Case, number: usize) -> Value {
    let mut object = json!({
        "apiVersion": "myob.com/v1alpha1",
        "kind": "PostgresDB",
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "uid": format!("00000000-0000-4000-8000-{number:012}"),
            "creationTimestamp": "2017-11-22T00:00:00Z",
            "generation": 1,
            "labels": {"since": "2017"},
        },
    });
    if let Some(spec) = spec {
        object["spec"] = spec.clone();
    }
    object
}

/// What v1alpha1 shows of a spec, as text; a null is no spec.
fn text(object: &Value) -> Option<String> {
    let spec = object.get("spec").filter(|spec| !spec.is_null());
    spec.map(Value::to_string)
}

async fn all_as_planted(stage: &Stage, cases: &[Case], after: &str) -> Result<()> {
    let list = stage.get(V1ALPHA1).await?;
    let items = list["items"].as_array().cloned().unwrap_or_default();
    for case in cases {
        let (name, spec, _) = case;
        let listed = items.iter().find(|item| item["metadata"]["name"] == *name);
        let listed = listed.unwrap_or_else(|| panic!("{name} is not listed after {after}"));
        let planted = spec
            .as_ref()
            .filter(|spec| !spec.is_null())
            .map(Value::to_string);
        assert_eq!(text(listed), planted, "{name} after {after}");
        let single = stage.get(&format!("{V1ALPHA1}/{name}")).await?;
        assert_eq!(text(&single), planted, "{name} after {after}");
    }
    Ok(())
}

#[tokio::test]
async fn what_2017_stored_lives_on_and_says_what_is_wrong() -> Result<()> {
    let stage = Stage::running().await?;
    let cases = cases();
    for (number, case) in cases.iter().enumerate() {
        stage.plant(case.0, &stored(case, number)).await?;
    }
    // Beside them, a good one.
    let good = r#"{"apiVersion": "myob.com/v1alpha1", "kind": "PostgresDB",
        "metadata": {"name": "good"}, "spec": {"size": "db.t2.small", "storage": "20"}}"#;
    stage.apply(good, &[]).await?;
    all_as_planted(&stage, &cases, "planting").await?;
    stage.ready("good").await?;
    for (name, _, fault) in &cases {
        match fault {
            Some(fault) => {
                let object = stage
                    .condition(name, "Stalled", |_, reason| reason == "InvalidSpec")
                    .await?;
                let said = condition(&object, "Stalled").map(|found| found["message"].to_string());
                let said = said.unwrap_or_default().replace("\\\"", "\"");
                assert!(said.contains(fault), "{name}: {said}");
            }
            None => drop(stage.ready(name).await?),
        }
    }
    all_as_planted(&stage, &cases, "reports").await?;

    touch(&stage, &cases).await?;

    // Nothing was asked of AWS for what is unclear.
    for (number, (name, _, fault)) in cases.iter().enumerate() {
        let uid = format!("00000000-0000-4000-8000-{number:012}");
        let calls = stage.only().rds.count(|call| call.text().contains(&uid));
        assert_eq!(calls == 0, fault.is_some(), "{name}: {calls} calls");
    }
    assert_eq!(stage.instances("DBInstanceIdentifier").await?.len(), 5);

    let reviews = async |result: &str| {
        let name = format!("stow_conversion_reviews_total{{result=\"{result}\"}}");
        stage.only().metric(&name).await
    };
    assert!(reviews("Success").await? > 50.0);
    assert!(reviews("Failure").await? < 0.5, "a review failed");

    // Mended in either version, one of them goes on.
    let mend = [
        ("storage-ten", V1ALPHA1, r#"{"spec": {"storage": "20"}}"#),
        ("ha-text", V1BETA1, r#"{"spec": {"multiAZ": true}}"#),
    ];
    for (name, what, patch) in mend {
        let patch = [
            "patch",
            "-n",
            NAMESPACE,
            what,
            name,
            "--type=merge",
            "-p",
            patch,
        ];
        stage.kubectl(&patch).await?;
        stage.ready(name).await?;
    }

    field_by_field(&stage).await?;

    let delete = ["delete", "-n", NAMESPACE, V1BETA1, "--all", "--timeout=90s"];
    stage.kubectl(&delete).await?;
    eventually("no instance", PATIENCE, || async {
        match stage.instances("DBInstanceIdentifier").await? {
            none if none.is_empty() => Ok(()),
            some => Err(Error::Unexpected(some.join(", "))),
        }
    })
    .await
}

/// What is left as it is holds up no mending; what is written is judged.
async fn field_by_field(stage: &Stage) -> Result<()> {
    let what = format!("{V1ALPHA1}/many");
    let refused = stage.patch(&what, r#"{"spec": {"size": 6}}"#).await;
    let refused = refused.map_err(|error| error.to_string());
    let says = |text: &String| text.contains("spec.size has a wrong type: write");
    assert!(refused.as_ref().is_err_and(says), "{refused:?}");
    stage
        .patch(&what, r#"{"spec": {"size": "db.t2.small"}}"#)
        .await?;
    stage.patch(&what, r#"{"spec": {"ha": true}}"#).await?;
    let mended =
        json!({"size": "db.t2.small", "storage": "ten", "ha": true, "iops": "x", "tags": 1});
    assert_eq!(stage.get(&what).await?["spec"], mended);
    Ok(())
}

/// Labels all of them and applies to all of them, in either version.
async fn touch(stage: &Stage, cases: &[Case]) -> Result<()> {
    for (name, ..) in cases {
        for what in [V1BETA1, V1ALPHA1] {
            let label = ["label", "-n", NAMESPACE, what, *name];
            let text = format!("labelled-{}=yes", what.replace('.', "-"));
            stage
                .kubectl(&[&label[..], &[text.as_str()]].concat())
                .await?;
        }
        let raw = stage.stored(name).await?;
        assert_eq!(raw["apiVersion"], "myob.com/v1beta1", "{name}");
    }
    all_as_planted(stage, cases, "labels").await?;

    for (name, ..) in cases {
        // Where the fields themselves should be, the schema must state a type,
        // and every server-side apply insists on it.
        if *name == "spec-text" {
            continue;
        }
        for version in ["v1alpha1", "v1beta1", "v1alpha1"] {
            let applied = json!({
                "apiVersion": format!("myob.com/{version}"), "kind": "PostgresDB",
                "metadata": {"name": name, "labels": {"applied": version}},
            });
            let manager = format!("gitops-{version}");
            let flags = [
                "--server-side",
                "--force-conflicts",
                "--field-manager",
                &manager,
            ];
            stage.apply(&applied.to_string(), &flags).await?;
        }
    }
    all_as_planted(stage, cases, "server-side applies").await?;
    Ok(())
}
