//! The folder that outlives drydock: one state file, replaced as a whole, so
//! that a kill at any moment leaves the old state or the new one.
//!
//! Must not look into what it keeps.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use crate::{model::World, servers::FOLDERS};

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system refused.
    #[error("{path}: {source}")]
    System {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another drydock is on it.
    #[error("{0} is in use by another drydock")]
    InUse(PathBuf),
    /// There are servers, and no state that names them: they would be swept away.
    #[error("{0} is not empty, but there is no state.json that says what is in it")]
    Stateless(PathBuf),
    /// The state file is not one of this version's.
    #[error("{path} cannot be read as drydock's state: {source}")]
    Unreadable {
        /// The state file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
}

/// A folder that this process alone uses.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    // Let go by the kernel when the process ends, however it ends.
    _lock: File,
}

impl Store {
    /// Opens the folder, which is made if there is none, and reads its state.
    pub fn open(folder: &Path) -> Result<(Self, World), Error> {
        let system = |path: &Path| {
            let path = path.to_owned();
            move |source| Error::System { path, source }
        };
        fs::create_dir_all(folder).map_err(system(folder))?;
        let path = folder.join("lock");
        let lock = File::create(&path).map_err(system(&path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::InUse(folder.to_owned())),
            Err(TryLockError::Error(error)) => return Err(system(&path)(error)),
        }
        let path = folder.join("state.json");
        let world = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|source| Error::Unreadable {
                path: path.clone(),
                source,
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                refuse_strangers(folder)?;
                World::default()
            }
            Err(error) => return Err(system(&path)(error)),
        };
        let store = Self {
            folder: folder.to_owned(),
            _lock: lock,
        };
        Ok((store, world))
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Replaces the state. Once this returned, a crash keeps it.
    pub fn save(&self, world: &World) -> io::Result<()> {
        let bytes = serde_json::to_vec(world)?;
        let new = self.folder.join("state.json.new");
        let mut file = File::options()
            .write(true)
            .create(true)
            .truncate(true)
            // It holds passwords.
            .mode(0o600)
            .open(&new)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        fs::rename(&new, self.folder.join("state.json"))?;
        File::open(&self.folder)?.sync_all()
    }
}

/// Fails where the servers' folders hold anything: what no state names goes.
fn refuse_strangers(folder: &Path) -> Result<(), Error> {
    for path in FOLDERS.map(|name| folder.join(name)) {
        let held = match fs::read_dir(&path) {
            Ok(mut entries) => entries.next().is_some(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(source) => return Err(Error::System { path, source }),
        };
        if held {
            return Err(Error::Stateless(path));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Region;

    #[test]
    fn what_was_saved_is_read_and_a_torn_write_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let (store, mut world) = Store::open(folder.path()).unwrap();
        world
            .regions
            .insert("1/eu-west-1".to_owned(), Region::default());
        store.save(&world).unwrap();
        fs::write(folder.path().join("state.json.new"), "{\"reg").unwrap();
        assert!(matches!(Store::open(folder.path()), Err(Error::InUse(_))));
        drop(store);
        let (_store, read) = Store::open(folder.path()).unwrap();
        assert_eq!(read, world);
    }
}
