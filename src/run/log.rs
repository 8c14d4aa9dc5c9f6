//! Where the log goes, and what never comes into it.
//!
//! Nothing here may be loosened by `RUST_LOG`: a log is handed to strangers, and
//! whoever asks for traces means the operator's, not a library's view of
//! credentials and bodies.

use std::io::{self, IsTerminal};

use tracing::{Level, Metadata};
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt, registry};

use crate::cli::LogFormat;

/// The crates that are ours to keep from telling secrets.
const OURS: [&str; 2] = ["stow", "stow_versions"];

/// What a library tells at levels that are always on, and must not.
const SILENT: [&str; 2] = [
    // The whole body of an answer that it cannot read: a Secret, if it was one.
    // The caller has the error, and tells it.
    "kube_client::client",
    // The lines of a credentials file that it cannot read.
    "aws_runtime::env_config",
];

/// Logs to standard error from now on.
pub(super) fn begin(format: LogFormat) {
    let wanted = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let filter = wanted.and(filter_fn(may_be_told));
    let log = fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    let log = match format {
        LogFormat::Text => log.boxed(),
        LogFormat::Json => log.json().flatten_event(true).boxed(),
    };
    registry().with(log.with_filter(filter)).init();
}

/// Whether something can be told with no risk of a secret. Below `info`,
/// libraries print requests, answers, and headers with tokens.
fn may_be_told(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    let within = |module: &&str| {
        let rest = target.strip_prefix(*module);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    OURS.iter().any(within) || (*metadata.level() <= Level::INFO && !SILENT.iter().any(within))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex, PoisonError};

    /// What came through.
    #[derive(Clone, Default)]
    struct Told(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Told {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            told.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn libraries_are_heard_from_info_on_and_some_never() {
        let told = Told::default();
        let writer = told.clone();
        let filter = EnvFilter::new("trace").and(filter_fn(may_be_told));
        let log = fmt::layer().with_writer(move || writer.clone());
        let subscriber = registry().with(log.with_filter(filter));
        tracing::subscriber::with_default(subscriber, || {
            tracing::trace!(target: "stow::plan", "heard-1");
            tracing::debug!(target: "stow_versions", "heard-2");
            tracing::info!(target: "aws_config::imds", "heard-3");
            tracing::warn!(target: "kube_runtime::watcher", "heard-4");
            tracing::error!(target: "kube_client_of_somebody", "heard-5");
            tracing::debug!(target: "stowaway", "never");
            tracing::debug!(target: "aws_smithy_runtime::client", "never");
            tracing::trace!(target: "hyper", "never");
            tracing::error!(target: "kube_client::client", "never");
            tracing::warn!(target: "kube_client::client::builder", "never");
            tracing::warn!(target: "aws_runtime::env_config::normalize", "never");
        });
        let told = told.0.lock().unwrap_or_else(PoisonError::into_inner);
        let told = String::from_utf8_lossy(&told).into_owned();
        for number in 1..=5 {
            assert!(told.contains(&format!("heard-{number}")), "{told}");
        }
        assert!(!told.contains("never"), "{told}");
    }
}
