//! The instances of 2017 and the Secrets that applications read: made as that
//! operator made them, with a user that it drew and rows that somebody wrote.

use std::collections::BTreeMap;

use harness::{Error, Result, eventually, rds};
use serde_json::{Value, json};

use super::{Legacy, Relic, Shape};
use crate::stage::{NAMESPACE, PATIENCE, Stage};

/// The database inside each instance, which no later release would name so.
const DATABASE: &str = "legacy";

/// What its applications had written by then.
pub(crate) const ROWS: &str =
    "CREATE TABLE cargo (item text); INSERT INTO cargo VALUES ('tea'), ('salt')";

/// The rows.
pub(crate) const ITEMS: &str = "SELECT item FROM cargo ORDER BY item";

/// Makes an instance as that operator made it for an object, with further
/// parameters.
pub(crate) async fn make(
    stage: &Stage,
    name: &str,
    identifier: &str,
    further: &[(&str, &str)],
) -> Result<()> {
    let create = [
        ("DBInstanceIdentifier", identifier),
        ("Engine", "postgres"),
        ("DBName", DATABASE),
        ("Tags.Tag.1.Key", "Namespace"),
        ("Tags.Tag.1.Value", NAMESPACE),
        ("Tags.Tag.2.Key", "Resource"),
        ("Tags.Tag.2.Value", name),
        ("Tags.Tag.3.Key", "Created By"),
        ("Tags.Tag.3.Value", super::OPERATOR),
    ];
    let create = [&create[..], further].concat();
    stage.behind("CreateDBInstance", &create).await.map(drop)
}

/// Makes the instances, and stores the Secrets.
pub(super) async fn leave(stage: &Stage, relics: &mut [Relic]) -> Result<()> {
    let mut made = 0;
    for relic in &*relics {
        let (Some(identifier), Some(of_shape)) = (&relic.identifier, relic.shape.creation()) else {
            continue;
        };
        let (user, password) = credentials(identifier);
        let mut further = vec![
            ("MasterUsername", user.as_str()),
            ("MasterUserPassword", &password),
            ("StorageEncrypted", "true"),
            ("BackupRetentionPeriod", "35"),
            ("PreferredBackupWindow", "13:30-14:30"),
            ("PreferredMaintenanceWindow", "sat:14:45-sat:15:45"),
        ];
        further.extend(of_shape);
        make(stage, &relic.name, identifier, &further).await?;
        made += 1;
    }
    eventually("the instances of 2017", PATIENCE, || async {
        let statuses = stage.statuses().await?;
        let available = |status: &&String| *status == "available";
        match statuses.iter().filter(available).count() {
            count if count == made => Ok(()),
            count => Err(Error::Unexpected(format!("{count} of {made}"))),
        }
    })
    .await?;
    secrets(stage, relics).await?;
    for relic in &*relics {
        if relic.name.starts_with(super::REAL) {
            stage.login(&relic.name).await?.run(ROWS).await?;
        }
    }
    Ok(())
}

/// A user and a password, as it drew them: neither says whose they are.
fn credentials(identifier: &str) -> (String, String) {
    let uid: String = identifier.chars().rev().filter(|c| *c != '-').collect();
    (format!("u{}", &uid[..12]), format!("P{}", &uid[..28]))
}

async fn secrets(stage: &Stage, relics: &[Relic]) -> Result<()> {
    let mut items = Vec::new();
    for xml in stage.pages().await? {
        // One instance's part of the page after the other.
        let identifiers = rds::texts(&xml, "DBInstanceIdentifier");
        let (hosts, ports) = (rds::texts(&xml, "Address"), rds::texts(&xml, "Port"));
        for ((identifier, host), port) in identifiers.iter().zip(&hosts).zip(&ports) {
            let of = |relic: &&Relic| relic.identifier.as_ref() == Some(identifier);
            if let Some(relic) = relics.iter().find(of) {
                items.push(secret(relic, identifier, host, port));
            }
        }
    }
    let list = json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
    let create = ["create", "-f", "-"];
    stage.cluster.kubectl_in(&list, &create).await?.ok()?;
    Ok(())
}

