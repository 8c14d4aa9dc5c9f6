//! Real copies of a server, and servers made from them.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{
    error::Error,
    installations::Installations,
    record::Record,
    server::{Server, State},
    session::Session,
    tree::{self, Leave},
};

/// Of the session that copies, so that it need not be removed.
const SLOT: &str = "drydock_copy";

impl Server {
    /// Makes a consistent copy of the server into `folder`, which is made; it is
    /// there whole or not at all. Sessions go on; a stop waits.
    pub async fn copy_to(&self, folder: &Path) -> Result<(), Error> {
        let mut state = self.state.lock().await;
        self.copy_locked(&mut state, folder).await
    }

    /// Makes a server in `folder` from a copy, and starts it. Users, passwords
    /// and rows are the copy's, the port and the parameters are not. A failed
    /// attempt leaves nothing.
    pub async fn restore(
        installations: &Installations,
        copy: &Path,
        folder: &Path,
        port: u16,
        parameters: BTreeMap<String, String>,
    ) -> Result<Self, Error> {
        let server = Self::from_copy(installations, copy, folder, port, parameters).await?;
        let made = async {
            let mut state = server.state.lock().await;
            server.launch(&mut state).await?;
            server.settle(&state)
        };
        let made = made.await;
        server.or_nothing(made).await
    }

    /// A server that is not started yet, with a copy's data.
    pub(super) async fn from_copy(
        installations: &Installations,
        copy: &Path,
        folder: &Path,
        port: u16,
        parameters: BTreeMap<String, String>,
    ) -> Result<Self, Error> {
        let mut record = Record::read(copy)?;
        let installation = installations.major(record.major)?;
        super::parameters::check(installations.host(), installation, &parameters).await?;
        record.port = port;
        record.parameters = parameters;
        Self::prepare(installations, folder, record, &copy.join("data")).await
    }

    pub(super) async fn copy_locked(&self, state: &mut State, folder: &Path) -> Result<(), Error> {
        if folder.exists() {
            return Err(Error::Occupied(folder.to_owned()));
        }
        let user = &self.installations.host().user;
        let partial = folder.with_extension("partial");
        tree::remove(&partial).await?;
        tree::make(user, &partial)?;
        let data = partial.join("data");
        let copied = if state.runs() {
            self.copy_running(&state.record, &data).await
        } else {
            tree::copy(user, &self.data(), &data, Leave::Nothing).await
        };
        let copied = copied.and_then(|()| {
            state.record.write(&partial)?;
            std::fs::rename(&partial, folder)
                .map_err(Error::system(format!("making {}", folder.display())))
        });
        if copied.is_err() {
            tree::remove(&partial).await?;
        }
        copied
    }

    /// PostgreSQL's own way to copy a running server: files in any state between
    /// two marks in the WAL, and all WAL between these marks.
    async fn copy_running(&self, record: &Record, to: &Path) -> Result<(), Error> {
        let user = &self.installations.host().user;
        let from = self.data();
        // The slot and the backup end with the session, however that ends.
        let session = self.session(record).await?;
        let keep = format!("SELECT pg_create_physical_replication_slot('{SLOT}', true, true)");
        session.run("keeping WAL for a copy", &keep).await?;
        let (start, stop) = if record.major < 15 {
            (
                "pg_start_backup('drydock', true, false)",
                "pg_stop_backup(false, false)",
            )
        } else {
            ("pg_backup_start('drydock', true)", "pg_backup_stop(false)")
        };
        let first = format!("SELECT pg_walfile_name({start})");
        let first: String = one(&session, &first).await?.get(0);
        tree::copy(user, &from, to, Leave::Wal).await?;
        let last = format!("SELECT pg_walfile_name(lsn), labelfile FROM {stop}");
        let row = one(&session, &last).await?;
        let (last, label): (String, String) = (row.get(0), row.get(1));
        tree::write(user, &to.join("backup_label"), label.as_bytes())?;
        let wal: [PathBuf; 2] = [from.join("pg_wal"), to.join("pg_wal")];
        tree::copy_files(user, &wal[0], &wal[1], move |name| {
            (first.as_str()..=last.as_str()).contains(&name) || name.ends_with(".history")
        })
        .await
    }
}

async fn one(session: &Session, query: &str) -> Result<tokio_postgres::Row, Error> {
    let row = session.client.query_one(query, &[]).await;
    row.map_err(Error::sql("copying a running server"))
}
