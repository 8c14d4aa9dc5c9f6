//! Sessions of drydock's own with a server, as `rdsadmin`, over its socket.

use std::{
    fs::File,
    io,
    os::fd::AsRawFd,
    path::{Path, PathBuf},
};

use tokio::{net::UnixStream, task::JoinHandle};
use tokio_postgres::{Client, Config, NoTls, error::SqlState};

use super::error::Error;

/// The superuser, named as at AWS; nobody outside is told its password.
pub(super) const ADMINISTRATOR: &str = "rdsadmin";
/// Which databases are tried. The master owns the first, and may drop or close
/// it; while we are in the second, nobody can create a database.
const DATABASES: [&str; 2] = ["postgres", "template1"];
/// What its owner can set for all sessions in a database, and must not decide
/// what becomes of ours: which functions they call, and as whom, whether they may
/// write, and for how long, and whether a commit waits for a standby.
const SETTINGS: &str = "-c search_path=pg_catalog,pg_temp -c role=none \
    -c default_transaction_read_only=off -c statement_timeout=0 -c lock_timeout=0 \
    -c idle_in_transaction_session_timeout=0 -c idle_session_timeout=0 \
    -c synchronous_commit=local";
/// PostgreSQL names its socket after a port even where it listens on none.
const SOCKET: &str = ".s.PGSQL.5432";
/// A socket's address holds 108 bytes on Linux, 104 elsewhere.
const LONGEST_ADDRESS: usize = 100;

/// A session; it ends when dropped.
pub(super) struct Session {
    pub(super) client: Client,
    connection: JoinHandle<()>,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

impl Session {
    /// Logs in as the administrator.
    pub(super) async fn open(run: &Path, password: &str) -> Result<Self, SessionError> {
        let [first, second] = DATABASES;
        match Self::open_in(first, run, password).await {
            Err(SessionError::Refused(error)) if is_shut(&error) => {
                Self::open_in(second, run, password).await
            }
            opened => opened,
        }
    }

    async fn open_in(database: &str, run: &Path, password: &str) -> Result<Self, SessionError> {
        let stream = connect(run).await.map_err(SessionError::Socket)?;
        let mut config = Config::new();
        config
            .user(ADMINISTRATOR)
            .password(password)
            .dbname(database)
            .options(SETTINGS)
            .application_name("drydock");
        let (client, connection) = config
            .connect_raw(stream, NoTls)
            .await
            .map_err(SessionError::Refused)?;
        let connection = tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "an administrator's session ended");
            }
        });
        Ok(Self { client, connection })
    }

    /// Runs statements that answer nothing.
    pub(super) async fn run(&self, doing: &'static str, statements: &str) -> Result<(), Error> {
        self.client
            .batch_execute(statements)
            .await
            .map_err(Error::sql(doing))
    }
}

/// Whether it is the database that cannot be had, rather than the server.
fn is_shut(error: &tokio_postgres::Error) -> bool {
    error.code().is_some_and(|code| {
        *code == SqlState::UNDEFINED_DATABASE || *code == SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE
    })
}

/// Why there is no session. While a server starts, both are to be expected.
#[derive(Debug)]
pub(super) enum SessionError {
    Socket(io::Error),
    Refused(tokio_postgres::Error),
}

impl From<SessionError> for Error {
    fn from(error: SessionError) -> Self {
        let doing = "logging in as the administrator";
        match error {
            SessionError::Socket(source) => Self::system(doing)(source),
            SessionError::Refused(source) => Self::sql(doing)(source),
        }
    }
}

/// Connects to the socket in `run`, however long its path is.
pub(super) async fn connect(run: &Path) -> io::Result<UnixStream> {
    let path = run.join(SOCKET);
    if path.as_os_str().len() <= LONGEST_ADDRESS {
        return UnixStream::connect(path).await;
    }
    // Through the open folder the same socket has a short name, on Linux.
    let folder = File::open(run)?;
    let path = PathBuf::from(format!("/proc/self/fd/{}/{SOCKET}", folder.as_raw_fd()));
    UnixStream::connect(path).await
}

/// The folder of a server's socket for a program that runs in a folder from which
/// `relative` leads there. Through `/proc` it has a short name, on Linux.
pub(super) fn socket_folder(run: &Path, relative: &Path) -> PathBuf {
    if run.as_os_str().len() + SOCKET.len() < LONGEST_ADDRESS {
        run.to_owned()
    } else {
        Path::new("/proc/self/cwd").join(relative)
    }
}

/// A name as SQL wants it, so that no name can end the quotes.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as SQL wants it, also where backslashes count.
pub(super) fn literal(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// What PostgreSQL keeps of a password, so that the password itself is in no
/// statement and in no log.
pub(super) fn verifier(password: &str) -> String {
    postgres_protocol::password::scram_sha_256(password.as_bytes())
}
