//! What is not ours is never touched, whatever its name or its tags; and what
//! was ours is not replaced in silence.

use harness::{Call, Error, Result};

use crate::document::typed;
use crate::legacy::instances;
use crate::looks::{database, text_at};
use crate::stage::{NAMESPACE, Stage, condition};

const SPEC: [&str; 2] = ["size: db.t4g.small", "storage: 20Gi"];

type Tags<'a> = &'a [(&'a str, &'a str)];

/// Makes an instance past the operator.
async fn instance(stage: &Stage, identifier: &str, tags: Tags<'_>) -> Result<()> {
    let mut create = vec![
        ("DBInstanceIdentifier".to_owned(), identifier),
        ("Engine".to_owned(), "postgres"),
        ("DBInstanceClass".to_owned(), "db.t2.micro"),
        ("AllocatedStorage".to_owned(), "20"),
        ("MasterUsername".to_owned(), "postgres"),
        ("MasterUserPassword".to_owned(), "correct-horse"),
    ];
    create.extend(numbered(tags));
    let create: Vec<_> = create.iter().map(|(key, value)| (&**key, *value)).collect();
    stage.behind("CreateDBInstance", &create).await?;
    stage.rds_says(identifier, "available").await
}

fn numbered(tags: Tags<'_>) -> impl Iterator<Item = (String, &str)> {
    tags.iter().enumerate().flat_map(|(index, (key, value))| {
        let tag = format!("Tags.Tag.{}", index + 1);
        [
            (format!("{tag}.Key"), *key),
            (format!("{tag}.Value"), *value),
        ]
    })
}

async fn remove(stage: &Stage, identifier: &str) -> Result<()> {
    let skip = [
        ("DBInstanceIdentifier", identifier),
        ("SkipFinalSnapshot", "true"),
    ];
    stage.behind("DeleteDBInstance", &skip).await?;
    stage.rds_lets_go(identifier).await
}

/// What the operator asked RDS to change of an instance.
fn touched(stage: &Stage, identifier: &str) -> Vec<Call> {
    let mut calls = stage.only().rds.mutations();
    calls.retain(|call| {
        call.form
            .iter()
            .any(|(key, value)| !key.starts_with("Tags.") && value.ends_with(identifier))
    });
    calls
}

/// The cluster's id, where none is given.
async fn cluster(stage: &Stage) -> Result<String> {
    let get = [
        "get",
        "namespace",
        "kube-system",
        "-o",
        "jsonpath={.metadata.uid}",
    ];
    stage.kubectl(&get).await
}

#[tokio::test]
async fn what_was_there_before_is_judged_by_name_and_tags_together() -> Result<()> {
    let mut stage = Stage::boot().await?;
    let names = ["plain", "theirs", "copied", "since"];
    let all: String = names.iter().map(|name| database(name, &SPEC)).collect();
    // Before there is an operator, so that it finds it so.
    stage.apply(&all, &[]).await?;
    let cluster = cluster(&stage).await?;
    let mut uids = Vec::new();
    for name in names {
        let object = stage.get(&format!("postgresdb/{name}")).await?;
        uids.push(text_at(&object, "/metadata/uid").to_owned());
    }
    let of = |index: usize| format!("{}-{}", names[index], uids[index]);
    let (plain, theirs, copied, since) = (of(0), of(1), of(2), of(3));
    instance(&stage, &plain, &[("team", "till")]).await?;
    let ours = |cluster, uid, object, identifier| {
        [
            ("stow.myob.com/cluster", cluster),
            ("stow.myob.com/uid", uid),
            ("stow.myob.com/object", object),
            ("stow.myob.com/identifier", identifier),
            ("Namespace", NAMESPACE),
            ("Resource", "theirs"),
        ]
    };
    let tags = ours("another", uids[1].as_str(), "shop/theirs", theirs.as_str());
    instance(&stage, &theirs, &tags).await?;
    // A restore has its source's tags, under a name of its own.
    let tags = ours(&cluster, &uids[2], "shop/copied", &copied);
    instance(&stage, "restored", &tags).await?;
    let further = [
        ("DBInstanceClass", "db.t2.micro"),
        ("AllocatedStorage", "20"),
        ("MasterUsername", "postgres"),
        ("MasterUserPassword", "correct-horse"),
    ];
    instances::make(&stage, "since", &since, &further).await?;
    stage.rds_says(&since, "available").await?;
    stage.start(&[]).await?;

    for (name, why) in [
        ("plain", "it carries no tag of Stow"),
        ("theirs", "its tag stow.myob.com/cluster is \"another\""),
        ("copied", "RDS instance restored carries this object's tags"),
    ] {
        let message = stage.stalled(name, "NotOwned").await?;
        assert!(message.contains(why), "{name}: {message}");
    }
    taken_over(&stage, &since).await?;

    // Nor are they touched when the objects go.
    stage.sweeps(2).await?;
    for name in ["plain", "theirs", "copied"] {
        stage.delete(&format!("postgresdb/{name}")).await?;
        stage.gone(&format!("postgresdb/{name}")).await?;
    }
    for identifier in [&*plain, &*theirs, &*copied, "restored"] {
        let calls = touched(&stage, identifier);
        assert_eq!(calls.len(), 0, "{identifier}: {calls:?}");
    }
    let left = stage.instances("DBInstanceIdentifier").await?;
    assert_eq!(left.len(), 4, "{left:?}");
    Ok(())
}

