//! What lies in a folder of backups, and which times it can bring back.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use jiff::Timestamp;

use crate::postgres::{error::Error, tree, user::User};

/// What of earlier major versions can be brought back, each in a folder of backups
/// named by the version.
pub(super) const EARLIER: &str = "earlier";

/// The span of time that a folder of backups can bring back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restorable {
    /// When its first copy was finished.
    pub earliest: Timestamp,
    /// Up to when the archive is known to be complete.
    pub latest: Timestamp,
}

/// What a folder of backups can bring back; nothing if it holds no copy. Between
/// the end of one major version and the first copy of the next there is a gap.
pub fn restorable(backups: &Path) -> Result<Option<Restorable>, Error> {
    let mut whole: Option<Restorable> = None;
    for epoch in epochs(backups)? {
        if let Some(span) = span(&epoch)? {
            whole = Some(Restorable {
                earliest: whole.map_or(span.earliest, |whole| whole.earliest),
                latest: span.latest,
            });
        }
    }
    Ok(whole)
}

/// What the backups of one major version can bring back.
pub(super) fn span(epoch: &Path) -> Result<Option<Restorable>, Error> {
    let copies = copies(epoch)?;
    let Some((&earliest, newest)) = copies.keys().next().zip(copies.keys().next_back()) else {
        return Ok(None);
    };
    let latest = fs::read_to_string(epoch.join("latest"))
        .ok()
        .and_then(|text| moment(&text));
    let latest = latest.map_or(*newest, |latest| latest.max(*newest));
    Ok(Some(Restorable { earliest, latest }))
}

/// The backups of each major version that a server had, in order.
fn epochs(backups: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut epochs = tree::entries(&backups.join(EARLIER))?;
    // Majors have two digits.
    epochs.sort();
    epochs.push(backups.to_owned());
    Ok(epochs)
}

/// Lays aside the backups of a server that gets another major version, whose WAL
/// is not theirs. Can be interrupted, and done again.
pub(in crate::postgres) fn set_apart(user: &User, backups: &Path, major: u32) -> Result<(), Error> {
    if !backups.exists() {
        return Ok(());
    }
    let earlier = backups.join(EARLIER);
    let epoch = earlier.join(major.to_string());
    for folder in [&earlier, &epoch] {
        if !folder.exists() {
            tree::make(user, folder)?;
        }
    }
    for name in ["copies", "wal", "latest"] {
        let from = backups.join(name);
        if from.exists() {
            fs::rename(&from, epoch.join(name))
                .map_err(Error::system(format!("moving {}", from.display())))?;
        }
    }
    Ok(())
}

pub(super) fn copies(backups: &Path) -> Result<BTreeMap<Timestamp, PathBuf>, Error> {
    let entries = tree::entries(&backups.join("copies"))?;
    Ok(entries
        .into_iter()
        .filter_map(|path| Some((moment(path.file_name()?.to_str()?)?, path)))
        .collect())
}

fn moment(text: &str) -> Option<Timestamp> {
    Timestamp::from_microsecond(text.parse().ok()?).ok()
}

/// The copy from which a time is reached, and the WAL that leads there.
pub(super) fn copy_for(backups: &Path, time: Timestamp) -> Result<(PathBuf, PathBuf), Error> {
    let not = |reason: String| Error::NotRestorable { time, reason };
    for epoch in epochs(backups)? {
        let copies = copies(&epoch)?;
        let copy = copies.range(..=time).next_back();
        if let (Some((_, copy)), Some(span)) = (copy, span(&epoch)?)
            && time <= span.latest
        {
            return Ok((copy.clone(), epoch.join("wal")));
        }
    }
    let whole = restorable(backups)?.ok_or_else(|| not("there is no backup".to_owned()))?;
    Err(not(if time < whole.earliest {
        format!("backups begin at {}", whole.earliest)
    } else if time > whole.latest {
        format!("backups reach to {}", whole.latest)
    } else {
        "the server was being upgraded then".to_owned()
    }))
}

/// The first segment that a copy needs, of `START WAL LOCATION: 0/2000028 (file
/// 000000010000000000000002)`.
pub(super) fn first_segment(copy: &Path) -> Result<String, Error> {
    let path = copy.join("data/backup_label");
    let reading = || Error::system(format!("reading {}", path.display()));
    let label = fs::read_to_string(&path).map_err(reading())?;
    let segment = label
        .split_once("(file ")
        .and_then(|(_, rest)| rest.split_once(')'));
    segment
        .map(|(segment, _)| segment.to_owned())
        .ok_or_else(|| reading()(std::io::ErrorKind::InvalidData.into()))
}
