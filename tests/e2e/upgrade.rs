//! `docs/upgrade.md`, typed as it stands: from a cluster of 2017 to v1beta1 alone,
//! and back from each step before the last.

mod application;
mod kubelet;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use harness::{Error, Result};
use serde_json::{Value, json};

use self::application::Application;
use self::kubelet::Kubelet;
use crate::document::{Section, Shell, sections};
use crate::legacy::{self, Legacy, Shape, Unknown, in_v1alpha1, instances};
use crate::stage::{NAMESPACE, Stage, file};

const DOCUMENT: &str = "docs/upgrade.md";

/// What a whole way may ask of RDS. None of it changes a database.
const HARMLESS: [&str; 5] = [
    "AddTagsToResource",
    "DescribeDBInstances",
    "DescribeDBSnapshots",
    "GetCallerIdentity",
    "ListTagsForResource",
];

/// A cluster of 2017, and somebody who types the document there.
struct Way {
    stage: Stage,
    left: Legacy,
    kubelet: Kubelet,
    steps: Vec<Section>,
    folder: PathBuf,
    application: Application,
    /// What each instance was, before anything began.
    instances: BTreeMap<String, String>,
    secrets: BTreeMap<String, BTreeMap<String, String>>,
}

impl Way {
    async fn begin(unknown: Unknown, objects: usize) -> Result<Self> {
        let stage = Stage::bare_with(&legacy::drydock_arguments()).await?;
        let left = Legacy::leave(&stage, unknown, objects, 1).await?;
        let folder = stage.cluster.folder().join("checkout");
        let manifests = folder.join("manifests");
        let wrong = |error: std::io::Error| Error::Unexpected(error.to_string());
        fs::create_dir_all(&manifests).map_err(wrong)?;
        symlink(file("yaml"), folder.join("yaml")).map_err(wrong)?;
        let application = Application::start(&stage, left.with_rows()).await?;
        let way = Self {
            instances: instances::described(&stage).await?,
            secrets: instances::secrets_of(&stage, &left).await?,
            steps: sections(DOCUMENT)?,
            kubelet: Kubelet::default(),
            stage,
            left,
            folder,
            application,
        };
        way.keep_in_git(&[Shape::Texts, Shape::Ha]).map_err(wrong)?;
        way.stage.drydock.forget().await?;
        Ok(way)
    }

    /// The manifests that people keep of some objects.
    fn keep_in_git(&self, shapes: &[Shape]) -> std::io::Result<()> {
        for shape in shapes {
            let relic = self.left.of(*shape);
            let spec = relic.shape.spec().unwrap_or_default();
            let manifest = format!(
                "# Since 2017.\napiVersion: myob.com/v1alpha1\nkind: PostgresDB\nmetadata:\n  name: {}\n  namespace: {NAMESPACE}\nspec: {spec}\n",
                relic.name
            );
            let path = self.folder.join(format!("manifests/{}.yaml", relic.name));
            fs::write(path, manifest)?;
        }
        Ok(())
    }

    /// Types the blocks under a heading that begins so, each with the Pods running
    /// meanwhile. Returns what each printed.
    async fn type_in(&mut self, heading: &str) -> Result<Vec<String>> {
        let found = self.steps.iter().find(|it| it.title.starts_with(heading));
        let section = found
            .unwrap_or_else(|| panic!("no heading {heading:?}"))
            .clone();
        let shell = Shell::of(&self.stage).at(&self.folder);
        let mut printed = Vec::new();
        for block in &section.blocks {
            let typed = tokio::select! {
                typed = shell.run(block) => typed,
                error = self.kubelet.work(&mut self.stage) => Err(error),
            };
            printed.push(typed.map_err(|error| self.stage.explain(&error))?);
        }
        Ok(printed)
    }

    async fn steps(&mut self, from: usize, to: usize) -> Result<()> {
        for step in from..=to {
            self.type_in(&format!("{step}. ")).await?;
        }
        Ok(())
    }

