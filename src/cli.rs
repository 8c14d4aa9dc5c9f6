//! The command line: what can be said, and what it means.
//!
//! Nothing here may act: arguments become settings, and that is all.

#![expect(
    clippy::doc_markdown,
    reason = "these comments are the help that a terminal shows"
)]

mod convert;

pub use convert::{Convert, Version};

use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use http::Uri;
use jiff::SignedDuration;

/// Stow provides PostgreSQL databases on Amazon RDS to whoever applies a
/// PostgresDB.
#[derive(Debug, Parser)]
#[command(name = "stow", version, max_term_width = 100, after_help = AFTER_HELP)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const AFTER_HELP: &str = "\
Start here, with an API server on this machine (`make run` does the same):
  stow crd --webhook-url https://127.0.0.1:9443/convert | kubectl apply -f -
  kubectl apply -f yaml/config-map.yaml
  stow policies | kubectl apply -f -
  stow run --webhook-url https://127.0.0.1:9443/convert
In a cluster: README.md, `Use it in a cluster`.

Kubernetes is found by KUBECONFIG, ~/.kube/config or the Pod's ServiceAccount;
AWS by its standard chain: AWS_REGION, AWS_PROFILE, web identity, and so on.";

/// What `stow` does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the operator: convert, and reconcile while it leads.
    Run(Box<Run>),
    /// Print the CustomResourceDefinition, as YAML.
    Crd(Crd),
    /// Print the ValidatingAdmissionPolicies that go with it, as YAML.
    Policies(Policies),
    /// Convert manifests between the versions of PostgresDB. Other objects,
    /// comments and the order of fields stay as they are.
    #[command(after_help = convert::CODES)]
    Convert(Convert),
    /// Say what an upgrade would do to this cluster, and what is not in order.
    /// Reads, and writes nothing; before anything is installed too.
    #[command(after_help = PREFLIGHT_CODES)]
    Preflight(Preflight),
    /// Rewrite every object to v1beta1, prove it, and only then drop v1alpha1 from
    /// the CustomResourceDefinition's storedVersions. It may be cut off and begun
    /// anew at any moment.
    #[command(after_help = MIGRATE_CODES)]
    Migrate(Migrate),
}

const PREFLIGHT_CODES: &str = "\
Exit codes: 0 nothing has to be mended; 1 something would be lost, refused or
stalled, or does not work; 2 nothing known to be wrong, and not all could be told,
or the command line cannot be read.
What is checked, and the rights it takes: docs/preflight.md";

/// Which cluster a command talks to.
#[derive(Debug, Args)]
pub struct Kubernetes {
    /// The context of the kubeconfig, where it is not the current one.
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
}

/// How a cluster is looked at.
#[derive(Debug, Args)]
pub struct Preflight {
    /// Which.
    #[command(flatten)]
    pub kubernetes: Kubernetes,

    /// How it is told.
    #[arg(short = 'o', long, default_value = "table", value_name = "FORMAT")]
    pub output: Output,

    /// The namespace of the operator, installed or not: that of `stow run`.
    #[arg(
        long,
        env = "STOW_NAMESPACE",
        default_value = "stow-system",
        value_name = "NAME"
    )]
    pub namespace: String,

    /// The Secret with the webhook's certificate, where it is brought along: that
    /// of `stow run`.
    #[arg(long, env = "STOW_WEBHOOK_CERTIFICATE_SECRET", value_name = "NAME", value_parser = secret)]
    pub webhook_certificate_secret: Option<String>,
}

/// How something is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// Aligned lines for people.
    Table,
    /// One object, for machines.
    Json,
}

const MIGRATE_CODES: &str = "\
Exit codes:
  0  done: every object is stored as v1beta1, and nothing in it names v1alpha1
  1  some objects are not; each is named, with why and what to do, and
     storedVersions stays as it is
  2  the command line cannot be read
  3  it could not begin or not go on: the definition is not ready, a right is
     missing, or the API server or the webhook stayed away";

/// How objects are migrated.
#[derive(Debug, Args)]
pub struct Migrate {
    /// In which cluster.
    #[command(flatten)]
    pub kubernetes: Kubernetes,

    /// Say of each object what would be rewritten, and which ones the API server
    /// would refuse. Nothing is written.
    #[arg(long, conflicts_with = "verify")]
    pub dry_run: bool,

