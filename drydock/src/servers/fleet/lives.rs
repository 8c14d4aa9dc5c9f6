//! How servers come and go, with the folders of their data.
//!
//! Work that a kill interrupted is done again: what is finished already is taken
//! as it is.

use std::{path::PathBuf, sync::PoisonError};

use jiff::Timestamp;
use tokio::sync::OwnedRwLockReadGuard;

use super::Fleet;
use crate::{
    machine::Work,
    postgres::{self, Server, Spec, restorable},
    servers::{Error, Job, Outcome},
};

/// Backups to restore from, up to a time, which stay for as long as this does.
struct Backups {
    folder: PathBuf,
    until: Timestamp,
    _source: Option<OwnedRwLockReadGuard<Option<Server>>>,
}

impl Fleet {
    /// Makes a server, or takes up the one that an earlier attempt finished.
    pub(super) async fn make(&self, work: &Work, job: &Job) -> Result<Outcome, Error> {
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
                let from = self.backups(source, time).await?;
                let (backups, until) = (&from.folder, from.until);
                Server::restore_to_time(installations, backups, &home, 0, parameters, until).await
            }
            _ => {
                let about = &instance.configuration;
                let spec = Spec {
                    major: super::major(&about.engine_version)
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
        let (port, major) = match made {
            Ok(server) => {
                let port = server.port();
                let major = server.major().await;
                *self.place(resource).write().await = Some(server);
                (port, major)
            }
            Err(postgres::Error::Occupied(_)) => {
                let place = self.opened(resource).await?;
                let inside = place.read().await;
                let server = inside.as_ref().ok_or(Error::Incomplete("server"))?;
                server.start().await?;
                (server.port(), server.major().await)
            }
            Err(error) => return Err(error.into()),
        };
        Ok(Outcome {
            port: Some(port),
            version: self.versions.iter().find(|it| it.major == major).copied(),
            ..Outcome::default()
        })
    }

    /// The backups of an instance that is there, or gone, complete up to a time;
    /// of one that does not run that is its end, at most.
    async fn backups(&self, source: &str, time: Timestamp) -> Result<Backups, Error> {
        let left = self.left(source);
        let (folder, source) = if left.exists() {
            (left, None)
        } else {
            let inside = self.opened(source).await?.read_owned().await;
            let server = inside.as_ref().ok_or(Error::Incomplete("server"))?;
            let folder = server.backups();
            if server.is_running().await {
                server.flush_backups().await?;
                return Ok(Backups {
                    folder,
                    until: time,
                    _source: Some(inside),
                });
            }
            (folder, Some(inside))
        };
        let end = restorable(&folder)?.map_or(time, |span| span.latest);
        Ok(Backups {
            folder,
            until: time.min(end),
            _source: source,
        })
    }

    pub(super) async fn destroy(&self, resource: &str, keep_backups: bool) -> Result<(), Error> {
        let home = self.home(resource);
        if home.exists() {
            let server = match self.opened(resource).await {
                Ok(place) => place.write().await.take(),
                Err(error) => {
                    tracing::warn!(resource, %error, "there is no server to end");
                    let left = keep_backups.then(|| self.left(resource));
                    postgres::discard(&home, left.as_deref()).await?;
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
}
