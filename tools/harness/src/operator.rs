//! The `stow` binary as a child process, the way a cluster would run it.
//!
//! Nothing here knows what the operator does; a test sees its calls through the
//! proxies, and its words through [`Operator::output`].

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{error::Result, process::Process, programs, scratch::Scratch};

/// The region of [`OperatorConfig::run`].
pub const REGION: &str = "us-east-1";

/// How to run the operator.
#[derive(Clone, Debug)]
pub struct OperatorConfig {
    /// The `stow` binary.
    pub binary: PathBuf,
    /// Whom it is in Kubernetes, and by which way it gets there.
    pub kubeconfig: PathBuf,
    /// Its arguments, `run` included.
    pub args: Vec<String>,
    /// Its environment, on top of ours without what concerns AWS, Kubernetes,
    /// TLS and proxies.
    pub env: Vec<(String, String)>,
}

impl OperatorConfig {
    /// `stow run` with these further arguments, and credentials that an RDS
    /// endpoint on loopback accepts. `rds_url` is that endpoint's, or a proxy's.
    pub fn run(binary: &Path, kubeconfig: &Path, rds_url: &str, args: &[&str]) -> Self {
        let env = [
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_REGION", REGION),
            ("AWS_ENDPOINT_URL", rds_url),
            // Else the SDK may ask the address of EC2's metadata, off loopback.
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ];
        Self {
            binary: binary.to_owned(),
            kubeconfig: kubeconfig.to_owned(),
            args: [&["run"], args]
                .concat()
                .iter()
                .map(|&argument| argument.to_owned())
                .collect(),
            env: env
                .iter()
                .map(|&(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
        }
    }
}

/// A running operator. Dropping it kills it.
#[derive(Debug)]
pub struct Operator {
    process: Process,
    _folder: Scratch,
}

impl Operator {
    /// Starts it; it is up when its own `/readyz` says so.
    pub fn spawn(config: &OperatorConfig) -> Result<Self> {
        let folder = Scratch::new("stow-operator-")?;
        let mut command = Command::new(&config.binary);
        programs::isolate(&mut command);
        command
            .args(&config.args)
            .env("KUBECONFIG", &config.kubeconfig)
            // No profile of the caller's may supply credentials either.
            .env("HOME", folder.path())
            .envs(config.env.iter().map(|(key, value)| (key, value)))
            .current_dir(folder.path());
        let process = Process::spawn("stow", folder.path().join("stow.log"), &command)?;
        Ok(Self {
            process,
            _folder: folder,
        })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// The memory that it occupies, in KiB.
    pub fn resident(&self) -> Result<u64> {
        self.process.resident()
    }

    /// All that it printed so far.
    pub fn output(&self) -> String {
        self.process.output()
    }

    /// The last lines that it printed.
    pub fn tail(&self) -> String {
        self.process.tail()
    }

    /// Its exit status as a shell says it, or nothing while it runs.
    pub fn exited(&mut self) -> Result<Option<i32>> {
        self.process.exited()
    }

    /// Fails with the tail of its output if it has ended.
    pub fn check(&mut self) -> Result<()> {
        self.process.check()
    }

    /// Sends SIGKILL. It is over when [`Self::wait`] says so.
    pub fn kill(&mut self) -> Result<()> {
        self.process.kill()
    }

    /// Sends SIGTERM, as a kubelet does.
    pub fn terminate(&mut self) -> Result<()> {
        self.process.terminate()
    }

    /// Waits for its end; the status is that of [`Self::exited`].
    pub async fn wait(&mut self, within: Duration) -> Result<i32> {
        self.process.wait(within).await
    }
}
