//! DB snapshots: create, describe, copy, delete.

use super::{
    Answer,
    describe::find,
    instance,
    page::{Filters, Page, names},
};
use crate::{
    dock::{Turn, View},
    fault::{self, Fault},
    machine::{Step, Work, is_restored_from},
    model::{Instance, Snapshot, SnapshotKind, Tags},
    rules::{name, tag},
    wire::{Element, Parameters},
};

/// Statuses of an instance that can be copied.
const COPYABLE: [&str; 3] = ["available", "storage-optimization", "stopped"];
/// `SnapshotType`; of these drydock has the first two.
const KINDS: [&str; 5] = ["automated", "manual", "shared", "public", "awsbackup"];
const FILTERS: [&str; 5] = [
    "db-instance-id",
    "db-snapshot-id",
    "dbi-resource-id",
    "snapshot-type",
    "engine",
];

pub(super) fn create(turn: &mut Turn<'_>, mut parameters: Parameters) -> Answer {
    let identifier = parameters.required("DBSnapshotIdentifier")?;
    let identifier = name::identifier("DBSnapshotIdentifier", &identifier, 255)?;
    let source = parameters.required("DBInstanceIdentifier")?;
    let given = tag::take(&mut parameters)?;
    parameters.finish()?;
    let source = find(turn.region, &source)?.clone();
    if !COPYABLE.contains(&source.status()) {
        return Err(fault::INVALID_INSTANCE_STATE.because(format!(
            "Cannot create a snapshot because the database instance {} is not currently in the \
             available state.",
            source.identifier
        )));
    }
    let mut tags = inherited(&source);
    tags.extend(given.unwrap_or_default());
    let made = add(turn, &source, &identifier, tags)?;
    let step = Step::new(
        "backing-up",
        Work::Snapshot {
            snapshot: identifier,
        },
    );
    find(turn.region, &source.identifier)?
        .steps
        .push_front(step);
    Ok(Some(
        Element::new("CreateDBSnapshotResult").with(snapshot(&turn.view(), &made)),
    ))
}

pub(super) fn describe(view: &View<'_>, mut parameters: Parameters) -> Answer {
    let only = parameters.string("DBSnapshotIdentifier");
    let source = parameters.string("DBInstanceIdentifier");
    let resource = parameters.string("DbiResourceId");
    let kind = parameters.string("SnapshotType");
    // Nobody shares anything here, either way.
    let _shared = parameters.boolean("IncludeShared")?;
    let _public = parameters.boolean("IncludePublic")?;
    let filters = Filters::take(&mut parameters, &FILTERS)?;
    let page = Page::take(&mut parameters)?;
    parameters.finish()?;
    if let Some(unknown) = kind.as_ref().filter(|kind| !KINDS.contains(&&***kind)) {
        return Err(fault::INVALID_PARAMETER_VALUE.because(format!(
            "Unrecognized snapshot type value of {unknown} is provided"
        )));
    }
    let found: Vec<_> = view
        .region
        .snapshots
        .values()
        .filter(|it| {
            let arn = view.scope.arn("snapshot", &it.identifier);
            (names(only.as_deref(), &it.identifier) || only.as_ref() == Some(&arn))
                && names(source.as_deref(), &it.instance)
                && names(resource.as_deref(), &it.resource_id)
                && names(kind.as_deref(), it.kind.name())
        })
        .collect();
    if let (Some(only), true) = (&only, found.is_empty()) {
        return Err(not_found(only));
    }
    let shown = found
        .into_iter()
        .filter(|it| {
            filters.pass(|name| match name {
                "db-instance-id" => vec![it.instance.clone()],
                "db-snapshot-id" => vec![it.identifier.clone()],
                "dbi-resource-id" => vec![it.resource_id.clone()],
                "snapshot-type" => vec![it.kind.name().to_owned()],
                _ => vec!["postgres".to_owned()],
            })
        })
        .map(|it| (it.identifier.clone(), snapshot(view, it)));
    Ok(Some(page.of(
        "DescribeDBSnapshotsResult",
        "DBSnapshots",
        shown,
    )))
}

pub(super) fn copy(turn: &mut Turn<'_>, mut parameters: Parameters) -> Answer {
    let source = parameters.required("SourceDBSnapshotIdentifier")?;
    let target = parameters.required("TargetDBSnapshotIdentifier")?;
    let target = name::identifier("TargetDBSnapshotIdentifier", &target, 255)?;
    let copy_tags = parameters.boolean("CopyTags")?.unwrap_or(false);
    let given = tag::take(&mut parameters)?;
    parameters.finish()?;
    let source = settled(turn, &source)?;
    if source.status != "available" {
        return Err(fault::INVALID_SNAPSHOT_STATE.because(format!(
            "The snapshot {} is not in available state.",
            source.identifier
        )));
    }
    vacant(turn, &target)?;
    let copy = Snapshot {
        // Data of a snapshot never change, so both have the same.
        identifier: target.clone(),
        created: turn.now,
        kind: SnapshotKind::Manual,
        copy_of: Some(turn.scope.arn("snapshot", &source.identifier)),
        tags: match given {
            Some(given) => given,
            None if copy_tags => source.tags.clone(),
            None => Tags::new(),
        },
        ..source
    };
    turn.region.snapshots.insert(target, copy.clone());
    Ok(Some(
        Element::new("CopyDBSnapshotResult").with(snapshot(&turn.view(), &copy)),
    ))
}

