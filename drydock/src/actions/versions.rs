//! What there is to order: engine versions, and a small table of classes.

use super::{
    Answer,
    page::{Filters, Page},
};
use crate::{
    dock::View,
    servers::Version,
    wire::{Element, Parameters},
};

/// Classes on offer in every version. Create takes any well-formed class.
const CLASSES: [&str; 8] = [
    "db.m5.large",
    "db.m6g.large",
    "db.r6g.large",
    "db.t3.micro",
    "db.t3.small",
    "db.t3.medium",
    "db.t4g.micro",
    "db.t4g.small",
];

/// Type, least and most GiB, IOPS for an instance, IOPS for a GiB.
type Offer = (
    &'static str,
    i32,
    i32,
    Option<(i32, i32)>,
    Option<(f64, f64)>,
);

const STORAGE: [Offer; 4] = [
    ("gp2", 20, 65_536, None, None),
    (
        "gp3",
        20,
        65_536,
        Some((12_000, 64_000)),
        Some((0.5, 500.0)),
    ),
    (
        "io1",
        100,
        65_536,
        Some((1_000, 256_000)),
        Some((0.5, 50.0)),
    ),
    (
        "io2",
        100,
        65_536,
        Some((1_000, 256_000)),
        Some((0.5, 1_000.0)),
    ),
];

pub(super) fn engine_versions(view: &View<'_>, mut parameters: Parameters) -> Answer {
    let engine = parameters.string("Engine");
    let asked = parameters.string("EngineVersion");
    let family = parameters.string("DBParameterGroupFamily");
    let default_only = parameters.boolean("DefaultOnly")?.unwrap_or(false);
    // Versions that are no longer offered are not here, either way.
    let _all = parameters.boolean("IncludeAll")?;
    let filters = Filters::take(&mut parameters, &["engine", "engine-version", "status"])?;
    let page = Page::take(&mut parameters)?;
    parameters.finish()?;
    let newest = |of: &Version| {
        view.versions
            .iter()
            .all(|other| other.major != of.major || other <= of)
    };
    let mut versions: Vec<_> = view
        .versions
        .iter()
        .filter(|_| engine.as_ref().is_none_or(|engine| engine == "postgres"))
        .filter(|it| asked.as_ref().is_none_or(|asked| is(**it, asked)))
        .filter(|it| {
            family
                .as_ref()
                .is_none_or(|family| *family == format!("postgres{}", it.major))
        })
        .filter(|it| !default_only || newest(it))
        .filter(|it| {
            filters.pass(|filter| {
                vec![match filter {
                    "engine" => "postgres".to_owned(),
                    "engine-version" => it.to_string(),
                    _ => "available".to_owned(),
                }]
            })
        })
        .collect();
    versions.sort();
    let shown = versions
        .into_iter()
        .map(|it| (sortable(*it), engine_version(view, *it)));
    Ok(Some(page.of(
        "DescribeDBEngineVersionsResult",
        "DBEngineVersions",
        shown,
    )))
}

/// A major alone means all of its minors.
fn is(version: Version, asked: &str) -> bool {
    version.to_string() == asked || version.major.to_string() == asked
}

/// Versions are numbers, and markers are text.
fn sortable(version: Version) -> String {
    format!("{:04}.{:04}", version.major, version.minor)
}

fn engine_version(view: &View<'_>, it: Version) -> Element {
    let mut targets: Vec<_> = view
        .versions
        .iter()
        .filter(|to| view.upgrades && **to > it)
        .collect();
    targets.sort();
    let targets = targets.into_iter().map(|to| {
        Element::new("UpgradeTarget")
            .field("Engine", "postgres")
            .field("EngineVersion", to)
            .field("Description", format!("PostgreSQL {to}"))
            .field("AutoUpgrade", false)
            .field("IsMajorVersionUpgrade", to.major > it.major)
    });
    Element::new("DBEngineVersion")
        .field("Engine", "postgres")
        .field("MajorEngineVersion", it.major)
        .field("EngineVersion", it)
        .field("DBParameterGroupFamily", format!("postgres{}", it.major))
        .field("DBEngineDescription", "PostgreSQL")
        .field("DBEngineVersionDescription", format!("PostgreSQL {it}"))
        .list("ValidUpgradeTarget", targets)
        .field("Status", "available")
}

pub(super) fn orderable(view: &View<'_>, mut parameters: Parameters) -> Answer {
    let engine = parameters.required("Engine")?;
    let asked = parameters.string("EngineVersion");
    let class = parameters.string("DBInstanceClass");
    let page = Page::take(&mut parameters)?;
    parameters.finish()?;
    let mut rows = Vec::new();
    for version in view.versions {
        let wanted = asked.as_ref().is_none_or(|asked| is(*version, asked));
        if engine != "postgres" || !wanted {
            continue;
        }
        for of in CLASSES {
            if class.as_ref().is_some_and(|class| class != of) {
                continue;
            }
            for offer in STORAGE {
                let name = format!("{} {of} {}", sortable(*version), offer.0);
                rows.push((name, option(view, *version, of, offer)));
            }
        }
    }
    rows.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(Some(page.of(
        "DescribeOrderableDBInstanceOptionsResult",
        "OrderableDBInstanceOptions",
        rows,
    )))
}

fn option(view: &View<'_>, version: Version, class: &str, offer: Offer) -> Element {
    let (kind, least, most, iops, ratio) = offer;
    let zones = ['a', 'b', 'c'].map(|zone| {
        Element::new("AvailabilityZone").field("Name", format!("{}{zone}", view.scope.region))
    });
    Element::new("OrderableDBInstanceOption")
        .field("Engine", "postgres")
        .field("EngineVersion", version)
        .field("DBInstanceClass", class)
        .field("LicenseModel", "postgresql-license")
        .list("AvailabilityZones", zones)
        .field("MultiAZCapable", true)
        .field("Vpc", true)
        .field("SupportsStorageEncryption", true)
        .field("StorageType", kind)
        .field("SupportsIops", iops.is_some())
        .field("SupportsStorageThroughput", kind == "gp3")
        .field("SupportsStorageAutoscaling", true)
        .field("MinStorageSize", least)
        .field("MaxStorageSize", most)
        .maybe("MinIopsPerDbInstance", iops.map(|(least, _)| least))
        .maybe("MaxIopsPerDbInstance", iops.map(|(_, most)| most))
        .maybe("MinIopsPerGib", ratio.map(|(least, _)| least))
        .maybe("MaxIopsPerGib", ratio.map(|(_, most)| most))
}
