//! The drydock binary in a folder of its own, and scripts that judge it.

use std::{
    fs::Permissions,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use harness::process::Process;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(15);

/// A running drydock. Dropping it kills it.
pub(crate) struct Berth {
    pub(crate) process: Process,
    address: String,
    folder: tempfile::TempDir,
}

impl Berth {
    /// With PostgreSQL behind its instances.
    pub(crate) async fn with_servers(arguments: &[&str]) -> Self {
        Self::start(arguments).await
    }

    /// With states alone.
    pub(crate) async fn of_states(arguments: &[&str]) -> Self {
        Self::start(&[&["--without-postgres"], arguments].concat()).await
    }

    async fn start(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // As root, PostgreSQL runs as another user, who must come through.
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o711)).unwrap();
        let address = format!("127.0.0.1:{}", harness::free_port().unwrap());
        let mut command = Command::new(env!("CARGO_BIN_EXE_drydock"));
        command
            .args(["--listen", &address, "--data"])
            .arg(folder.path().join("data"))
            .args(arguments);
        let log = folder.path().join("drydock.log");
        let mut process = Process::spawn("drydock", log, &command).unwrap();
        harness::eventually("drydock to answer", PATIENCE, || {
            let ended = process.check();
            let address = address.clone();
            async move {
                ended.map_err(|error| error.to_string())?;
                let connected = tokio::net::TcpStream::connect(address).await;
                connected.map_err(|error| error.to_string())
            }
        })
        .await
        .unwrap();
        Self {
            process,
            address,
            folder,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A folder that goes away with this drydock.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The folder of its instances.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder().join("data")
    }

    /// Runs a script against it; what it prints, if it ends well.
    pub(crate) async fn judge(&self, script: &str, arguments: &[&str]) -> String {
        let python = environment().await.join("bin/python");
        let mut command = tokio::process::Command::new(python);
        for (name, _) in std::env::vars_os() {
            let foreign = name.to_string_lossy().to_ascii_uppercase();
            if foreign.starts_with("AWS_") || foreign.ends_with("_PROXY") {
                command.env_remove(name);
            }
        }
        let output = command
            .arg(
                Path::new(env!("CARGO_MANIFEST_DIR"))
                    .join("tests/judges")
                    .join(script),
            )
            .args(arguments)
            .env("AWS_ENDPOINT_URL", self.url())
            .env("AWS_ACCESS_KEY_ID", "judge")
            .env("AWS_SECRET_ACCESS_KEY", "judge")
            .env("AWS_DEFAULT_REGION", "eu-west-1")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_MAX_ATTEMPTS", "1")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .current_dir(self.folder())
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = tokio::time::timeout(PATIENCE, output)
            .await
            .unwrap_or_else(|_| panic!("{script} does not end"))
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "{script} {}:\n{said}\n{}\ndrydock:\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr),
            self.process.tail()
        );
        said
    }

    /// Ends it as a supervisor would.
    pub(crate) async fn stop(&mut self) {
        self.process.terminate().unwrap();
        assert_eq!(self.process.wait(PATIENCE).await.unwrap(), 0);
    }
}

/// The judges' virtual environment. It is installed at first use if nobody did.
async fn environment() -> PathBuf {
    let build = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tools/judges/build");
    let output = tokio::process::Command::new(build)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "the judges are not installed");
    let said = String::from_utf8(output.stdout).unwrap();
    PathBuf::from(said.lines().last().unwrap())
}
