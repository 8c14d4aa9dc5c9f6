//! How a server comes to be there: its folder, then its process.

use std::{path::Path, time::Duration};

use tokio::{
    sync::Mutex,
    time::{Instant, sleep},
};

use super::{Server, State};
use crate::postgres::{
    error::Error,
    front::Front,
    installations::Installations,
    parameters,
    process::{Process, tail},
    record::Record,
    tree::{self, Leave},
};

/// How long a start may take; recovery after a kill replays what was written
/// since the last checkpoint, a restore to a time all of the archive.
const PATIENCE: Duration = Duration::from_mins(2);
const POLL: Duration = Duration::from_millis(10);

/// For the children of a server that was killed to be gone.
const ORPHANS: Duration = Duration::from_secs(20);
/// What PostgreSQL says while they are not.
const ORPHANED: &str = "is still in use";

impl Server {
    /// A folder for a new server with a copy of `data` in it, and its port.
    pub(in crate::postgres) async fn prepare(
        installations: &Installations,
        folder: &Path,
        record: Record,
        data: &Path,
    ) -> Result<Self, Error> {
        if Record::exists(folder) {
            return Err(Error::Occupied(folder.to_owned()));
        }
        let user = &installations.host().user;
        tree::remove(folder).await?;
        tree::make(user, folder)?;
        let prepared = async {
            user.check(folder).await?;
            tree::make(user, &folder.join("run"))?;
            tree::copy(user, data, &folder.join("data"), Leave::Nothing).await?;
            Self::assemble(installations, folder, record).await
        };
        let prepared = prepared.await;
        if prepared.is_err() {
            tree::remove(folder).await?;
        }
        prepared
    }

    pub(super) async fn assemble(
        installations: &Installations,
        folder: &Path,
        mut record: Record,
    ) -> Result<Self, Error> {
        let host = installations.host();
        let run = folder.join("run");
        let front = Front::bind(host.listen, record.port, host.tls.clone(), &run).await?;
        record.port = front.port();
        Ok(Self {
            installations: installations.clone(),
            folder: folder.to_owned(),
            state: Mutex::new(State {
                record,
                process: None,
            }),
            front,
        })
    }

    /// The end of making a server: it counts from now on, and takes clients.
    pub(in crate::postgres) fn settle(&self, state: &State) -> Result<(), Error> {
        state.record.write(&self.folder)?;
        self.front.set_open(true);
        Ok(())
    }

    /// Itself, or where making it failed, the error, and nothing left behind.
    pub(in crate::postgres) async fn or_nothing(
        self,
        made: Result<(), Error>,
    ) -> Result<Self, Error> {
        match made {
            Ok(()) => Ok(self),
            Err(error) => {
                self.destroy().await?;
                Err(error)
            }
        }
    }

    pub(super) fn configure(&self, record: &Record) -> Result<(), Error> {
        let tls_only = parameters::tls_only(record.major, &record.parameters);
        self.front.set_tls_only(tls_only);
        let file = parameters::file(&record.parameters);
        let user = &self.installations.host().user;
        tree::write(user, &self.data().join(parameters::FILE), file.as_bytes())
    }

    /// Runs the process until it takes sessions; the port stays shut.
    pub(in crate::postgres) async fn launch(&self, state: &mut State) -> Result<(), Error> {
        if state.runs() {
            return Ok(());
        }
        self.configure(&state.record)?;
        let patience = Instant::now() + ORPHANS;
        loop {
            match self.attempt(&state.record).await {
                Ok(process) => {
                    state.process = Some(process);
                    return Ok(());
                }
                Err(Error::NotStarted { log, .. })
                    if log.contains(ORPHANED) && Instant::now() < patience =>
                {
                    sleep(POLL).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn attempt(&self, record: &Record) -> Result<Process, Error> {
        let installation = self.installations.major(record.major)?;
        let postgres = installation.program("postgres");
        let user = &self.installations.host().user;
        let log = self.folder.join("run/log");
        let so_far = std::fs::metadata(&log).map_or(0, |metadata| metadata.len());
        let mut process = Process::spawn(user, &postgres, &self.data(), &log).await?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.session(record).await {
                Ok(_session) => return Ok(process),
                Err(error) if !process.runs() || Instant::now() > deadline => {
                    tracing::debug!(?error, "no session with a server that was started");
                    process.end().await?;
                    return Err(Error::NotStarted {
                        folder: self.folder.clone(),
                        log: tail(&log, so_far),
                    });
                }
                Err(_) => sleep(POLL).await,
            }
        }
    }
}
