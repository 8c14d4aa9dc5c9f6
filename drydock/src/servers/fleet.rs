//! PostgreSQL servers, one for each instance, and the folders of their data.
//!
//! `instances/ID` is a server, `snapshots/NAME` a copy, `backups/ID` what a
//! deleted instance left. Work that a kill interrupted is done again, so each
//! kind of it must bear what an earlier attempt left.

mod lives;
mod sweep;

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::RwLock;

use super::{Error, Job, Outcome, Version};
use crate::{
    machine::Work,
    model::Instance,
    postgres::{self, Installations, Parameter, Reach, Server},
};

/// The folders whose content nobody keeps that the state does not name: servers,
/// their copies, and backups of those that are gone.
pub const FOLDERS: [&str; 3] = ["instances", "snapshots", "backups"];

/// A server's place: those who use it read, who takes it away writes.
type Place = Arc<RwLock<Option<Server>>>;

/// The servers of one folder.
#[derive(Debug)]
pub struct Fleet {
    installations: Installations,
    versions: Vec<Version>,
    /// By family and name.
    parameters: BTreeMap<String, BTreeMap<String, Parameter>>,
    folder: PathBuf,
    /// What the identifiers of those begin with that have a server; empty for all.
    prefixes: Vec<String>,
    places: Mutex<HashMap<String, Place>>,
}

impl Fleet {
    pub(super) async fn find(folder: &Path, cache: &Path, reach: &Reach) -> Result<Self, Error> {
        let installations = Installations::find_with(cache, reach).await?;
        let mut parameters = BTreeMap::new();
        let mut versions = Vec::new();
        for version in installations.versions() {
            let (major, minor) = (version.major(), version.minor());
            versions.push(Version { major, minor });
            let known = installations.parameters(major).await?;
            let known = known.into_iter().map(|it| (it.name.clone(), it));
            parameters.insert(format!("postgres{major}"), known.collect());
        }
        for kind in FOLDERS {
            let path = folder.join(kind);
            fs::create_dir_all(&path).map_err(system(format!("making {}", path.display())))?;
        }
        let folder = fs::canonicalize(folder).map_err(system("finding the folder"))?;
        Ok(Self {
            installations,
            versions,
            parameters,
            folder,
            prefixes: Vec::new(),
            places: Mutex::default(),
        })
    }

    pub(super) fn only_for(self, prefixes: Vec<String>) -> Self {
        Self { prefixes, ..self }
    }

    /// Whether an instance is, or is to be, its states alone. One that there is
    /// keeps what it was made with, whatever it is called by now.
    fn is_bare(&self, instance: &Instance, is_new: bool) -> bool {
        let named = |prefix: &String| instance.identifier.starts_with(prefix);
        let chosen = self.prefixes.is_empty() || is_new && self.prefixes.iter().any(named);
        !chosen && !self.home(&instance.resource_id).exists()
    }

    pub(super) fn versions(&self) -> &[Version] {
        &self.versions
    }

    pub(super) fn upgrades(&self) -> bool {
        self.installations.upgrade()
    }

    pub(super) fn parameter(&self, family: &str, name: &str) -> Option<bool> {
        Some(self.parameters.get(family)?.get(name)?.restarts)
    }

    pub(super) fn parameters(&self, family: &str) -> Vec<&Parameter> {
        let known = self.parameters.get(family);
        known.into_iter().flat_map(BTreeMap::values).collect()
    }

    pub(super) fn authority(&self) -> &str {
        self.installations.authority()
    }

    fn home(&self, resource: &str) -> PathBuf {
        self.folder.join("instances").join(resource)
    }

    fn left(&self, resource: &str) -> PathBuf {
        self.folder.join("backups").join(resource)
    }

    /// The folder of the snapshot that a step takes.
    fn snapshot(&self, job: &Job) -> Result<PathBuf, Error> {
        let name = job.snapshot.as_ref().ok_or(Error::Incomplete("snapshot"))?;
        Ok(self.folder.join("snapshots").join(name))
    }

    fn place(&self, resource: &str) -> Place {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(places.entry(resource.to_owned()).or_default())
    }

    /// The server's place, with the server in it.
    async fn opened(&self, resource: &str) -> Result<Place, Error> {
        let place = self.place(resource);
        // A restore from its backups may be reading for long.
        if place.read().await.is_some() {
            return Ok(place);
        }
        let mut inside = place.write().await;
        if inside.is_none() {
            *inside = Some(Server::open(&self.installations, &self.home(resource)).await?);
        }
        drop(inside);
        Ok(place)
    }

