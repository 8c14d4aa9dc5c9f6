//! The settings of `stow run`.
//!
//! Nothing here may act: arguments become settings, and that is all.

use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::values::{WebhookUrl, duration, secret, webhook_url};

/// How the operator runs.
#[derive(Debug, Args)]
pub struct Run {
    /// The namespace of the operator: its ConfigMap, Lease and webhook Secret.
    #[arg(
        long,
        env = "STOW_NAMESPACE",
        default_value = "stow-system",
        value_name = "NAME"
    )]
    pub namespace: String,

    /// Where the conversion webhook listens. In a Pod: 0.0.0.0:8443.
    #[arg(
        long,
        env = "STOW_WEBHOOK_LISTEN",
        default_value = "127.0.0.1:9443",
        value_name = "ADDRESS"
    )]
    pub webhook_listen: SocketAddr,

    /// The URL at which the API server reaches the webhook, where that is not
    /// the Service; install the CRD of `stow crd --webhook-url` with it.
    #[arg(long, env = "STOW_WEBHOOK_URL", value_name = "URL", value_parser = webhook_url)]
    pub webhook_url: Option<WebhookUrl>,

    /// A Secret of the operator's namespace with the webhook's certificate, as
    /// cert-manager makes it: tls.crt, tls.key and ca.crt. Without it, Stow has a
    /// CA of its own.
    #[arg(long, env = "STOW_WEBHOOK_CERTIFICATE_SECRET", value_name = "NAME", value_parser = secret)]
    pub webhook_certificate_secret: Option<String>,

    /// How long a CA is still trusted after another took its place.
    #[arg(long, env = "STOW_WEBHOOK_CA_OVERLAP", default_value = "5m", value_name = "DURATION", value_parser = duration)]
    pub webhook_ca_overlap: Duration,

    /// Where /metrics, /healthz and /readyz are served. In a Pod: 0.0.0.0:8080.
    #[arg(
        long,
        env = "STOW_METRICS_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "ADDRESS"
    )]
    pub metrics_listen: SocketAddr,

    /// What the databases of this cluster are tagged with. By default the uid of
    /// the namespace kube-system. Two clusters must never share one.
    #[arg(long, env = "STOW_CLUSTER_ID", value_name = "ID", value_parser = cluster_id)]
    pub cluster_id: Option<String>,

    /// Observe and report everything, and change nothing: neither at RDS nor any
    /// database's Secret or finalizer. The conditions say what would be done.
    #[arg(long, env = "STOW_READ_ONLY")]
    pub read_only: bool,

    /// Do what `stow migrate` does whenever it is due, in the replica that leads. It
    /// needs the rights of yaml/migrate-storage.yaml; not with --read-only.
    #[arg(long, env = "STOW_MIGRATE_STORAGE")]
    pub migrate_storage: bool,

    /// How often RDS is observed while nothing is in progress.
    #[arg(long, env = "STOW_SWEEP_INTERVAL", default_value = "60s", value_name = "DURATION", value_parser = duration)]
    pub sweep_interval: Duration,

    /// How often RDS is observed while something is.
    #[arg(long, env = "STOW_PROGRESS_INTERVAL", default_value = "10s", value_name = "DURATION", value_parser = duration)]
    pub progress_interval: Duration,

    /// How long the other replicas wait for a leader that went silent.
    #[arg(long, env = "STOW_LEASE_DURATION", default_value = "15s", value_name = "DURATION", value_parser = lease)]
    pub lease_duration: Duration,

    /// How the log is written. RUST_LOG says what is, such as `stow=debug`.
    #[arg(
        long,
        env = "STOW_LOG_FORMAT",
        default_value = "text",
        value_name = "FORMAT"
    )]
    pub log_format: LogFormat,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// An object a line, for machines.
    Json,
}

/// A tag's value at AWS: 1 to 256 letters, digits and a few marks.
fn cluster_id(text: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._:/=+-@".contains(c);
    if text.is_empty() || text.len() > 256 || !text.chars().all(allowed) {
        return Err("write 1 to 256 letters, digits or any of . _ : / = + - @".to_owned());
    }
    Ok(text.to_owned())
}

/// The Lease counts whole seconds, and leaves room for renewals within them.
fn lease(text: &str) -> Result<Duration, String> {
    let wanted = duration(text)?;
    if wanted < Duration::from_secs(5) || wanted.subsec_nanos() != 0 {
        return Err("write whole seconds, 5s or more".to_owned());
    }
    Ok(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_counts_whole_seconds_and_a_cluster_has_a_tags_letters() {
        assert!(lease("15s").is_ok());
        for text in ["1s", "5500ms"] {
            assert!(lease(text).is_err(), "{text}");
        }
        assert!(cluster_id("a.b_c:d/e=f+g-h@i").is_ok());
        for text in ["", "a b", "ä", &"a".repeat(257)] {
            assert!(cluster_id(text).is_err(), "{text}");
        }
    }
}
