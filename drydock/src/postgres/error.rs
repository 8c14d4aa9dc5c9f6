//! What can go wrong between drydock and a PostgreSQL server, by what a caller
//! does about it.

use std::{io, path::PathBuf};

use jiff::Timestamp;

/// The one error of this room.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No PostgreSQL of that major version is on this machine.
    #[error("there is no PostgreSQL {major} on this machine")]
    UnknownMajor {
        /// The version asked for.
        major: u32,
    },
    /// Another program listens on the port.
    #[error("port {port} is taken: {source}")]
    PortTaken {
        /// The port asked for.
        port: u16,
        /// The system's reason.
        source: io::Error,
    },
    /// A folder where a server was to be made holds one already.
    #[error("{} holds a server already", .0.display())]
    Occupied(PathBuf),
    /// A folder holds no server, or one that was never finished.
    #[error("{} holds no finished PostgreSQL server", .0.display())]
    Missing(PathBuf),
    /// The user under which PostgreSQL runs cannot enter a folder.
    #[error(
        "PostgreSQL refuses to run as root, and the user {user} cannot enter {}: \
         use a folder that it can, under /tmp or /var for example, or open this one (chmod o+x)",
        .folder.display()
    )]
    Unreachable {
        /// The unprivileged user.
        user: String,
        /// The folder.
        folder: PathBuf,
    },
    /// drydock runs as root, and there is no user to become.
    #[error("PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody")]
    NoUser,
    /// The server did not start, or ended; its parameters may be why.
    #[error("PostgreSQL did not start in {}; its log ends\n{log}", .folder.display())]
    NotStarted {
        /// The server's folder.
        folder: PathBuf,
        /// The last lines of its log.
        log: String,
    },
    /// What was asked needs a running server, and this one is stopped.
    #[error("the server in {} is stopped", .0.display())]
    Stopped(PathBuf),
    /// A parameter that does not exist, may not be set, or has a bad value.
    #[error("parameter {name}: {reason}")]
    Parameter {
        /// Its name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Something in a server's data keeps it from moving to another version.
    #[error("it cannot be upgraded: {0}")]
    NotUpgradable(&'static str),
    /// No backup allows a restore to that time.
    #[error("{time} cannot be restored: {reason}")]
    NotRestorable {
        /// The time asked for.
        time: Timestamp,
        /// Why.
        reason: String,
    },
    /// PostgreSQL refused a statement of ours.
    #[error("{doing}: {}", sql_reason(.source))]
    Sql {
        /// What was tried.
        doing: &'static str,
        /// PostgreSQL's answer.
        source: tokio_postgres::Error,
    },
    /// A program of PostgreSQL's failed.
    #[error("{program} failed: {output}")]
    Program {
        /// Which.
        program: String,
        /// All that it printed.
        output: String,
    },
    /// A certificate could not be made or used.
    #[error("TLS: {0}")]
    Tls(String),
    /// The operating system refused something.
    #[error("{doing}: {source}")]
    System {
        /// What was tried.
        doing: String,
        /// The system's reason.
        source: io::Error,
    },
}

impl Error {
    /// For `map_err`, where an I/O error needs to be told what was tried.
    pub(super) fn system(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::System { doing, source }
    }

    /// For `map_err`, where a statement of ours is refused.
    pub(super) fn sql(doing: &'static str) -> impl FnOnce(tokio_postgres::Error) -> Self {
        move |source| Self::Sql { doing, source }
    }
}

/// The server's own words; the driver's `Display` says "db error" alone.
fn sql_reason(error: &tokio_postgres::Error) -> String {
    error
        .as_db_error()
        .map_or_else(|| error.to_string(), ToString::to_string)
}
