//! `stow preflight` as a pipeline runs it: by an account with the shipped rights
//! and no others.
//!
//! Nothing here may assert what a test is about.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Output;

use harness::{Error, Result};
use serde_json::Value;
use tokio::process::Command;

use crate::stage::{NAMESPACE, Stage};

/// Whoever looks.
pub(super) struct Looker {
    kubeconfig: PathBuf,
}

/// What it was told.
pub(super) struct Told {
    pub(super) code: Option<i32>,
    pub(super) report: Value,
}

impl Looker {
    /// The account of docs/preflight.md, or another.
    pub(super) async fn named(stage: &Stage, account: &str) -> Result<Self> {
        let token = stage.cluster.token(NAMESPACE, account).await?;
        let kubeconfig = stage.cluster.kubeconfig(stage.cluster.url(), &token)?;
        Ok(Self { kubeconfig })
    }

    /// Looks.
    pub(super) async fn look(&self) -> Result<Told> {
        let output = output(&self.kubeconfig, &["--output", "json"]).await?;
        let report = serde_json::from_slice(&output.stdout).map_err(|error| {
            let told = String::from_utf8_lossy(&output.stderr);
            Error::Unexpected(format!("{error}: {told}"))
        })?;
        let code = output.status.code();
        Ok(Told { code, report })
    }

    /// The exit code, and what it prints.
    pub(super) async fn run(&self, arguments: &[&str]) -> Result<(Option<i32>, String)> {
        run(&self.kubeconfig, arguments).await
    }
}

/// The exit code of a preflight by that kubeconfig, and what it prints.
pub(crate) async fn run(kubeconfig: &Path, arguments: &[&str]) -> Result<(Option<i32>, String)> {
    let output = output(kubeconfig, arguments).await?;
    let streams = [&output.stdout, &output.stderr];
    let text = streams.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    Ok((output.status.code(), text.concat()))
}

async fn output(kubeconfig: &Path, arguments: &[&str]) -> Result<Output> {
    Command::new(env!("CARGO_BIN_EXE_stow"))
        .arg("preflight")
        .args(arguments)
        .env_clear()
        .env("KUBECONFIG", kubeconfig)
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|error| Error::Unexpected(error.to_string()))
}

impl Told {
    /// Its findings of a check and a severity.
    pub(super) fn of(&self, severity: &str, check: &str) -> Vec<&Value> {
        let findings = self.report["findings"].as_array().into_iter().flatten();
        let of =
            findings.filter(|finding| finding["severity"] == severity && finding["check"] == check);
        of.collect()
    }

    /// The names of the objects for which it has such a finding.
    pub(super) fn objects(&self, severity: &str, check: &str) -> BTreeSet<String> {
        let findings = self.of(severity, check).into_iter();
        findings
            .filter_map(|finding| {
                let name = finding["object"].as_str()?;
                let name = name.strip_prefix(&format!("{NAMESPACE}/"))?;
                Some(name.to_owned())
            })
            .collect()
    }

    /// The checks for which it has an error.
    pub(super) fn errors(&self) -> BTreeSet<&str> {
        let findings = self.report["findings"].as_array().into_iter().flatten();
        let errors = findings.filter(|finding| finding["severity"] == "error");
        errors
            .filter_map(|finding| finding["check"].as_str())
            .collect()
    }
}
