//! The shell commands of a document, as a user would type them.
//!
//! Nothing here may change a command, but for the placeholder `<ns>`.

use std::path::{Path, PathBuf};

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

/// What stands under one heading: its shell blocks, whole, and its manifests.
#[derive(Clone, Debug, Default)]
pub(crate) struct Section {
    pub(crate) title: String,
    pub(crate) blocks: Vec<String>,
    pub(crate) manifests: Vec<String>,
}

/// The sections of a document, in order.
pub(crate) fn sections(document: &str) -> Result<Vec<Section>> {
    let path = file(document);
    let text = std::fs::read_to_string(&path)
        .map_err(|error| Error::Unexpected(format!("{}: {error}", path.display())))?;
    let mut sections = vec![Section::default()];
    let mut block: Option<(&str, String)> = None;
    for line in text.lines() {
        let section = sections.last_mut().unwrap_or_else(|| unreachable!());
        match (&mut block, line) {
            (None, "```bash" | "```yaml" | "```") => block = Some((line, String::new())),
            (None, line) => {
                if let Some(title) = line.strip_prefix('#') {
                    let title = title.trim_start_matches('#').trim().to_owned();
                    sections.push(Section {
                        title,
                        ..Section::default()
                    });
                }
            }
            (Some(_), "```") => match block.take() {
                Some(("```bash", text)) => section.blocks.push(text),
                Some(("```yaml", text)) => section.manifests.push(text),
                _ => {}
            },
            (Some((_, text)), line) => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    Ok(sections)
}

/// What a command prints when an administrator types it at the root of the
/// repository, in the tests' namespace.
pub(crate) async fn typed(stage: &Stage, command: &str) -> Result<String> {
    Shell::of(stage).run(command).await
}

/// An administrator's shell, with `kubectl` and `stow` in its path.
#[derive(Clone, Debug)]
pub(crate) struct Shell {
    path: String,
    kubeconfig: PathBuf,
    folder: PathBuf,
}

impl Shell {
    /// At the root of the repository.
    pub(crate) fn of(stage: &Stage) -> Self {
        let kubectl = stage.cluster.kubectl_as(stage.cluster.admin_kubeconfig());
        let folder_of = |program: &Path| program.parent().map(PathBuf::from).unwrap_or_default();
        let stow = folder_of(Path::new(env!("CARGO_BIN_EXE_stow")));
        let programs = folder_of(kubectl.program());
        let path = std::env::var("PATH").unwrap_or_default();
        Self {
            path: format!("{}:{}:{path}", programs.display(), stow.display()),
            kubeconfig: kubectl.kubeconfig().to_owned(),
            folder: file(""),
        }
    }

    /// In another folder.
    pub(crate) fn at(self, folder: &Path) -> Self {
        let folder = folder.to_owned();
        Self { folder, ..self }
    }

    /// What a command, or several lines of them, print.
    pub(crate) async fn run(&self, command: &str) -> Result<String> {
        let output = Command::new("sh")
            .args(["-euc", command])
            .current_dir(&self.folder)
            .env("PATH", &self.path)
            .env("KUBECONFIG", &self.kubeconfig)
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
}