    async fn back(&mut self, steps: &[usize]) -> Result<()> {
        for step in steps {
            self.type_in(&format!("Back from step {step}")).await?;
        }
        Ok(())
    }

    /// Every spec in v1alpha1, as far as its schema can show it.
    async fn specs(&self) -> Result<BTreeMap<String, Value>> {
        let objects = in_v1alpha1(&self.stage).await?;
        let spec = |(name, object): (String, Value)| {
            let mut spec = object["spec"].clone();
            if let Some(fields) = spec.as_object_mut() {
                fields.remove("backup");
            }
            (name, spec)
        };
        Ok(objects.into_iter().map(spec).collect())
    }

    /// Every spec in v1beta1.
    async fn hub_specs(&self) -> Result<BTreeMap<String, Value>> {
        // By its whole name: kubectl goes on preferring the version that it knew.
        let list = self.stage.get("postgresdbs.v1beta1.myob.com").await?;
        let spec = |object: &Value| {
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            (name.to_owned(), object["spec"].clone())
        };
        let objects = list["items"].as_array().into_iter().flatten();
        Ok(objects.map(spec).collect())
    }

    /// The versions that etcd names, in objects and what they remember.
    async fn old_words_at_rest(&self) -> Result<Vec<String>> {
        let all = self.stage.at_rest().await?;
        assert_eq!(all.len(), self.left.relics.len(), "objects in etcd");
        self.stage.old_at_rest().await
    }

    /// Nothing of a database was changed, nor what applications read; and the one
    /// that wrote all the while was let in each time.
    async fn end(self) -> Result<()> {
        let written = self.application.end().await?;
        assert!(written > 50, "{written} rows");
        let calls = self.stage.drydock.calls().await?;
        let counts = calls["counts"].as_object();
        let mut harmful: Vec<_> = counts.into_iter().flatten().collect();
        harmful.retain(|(action, _)| !HARMLESS.contains(&action.as_str()));
        assert!(harmful.is_empty(), "{harmful:?}");
        assert_eq!(instances::described(&self.stage).await?, self.instances);
        let secrets = instances::secrets_of(&self.stage, &self.left).await?;
        for (name, data) in &self.secrets {
            for (key, value) in data {
                assert_eq!(secrets[name].get(key), Some(value), "{name}: {key}");
            }
        }
        let database = self.stage.login(self.left.with_rows()).await?;
        assert_eq!(database.texts(instances::ITEMS).await?, ["salt", "tea"]);
        let rows = database.texts("SELECT count(*) FROM log").await?;
        assert_eq!(rows, [written.to_string()]);
        Ok(())
    }
}

/// From where `stow migrate` is over: v1alpha1 goes, and v1beta1 goes on.
async fn v1alpha1_goes(way: &mut Way, hub: &BTreeMap<String, Value>) -> Result<()> {
    assert_eq!(way.old_words_at_rest().await?, [""; 0]);
    assert_eq!(way.stage.stored_versions().await?, json!(["v1beta1"]));
    way.steps(7, 7).await?;
    way.back(&[7]).await?;
    way.steps(7, 8).await?;
    assert_eq!(way.old_words_at_rest().await?, [""; 0]);
    assert_eq!(way.stage.stored_versions().await?, json!(["v1beta1"]));
    assert_eq!(way.hub_specs().await?, *hub);
    let raw = "/apis/myob.com/v1alpha1/postgresdbs";
    let gone = way.stage.cluster.kubectl(&["get", "--raw", raw]).await?;
    assert!(gone.stderr.contains("NotFound"), "{}", gone.stderr);
    Ok(())
}

#[tokio::test]
async fn property_19_the_whole_way_touches_no_database() -> Result<()> {
    let mut way = Way::begin(Unknown::BySchema, 200).await?;
    let before = way.specs().await?;
    way.steps(1, 4).await?;
    let hub = way.hub_specs().await?;
    assert_eq!(without_nulls(&way.specs().await?), without_nulls(&before));
    way.steps(5, 6).await?;
    assert_eq!(without_nulls(&way.specs().await?), without_nulls(&before));
    v1alpha1_goes(&mut way, &hub).await?;
    way.end().await
}

