//! What the demo holds Stow to. Each check reads what any user can read, and
//! shows no value of a Secret.

use super::{KIND, NAMESPACE, stage::Stage};
use crate::error::{Error, Result};

const SECRET_KEYS: [&str; 6] = [
    "DATABASE_URL",
    "DB_HOST",
    "DB_NAME",
    "DB_PASSWORD",
    "DB_PORT",
    "DB_USER",
];
const VERSIONS: [&str; 2] = ["v1alpha1", "v1beta1"];

/// The names of the objects.
pub(super) async fn databases(stage: &Stage) -> Result<Vec<String>> {
    let template = "{{range .items}}{{.metadata.name}} {{end}}";
    let get = [
        "get",
        KIND,
        "--namespace",
        NAMESPACE,
        "--output=go-template",
        "--template",
        template,
    ];
    let names = stage.control_plane.kubectl(&get).await?.ok()?;
    let names: Vec<_> = names.split_whitespace().map(ToOwned::to_owned).collect();
    must(names.len() == 2, || {
        format!("two examples were applied, and there are: {names:?}")
    })?;
    Ok(names)
}

/// The documented way to ask for the state of a database.
pub(super) async fn is_available(stage: &Stage, name: &str) -> Result<()> {
    let ready = stage.read(KIND, name, "{{.status.ready}}").await?;
    must(ready == "available", || {
        format!("{name}: .status.ready is {ready:?}")
    })
}

/// The keys of the object's Secret, each of which must have a value.
pub(super) async fn secret_keys(stage: &Stage, name: &str) -> Result<Vec<String>> {
    let secret = secret_name(stage, name).await?;
    let template = "{{range $key, $value := .data}}{{if $value}}{{$key}} {{end}}{{end}}";
    let keys = stage.read("secret", &secret, template).await?;
    let keys: Vec<_> = keys.split_whitespace().map(ToOwned::to_owned).collect();
    must(keys == SECRET_KEYS, || {
        format!("Secret {secret} has values for {keys:?}, and should for {SECRET_KEYS:?}")
    })?;
    Ok(keys)
}

/// Whatever version an object was written in, it reads in both, as itself.
pub(super) async fn reads_in_both_versions(stage: &Stage, name: &str) -> Result<()> {
    for version in VERSIONS {
        let kind = format!("{KIND}.{version}.myob.com");
        let template = "{{.apiVersion}} {{.spec.size}} {{.status.ready}}";
        let read = stage.read(&kind, name, template).await?;
        let size = stage.read(KIND, name, "{{.spec.size}}").await?;
        must(
            read == format!("myob.com/{version} {size} available"),
            || format!("{name} reads in {version} as {read:?}"),
        )?;
    }
    Ok(())
}

/// Deletes an object: its instance must go, and a final snapshot remain, whose
/// name is returned. Its Secret must be marked to go with it: the garbage
/// collector of a cluster as young as this one finds it up to half a minute later.
pub(super) async fn deletion(stage: &Stage, name: &str) -> Result<String> {
    let secret = secret_name(stage, name).await?;
    let owner = "{{range .metadata.ownerReferences}}{{.uid}}{{end}}";
    let owner = stage.read("secret", &secret, owner).await?;
    let uid = stage.read(KIND, name, "{{.metadata.uid}}").await?;
    must(owner == uid, || {
        format!("Secret {secret} belongs to {owner:?}, and should to {name}")
    })?;
    let arn = stage.read(KIND, name, "{{.status.arn}}").await?;
    let identifier = arn.rsplit(':').next().unwrap_or_default().to_owned();
    let rds = stage.rds();
    let instances = rds.texts("DescribeDBInstances", &[], "DBInstanceIdentifier");
    let before = instances.await?;
    must(before.contains(&identifier), || {
        format!("{name} names {arn}, and RDS has {before:?}")
    })?;

    let delete = [
        "delete",
        KIND,
        name,
        "--namespace",
        NAMESPACE,
        "--timeout=180s",
    ];
    stage.control_plane.kubectl(&delete).await?.ok()?;

    let instances = rds.texts("DescribeDBInstances", &[], "DBInstanceIdentifier");
    let after = instances.await?;
    must(!after.contains(&identifier), || {
        format!("{name} is gone, and its instance {identifier} is not")
    })?;
    let manual = [
        ("DBInstanceIdentifier", identifier.as_str()),
        ("SnapshotType", "manual"),
    ];
    let snapshots = rds.texts("DescribeDBSnapshots", &manual, "DBSnapshotIdentifier");
    let mut snapshots = snapshots.await?;
    must(snapshots.len() == 1, || {
        format!("{identifier} should leave one final snapshot, and left {snapshots:?}")
    })?;
    Ok(snapshots.remove(0))
}

pub(super) async fn secret_name(stage: &Stage, name: &str) -> Result<String> {
    stage.read(KIND, name, "{{.status.binding.name}}").await
}

fn must(holds: bool, otherwise: impl FnOnce() -> String) -> Result<()> {
    if holds {
        return Ok(());
    }
    Err(Error::Unexpected(otherwise()))
}
