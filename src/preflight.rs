//! `stow preflight`: what an upgrade would do to this cluster, before it is done.
//!
//! Nothing here may write to the cluster: it is read, each object once, and
//! survey by the code that would convert and reconcile it. `read` does all of
//! the reading; every check is a pure function over what was read, with the time
//! handed in.

mod cluster;
mod finding;
mod objects;
mod read;
mod report;
mod schema;
mod shipped;

pub use finding::{Check, Finding, Severity, Verdict};
pub use report::Report;

use std::io::{self, Write};

use jiff::Timestamp;

use crate::cli::{Output, Preflight};
use crate::config::Configuration;
use crate::connect::{self, Cluster};
use crate::tls;
use objects::Standards;
use read::{Reader, Unread};
use schema::SchemaError;

/// Why nothing could be told of a cluster.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No cluster can be talked to.
    #[error(transparent)]
    Connect(#[from] connect::Error),
    /// The API server does not answer.
    #[error("the API server cannot be read: {0}")]
    Unreachable(Unread),
    /// What Stow ships cannot be read, which is a fault of this build.
    #[error("what Stow ships cannot be read: {0}")]
    Shipped(String),
    /// A schema cannot be followed.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// The runtime cannot be set up.
    #[error("the runtime cannot be set up")]
    Runtime(#[source] io::Error),
    /// Standard output is closed.
    #[error("cannot write the output")]
    Output(#[source] io::Error),
}

/// Looks at the cluster, prints what was found, and says what it comes to.
pub fn run(settings: &Preflight) -> Result<Verdict, Error> {
    let report = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::Runtime)?
        .block_on(look(settings))?;
    let text = match settings.output {
        Output::Table => report.table(),
        Output::Json => report.json().map_err(|error| Error::Output(error.into()))?,
    };
    io::stdout()
        .write_all(text.as_bytes())
        .map_err(Error::Output)?;
    Ok(report.verdict)
}

async fn look(settings: &Preflight) -> Result<Report, Error> {
    let cluster = Cluster::of(settings.kubernetes.context.as_deref()).await?;
    // Not among what it prints, which machines read.
    let _ = writeln!(io::stderr(), "{cluster}");
    let client = cluster.client()?;
    let certificate = settings.webhook_certificate_secret.as_deref();
    let reader = Reader::new(
        client,
        &settings.namespace,
        certificate.unwrap_or(tls::SECRET),
    );
    let shipped = shipped::manifests(&settings.namespace)?;
    let installation = reader.installation(shipped).await?;

    let data = match &installation.config_map {
        Ok(found) => Some(found.as_ref()),
        Err(_) => None,
    };
    let configuration = data.flatten().map(Configuration::read);
    let standards = Standards::new(installation.definition(), configuration)?;
    let mut survey = reader.objects(&installation, &standards).await;

    let mut findings = cluster::judge(&installation, Timestamp::now());
    findings.append(&mut survey.findings);
    let trial = reader.trial(&installation, &survey).await;
    findings.extend(trial.judge());
    findings.extend(survey.writers.findings(installation.serves_hub()));
    Ok(Report::new(findings, survey.objects, survey.clean))
}
