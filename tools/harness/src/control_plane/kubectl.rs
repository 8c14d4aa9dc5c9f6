//! kubectl, of the control plane's version, as one user of it.
//!
//! It must not see the caller's own clusters or preferences.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdout},
};

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

/// A command that goes on. Dropping it kills it.
#[derive(Debug)]
pub struct Followed {
    command: String,
    lines: Lines<BufReader<ChildStdout>>,
    _child: Child,
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
        let mut kubectl = self.command(arguments);
        kubectl.stdin(Stdio::piped()).stderr(Stdio::piped());
        let mut child = kubectl.spawn().map_err(failed())?;
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

    /// Runs a command that goes on, such as `get --watch`, until what is returned
    /// is dropped.
    pub fn follow(&self, arguments: &[&str]) -> Result<Followed> {
        let command = format!("kubectl {}", arguments.join(" "));
        let mut kubectl = self.command(arguments);
        kubectl.stdin(Stdio::null()).stderr(Stdio::null());
        let mut child = kubectl.spawn().map_err(Error::system(&command))?;
        let stdout = child.stdout.take();
        let stdout = stdout.ok_or_else(|| Error::Unexpected(format!("{command} has no output")))?;
        Ok(Followed {
            command,
            lines: BufReader::new(stdout).lines(),
            _child: child,
        })
    }

    fn command(&self, arguments: &[&str]) -> tokio::process::Command {
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
            .stdout(Stdio::piped());
        let mut kubectl = tokio::process::Command::from(kubectl);
        kubectl.kill_on_drop(true);
        kubectl
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

impl Followed {
    /// What it prints next, once it does.
    ///
    /// # Errors
    /// Where it ends, which nobody asked it to.
    pub async fn line(&mut self) -> Result<String> {
        let line = self.lines.next_line().await;
        let line = line.map_err(Error::system(&self.command))?;
        line.ok_or_else(|| Error::Unexpected(format!("{} ended", self.command)))
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
