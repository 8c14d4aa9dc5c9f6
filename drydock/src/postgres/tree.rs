//! Copies of folders, as PostgreSQL wants them: owned by its user, closed to
//! others, and tolerant of files that a running server takes away meanwhile.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
};

use super::{error::Error, user::User};

/// What to leave out of a copy, besides the marks of a process that is alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leave {
    /// Of a folder that nobody uses: everything else goes along.
    Nothing,
    /// Of a running server's data: its WAL, which is complete only at the end of
    /// a backup, and its replication slots, which would hold WAL for nobody.
    Wal,
}

impl Leave {
    /// Whether a folder's files stay behind, though the folder does not.
    fn empties(self, path: &Path) -> bool {
        let name = path.file_name().unwrap_or_default();
        self == Self::Wal && (name == "pg_wal" || name == "pg_replslot")
    }
}

fn is_mark(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    name == "postmaster.pid" || name == "postmaster.opts"
}

/// Copies `from` with all that is in it to `to`, which must not exist.
pub(super) async fn copy(user: &User, from: &Path, to: &Path, leave: Leave) -> Result<(), Error> {
    let (user, from, to) = (user.clone(), from.to_owned(), to.to_owned());
    blocking(move || folder(&user, &from, &to, leave)).await
}

/// As [`copy`], of a folder in which nothing is ever written again: the files are
/// the same ones, by another name.
pub(super) async fn link(user: &User, from: &Path, to: &Path) -> Result<(), Error> {
    let (user, from, to) = (user.clone(), from.to_owned(), to.to_owned());
    blocking(move || links(&user, &from, &to)).await
}

/// Copies the plain files of a folder whose names are wanted into another
/// folder, which exists.
pub(super) async fn copy_files(
    user: &User,
    from: &Path,
    to: &Path,
    wanted: impl Fn(&str) -> bool + Send + 'static,
) -> Result<(), Error> {
    let (user, from, to) = (user.clone(), from.to_owned(), to.to_owned());
    blocking(move || {
        for entry in entries(&from)? {
            let name = entry.file_name().unwrap_or_default();
            if entry.is_file() && wanted(&name.to_string_lossy()) {
                file(&user, &entry, &to.join(name))?;
            }
        }
        Ok(())
    })
    .await
}

/// Makes a folder that the user alone can enter, and its parents.
pub(super) fn make(user: &User, path: &Path) -> Result<(), Error> {
    let made = || Error::system(format!("making {}", path.display()));
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(made())?;
    }
    fs::DirBuilder::new()
        .mode(0o700)
        .create(path)
        .map_err(made())?;
    user.own(path)
}

/// Removes a folder and all that is in it; that there is none is well.
pub(super) async fn remove(path: &Path) -> Result<(), Error> {
    match tokio::fs::remove_dir_all(path).await {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::system(format!("removing {}", path.display()))(error))
        }
        _ => Ok(()),
    }
}

/// Removes a file; that there is none is well.
pub(super) fn remove_file(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::system(format!("removing {}", path.display()))(error))
        }
        _ => Ok(()),
    }
}

async fn blocking(work: impl FnOnce() -> Result<(), Error> + Send + 'static) -> Result<(), Error> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(Error::system("copying a folder")(error.into())))
}

fn folder(user: &User, from: &Path, to: &Path, leave: Leave) -> Result<(), Error> {
    make(user, to)?;
    for entry in entries(from)? {
        let target = to.join(entry.file_name().unwrap_or_default());
        let Some(metadata) = present(fs::symlink_metadata(&entry), &entry)? else {
            continue;
        };
        if is_mark(&entry) {
            continue;
        }
        if metadata.is_dir() {
            // Symbolic links would be tablespaces, which only a superuser makes.
            if leave.empties(&entry) {
                empty(user, &entry, &target)?;
            } else {
                folder(user, &entry, &target, leave)?;
            }
        } else if metadata.is_file() {
            file(user, &entry, &target)?;
        }
    }
    Ok(())
}

fn links(user: &User, from: &Path, to: &Path) -> Result<(), Error> {
    make(user, to)?;
    for entry in entries(from)? {
        let target = to.join(entry.file_name().unwrap_or_default());
        if entry.is_dir() {
            links(user, &entry, &target)?;
        } else {
            fs::hard_link(&entry, &target)
                .map_err(Error::system(format!("linking {}", entry.display())))?;
        }
    }
    Ok(())
}

/// Copies the folders within a folder, without any file.
fn empty(user: &User, from: &Path, to: &Path) -> Result<(), Error> {
    make(user, to)?;
    for entry in entries(from)? {
        if entry.is_dir() && from.ends_with("pg_wal") {
            make(user, &to.join(entry.file_name().unwrap_or_default()))?;
        }
    }
    Ok(())
}

fn file(user: &User, from: &Path, to: &Path) -> Result<(), Error> {
    if present(fs::copy(from, to), from)?.is_some() {
        user.own(to)?;
    }
    Ok(())
}

/// What a folder holds; nothing if it is not there.
pub(super) fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let listed = fs::read_dir(folder).and_then(|entries| {
        entries
            .map(|entry| Ok(entry?.path()))
            .collect::<io::Result<_>>()
    });
    Ok(present(listed, folder)?.unwrap_or_default())
}

/// Nothing for what a running server removed before it could be read.
fn present<T>(result: io::Result<T>, path: &Path) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::system(format!("copying {}", path.display()))(error)),
    }
}

/// Writes a file whole or not at all, readable by drydock and `user` alone.
pub(super) fn write(user: &User, path: &Path, content: &[u8]) -> Result<(), Error> {
    let written = || Error::system(format!("writing {}", path.display()));
    let partial = path.with_extension("partial");
    fs::write(&partial, content).map_err(written())?;
    fs::set_permissions(&partial, fs::Permissions::from_mode(0o600)).map_err(written())?;
    user.own(&partial)?;
    fs::rename(&partial, path).map_err(written())
}
