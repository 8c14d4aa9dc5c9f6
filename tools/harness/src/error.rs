//! What can go wrong in the harness, said so that the person in front of a
//! failed test knows what to do.
//!
//! No variant is for tests to recover from: a harness that fails, fails the test.

use std::{fmt::Display, io, path::PathBuf, time::Duration};

/// The harness' one error.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A condition was polled until its time was over.
    #[error("waited {waited:?} for {what}; last seen: {last}")]
    TimedOut {
        /// What was waited for.
        what: String,
        /// The bound that ran out.
        waited: Duration,
        /// Why the last look did not satisfy.
        last: String,
    },
    /// A program could not be had from its build script.
    #[error("{script} could not provide its programs: {reason}")]
    NotBuilt {
        /// The script that builds them.
        script: PathBuf,
        /// Its exit status, or why it did not run; its own words are on stderr.
        reason: String,
    },
    /// The RDS endpoint was not built beside this program.
    #[error(
        "there is no drydock beside {beside}: `cargo build -p drydock` builds it, and \
         `cargo test --workspace` does so too"
    )]
    NoDrydock {
        /// This program.
        beside: PathBuf,
    },
    /// A component ended, or never became ready.
    #[error("{name} is not running as it should: {reason}\n--- its log ends ---\n{log}")]
    Component {
        /// The component.
        name: String,
        /// What was seen.
        reason: String,
        /// The tail of what it printed.
        log: String,
    },
    /// A command came back with a failure.
    #[error("{command}: {stderr}")]
    Refused {
        /// The command line.
        command: String,
        /// What it said.
        stderr: String,
    },
    /// An address could not be listened on.
    #[error("cannot listen on {address}: {source}{hint}")]
    Listen {
        /// IP and port.
        address: String,
        /// What can be done, if something is known; empty otherwise.
        hint: &'static str,
        /// The system's reason.
        source: io::Error,
    },
    /// An HTTP exchange broke before there was an answer.
    #[error("{url}: {reason}")]
    Exchange {
        /// Whom it was with.
        url: String,
        /// What broke.
        reason: String,
    },
    /// A database let nobody in, or refused a statement.
    #[error("{database}: {reason}")]
    Database {
        /// Host, port and name, without user and password.
        database: String,
        /// What it said, or why it was not reached.
        reason: String,
    },
    /// The system refused something the harness cannot do without.
    #[error("{doing}: {source}")]
    System {
        /// What was being done.
        doing: String,
        /// The system's reason.
        source: io::Error,
    },
    /// Something answered in a shape that was not expected.
    #[error("{0}")]
    Unexpected(String),
}

/// A result of the harness.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Wraps an I/O error with what was being done, for `map_err`.
    pub(crate) fn system(doing: impl Display) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::System {
            doing: doing.to_string(),
            source,
        }
    }
}
