//! Server-side apply by managers that speak different versions.

use harness::{Output, Result};
use serde_json::{Value, json};

use crate::stage::{NAMESPACE, Stage};

/// A manager of fields, and the version that it speaks.
#[derive(Clone, Copy, Debug)]
struct Manager {
    name: &'static str,
    version: &'static str,
}

const OLD: Manager = Manager {
    name: "team-old",
    version: "v1alpha1",
};
const NEW: Manager = Manager {
    name: "team-new",
    version: "v1beta1",
};

impl Manager {
    async fn try_apply(
        self,
        stage: &Stage,
        object: &str,
        spec: &Value,
        flags: &[&str],
    ) -> Result<Output> {
        let Self { name, version } = self;
        let manifest = json!({
            "apiVersion": format!("myob.com/{version}"),
            "kind": "PostgresDB",
            "metadata": {"name": object},
            "spec": spec,
        });
        let apply = ["apply", "--server-side", "-n", NAMESPACE, "-f", "-"];
        let arguments = [&apply[..], &["--field-manager", name], flags].concat();
        stage
            .cluster
            .kubectl_in(&manifest.to_string(), &arguments)
            .await
    }

    async fn apply(self, stage: &Stage, object: &str, spec: &Value) -> Result<()> {
        self.try_apply(stage, object, spec, &[])
            .await?
            .ok()
            .map(drop)
    }
}

/// Both views of an object's spec.
async fn shows(stage: &Stage, object: &str, new: &Value, old: &Value) -> Result<()> {
    let hub = stage
        .get(&format!("postgresdbs.v1beta1.myob.com/{object}"))
        .await?;
    assert_eq!(
        hub["spec"], *new,
        "{object} in v1beta1: {}",
        hub["metadata"]
    );
    let spoke = stage
        .get(&format!("postgresdbs.v1alpha1.myob.com/{object}"))
        .await?;
    assert_eq!(
        spoke["spec"], *old,
        "{object} in v1alpha1: {}",
        spoke["metadata"]
    );
    Ok(())
}

/// Managers of two versions, each with fields of its own: each sets, changes
/// and removes them, whoever came first.
#[tokio::test]
async fn two_managers_in_two_versions_keep_out_of_each_others_way() -> Result<()> {
    let stage = Stage::running().await?;
    let said = json!({"size": "db.t3.small", "storage": "20", "ha": false});
    let meant = json!({"storageType": "gp3", "secretName": "one", "applyChanges": "Immediately"});
    let both = |more: &Value| {
        let mut hub = json!({
            "size": "db.t3.small", "storage": "20Gi", "multiAZ": false,
            "storageType": "gp3", "secretName": "one", "applyChanges": "Immediately",
        });
        for (key, value) in more.as_object().into_iter().flatten() {
            if value.is_null() {
                hub.as_object_mut().map(|hub| hub.remove(key));
            } else {
                hub[key] = value.clone();
            }
        }
        hub
    };
    for (object, first, second) in [("old-first", OLD, NEW), ("new-first", NEW, OLD)] {
        let spec_of = |manager: Manager| {
            if manager.name == OLD.name {
                &said
            } else {
                &meant
            }
        };
        first.apply(&stage, object, spec_of(first)).await?;
        second.apply(&stage, object, spec_of(second)).await?;
        shows(&stage, object, &both(&json!({})), &said).await?;

        // The hub's manager changes a field that v1alpha1 cannot say, and
        // removes two.
        let mut spec = meant.clone();
        spec["secretName"] = json!("two");
        NEW.apply(&stage, object, &spec).await?;
        shows(&stage, object, &both(&json!({"secretName": "two"})), &said).await?;
        NEW.apply(&stage, object, &json!({"storageType": "gp3"}))
            .await?;
        let gone = json!({"secretName": null, "applyChanges": null});
        shows(&stage, object, &both(&gone), &said).await?;
        let hub = stage
            .get(&format!("postgresdbs.v1alpha1.myob.com/{object}"))
            .await?;
        let annotations = hub["metadata"]["annotations"].to_string();
        assert!(!annotations.contains("secretName"), "{annotations}");

        // And sets one again.
        let again = json!({"storageType": "gp3", "deletionPolicy": "Snapshot"});
        NEW.apply(&stage, object, &again).await?;
        let mut more = gone.clone();
        more["deletionPolicy"] = json!("Snapshot");
        shows(&stage, object, &both(&more), &said).await?;

        // The spoke's manager changes, removes and sets again.
        let mut spec = said.clone();
        spec["storage"] = json!(30);
        spec["ha"] = json!(true);
        OLD.apply(&stage, object, &spec).await?;
        more["storage"] = json!("30Gi");
        more["multiAZ"] = json!(true);
        shows(&stage, object, &both(&more), &spec).await?;
        let spec = json!({"storage": 30});
        OLD.apply(&stage, object, &spec).await?;
        more["multiAZ"] = Value::Null;
        more["size"] = Value::Null;
        shows(&stage, object, &both(&more), &spec).await?;
        let spec = json!({"storage": "30", "size": "db.t3.medium"});
        OLD.apply(&stage, object, &spec).await?;
        more["size"] = json!("db.t3.medium");
        shows(&stage, object, &both(&more), &spec).await?;
        // Applying once more what is there already changes nothing.
        let before = stage.get(&format!("postgresdb/{object}")).await?;
        OLD.apply(&stage, object, &spec).await?;
        NEW.apply(&stage, object, &again).await?;
        let after = stage.get(&format!("postgresdb/{object}")).await?;
        assert_eq!(after["spec"], before["spec"]);
        assert_eq!(
            after["metadata"]["generation"],
            before["metadata"]["generation"]
        );
    }
    Ok(())
}