/// By its exact name and the tags of 2017: tagged first, and managed once
/// somebody says so, its Secret being gone and its class another.
async fn taken_over(stage: &Stage, identifier: &str) -> Result<()> {
    let message = stage.stalled("since", "SecretMissing").await?;
    let word = "kubectl annotate -n shop postgresdb since stow.myob.com/apply-spec=true";
    assert!(message.contains(word), "{message}");
    stage.sweeps(2).await?;
    let actions = touched(stage, identifier);
    let actions: Vec<_> = actions.iter().filter_map(Call::action).collect();
    assert_eq!(actions, ["AddTagsToResource"]);
    typed(stage, word).await?;
    let object = stage.ready("since").await?;
    assert_eq!(object["status"]["id"], identifier);
    stage
        .object("since", "as its spec says", |object| {
            object["status"]["size"] == "db.t4g.small"
        })
        .await?;
    let actions = touched(stage, identifier);
    let actions: Vec<_> = actions.iter().filter_map(Call::action).collect();
    assert_eq!(actions.first(), Some(&"AddTagsToResource"), "{actions:?}");
    assert!(actions.contains(&"ModifyDBInstance"), "{actions:?}");
    assert!(!actions.contains(&"CreateDBInstance"), "{actions:?}");
    let filter = [("DBInstanceIdentifier", identifier)];
    let xml = stage.behind("DescribeDBInstances", &filter).await?;
    let tag = format!("<Key>stow.myob.com/identifier</Key><Value>{identifier}</Value>");
    assert!(xml.contains(&tag), "{xml}");
    Ok(())
}

