//! One PostgreSQL server: its folder, its process and the port in front of it.
//!
//! A server's folder holds `data` (PostgreSQL's own), `run` (its socket and its
//! log), `backups` (where archiving is on) and `server.json`.

mod making;

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use tokio::sync::{Mutex, MutexGuard};

use super::{
    error::Error,
    front::Front,
    installations::{Installation, Installations},
    parameters,
    process::Process,
    record::Record,
    roles,
    session::{Session, SessionError},
    template, tree, upgrade,
};

/// What a new server is like.
#[derive(Clone)]
pub struct Spec {
    /// The major version; one that [`Installations::versions`] has.
    pub major: u32,
    /// The port to listen on; 0 takes any that is free, for good.
    pub port: u16,
    /// The user who owns everything, and is no superuser.
    pub master_username: String,
    /// That user's password.
    pub master_password: String,
    /// A database to create, besides `postgres`.
    pub database: Option<String>,
    /// What a parameter group sets, by name.
    pub parameters: BTreeMap<String, String>,
}

/// A server, running or stopped, and its port, which is held in both cases.
///
/// Dropping it stops it within moments, as a kill of drydock does; its data
/// stay. Every method can be called at any time: they wait for each other.
pub struct Server {
    pub(super) installations: Installations,
    pub(super) folder: PathBuf,
    pub(super) state: Mutex<State>,
    front: Front,
}

pub(super) struct State {
    pub(super) record: Record,
    process: Option<Process>,
}

impl State {
    /// Whether the process is there; one that ended by itself is not.
    pub(super) fn runs(&mut self) -> bool {
        self.process.as_mut().is_some_and(Process::runs)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Server")
            .field("folder", &self.folder)
            .field("port", &self.port())
            .finish_non_exhaustive()
    }
}

impl Server {
    /// Makes a server in `folder`, which is made too, and starts it. What an
    /// earlier attempt left there unfinished is thrown away; a failed one leaves
    /// nothing.
    pub async fn create(
        installations: &Installations,
        folder: &Path,
        spec: Spec,
    ) -> Result<Self, Error> {
        let host = installations.host();
        let installation = installations.major(spec.major)?;
        parameters::check(host, installation, &spec.parameters).await?;
        let template = template::ready(host, installation).await?;
        let record = Record {
            major: spec.major,
            port: spec.port,
            administrator_password: template.password,
            parameters: spec.parameters.clone(),
        };
        let server = Self::prepare(installations, folder, record, &template.data).await?;
        let made = async {
            let mut state = server.state.lock().await;
            server.launch(&mut state).await?;
            let session = server.session(&state.record).await?;
            roles::create(&session, &spec).await?;
            server.settle(&state)
        };
        let made = made.await;
        server.or_nothing(made).await
    }

    /// Takes up a server that is in `folder` since an earlier life of drydock. It
    /// is stopped, but its port is held.
    pub async fn open(installations: &Installations, folder: &Path) -> Result<Self, Error> {
        // Missing before it is settled: a folder without a record is no server.
        Record::read(folder)?;
        upgrade::settle(installations, folder).await?;
        let record = Record::read(folder)?;
        installations.major(record.major)?;
        let user = &installations.host().user;
        user.check(folder).await?;
        Self::assemble(installations, folder, record).await
    }

    /// Starts it; one that runs already is left alone.
    pub async fn start(&self) -> Result<(), Error> {
        let mut state = self.state.lock().await;
        self.start_locked(&mut state).await
    }

    /// Stops it: sessions are ended, the port answers that there is no server.
    pub async fn stop(&self) -> Result<(), Error> {
        let mut state = self.state.lock().await;
        self.stop_locked(&mut state).await
    }

    /// Stops and starts it; parameters that wait for that take effect.
    pub async fn restart(&self) -> Result<(), Error> {
        let mut state = self.state.lock().await;
        self.stop_locked(&mut state).await?;
        self.start_locked(&mut state).await
    }

    /// Whether its process is there.
    pub async fn is_running(&self) -> bool {
        let mut state = self.state.lock().await;
        state.runs()
    }

    /// The process id of its postmaster, while it runs.
    pub async fn process_id(&self) -> Option<u32> {
        self.state.lock().await.process.as_ref().map(Process::pid)
    }

    /// The port that clients connect to.
    pub fn port(&self) -> u16 {
        self.front.port()
    }

    /// Its major version.
    pub async fn major(&self) -> u32 {
        self.state.lock().await.record.major
    }

    /// Gives a user of the server another password. Sessions go on.
    pub async fn set_password(&self, user: &str, password: &str) -> Result<(), Error> {
        let (_state, session) = self.running().await?;
        roles::set_password(&session, user, password).await
    }

    /// Sets what a parameter group says, in place of all it said before, and
    /// returns the names of those that wait for a restart.
    pub async fn set_parameters(
        &self,
        parameters: &BTreeMap<String, String>,
    ) -> Result<Vec<String>, Error> {
        let installation = self.installation().await?;
        parameters::check(self.installations.host(), &installation, parameters).await?;
        let mut state = self.state.lock().await;
        state.record.parameters = parameters.clone();
        state.record.write(&self.folder)?;
        self.configure(&state.record)?;
        if !state.runs() {
            return Ok(Vec::new());
        }
        let session = self.session(&state.record).await?;
        parameters::reload(&session).await
    }

    /// Ends it and removes its folder: data, backups, everything.
    pub async fn destroy(self) -> Result<(), Error> {
        let mut state = self.state.lock().await;
        if let Some(process) = state.process.take() {
            process.end().await?;
        }
        drop(state);
        tree::remove(&self.folder).await
    }

    pub(super) async fn installation(&self) -> Result<Installation, Error> {
        let major = self.state.lock().await.record.major;
        self.installations.major(major).cloned()
    }

    pub(super) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    pub(super) async fn session(&self, record: &Record) -> Result<Session, SessionError> {
        Session::open(&self.folder.join("run"), &record.administrator_password).await
    }

    /// A session, and the lock that keeps the server from being stopped.
    pub(super) async fn running(&self) -> Result<(MutexGuard<'_, State>, Session), Error> {
        let mut state = self.state.lock().await;
        if !state.runs() {
            return Err(Error::Stopped(self.folder.clone()));
        }
        let session = self.session(&state.record).await?;
        Ok((state, session))
    }

    pub(super) async fn start_locked(&self, state: &mut State) -> Result<(), Error> {
        self.launch(state).await?;
        self.front.set_open(true);
        Ok(())
    }

    pub(super) async fn stop_locked(&self, state: &mut State) -> Result<(), Error> {
        self.front.set_open(false);
        if state.runs() {
            self.mark_end(&state.record).await;
        }
        match state.process.take() {
            Some(process) => process.stop().await,
            None => Ok(()),
        }
    }
}
