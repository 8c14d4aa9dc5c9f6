//! PostgreSQL servers, one for each instance, and the folders of their data.
//!
//! `instances/ID` is a server, `snapshots/NAME` a copy, `backups/ID` what a
//! deleted instance left. Work that a kill interrupted is done again, so each
//! kind of it must bear what an earlier attempt left.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;
use tokio::sync::RwLock;

use super::{Error, Job, Kept, Outcome, Version};
use crate::{
    machine::Work,
    model::Instance,
    postgres::{self, Installations, Parameter, Reach, Server, Spec, restorable},
};

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
        for kind in ["instances", "snapshots", "backups"] {
            let path = folder.join(kind);
            fs::create_dir_all(&path).map_err(system(format!("making {}", path.display())))?;
        }
        let folder = fs::canonicalize(folder).map_err(system("finding the folder"))?;
        Ok(Self {
            installations,
            versions,
            parameters,
            folder,
            places: Mutex::default(),
        })
    }

    pub(super) fn versions(&self) -> &[Version] {
        &self.versions
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

    fn place(&self, resource: &str) -> Place {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(places.entry(resource.to_owned()).or_default())
    }

    /// The server's place, with the server in it.
    async fn opened(&self, resource: &str) -> Result<Place, Error> {
        let place = self.place(resource);
        let mut inside = place.write().await;
        if inside.is_none() {
            *inside = Some(Server::open(&self.installations, &self.home(resource)).await?);
        }
        drop(inside);
        Ok(place)
    }

    pub(super) async fn resume(&self, instance: &Instance) -> Result<(), Error> {
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
            Work::BackUp => {
                server.back_up().await?;
            }
            Work::Snapshot { .. } => {
                let name = job.snapshot.as_ref().ok_or(Error::Incomplete("snapshot"))?;
                let folder = self.folder.join("snapshots").join(name);
                match server.copy_to(&folder).await {
                    // An earlier attempt finished it.
                    Ok(()) | Err(postgres::Error::Occupied(_)) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            Work::Apply => apply(server, instance).await?,
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

    /// Makes a server, or takes up the one that an earlier attempt finished.
    async fn make(&self, work: &Work, job: &Job) -> Result<Outcome, Error> {
        let instance = &job.instance;
        let resource = &*instance.resource_id;
        let home = self.home(resource);
        let parameters = job.parameters.clone();
        let installations = &self.installations;
        let made = match work {
            Work::Restore { folder } => {
                let copy = self.folder.join("snapshots").join(folder);
                Server::restore(installations, &copy, &home, 0, parameters).await
            }
            Work::RestoreToTime { source, .. } => {
                let time = job.time.ok_or(Error::Incomplete("time"))?;
                let (backups, time) = self.backups(source, time).await?;
                Server::restore_to_time(installations, &backups, &home, 0, parameters, time).await
            }
            _ => {
                let about = &instance.configuration;
                let major = about.engine_version.split('.').next();
                let spec = Spec {
                    major: major
                        .and_then(|major| major.parse().ok())
                        .ok_or(Error::Incomplete("version"))?,
                    port: 0,
                    master_username: about.master_username.clone(),
                    master_password: instance.password.clone(),
                    database: about.database.clone(),
                    parameters,
                };
                Server::create(installations, &home, spec).await
            }
        };
        let port = match made {
            Ok(server) => {
                let port = server.port();
                *self.place(resource).write().await = Some(server);
                port
            }
            Err(postgres::Error::Occupied(_)) => {
                let place = self.opened(resource).await?;
                let inside = place.read().await;
                let server = inside.as_ref().ok_or(Error::Incomplete("server"))?;
                server.start().await?;
                server.port()
            }
            Err(error) => return Err(error.into()),
        };
        Ok(Outcome {
            port: Some(port),
            waiting: false,
        })
    }

    /// The backups of an instance that is there, or gone, complete up to a time;
    /// of one that does not run that is its end, at most.
    async fn backups(&self, source: &str, time: Timestamp) -> Result<(PathBuf, Timestamp), Error> {
        let left = self.left(source);
        let backups = if left.exists() {
            left
        } else {
            let place = self.opened(source).await?;
            let inside = place.read().await;
            let server = inside.as_ref().ok_or(Error::Incomplete("server"))?;
            if server.is_running().await {
                server.flush_backups().await?;
                return Ok((server.backups(), time));
            }
            server.backups()
        };
        let end = restorable(&backups)?.map_or(time, |span| span.latest);
        Ok((backups, time.min(end)))
    }

    async fn destroy(&self, resource: &str, keep_backups: bool) -> Result<(), Error> {
        let home = self.home(resource);
        if home.exists() {
            let server = match self.opened(resource).await {
                Ok(place) => place.write().await.take(),
                // Nothing that runs: the next sweep removes what there is.
                Err(error) => {
                    tracing::warn!(resource, %error, "there is no server to end");
                    None
                }
            };
            match server {
                // An earlier attempt may have moved them already.
                Some(server) if keep_backups && !self.left(resource).exists() => {
                    server.destroy_but_backups(&self.left(resource)).await?;
                }
                Some(server) => server.destroy().await?,
                None => {}
            }
        }
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.remove(resource);
        Ok(())
    }

    pub(super) async fn sweep(&self, kept: &Kept) {
        let Kept {
            instances,
            snapshots,
            backups,
        } = kept;
        for (kind, kept) in [
            ("instances", instances),
            ("snapshots", snapshots),
            ("backups", backups),
        ] {
            let folder = self.folder.join(kind);
            let kept = kept.clone();
            let swept = tokio::task::spawn_blocking(move || remove_others(&folder, &kept)).await;
            if let Ok(Err(error)) = swept {
                tracing::warn!(%error, kind, "what is no longer needed cannot be removed");
            }
        }
    }
}

/// What of a change concerns the server.
async fn apply(server: &Server, instance: &Instance) -> Result<(), postgres::Error> {
    let change = &instance.pending;
    match change.backup_retention {
        Some(0) => server.discard_backups().await?,
        Some(_) => {
            server.back_up().await?;
        }
        None => {}
    }
    if change.class.is_some() || change.port.is_some() {
        server.restart().await?;
    }
    Ok(())
}

fn remove_others(folder: &Path, kept: &BTreeSet<String>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // A copy that is being made has an ending.
        let stem = name.split('.').next().unwrap_or_default();
        if !kept.contains(stem) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

fn system(doing: impl Into<String>) -> impl FnOnce(std::io::Error) -> Error {
    let doing = doing.into();
    move |source| Error::System { doing, source }
}