/// From a definition without a schema; back from each step, and then all the way.
#[tokio::test]
async fn property_19_each_step_but_the_last_goes_back() -> Result<()> {
    let mut way = Way::begin(Unknown::ByDefinition, Shape::ALL.len()).await?;
    let before = way.specs().await?;
    for last in [2, 3, 4, 6] {
        way.steps(1, last).await?;
        let back: &[usize] = match last {
            2 => &[2],
            3 => &[3, 2],
            4 => &[4, 3, 2],
            _ => &[5, 4, 3, 2],
        };
        way.back(back).await?;
        as_it_was(&way, &before).await?;
    }
    way.steps(1, 4).await?;
    let hub = way.hub_specs().await?;
    way.steps(5, 6).await?;
    v1alpha1_goes(&mut way, &hub).await?;
    way.end().await
}

/// The old operator could go on: its version alone is there and stored, and
/// nothing holds an object.
async fn as_it_was(way: &Way, before: &BTreeMap<String, Value>) -> Result<()> {
    let stage = &way.stage;
    assert_eq!(without_nulls(&way.specs().await?), without_nulls(before));
    assert_eq!(way.stage.stored_versions().await?, json!(["v1alpha1"]));
    for object in in_v1alpha1(stage).await?.values() {
        assert!(object["metadata"]["finalizers"].is_null(), "{object}");
    }
    let get = ["get", "deployment", legacy::OPERATOR, "-n", "kube-system"];
    let get = [&get[..], &["-o", "jsonpath={.spec.replicas}"]].concat();
    assert_eq!(stage.kubectl(&get).await?, "1");
    for (key, value) in stage.at_rest().await? {
        let stored: Value = serde_json::from_slice(&value).unwrap_or_default();
        assert_eq!(stored["apiVersion"], "myob.com/v1alpha1", "{key}");
    }
    Ok(())
}

/// The cluster's own migration first, and what it leaves by ours.
#[tokio::test]
async fn property_19_the_whole_way_with_the_clusters_own_migration() -> Result<()> {
    let mut way = Way::begin(Unknown::BySchema, Shape::ALL.len()).await?;
    if !way.stage.migrates_by_itself().await? {
        return Ok(());
    }
    way.steps(1, 5).await?;
    let hub = way.hub_specs().await?;
    let yaml = sections(DOCUMENT)?;
    let yaml = yaml
        .iter()
        .find(|it| it.title.starts_with("With the cluster's own"));
    let manifest = yaml.and_then(|section| section.manifests.first());
    let manifest = manifest.expect("the document shows one");
    way.stage.apply(manifest, &[]).await?;
    let over = harness::eventually(
        "the migration's end",
        3 * crate::stage::PATIENCE,
        || async {
            let get = [
                "get",
                "storageversionmigration",
                "postgresdbs",
                "-o",
                "json",
            ];
            let text = way.stage.kubectl(&get).await?;
            let migration: Value = serde_json::from_str(&text).unwrap_or_default();
            let conditions = migration["status"]["conditions"].as_array().cloned();
            let ended = conditions.into_iter().flatten().find(|condition| {
                let kind = &condition["type"];
                (kind == "Succeeded" || kind == "Failed") && condition["status"] == "True"
            });
            ended.ok_or(Error::Unexpected(text))
        },
    );
    let over = over.await?;
    // Whatever it says of itself, it says that all is stored as v1beta1.
    assert_eq!(
        way.stage.stored_versions().await?,
        json!(["v1beta1"]),
        "{over}"
    );
    assert_ne!(way.old_words_at_rest().await?, [""; 0], "{over}");
    way.steps(6, 6).await?;
    v1alpha1_goes(&mut way, &hub).await?;
    way.end().await
}

/// A spec that is null is none.
fn without_nulls(specs: &BTreeMap<String, Value>) -> BTreeMap<&String, &Value> {
    let null = json!(null);
    specs.iter().filter(|(_, spec)| **spec != null).collect()
}
