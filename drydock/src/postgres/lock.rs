//! One maker at a time in a cache folder that several drydocks share.

use std::{fs::File, path::Path};

use super::error::Error;

/// Held until dropped; the system drops it for a process that dies.
pub(super) struct Lock(#[expect(dead_code, reason = "the open file is the lock")] File);

impl Lock {
    pub(super) async fn of(cache: &Path) -> Result<Self, Error> {
        let path = cache.join(".lock");
        let locked = tokio::task::spawn_blocking(move || {
            let file = File::create(path)?;
            file.lock()?;
            Ok(file)
        });
        locked
            .await
            .unwrap_or_else(|error| Err(error.into()))
            .map(Self)
            .map_err(Error::system(format!("locking {}", cache.display())))
    }
}
