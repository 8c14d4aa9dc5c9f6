//! The shell commands of a document, as a user would type them.
//!
//! Nothing here may change a command, but for the placeholder `<ns>`.

use std::path::Path;

use harness::{Error, Result};
use tokio::process::Command;

use crate::stage::{NAMESPACE, Stage, file};

/// The lines of every shell block of a document, in order.
pub(crate) fn commands(document: &str) -> Result<Vec<String>> {
    let path = file(document);
    let text = std::fs::read_to_string(&path)
        .map_err(|error| Error::Unexpected(format!("{}: {error}", path.display())))?;
    let mut lines = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        match line.trim() {
            "```bash" => inside = true,
            "```" => inside = false,
            "" => {}
            line if inside => lines.push(line.replace("<ns>", NAMESPACE)),
            _ => {}
        }
    }
    Ok(lines)
}

/// What a command prints when an administrator types it at the root of the
/// repository, in the tests' namespace.
pub(crate) async fn typed(stage: &Stage, command: &str) -> Result<String> {
    let kubectl = stage.cluster.kubectl_as(stage.cluster.admin_kubeconfig());
    let folder = |program: &Path| {
        let folder = program.parent().unwrap_or(Path::new("/"));
        folder.display().to_string()
    };
    let stow = folder(Path::new(env!("CARGO_BIN_EXE_stow")));
    let programs = folder(kubectl.program());
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("sh")
        .args(["-euc", command])
        .current_dir(file(""))
        .env("PATH", format!("{stow}:{programs}:{path}"))
        .env("KUBECONFIG", kubectl.kubeconfig())
        .env("KUBERC", "off")
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|error| Error::Unexpected(format!("{command}: {error}")))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned());
    }
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(Error::Refused {
        command: command.to_owned(),
        stderr,
    })
}
