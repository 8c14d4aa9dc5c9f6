//! Removes the folders that nothing needs any more.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{FOLDERS, Fleet};
use crate::servers::Kept;

impl Fleet {
    /// Removes what is there now, and belongs to none of what `kept` then says.
    pub(in crate::servers) async fn sweep(&self, kept: impl FnOnce() -> Kept + Send) {
        let listed = FOLDERS.map(|kind| {
            let folder = self.folder.join(kind);
            list(&folder).unwrap_or_else(|error| {
                tracing::warn!(%error, kind, "what is no longer needed cannot be listed");
                Vec::new()
            })
        });
        let Kept {
            instances,
            snapshots,
            backups,
        } = kept();
        for (listed, kept) in listed.into_iter().zip([instances, snapshots, backups]) {
            for (stem, path) in listed {
                if kept.contains(&stem) {
                    continue;
                }
                match tokio::fs::remove_dir_all(&path).await {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        let path = path.display();
                        tracing::warn!(%error, %path, "what is no longer needed stays");
                    }
                    _ => {}
                }
            }
        }
    }
}

/// The folders in a folder, and what their names begin with: a copy that is
/// being made has an ending.
fn list(folder: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let entries = fs::read_dir(folder)?.map(|entry| {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let stem = name.split('.').next().unwrap_or_default();
        Ok((stem.to_owned(), entry.path()))
    });
    entries.collect()
}
