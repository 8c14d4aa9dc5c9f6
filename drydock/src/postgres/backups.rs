//! Automated backups: copies now and then, and all WAL since the first of them,
//! from which a server of any moment since can be made.
//!
//! A folder of backups holds `copies` (one folder a copy, named by when it was
//! finished), `wal` (archived segments) and `latest`. While there is no such
//! folder nothing is archived.

mod archive;

pub(super) use archive::set_apart;
pub use archive::{Restorable, restorable};

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::Timestamp;
use tokio::time::{sleep, timeout};

use archive::{EARLIER, copies, copy_for, first_segment, span};

use super::{
    error::Error,
    installations::Installations,
    parameters::{RESTORE_FILE, quoted},
    record::Record,
    server::Server,
    session::Session,
    tree,
};

/// In a server's folder.
const FOLDER: &str = "backups";
const PATIENCE: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(20);

impl Server {
    /// Where its backups are kept, from the first [`Self::back_up`] on.
    pub fn backups(&self) -> PathBuf {
        self.folder.join(FOLDER)
    }

    /// Makes a copy into the backups, and from the first one on archives all WAL.
    /// Any time from the returned one on can be restored.
    pub async fn back_up(&self) -> Result<Timestamp, Error> {
        let mut state = self.state.lock().await;
        if !state.runs() {
            return Err(Error::Stopped(self.folder.clone()));
        }
        let user = &self.installations.host().user;
        let backups = self.backups();
        for folder in [&backups, &backups.join("wal"), &backups.join("copies")] {
            if !folder.exists() {
                tree::make(user, folder)?;
            }
        }
        let fresh = backups.join("copies").join("fresh");
        tree::remove(&fresh).await?;
        self.copy_locked(&mut state, &fresh).await?;
        let finished = now();
        let named = backups
            .join("copies")
            .join(finished.as_microsecond().to_string());
        fs::rename(&fresh, &named).map_err(Error::system(format!("making {}", named.display())))?;
        Ok(finished)
    }

    /// Makes a folder that shares the copy finished at `copy`, and outlives it: a
    /// copy as [`Self::copy_to`] makes one, but on the disk only once.
    pub async fn share_backup(&self, copy: Timestamp, folder: &Path) -> Result<(), Error> {
        let _state = self.state.lock().await;
        let found = copies(&self.backups())?;
        let found = found
            .get(&copy)
            .ok_or_else(|| Error::Missing(self.backups()))?;
        let partial = folder.with_extension("partial");
        tree::remove(&partial).await?;
        let user = &self.installations.host().user;
        tree::link(user, found, &partial).await?;
        fs::rename(&partial, folder).map_err(Error::system(format!("making {}", folder.display())))
    }

    /// Sees to it that the archive is complete up to the returned moment, which
    /// is just now. Costs 1 MB of archive each time.
    pub async fn flush_backups(&self) -> Result<Timestamp, Error> {
        let (state, session) = self.running().await?;
        let wal = self.backups().join("wal");
        if !wal.exists() {
            return Err(Error::Missing(self.backups()));
        }
        let time = now();
        mark(&session).await?;
        let switch = "SELECT pg_walfile_name(pg_switch_wal())";
        let row = session.client.query_one(switch, &[]).await;
        let segment: String = row.map_err(Error::sql("archiving"))?.get(0);
        let segment = wal.join(segment);
        let archived = async {
            while !segment.exists() {
                sleep(POLL).await;
            }
        };
        timeout(PATIENCE, archived).await.map_err(|_| {
            Error::system(format!("archiving {}", segment.display()))(
                std::io::ErrorKind::TimedOut.into(),
            )
        })?;
        self.note_latest(time)?;
        drop(state);
        Ok(time)
    }

    /// Drops the copies and the WAL that no time from `since` on needs.
    pub async fn prune_backups(&self, since: Timestamp) -> Result<(), Error> {
        let _state = self.state.lock().await;
        let backups = self.backups();
        for epoch in tree::entries(&backups.join(EARLIER))? {
            if span(&epoch)?.is_none_or(|span| span.latest < since) {
                tree::remove(&epoch).await?;
            }
        }
        let copies = copies(&backups)?;
        let Some((&kept, oldest)) = copies.range(..=since).next_back() else {
            return Ok(());
        };
        let first = first_segment(oldest)?;
        for (_, copy) in copies.range(..kept) {
            tree::remove(copy).await?;
        }
        for segment in tree::entries(&backups.join("wal"))? {
            let name = segment.file_name().unwrap_or_default().to_string_lossy();
            if *name < *first && !name.ends_with(".history") {
                fs::remove_file(&segment)
                    .map_err(Error::system(format!("removing {}", segment.display())))?;
            }
        }
        Ok(())
    }

