//! The objects of 2017: written in each way that their authors had, with a status
//! that the operator wrote into the object itself.

use harness::{Error, Result};
use http::{Request, header};
use http_body_util::Full;
use serde_json::{Value, json};

use super::{OPERATOR, REAL, Relic, Shape, in_v1alpha1};
use crate::stage::{NAMESPACE, Stage};

/// How their authors wrote the objects, in turn: each leaves other traces, which
/// an upgrade has to rewrite.
const WAYS: [&[&str]; 3] = [
    &["create"],
    // Its annotation holds the manifest, and with it the version.
    &["apply"],
    &["apply", "--server-side", "--field-manager=git"],
];

/// Writes so many objects, of each shape in turn.
pub(super) async fn leave(stage: &Stage, count: usize, real: usize) -> Result<Vec<Relic>> {
    let shapes = Shape::ALL.into_iter().cycle().take(count).enumerate();
    let named: Vec<_> = shapes
        .map(|(number, shape)| {
            let name = shape.name(number);
            // Those with a server have to be whole, which the first ones are.
            let prefix = if number < real { REAL } else { "" };
            (format!("{prefix}{name}"), shape)
        })
        .collect();
    for (index, way) in WAYS.into_iter().enumerate() {
        let ours = named.iter().skip(index).step_by(WAYS.len());
        let items: Vec<_> = ours.map(|(name, shape)| manifest(name, *shape)).collect();
        let list = json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
        // kubectl of today knows no null; the API server takes it.
        let write = [way, &["--validate=false", "-n", NAMESPACE, "-f", "-"]].concat();
        stage.cluster.kubectl_in(&list, &write).await?.ok()?;
    }
    let mut objects = in_v1alpha1(stage).await?;
    let relic = |(name, shape): (String, Shape)| {
        let missing = || Error::Unexpected(format!("{name} was not stored"));
        let object = objects.remove(&name).ok_or_else(missing)?;
        let uid = object["metadata"]["uid"].as_str().unwrap_or_default();
        let identifier = shape.creation().map(|_| format!("{name}-{uid}"));
        Ok(Relic {
            name,
            shape,
            object,
            identifier,
        })
    };
    named.into_iter().map(relic).collect()
}

fn manifest(name: &str, shape: Shape) -> Value {
    let mut object = json!({
        "apiVersion": "myob.com/v1alpha1",
        "kind": "PostgresDB",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": {"since": "2017"}},
    });
    if let Some(spec) = shape.spec() {
        object["spec"] = spec;
    }
    if shape == Shape::Unknown {
        object["notes"] = json!({"owner": "the shop"});
    }
    object
}

/// Writes the statuses as its operator did: by an update of the whole object,
/// which had no status of its own.
pub(super) async fn leave_statuses(stage: &Stage, relics: &mut [Relic]) -> Result<()> {
    let api_server = stage.cluster.upstream();
    let token = stage.cluster.token("kube-system", OPERATOR).await?;
    for relic in &*relics {
        let mut object = relic.object.clone();
        object["status"] = status(relic);
        let path = "/apis/myob.com/v1alpha1/namespaces";
        let name = &relic.name;
        let manager = format!("fieldManager={OPERATOR}");
        let update = Request::put(format!("{path}/{NAMESPACE}/postgresdbs/{name}?{manager}"))
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::from(object.to_string()))
            .map_err(|error| Error::Unexpected(error.to_string()))?;
        let (status, text) = api_server.text(update).await?;
        if !status.is_success() {
            return Err(Error::Unexpected(format!("{name}: {status}: {text}")));
        }
    }
    let mut objects = in_v1alpha1(stage).await?;
    for relic in relics {
        let object = objects.remove(&relic.name);
        relic.object = object.ok_or_else(|| Error::Unexpected(relic.name.clone()))?;
    }
    Ok(())
}

fn status(relic: &Relic) -> Value {
    let Some(identifier) = &relic.identifier else {
        return json!({"ready": "Error creating database instance: InvalidParameterValue"});
    };
    let arn = format!("arn:aws:rds:us-east-1:123456789012:db:{identifier}");
    match relic.shape {
        // An update blanked it, and no release ever put it back.
        Shape::Numbers => json!({"ready": "available", "arn": ""}),
        Shape::NullSpec => json!({"ready": "available", "arn": arn}),
        _ => json!({"ready": "available", "arn": arn, "id": identifier}),
    }
}
