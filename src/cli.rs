//! The command line: what can be said, and what it means.
//!
//! Nothing here may act: arguments become settings, and that is all.

#![expect(
    clippy::doc_markdown,
    reason = "these comments are the help that a terminal shows"
)]

mod convert;
mod run;
mod values;

pub use convert::{Convert, Version};
pub use run::{LogFormat, Run};
pub use values::WebhookUrl;

use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use self::values::{duration, secret, webhook_url};

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

    /// Leave the other version out, for a cluster in which nothing is stored as
    /// v1alpha1 and nobody asks for it: docs/upgrade.md, step 8.
    #[arg(long, value_name = "VERSION")]
    pub only: Option<Only>,
}

/// The version that is left in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Only {
    /// The version that is stored.
    V1beta1,
}

/// What the printed policies refer to.
#[derive(Debug, Args)]
pub struct Policies {
    /// The namespace of the operator's ServiceAccount.
    #[arg(long, default_value = "stow-system", value_name = "NAME")]
    pub namespace: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