    /// Drops all backups, and archives no more: a retention of 0 days.
    pub async fn discard_backups(&self) -> Result<(), Error> {
        let _state = self.state.lock().await;
        tree::remove(&self.backups()).await
    }

    /// As [`Server::destroy`], but its backups stay, in `folder`, and reach to
    /// the end.
    pub async fn destroy_but_backups(self, folder: &Path) -> Result<(), Error> {
        if folder.exists() {
            return Err(Error::Occupied(folder.to_owned()));
        }
        self.stop().await?;
        hand_over(&self.backups(), folder)?;
        self.destroy().await
    }

    /// Makes a server in `folder` that is as the one of `backups` was at `time`,
    /// and starts it. Of a server that runs, call [`Self::flush_backups`] first.
    pub async fn restore_to_time(
        installations: &Installations,
        backups: &Path,
        folder: &Path,
        port: u16,
        parameters: BTreeMap<String, String>,
        time: Timestamp,
    ) -> Result<Self, Error> {
        let (copy, wal) = copy_for(backups, time)?;
        let server = Self::from_copy(installations, &copy, folder, port, parameters).await?;
        let made = async {
            let user = &installations.host().user;
            let target = server.data().join(RESTORE_FILE);
            let text = recovery(&wal, time);
            tree::write(user, &target, text.as_bytes())?;
            tree::write(user, &server.data().join("recovery.signal"), b"")?;
            let mut state = server.state.lock().await;
            server.launch(&mut state).await?;
            // What told it how far to go must not be there at a later start.
            server.stop_locked(&mut state).await?;
            fs::remove_file(&target)
                .map_err(Error::system(format!("removing {}", target.display())))?;
            server.launch(&mut state).await?;
            server.settle(&state)
        };
        let made = made.await;
        server.or_nothing(made).await
    }

    /// Before a stop: the archive ends with a moment that recovery can stop at.
    pub(super) async fn mark_end(&self, record: &Record) {
        if !self.backups().join("wal").exists() {
            return;
        }
        let marked = async {
            let session = self.session(record).await?;
            let time = now();
            mark(&session).await?;
            self.note_latest(time)
        };
        if let Err(error) = marked.await {
            // It is stopped all the same; what is lost is the last moments'
            // being restorable.
            tracing::warn!(%error, folder = %self.folder.display(), "backups have a loose end");
        }
    }

    fn note_latest(&self, time: Timestamp) -> Result<(), Error> {
        let user = &self.installations.host().user;
        let text = time.as_microsecond().to_string();
        tree::write(user, &self.backups().join("latest"), text.as_bytes())
    }
}

/// Removes the folder of a server that cannot be opened, and that nobody runs.
/// Its backups go to `kept`, unless that is nothing, or has them already.
pub async fn discard(server: &Path, kept: Option<&Path>) -> Result<(), Error> {
    if let Some(kept) = kept.filter(|kept| !kept.exists()) {
        hand_over(&server.join(FOLDER), kept)?;
    }
    tree::remove(server).await
}

fn hand_over(backups: &Path, to: &Path) -> Result<(), Error> {
    if !backups.exists() {
        return Ok(());
    }
    fs::rename(backups, to).map_err(Error::system(format!("moving {}", to.display())))
}

/// Commits something, so that recovery sees a time: PostgreSQL refuses to recover
/// to one after the last commit.
async fn mark(session: &Session) -> Result<(), Error> {
    let emit = "SELECT pg_logical_emit_message(true, 'drydock', 'archived until here')";
    session.run("marking the end of the archive", emit).await
}

/// Now, in the microseconds that PostgreSQL counts and file names here hold.
fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
}

/// PostgreSQL replaces `%f` and `%p`, then a shell reads the line. The time is in
/// digits alone: names of zones, `Z` too, are not known yet when it is read.
fn recovery(wal: &Path, time: Timestamp) -> String {
    let time = time.strftime("%Y-%m-%d %H:%M:%S%.6f+00");
    let wal = wal.display().to_string().replace('%', "%%");
    let command = format!("cp '{}'/%f %p", wal.replace('\'', r"'\''"));
    format!(
        "restore_command = {}\n\
         recovery_target_time = '{time}'\n\
         recovery_target_action = 'promote'\n\
         hot_standby = 'off'\n",
        quoted(&command)
    )
}