fn secret(relic: &Relic, identifier: &str, host: &str, port: &str) -> Value {
    let (user, password) = credentials(identifier);
    let mut data = json!({
        "DB_HOST": format!("{host}:{port}"),
        "DB_PORT": port,
        "DB_NAME": DATABASE,
        "DB_USER": user,
        "DB_PASSWORD": password,
        "DATABASE_URL":
            format!("postgres://{user}:{password}@{host}:{port}/{DATABASE}?sslmode=require"),
    });
    let mut metadata = json!({"name": relic.name, "namespace": NAMESPACE});
    match relic.shape {
        // A later release labelled them.
        Shape::Tags => metadata["labels"] = json!({"deployed-with": "ops-kube-db-operator"}),
        // And an early one had fewer keys, and the host alone.
        Shape::EmptySpec => {
            data["DB_HOST"] = json!(host);
            if let Some(data) = data.as_object_mut() {
                data.remove("DATABASE_URL");
            }
        }
        _ => {}
    }
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
        "metadata": metadata, "stringData": data,
    })
}

/// Every instance as RDS describes it, by identifier: all but its tags, and how far
/// its backups go.
pub(crate) async fn described(stage: &Stage) -> Result<BTreeMap<String, String>> {
    let mut all = BTreeMap::new();
    for instance in stage.pages().await?.iter().flat_map(|xml| split(xml)) {
        let mut text = instance.to_owned();
        for element in ["TagList", "LatestRestorableTime"] {
            let (open, close) = (format!("<{element}>"), format!("</{element}>"));
            if let Some((before, rest)) = text.split_once(&open)
                && let Some((_, after)) = rest.split_once(&close)
            {
                text = format!("{before}{after}");
            }
        }
        let identifier = rds::texts(&text, "DBInstanceIdentifier").concat();
        all.insert(identifier, text);
    }
    Ok(all)
}

/// The values of each Secret that the old operator left, by name.
pub(crate) async fn secrets_of(
    stage: &Stage,
    left: &Legacy,
) -> Result<BTreeMap<String, BTreeMap<String, String>>> {
    let list = stage.get("secrets").await?;
    let items = list["items"].as_array().into_iter().flatten();
    let named = items.filter_map(|item| {
        let name = item["metadata"]["name"].as_str()?;
        let relic = left.by_name(name)?;
        let data = serde_json::from_value(item["data"].clone()).ok()?;
        Some((relic.name.clone(), data))
    });
    Ok(named.collect())
}

/// The part of a page that is about each instance.
fn split(xml: &str) -> Vec<&str> {
    let parts = xml.split("<DBInstance>").skip(1);
    parts
        .filter_map(|part| Some(part.split_once("</DBInstance>")?.0))
        .collect()
}

impl Stage {
    /// The tags of each instance, by identifier.
    pub(crate) async fn tags(&self) -> Result<BTreeMap<String, BTreeMap<String, String>>> {
        let mut all = BTreeMap::new();
        for instance in self.pages().await?.iter().flat_map(|xml| split(xml)) {
            let identifier = rds::texts(instance, "DBInstanceIdentifier").concat();
            let (keys, values) = (rds::texts(instance, "Key"), rds::texts(instance, "Value"));
            all.insert(identifier, keys.into_iter().zip(values).collect());
        }
        Ok(all)
    }

    /// Every page of `DescribeDBInstances`.
    async fn pages(&self) -> Result<Vec<String>> {
        let mut pages = Vec::new();
        let mut marker: Option<String> = None;
        loop {
            let after = marker.iter().map(|marker| ("Marker", marker.as_str()));
            let after: Vec<_> = after.collect();
            let xml = self.behind("DescribeDBInstances", &after).await?;
            marker = rds::texts(&xml, "Marker").pop();
            pages.push(xml);
            if marker.is_none() {
                return Ok(pages);
            }
        }
    }

    /// The status of every instance, of however many pages.
    async fn statuses(&self) -> Result<Vec<String>> {
        let pages = self.pages().await?;
        let statuses = |xml: &String| rds::texts(xml, "DBInstanceStatus");
        Ok(pages.iter().flat_map(statuses).collect())
    }
}
