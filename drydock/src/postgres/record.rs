//! What drydock knows of a server besides its data: one file in its folder,
//! written last, so that a folder without it was never finished.

use std::{collections::BTreeMap, fs, io, path::Path};

use serde::{Deserialize, Serialize};

use super::{error::Error, tree, user::User};

const FILE: &str = "server.json";

/// A server's record. It holds the administrator's password, so it is closed to
/// others, and no password of a user's.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) major: u32,
    pub(super) port: u16,
    pub(super) administrator_password: String,
    pub(super) parameters: BTreeMap<String, String>,
}

impl Record {
    pub(super) fn exists(folder: &Path) -> bool {
        folder.join(FILE).exists()
    }

    pub(super) fn read(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(FILE);
        let reading = || Error::system(format!("reading {}", path.display()));
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(Error::Missing(folder.to_owned()));
            }
            read => read.map_err(reading())?,
        };
        serde_json::from_slice(&bytes).map_err(|error| reading()(error.into()))
    }

    pub(super) fn write(&self, folder: &Path) -> Result<(), Error> {
        let path = folder.join(FILE);
        let bytes = serde_json::to_vec_pretty(self)
            .map_err(|error| Error::system("writing a server's record")(error.into()))?;
        tree::write(&User::OURSELVES, &path, &bytes)
    }
}