    /// Prove of each object that it is stored as v1beta1 and names v1alpha1
    /// nowhere, by a write that changes nothing. Run it before v1alpha1 is removed,
    /// whoever migrated.
    #[arg(long)]
    pub verify: bool,

    /// The most writes under way at once. There are fewer while the API server
    /// answers slowly or says that it has too much to do.
    #[arg(long, default_value_t = 32, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub concurrency: u16,

    /// How long to go on trying while the API server or the webhook is away.
    #[arg(long, default_value = "5m", value_name = "DURATION", value_parser = duration)]
    pub patience: Duration,
}

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

/// What the printed CRD refers to.
#[derive(Debug, Args)]
pub struct Crd {
    /// Have the API server call this URL, where the webhook is not behind the
    /// Service, such as https://127.0.0.1:9443/convert.
    #[arg(long, value_name = "URL", value_parser = webhook_url)]
    pub webhook_url: Option<WebhookUrl>,

    /// The namespace of the Service: that of `stow run`.
    #[arg(long, default_value = "stow-system", value_name = "NAME")]
    pub namespace: String,
}

/// What the printed policies refer to.
#[derive(Debug, Args)]
pub struct Policies {
    /// The namespace of the operator's ServiceAccount.
    #[arg(long, default_value = "stow-system", value_name = "NAME")]
    pub namespace: String,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// An object a line, for machines.
    Json,
}

/// A URL of the webhook, as an API server accepts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookUrl {
    /// As it was written.
    pub text: String,
    /// Its parts.
    pub uri: Uri,
}

fn webhook_url(text: &str) -> Result<WebhookUrl, String> {
    let example = "write it as https://HOST:PORT/convert";
    let uri: Uri = text
        .parse()
        .map_err(|error| format!("{error}; {example}"))?;
    if uri.scheme_str() != Some("https") {
        return Err(format!(
            "an API server calls webhooks over https alone; {example}"
        ));
    }
    if uri.path() != stow_versions::CONVERT_PATH || uri.query().is_some() {
        return Err(format!(
            "the webhook is served at {}; {example}",
            stow_versions::CONVERT_PATH
        ));
    }
    if uri.host().is_none_or(str::is_empty) {
        return Err(example.to_owned());
    }
    Ok(WebhookUrl {
        text: text.to_owned(),
        uri,
    })
}

/// A tag's value at AWS: 1 to 256 letters, digits and a few marks.
fn cluster_id(text: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._:/=+-@".contains(c);
    if text.is_empty() || text.len() > 256 || !text.chars().all(allowed) {
        return Err("write 1 to 256 letters, digits or any of . _ : / = + - @".to_owned());
    }
    Ok(text.to_owned())
}

fn duration(text: &str) -> Result<Duration, String> {
    let example = "write a duration such as 30s, 5m or 1h";
    let parsed: SignedDuration = text
        .parse()
        .map_err(|error| format!("{error}; {example}"))?;
    Duration::try_from(parsed)
        .ok()
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| example.to_owned())
}

/// The name of a Secret that is not Stow's own, which no other may fill.
fn secret(text: &str) -> Result<String, String> {
    if text.is_empty() || text == crate::tls::SECRET {
        return Err(format!(
            "write the name of a Secret other than {}, which is Stow's own",
            crate::tls::SECRET
        ));
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
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn webhook_urls_are_what_an_api_server_takes() {
        for text in [
            "https://127.0.0.1:9443/convert",
            "https://[::1]:9443/convert",
            "https://stow.example/convert",
        ] {
            assert!(webhook_url(text).is_ok(), "{text}");
        }
        for text in [
            "http://127.0.0.1/convert",
            "https://127.0.0.1/",
            "https://a/convert?x=1",
            "convert",
            "",
        ] {
            assert!(
                webhook_url(text).is_err_and(|error| error.contains("/convert")),
                "{text}"
            );
        }
    }

    #[test]
    fn durations_are_positive() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("5m"), Ok(Duration::from_mins(5)));
        for text in ["0s", "-1s", "5", "", "soon"] {
            assert!(duration(text).is_err(), "{text}");
        }
        assert!(secret("stow-webhook-tls").is_ok());
        assert!(secret("stow-webhook").is_err() && secret("").is_err());
        assert!(lease("15s").is_ok());
        for text in ["1s", "5500ms"] {
            assert!(lease(text).is_err(), "{text}");
        }
    }
}