    pub(super) async fn resume(&self, instance: &Instance) -> Result<(), Error> {
        if self.is_bare(instance, false) {
            return Ok(());
        }
        let place = self.opened(&instance.resource_id).await?;
        if instance.stopped.is_none()
            && let Some(server) = &*place.read().await
        {
            server.start().await?;
        }
        Ok(())
    }

    pub(super) async fn stop(&self) {
        let places: Vec<_> = {
            let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
            places.drain().collect()
        };
        for (resource, place) in places {
            if let Some(server) = &*place.read().await
                && let Err(error) = server.stop().await
            {
                tracing::warn!(resource, %error, "a server did not stop");
            }
        }
    }

    pub(super) async fn perform(&self, work: &Work, job: &Job) -> Result<Outcome, Error> {
        let instance = &job.instance;
        let resource = &*instance.resource_id;
        let is_new = matches!(
            work,
            Work::Create | Work::Restore { .. } | Work::RestoreToTime { .. }
        );
        if self.is_bare(instance, is_new) {
            return Ok(Outcome::default());
        }
        match work {
            Work::Create | Work::Restore { .. } | Work::RestoreToTime { .. } => {
                return self.make(work, job).await;
            }
            Work::Destroy { keep_backups } => {
                self.destroy(resource, *keep_backups).await?;
                return Ok(Outcome::default());
            }
            Work::Wait => return Ok(Outcome::default()),
            _ => {}
        }
        let place = self.opened(resource).await?;
        let inside = place.read().await;
        let Some(server) = &*inside else {
            return Err(Error::Incomplete("server"));
        };
        let mut outcome = Outcome::default();
        match work {
            Work::BackUp { .. } => {
                let folder = self.snapshot(job)?;
                // Or an earlier attempt finished it.
                if !folder.exists() {
                    let copy = server.back_up().await?;
                    server.share_backup(copy, &folder).await?;
                }
                let since = job.time.ok_or(Error::Incomplete("time"))?;
                server.prune_backups(since).await?;
            }
            Work::Snapshot { .. } => {
                let folder = self.snapshot(job)?;
                match server.copy_to(&folder).await {
                    // An earlier attempt finished it.
                    Ok(()) | Err(postgres::Error::Occupied(_)) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            Work::Apply => outcome.not_upgraded = !apply(server, job).await?,
            Work::Password => {
                let password = &instance.pending.password;
                let password = password.as_ref().ok_or(Error::Incomplete("password"))?;
                let user = &instance.configuration.master_username;
                server.set_password(user, password).await?;
            }
            Work::Parameters => {
                let waiting = server.set_parameters(&job.parameters).await?;
                outcome.waiting = !waiting.is_empty();
            }
            Work::Start => server.start().await?,
            Work::Stop => server.stop().await?,
            Work::Reboot => {
                server.set_parameters(&job.parameters).await?;
                server.restart().await?;
            }
            Work::Create
            | Work::Restore { .. }
            | Work::RestoreToTime { .. }
            | Work::Destroy { .. }
            | Work::Wait => {}
        }
        Ok(outcome)
    }
}

/// Does what of a change concerns the server. Whether it runs the version that
/// the change says: an upgrade that failed changed nothing.
async fn apply(server: &Server, job: &Job) -> Result<bool, Error> {
    let change = &job.instance.pending;
    let major = change.engine_version.as_deref().and_then(major);
    let mut upgraded = true;
    if let Some(major) = major
        && let Err(error) = server.upgrade(major, &job.parameters).await
    {
        if !server.is_running().await {
            return Err(error.into());
        }
        tracing::warn!(instance = job.instance.identifier, %error, "the upgrade failed");
        upgraded = false;
    }
    if change.backup_retention == Some(0) {
        server.discard_backups().await?;
    }
    if change.class.is_some() || change.port.is_some() {
        server.restart().await?;
    }
    Ok(upgraded)
}

/// 17, of 17.6.
fn major(version: &str) -> Option<u32> {
    version.split('.').next()?.parse().ok()
}

fn system(doing: impl Into<String>) -> impl FnOnce(std::io::Error) -> Error {
    let doing = doing.into();
    move |source| Error::System { doing, source }
}
