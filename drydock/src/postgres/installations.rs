//! Which PostgreSQL there is on this machine, and what all servers share: the
//! user they run as, their certificate and the address of their ports.

use std::{
    cmp::Reverse,
    collections::BTreeMap,
    fmt, fs,
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::ServerConfig;
use tokio::process::Command;

use super::{authority, error::Error, lock::Lock, user::User};

/// The majors in RDS's standard support.
const MAJORS: std::ops::RangeInclusive<u32> = 14..=18;
/// Where packages put each major's programs; the last component is `bin`.
const PACKAGES: [(&str, &str); 4] = [
    ("/usr/lib/postgresql", ""),
    ("/usr", "pgsql-"),
    ("/opt/homebrew/opt", "postgresql@"),
    ("/usr/local/opt", "postgresql@"),
];

/// A release, such as 15.18.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    major: u32,
    minor: u32,
}

impl Version {
    /// 15, of 15.18.
    pub fn major(self) -> u32 {
        self.major
    }

    /// 18, of 15.18.
    pub fn minor(self) -> u32 {
        self.minor
    }

    /// Of `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`; nothing for a
    /// beta, which RDS does not have.
    fn parse(banner: &str) -> Option<Self> {
        let (_, rest) = banner.split_once("(PostgreSQL) ")?;
        let (major, minor) = rest.split_whitespace().next()?.split_once('.')?;
        Some(Self {
            major: major.parse().ok()?,
            minor: minor.parse().ok()?,
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}

/// Where instances can be reached from.
#[derive(Clone, Debug)]
pub struct Reach {
    /// The address on which every instance's port is listened on.
    pub listen: IpAddr,
    /// The DNS names and IP addresses by which clients know it; the certificate
    /// is for these.
    pub names: Vec<String>,
}

impl Default for Reach {
    /// Loopback.
    fn default() -> Self {
        Self {
            listen: Ipv4Addr::LOCALHOST.into(),
            names: ["localhost", "127.0.0.1", "::1"].map(String::from).into(),
        }
    }
}

/// The PostgreSQL releases of this machine, one a major version. Cheap to clone.
#[derive(Clone)]
pub struct Installations(Arc<Host>);

pub(super) struct Host {
    pub(super) user: User,
    pub(super) cache: PathBuf,
    pub(super) listen: IpAddr,
    pub(super) tls: Arc<ServerConfig>,
    authority: String,
    found: BTreeMap<u32, Installation>,
}

/// One release.
#[derive(Clone, Debug)]
pub(super) struct Installation {
    pub(super) version: Version,
    bin: PathBuf,
}

impl Installation {
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }
}

impl fmt::Debug for Installations {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.versions()).finish()
    }
}

impl Installations {
    /// Looks for PostgreSQL 14 to 18: where the system's packages lie, then where
    /// PATH's `pg_config` says, then in PATH itself, which can name several, then
    /// in `cache/postgres/*/bin`, into which a build can put one. Of each major
    /// the first wins.
    ///
    /// `cache` is made if need be, and keeps what is made once: a template for
    /// each release, and the certificate authority. Run as root, the folder must
    /// be one that an unprivileged user can enter.
    pub async fn find(cache: &Path) -> Result<Self, Error> {
        Self::find_with(cache, &Reach::default()).await
    }

    /// As [`Self::find`], for ports that listen elsewhere than on loopback.
    pub async fn find_with(cache: &Path, reach: &Reach) -> Result<Self, Error> {
        let making = || Error::system(format!("making {}", cache.display()));
        fs::create_dir_all(cache).map_err(making())?;
        let cache = fs::canonicalize(cache).map_err(making())?;
        let user = User::find().await?;
        user.check(&cache).await?;
        let mut found = BTreeMap::new();
        for bin in places(&cache).await {
            if let Some(version) = version(&user, &bin).await
                && MAJORS.contains(&version.major)
            {
                let installation = Installation { version, bin };
                found.entry(version.major).or_insert(installation);
            }
        }
        let lock = Lock::of(&cache).await?;
        let (authority, tls) = authority::load(&cache, &reach.names)?;
        drop(lock);
        Ok(Self(Arc::new(Host {
            user,
            cache,
            listen: reach.listen,
            tls,
            authority,
            found,
        })))
    }

    /// What there is, the oldest first; perhaps nothing.
    pub fn versions(&self) -> Vec<Version> {
        self.0.found.values().map(|one| one.version).collect()
    }

    /// The certificate, as PEM, that a client trusts for `sslmode=verify-full`.
    pub fn authority(&self) -> &str {
        &self.0.authority
    }

    /// What there is, the oldest first.
    pub(super) fn all(&self) -> impl Iterator<Item = &Installation> {
        self.0.found.values()
    }

    pub(super) fn host(&self) -> &Arc<Host> {
        &self.0
    }

    pub(super) fn major(&self, major: u32) -> Result<&Installation, Error> {
        self.0
            .found
            .get(&major)
            .ok_or(Error::UnknownMajor { major })
    }
}

async fn places(cache: &Path) -> Vec<PathBuf> {
    let mut places = Vec::new();
    for (folder, prefix) in PACKAGES {
        places.extend(bins(Path::new(folder), prefix));
    }
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output().await {
        places.push(PathBuf::from(
            String::from_utf8_lossy(&output.stdout).trim(),
        ));
    }
    if let Some(path) = std::env::var_os("PATH") {
        places.extend(std::env::split_paths(&path).filter(|bin| has_server(bin)));
    }
    places.extend(bins(&cache.join("postgres"), ""));
    places
}

/// `<folder>/<prefix>*/bin`, the last of the alphabet first.
fn bins(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut bins: Vec<_> = entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .map(|entry| entry.path().join("bin"))
        .filter(|bin| has_server(bin))
        .collect();
    bins.sort_by_key(|bin| Reverse(bin.clone()));
    bins
}

fn has_server(bin: &Path) -> bool {
    bin.join("postgres").exists() && bin.join("initdb").exists()
}

async fn version(user: &User, bin: &Path) -> Option<Version> {
    // As the user, for whom it may be out of reach.
    let output = user
        .command(&bin.join("postgres"), Path::new("/"))
        .arg("--version")
        .output()
        .await
        .ok()?;
    Version::parse(&String::from_utf8_lossy(&output.stdout))
}
