//! The files of `stow convert`: read, converted, written back or printed.
//!
//! Nothing here may leave a file half written, or stop at the first that cannot
//! be converted.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::{Manner, kustomize, text};
use crate::cli::Convert;

/// What stands for standard input.
const STANDARD: &str = "-";

/// The files of a folder that are looked at.
const EXTENSIONS: [&str; 3] = ["yaml", "yml", "json"];

/// Why a conversion did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder could not be read or written.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// Files that were left as they are. Each was told of.
    #[error("{count} of {all} files could not be converted, and were left as they are")]
    Left {
        /// How many.
        count: usize,
        /// Of how many.
        all: usize,
    },
    /// Files that are of another version, or that could not be converted. Each
    /// was told of.
    #[error("{due} of {all} files would change, and {left} could not be converted")]
    Due {
        /// How many would change.
        due: usize,
        /// How many could not be converted.
        left: usize,
        /// Of how many.
        all: usize,
    },
}

/// Converts what the arguments name.
pub fn run(arguments: &Convert) -> Result<(), Error> {
    let mut paths = Vec::new();
    for path in &arguments.filename {
        collect(path, &mut paths)?;
    }
    let desired = format!("{}/{}", stow_versions::GROUP, arguments.to.name());
    let manner = Manner {
        desired: &desired,
        keeps: arguments.keep_in_annotations,
    };
    let (all, mut due, mut left, mut printed) = (paths.len(), 0, 0, false);
    for path in paths {
        let name = path.display().to_string();
        let failed = |error| failure(&name, error);
        let before = read(&path).map_err(failed)?;
        let outcome = match text(&before, manner) {
            Ok(outcome) => outcome,
            Err(error) => {
                tell(&format!("{name}: {error}"));
                left += 1;
                continue;
            }
        };
        let beside = |other: &str| read(&path.parent().unwrap_or(Path::new("")).join(other)).ok();
        let patched = kustomize::warnings(&before, &desired, &beside);
        for warning in outcome.warnings.iter().chain(&patched) {
            tell(&format!("{name}: warning: {warning}"));
        }
        let after = outcome.text;
        if arguments.check {
            if after.is_some() {
                tell(&format!("{name}: would change"));
                due += 1;
            }
            continue;
        }
        if arguments.in_place && path != Path::new(STANDARD) {
            if let Some(after) = after {
                replace(&path, &after).map_err(failed)?;
                tell(&format!("{name}: converted"));
            }
            continue;
        }
        let text = after.unwrap_or(before);
        print(&text, printed).map_err(|error| failure("standard output", error))?;
        printed = true;
    }
    match (due, left) {
        (0, 0) => Ok(()),
        (0, count) => Err(Error::Left { count, all }),
        (due, left) => Err(Error::Due { due, left, all }),
    }
}

fn failure(path: &str, error: io::Error) -> Error {
    let path = path.to_owned();
    Error::File { path, error }
}

/// A file, or those of a folder and the folders in it, in the order of their
/// names.
fn collect(path: &Path, into: &mut Vec<PathBuf>) -> Result<(), Error> {
    if path == Path::new(STANDARD) || !path.is_dir() {
        into.push(path.to_owned());
        return Ok(());
    }
    let failed = |error| failure(&path.display().to_string(), error);
    let entries: Result<Vec<_>, _> = fs::read_dir(path).map_err(failed)?.collect();
    let mut entries: Vec<_> = entries
        .map_err(failed)?
        .iter()
        .map(fs::DirEntry::path)
        .collect();
    entries.sort();
    for entry in entries {
        let extension = entry.extension().and_then(|it| it.to_str());
        let named = extension.is_some_and(|it| EXTENSIONS.contains(&it))
            || entry.file_name() == Some("Kustomization".as_ref());
        // What a link leads to is somebody else's, or comes by itself.
        if entry.is_symlink() {
            continue;
        }
        if entry.is_dir() || named {
            collect(&entry, into)?;
        }
    }
    Ok(())
}

fn read(path: &Path) -> io::Result<String> {
    if path == Path::new(STANDARD) {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text)?;
        return Ok(text);
    }
    fs::read_to_string(path)
}

/// Puts another file in the place of one, with the rights of the old.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let mut new = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    new.write_all(text.as_bytes())?;
    new.as_file()
        .set_permissions(fs::metadata(path)?.permissions())?;
    new.as_file().sync_all()?;
    new.persist(path).map(drop).map_err(io::Error::from)
}

/// Prints a text, as a document of its own behind others.
fn print(text: &str, behind: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if behind && !text.starts_with("---") {
        out.write_all(b"---\n")?;
    }
    out.write_all(text.as_bytes())?;
    if !text.is_empty() && !text.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    out.flush()
}

fn tell(text: &str) {
    // Where nobody listens, nobody is told.
    let _ = writeln!(io::stderr(), "{text}");
}
