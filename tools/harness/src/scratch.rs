//! A temporary folder that goes away also when this process is killed, or ends
//! without running destructors (a control plane in a `static`).

use std::{
    fs::Permissions,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::Path,
    process::{Child, Command, Stdio},
};

use crate::error::{Error, Result};

/// Those that write into the folder are being killed at the same moment, so
/// removing it may take more than one attempt.
const JANITOR: &str = r#"
read -r _
attempts=0
until rm -rf -- "$1" || [ "$attempts" -ge 50 ]; do
    attempts=$((attempts + 1))
    sleep 0.1
done
"#;

/// A folder of our own under the system's temporary folder.
#[derive(Debug)]
pub(crate) struct Scratch {
    path: std::path::PathBuf,
    janitor: Child,
}

impl Scratch {
    pub(crate) fn new(prefix: &str) -> Result<Self> {
        let path = tempfile::Builder::new()
            .prefix(prefix)
            .tempdir()
            .map_err(Error::system("making a temporary folder"))?
            .keep();
        let janitor = Command::new("sh")
            .args(["-c", JANITOR, "janitor"])
            .arg(&path)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(Error::system("starting a janitor for a temporary folder"))?;
        Ok(Self { path, janitor })
    }

    /// Lets every user pass through the folder, and list nothing in it.
    pub(crate) fn passable(&self) -> Result<()> {
        std::fs::set_permissions(&self.path, Permissions::from_mode(0o711))
            .map_err(Error::system("opening a temporary folder"))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(self.janitor.stdin.take());
        // Nobody is left to tell: at worst a folder stays in the temporary one.
        let _ended = self.janitor.wait();
    }
}
