//! Engine versions: those of the `PostgreSQL` that is here.
//!
//! Must not promise an upgrade that nobody can do.

use super::{
    Answer, certificates, create,
    page::{Filters, Page},
};
use crate::{
    dock::View,
    servers::Version,
    wire::{Element, Parameters},
};

const FILTERS: [&str; 5] = [
    "db-parameter-group-family",
    "engine",
    "engine-mode",
    "engine-version",
    "status",
];

pub(super) fn engine_versions(view: &View<'_>, mut parameters: Parameters) -> Answer {
    let engine = parameters.string("Engine");
    let asked = parameters.string("EngineVersion");
    let family = parameters.string("DBParameterGroupFamily");
    let default_only = parameters.boolean("DefaultOnly")?.unwrap_or(false);
    // Versions that are no longer offered are not here, either way, and
    // PostgreSQL has neither character sets nor time zones to choose at create.
    let _all = parameters.boolean("IncludeAll")?;
    let _sets = parameters.boolean("ListSupportedCharacterSets")?;
    let _zones = parameters.boolean("ListSupportedTimezones")?;
    let filters = Filters::take(&mut parameters, &FILTERS)?;
    let page = Page::take(&mut parameters)?;
    parameters.finish()?;
    if let Some(engine) = &engine {
        create::engine(engine)?;
    }
    // Of a major or a family, if one is named, else of all.
    let one_major = asked.is_some() || family.is_some();
    let newest = |of: &Version| {
        view.versions
            .iter()
            .all(|other| one_major && other.major != of.major || other <= of)
    };
    let mut versions: Vec<_> = view
        .versions
        .iter()
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
                    "engine-mode" => "provisioned".to_owned(),
                    "db-parameter-group-family" => format!("postgres{}", it.major),
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
pub(super) fn is(version: Version, asked: &str) -> bool {
    version.to_string() == asked || version.major.to_string() == asked
}

/// Versions are numbers, and markers are text.
pub(super) fn sortable(version: Version) -> String {
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
        .list(
            "ExportableLogTypes",
            ["postgresql", "upgrade", "iam-db-auth-error"].map(|log| Element::text("member", log)),
        )
        .field("SupportsLogExportsToCloudwatchLogs", true)
        .field("SupportsReadReplica", false)
        .field("SupportsParallelQuery", false)
        .field("SupportsGlobalDatabases", false)
        .field("SupportsBabelfish", false)
        .field("SupportsCertificateRotationWithoutRestart", true)
        .list("SupportedCACertificateIdentifiers", certificates::names())
        .list(
            "SupportedEngineModes",
            [Element::text("member", "provisioned")],
        )
}
