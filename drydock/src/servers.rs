//! The seam to the servers behind the instances.
//!
//! Without PostgreSQL there are none: instances have their states, and nobody
//! listens, which is enough for tests of states and validation.

mod fleet;

pub use fleet::{FOLDERS, Fleet};

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, io,
    path::Path,
    str::FromStr,
};

use jiff::Timestamp;

use crate::{machine::Work, model::Instance, postgres, rules};

/// A version of PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Like 17.
    pub major: u32,
    /// Like 6.
    pub minor: u32,
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}

/// A text that is not `MAJOR.MINOR`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a version like 17.6")]
pub struct NotAVersion(String);

impl FromStr for Version {
    type Err = NotAVersion;

    fn from_str(text: &str) -> Result<Self, NotAVersion> {
        let parts = text
            .split_once('.')
            .and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
        match parts {
            Some((major, minor)) => Ok(Self { major, minor }),
            None => Err(NotAVersion(text.to_owned())),
        }
    }
}

/// What a step's work is done on.
#[derive(Debug, Clone)]
pub struct Job {
    /// The instance as it was when the step began.
    pub instance: Instance,
    /// What its parameter group sets.
    pub parameters: BTreeMap<String, String>,
    /// The folder of the snapshot that the step takes.
    pub snapshot: Option<String>,
    /// The moment that the step restores, by the machine's clock.
    pub time: Option<Timestamp>,
}

/// What is known once a step's work is done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Where the server listens.
    pub port: Option<u16>,
    /// Whether parameters wait for a reboot.
    pub waiting: bool,
    /// What the server runs, where it was made.
    pub version: Option<Version>,
    /// Whether it is as it was before an upgrade, which failed.
    pub not_upgraded: bool,
}

/// Why the work of a step failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server could not be had as it should be.
    #[error(transparent)]
    Postgres(#[from] postgres::Error),
    /// The system refused.
    #[error("{doing}: {source}")]
    System {
        /// What was tried.
        doing: String,
        /// Why.
        source: io::Error,
    },
    /// A step of this kind lacks what it is about.
    #[error("the step lacks its {0}")]
    Incomplete(&'static str),
}

/// The servers behind the instances.
#[derive(Debug)]
pub enum Servers {
    /// None: instances have their states alone.
    None(Vec<Version>),
    /// PostgreSQL.
    Postgres(Fleet),
}

impl Servers {
    /// PostgreSQL servers in a folder, of the releases on this machine.
    pub async fn find(folder: &Path, cache: &Path) -> Result<Self, Error> {
        Self::find_with(folder, cache, &postgres::Reach::default()).await
    }

    /// As [`Self::find`], for ports that are reached from elsewhere.
    pub async fn find_with(
        folder: &Path,
        cache: &Path,
        reach: &postgres::Reach,
    ) -> Result<Self, Error> {
        Fleet::find(folder, cache, reach).await.map(Self::Postgres)
    }

    /// The same, for instances whose identifier begins with one of these; where
    /// there are none, for all.
    #[must_use]
    pub fn only_for(self, prefixes: Vec<String>) -> Self {
        match self {
            Self::None(versions) => Self::None(versions),
            Self::Postgres(fleet) => Self::Postgres(fleet.only_for(prefixes)),
        }
    }

    /// The versions that instances can have.
    pub fn versions(&self) -> &[Version] {
        match self {
            Self::None(versions) => versions,
            Self::Postgres(fleet) => fleet.versions(),
        }
    }

    /// The certificate, as PEM, that clients trust; nothing without servers.
    pub fn authority(&self) -> Option<&str> {
        match self {
            Self::None(_) => None,
            Self::Postgres(fleet) => Some(fleet.authority()),
        }
    }

    /// Whether an instance can move to another version.
    pub fn upgrades(&self) -> bool {
        match self {
            Self::None(_) => true,
            Self::Postgres(fleet) => fleet.upgrades(),
        }
    }

    /// Whether a change of a parameter waits for a restart; nothing for one that
    /// groups of this family do not have.
    pub fn parameter(&self, family: &str, name: &str) -> Option<bool> {
        match self {
            Self::None(_) => rules::group::plausible(name).then_some(false),
            Self::Postgres(fleet) => fleet.parameter(family, name),
        }
    }

    /// The parameters that groups of a family may set, by name; none without
    /// servers.
    pub fn parameters(&self, family: &str) -> Vec<&postgres::Parameter> {
        match self {
            Self::None(_) => Vec::new(),
            Self::Postgres(fleet) => fleet.parameters(family),
        }
    }

    /// Does a step's work on the server of an instance.
    pub async fn perform(&self, work: &Work, job: &Job) -> Result<Outcome, Error> {
        match self {
            Self::None(_) => Ok(Outcome::default()),
            Self::Postgres(fleet) => fleet.perform(work, job).await,
        }
    }

    /// Brings a server back that an earlier life of drydock left.
    pub async fn resume(&self, instance: &Instance) -> Result<(), Error> {
        match self {
            Self::None(_) => Ok(()),
            Self::Postgres(fleet) => fleet.resume(instance).await,
        }
    }

    /// Removes what belongs to none of what is `kept`. That is asked after the
    /// folders are listed, so that what is begun meanwhile is left alone.
    pub async fn sweep(&self, kept: impl FnOnce() -> Kept + Send) {
        if let Self::Postgres(fleet) = self {
            fleet.sweep(kept).await;
        }
    }

    /// Stops every server; their data stay.
    pub async fn stop(&self) {
        if let Self::Postgres(fleet) = self {
            fleet.stop().await;
        }
    }
}

/// The names of the folders that are still needed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Instances, by `DbiResourceId`.
    pub instances: BTreeSet<String>,
    /// Snapshots.
    pub snapshots: BTreeSet<String>,
    /// Backups of instances that are gone or going, by `DbiResourceId`.
    pub backups: BTreeSet<String>,
}