/// Two managers who want the same field conflict, share it and let go of it
/// across versions as they do within one.
#[tokio::test]
async fn conflicts_are_those_of_one_version() -> Result<()> {
    let stage = Stage::running().await?;
    let versions = ["v1alpha1", "v1beta1"];
    let pairs = versions
        .into_iter()
        .flat_map(|one| versions.map(|other| (one, other)));
    for (index, (one, other)) in pairs.enumerate() {
        let first = Manager {
            name: "first",
            version: one,
        };
        let second = Manager {
            name: "second",
            version: other,
        };
        // Of a field of one name, and of one that the versions name apart.
        let spec = |manager: Manager, size: &str, standby: Option<bool>| {
            let name = if manager.version == "v1alpha1" {
                "ha"
            } else {
                "multiAZ"
            };
            let mut spec = json!({"size": size});
            if let Some(standby) = standby {
                spec[name] = json!(standby);
            }
            spec
        };
        let object = &format!("pair-{index}");
        let what = format!("{one}, then {other}");
        let standing = async || {
            let object = stage
                .get(&format!("postgresdbs.v1beta1.myob.com/{object}"))
                .await?;
            Ok::<_, harness::Error>(object["spec"].clone())
        };
        let (small, medium) = ("db.t3.small", "db.t3.medium");

        first
            .apply(&stage, object, &spec(first, small, Some(true)))
            .await?;
        for clash in [
            spec(second, medium, Some(true)),
            spec(second, small, Some(false)),
        ] {
            let refused = second.try_apply(&stage, object, &clash, &[]).await?;
            assert!(!refused.success(), "{what}: {clash}");
            let said = &refused.stderr;
            assert!(
                said.contains("conflict") && said.contains("\"first\""),
                "{what}: {said}"
            );
        }
        assert_eq!(
            standing().await?,
            json!({"size": small, "multiAZ": true}),
            "{what}"
        );

        // Agreed, they own it together; who goes alone leaves it.
        second
            .apply(&stage, object, &spec(second, small, Some(true)))
            .await?;
        first
            .apply(&stage, object, &spec(first, small, None))
            .await?;
        assert_eq!(
            standing().await?,
            json!({"size": small, "multiAZ": true}),
            "{what}"
        );
        second
            .apply(&stage, object, &spec(second, small, None))
            .await?;
        assert_eq!(standing().await?, json!({"size": small}), "{what}");

        // By force, the field changes hands.
        let forced = spec(second, medium, None);
        let taken = second
            .try_apply(&stage, object, &forced, &["--force-conflicts"])
            .await?;
        taken.ok()?;
        assert_eq!(standing().await?, json!({"size": medium}), "{what}");
        let refused = first
            .try_apply(&stage, object, &spec(first, small, None), &[])
            .await?;
        assert!(
            refused.stderr.contains("\"second\""),
            "{what}: {}",
            refused.stderr
        );
    }
    Ok(())
}