#[tokio::test]
async fn what_is_ours_stays_so_by_its_tags() -> Result<()> {
    let stage = Stage::running().await?;
    let all = ["doubled", "stripped", "bereft", "replaced"].map(|name| database(name, &SPEC));
    stage.apply(&all.concat(), &[]).await?;
    for name in ["doubled", "stripped", "bereft", "replaced"] {
        stage.ready(name).await?;
    }
    let cluster = cluster(&stage).await?;

    // A copy beside the object's own instance concerns nobody.
    let doubled = stage.identifier("doubled").await?;
    let uid = &doubled["doubled-".len()..];
    let tags = [
        ("stow.myob.com/cluster", cluster.as_str()),
        ("stow.myob.com/uid", uid),
        ("stow.myob.com/object", "shop/doubled"),
        ("stow.myob.com/identifier", doubled.as_str()),
    ];
    instance(&stage, "clone", &tags).await?;
    // One whose tags are gone shows no more that it is ours, also not in order
    // to be deleted.
    let stripped = stage.identifier("stripped").await?;
    let arn = format!("arn:aws:rds:us-east-1:123456789012:db:{stripped}");
    let untag = [
        ("ResourceName", arn.as_str()),
        ("TagKeys.member.1", "stow.myob.com/uid"),
    ];
    stage.behind("RemoveTagsFromResource", &untag).await?;
    let message = stage.stalled("stripped", "NotOwned").await?;
    assert!(
        message.contains("stow.myob.com/uid is missing"),
        "{message}"
    );
    stage.delete("postgresdb/stripped").await?;
    stage
        .object("stripped", "told why it stays", |object| {
            let stalled = condition(object, "Stalled");
            stalled.is_some_and(|told| {
                told["message"]
                    .as_str()
                    .is_some_and(|text| text.contains("Stow does not delete it"))
            })
        })
        .await?;
    // One that is gone is not made anew, empty.
    let bereft = stage.identifier("bereft").await?;
    remove(&stage, &bereft).await?;
    let message = stage.stalled("bereft", "InstanceMissing").await?;
    assert!(message.contains(&bereft), "{message}");
    assert!(
        message.contains("looks like") || message.contains("restore it"),
        "{message}"
    );
    // Whoever replaces the whole object takes the finalizer off it.
    stage
        .patch("postgresdb/replaced", r#"{"metadata":{"finalizers":null}}"#)
        .await?;
    stage
        .object("replaced", "its finalizer back", |object| {
            object["metadata"]["finalizers"][0] == "stow.myob.com/database"
        })
        .await?;

    stage.sweeps(2).await?;
    let object = stage.ready("doubled").await?;
    assert!(condition(&object, "Stalled").is_none(), "{object}");
    assert_eq!(touched(&stage, "clone").len(), 0);
    for name in ["doubled", "stripped", "bereft", "replaced"] {
        let calls = stage.asked_of(name);
        assert_eq!(calls.len(), 1, "{name}: created, no more: {calls:?}");
    }

    // The way out that the messages name.
    let tag = [
        ("ResourceName", arn.as_str()),
        ("Tags.Tag.1.Key", "stow.myob.com/uid"),
        ("Tags.Tag.1.Value", &stripped["stripped-".len()..]),
    ];
    stage.behind("AddTagsToResource", &tag).await?;
    stage.gone("postgresdb/stripped").await?;
    assert_eq!(stage.sent("DeleteDBInstance", "stripped").len(), 1);
    stage.delete("postgresdb/bereft").await?;
    stage.gone("postgresdb/bereft").await?;
    assert_eq!(stage.sent("DeleteDBInstance", "bereft").len(), 0);
    Ok(())
}

#[tokio::test]
async fn an_earlier_object_of_the_name_is_not_forgotten() -> Result<()> {
    let mut stage = Stage::running().await?;
    stage.apply(&database("again", &SPEC), &[]).await?;
    stage.ready("again").await?;
    let first = stage.identifier("again").await?;

    // Nobody sees the object go: as where a backup of it is restored.
    stage.replicas[0].operator.kill()?;
    let within = crate::stage::PATIENCE;
    stage.replicas[0].operator.wait(within).await?;
    stage.delete("postgresdb/again").await?;
    stage
        .patch("postgresdb/again", r#"{"metadata":{"finalizers":null}}"#)
        .await?;
    stage.gone("postgresdb/again").await?;
    stage.gone("secret/again").await?;
    stage.apply(&database("again", &SPEC), &[]).await?;
    let second = stage.identifier("again").await?;
    assert_ne!(first, second);
    stage.only().rds.forget();
    stage.restart(0)?;

    let message = stage.stalled("again", "PreviousInstanceExists").await?;
    assert!(message.contains(&first), "{message}");
    assert!(message.contains("shop/again"), "{message}");
    stage.sweeps(2).await?;
    let calls = stage.only().rds.mutations();
    assert_eq!(calls.len(), 0, "{calls:?}");

    remove(&stage, &first).await?;
    stage.ready("again").await?;
    assert_eq!(stage.instances("DBInstanceIdentifier").await?, [second]);
    let object = stage.get("postgresdb/again").await?;
    match condition(&object, "Stalled") {
        None => Ok(()),
        Some(stalled) => Err(Error::Unexpected(stalled.to_string())),
    }
}
