//! kubectl, of the control plane's version, as one user of it.
//!
//! It must not see the caller's own clusters or preferences.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::io::AsyncWriteExt;

use crate::{
    error::{Error, Result},
    programs,
};

/// A kubectl with a kubeconfig of its own.
#[derive(Clone, Debug)]
pub struct Kubectl {
    pub(super) program: PathBuf,
    pub(super) kubeconfig: PathBuf,
    pub(super) cache: PathBuf,
}

/// How a command ended.
#[derive(Clone, Debug)]
pub struct Output {
    /// The command line, for messages.
    pub command: String,
    /// The exit status; nothing when a signal ended it.
    pub status: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it complained of.
    pub stderr: String,
}

impl Kubectl {
    /// Runs `kubectl` with these arguments.
    pub async fn run(&self, arguments: &[&str]) -> Result<Output> {
        self.run_in("", arguments).await
    }

    /// The same, with text on its standard input (for `apply -f -`).
    pub async fn run_in(&self, stdin: &str, arguments: &[&str]) -> Result<Output> {
        let command = format!("kubectl {}", arguments.join(" "));
        let failed = || Error::system(command.clone());
        let mut kubectl = std::process::Command::new(&self.program);
        programs::isolate(&mut kubectl);
        kubectl
            .arg("--kubeconfig")
            .arg(&self.kubeconfig)
            .arg("--cache-dir")
            .arg(&self.cache)
            .args(arguments)
            // The caller's own preferences would change what is printed.
            .env("KUBERC", "off")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = tokio::process::Command::from(kubectl)
            .kill_on_drop(true)
            .spawn()
            .map_err(failed())?;
        let input = child.stdin.take();
        let (written, output) = tokio::join!(
            async {
                match input {
                    Some(mut input) => input.write_all(stdin.as_bytes()).await,
                    None => Ok(()),
                }
            },
            child.wait_with_output()
        );
        let output = output.map_err(failed())?;
        // One that fails before it has read everything says why itself.
        if output.status.success() {
            written.map_err(failed())?;
        }
        Ok(Output {
            command,
            status: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    /// Whose kubeconfig it uses.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// The program.
    pub fn program(&self) -> &Path {
        &self.program
    }
}

impl Output {
    /// Whether it exited with 0.
    pub fn success(&self) -> bool {
        self.status == Some(0)
    }

    /// What it printed, or an error that holds what it complained of.
    pub fn ok(self) -> Result<String> {
        if self.success() {
            return Ok(self.stdout);
        }
        Err(Error::Refused {
            command: self.command,
            stderr: self.stderr,
        })
    }
}