pub(super) fn delete(turn: &mut Turn<'_>, mut parameters: Parameters) -> Answer {
    let asked = parameters.required("DBSnapshotIdentifier")?;
    parameters.finish()?;
    let mut gone = settled(turn, &asked)?;
    if gone.kind == SnapshotKind::Automated {
        return Err(fault::INVALID_SNAPSHOT_STATE.because("automated snapshots cannot be deleted."));
    }
    if is_restored_from(turn.region, &gone.folder) {
        return Err(fault::INVALID_SNAPSHOT_STATE
            .because(format!("The snapshot {asked} is being restored.")));
    }
    turn.region.snapshots.remove(&gone.identifier);
    "deleted".clone_into(&mut gone.status);
    Ok(Some(
        Element::new("DeleteDBSnapshotResult").with(snapshot(&turn.view(), &gone)),
    ))
}

pub(super) fn not_found(name: &str) -> Fault {
    fault::SNAPSHOT_NOT_FOUND.because(format!("DBSnapshot {name} not found."))
}

/// A snapshot, by name or ARN, that is there and not on its way.
pub(super) fn settled(turn: &Turn<'_>, asked: &str) -> Result<Snapshot, Fault> {
    let prefix = turn.scope.arn("snapshot", "");
    let name = asked.strip_prefix(&prefix).unwrap_or(asked);
    let found = turn
        .region
        .snapshots
        .get(&name.to_ascii_lowercase())
        .ok_or_else(|| not_found(asked))?;
    if found.status == "creating" {
        return Err(fault::INVALID_SNAPSHOT_STATE
            .because(format!("The snapshot {name} is not in available state.")));
    }
    Ok(found.clone())
}

/// The tags that a snapshot takes over from its instance.
pub(super) fn inherited(source: &Instance) -> Tags {
    source.snapshot_tags()
}

/// Adds a snapshot that is being created.
pub(super) fn add(
    turn: &mut Turn<'_>,
    of: &Instance,
    identifier: &str,
    tags: Tags,
) -> Result<Snapshot, Fault> {
    vacant(turn, identifier)?;
    let snapshot = Snapshot {
        tags,
        ..Snapshot::of(of, identifier.to_owned(), SnapshotKind::Manual, turn.now)
    };
    turn.region
        .snapshots
        .insert(identifier.to_owned(), snapshot.clone());
    Ok(snapshot)
}

/// Whether a snapshot may be added with this name.
fn vacant(turn: &Turn<'_>, identifier: &str) -> Result<(), Fault> {
    if turn.region.snapshots.contains_key(identifier) {
        return Err(fault::SNAPSHOT_ALREADY_EXISTS.because(format!(
            "Cannot create the snapshot because a snapshot with the identifier {identifier} \
             already exists."
        )));
    }
    let manual = |it: &&Snapshot| it.kind == SnapshotKind::Manual;
    if turn.region.snapshots.values().filter(manual).count() >= turn.settings.snapshots {
        return Err(fault::SNAPSHOT_QUOTA_EXCEEDED.because(
            "Cannot create more snapshots: the region has its number of manual snapshots.",
        ));
    }
    Ok(())
}

/// The `DBSnapshot` element.
fn snapshot(view: &View<'_>, it: &Snapshot) -> Element {
    let about = &it.configuration;
    let done = it.status != "creating";
    Element::new("DBSnapshot")
        .field("DBSnapshotIdentifier", &it.identifier)
        .field("DBInstanceIdentifier", &it.instance)
        .moment("SnapshotCreateTime", done.then_some(it.created))
        .moment("OriginalSnapshotCreateTime", done.then_some(it.created))
        .field("Engine", "postgres")
        .field("AllocatedStorage", about.storage)
        .field("Status", &it.status)
        .field("Port", about.port)
        .field("AvailabilityZone", &about.availability_zone)
        .moment("InstanceCreateTime", it.instance_created)
        .field("MasterUsername", &about.master_username)
        .field("EngineVersion", &about.engine_version)
        .field("LicenseModel", "postgresql-license")
        .field("SnapshotType", it.kind.name())
        .maybe("Iops", about.iops)
        .maybe("StorageThroughput", about.throughput)
        .field("PercentProgress", if done { 100 } else { 0 })
        .maybe("SourceDBSnapshotIdentifier", it.copy_of.as_ref())
        .field("StorageType", &about.storage_type)
        .field("Encrypted", about.encrypted)
        .maybe("KmsKeyId", about.kms_key.as_ref())
        .field("DBSnapshotArn", view.scope.arn("snapshot", &it.identifier))
        .field("IAMDatabaseAuthenticationEnabled", about.iam_authentication)
        .field("DbiResourceId", &it.resource_id)
        .list("TagList", instance::tags(&it.tags))
}
