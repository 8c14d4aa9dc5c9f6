//! The command line: arguments as they are written, and what they amount to.
//!
//! Must not do any of it; `run` does.

mod help;
mod run;

pub use run::{Error, run};

use std::{
    fs, io,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use clap::Parser;

use crate::{
    faults::{self, Rule},
    postgres::Reach,
    servers::Version,
    settings::{self, Settings},
    wire::{BadKey, Key},
};

/// Where the secret is read from, if not from a file.
const SECRET: &str = "DRYDOCK_SECRET_ACCESS_KEY";

/// Amazon RDS for PostgreSQL on this machine.
#[derive(Debug, Parser)]
#[command(name = "drydock", version, long_about = help::ABOUT)]
pub struct Cli {
    /// Where to answer. Beyond loopback it wants --advertise and --access-key-id.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:4566")]
    listen: SocketAddr,
    /// The address or the name that the instances' endpoints show, if clients do
    /// not reach them at the one that --listen says. Their ports are listened on
    /// at --listen's address, and their certificates are for this one, too.
    #[arg(long, value_name = "HOST")]
    advertise: Option<String>,
    /// The folder that keeps the instances.
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
    /// Let in only who signs with this access key.
    #[arg(long, value_name = "ID", long_help = help::ACCESS_KEY)]
    access_key_id: Option<String>,
    /// The file that holds the secret, which the command line would show to all.
    #[arg(long, value_name = "FILE", requires = "access_key_id")]
    secret_access_key_file: Option<PathBuf>,
    /// The account behind every caller's credentials.
    #[arg(long, value_name = "12 DIGITS", value_parser = account_of)]
    account: Option<String>,
    /// Milliseconds that each status lasts at least.
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 0)]
    delay: u64,
    /// The same for one status, as in creating=5000. Can be repeated.
    #[arg(long = "delay-of", value_name = "STATUS=MILLISECONDS", value_parser = delay_of)]
    delays: Vec<(String, u64)>,
    /// Milliseconds for which Describe shows what was before a Create or Modify.
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 0)]
    lag: u64,
    /// What goes wrong, as in CreateDBInstance=throttling@0.5; see --help.
    #[arg(long = "fault", value_name = "RULE", long_help = help::FAULT)]
    faults: Vec<Rule>,
    /// Where to keep what is made once for each PostgreSQL, for several folders
    /// to share. Without it, in the folder of the instances.
    #[arg(long, value_name = "FOLDER")]
    cache: Option<PathBuf>,
    /// Run no servers: instances have their states, and nobody listens.
    #[arg(long)]
    without_postgres: bool,
    /// Run servers only for instances whose identifier begins with this, and
    /// have the others as states; can be repeated. What is restored from one
    /// without a server has to be without one too.
    #[arg(long, value_name = "PREFIX", conflicts_with = "without_postgres")]
    postgres_for: Vec<String>,
    /// The engine versions on offer without servers.
    #[arg(
        long,
        requires = "without_postgres",
        value_delimiter = ',',
        default_value = "14.19,15.14,16.10,17.6,18.0"
    )]
    versions: Vec<Version>,
}

/// What the arguments amount to, once they fit together.
#[derive(Debug)]
struct Plan {
    listen: SocketAddr,
    advertised: String,
    reach: Reach,
    data: PathBuf,
    cache: PathBuf,
    key: Option<Key>,
    account: Option<String>,
    settings: Settings,
    faults: Vec<Rule>,
    without_postgres: Option<Vec<Version>>,
    postgres_for: Vec<String>,
}

/// Why the arguments do not fit together.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// It would be open to others, who need no credentials of their own.
    #[error(
        "{0} is not an address of loopback: there, drydock wants an access key of its own \
         (--access-key-id, and {SECRET} or --secret-access-key-file)"
    )]
    Open(IpAddr),
    /// Nobody could connect to what endpoints would show.
    #[error("nobody can connect to {0}: say with --advertise which address endpoints show")]
    Nowhere(IpAddr),
    /// It cannot stand in a certificate.
    #[error("{0:?} is neither an address nor a name that clients can connect to")]
    Host(String),
    /// The key's other half is missing.
    #[error("--access-key-id wants a secret: {SECRET} or --secret-access-key-file")]
    NoSecret,
    /// The secret cannot be had.
    #[error("{path}: {source}")]
    SecretFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The key is none.
    #[error(transparent)]
    Key(#[from] BadKey),
    /// The delays are none.
    #[error(transparent)]
    Settings(#[from] settings::Wrong),
    /// The faults are none.
    #[error(transparent)]
    Faults(#[from] faults::Wrong),
}

fn delay_of(text: &str) -> Result<(String, u64), String> {
    text.split_once('=')
        .and_then(|(status, delay)| Some((status.to_owned(), delay.parse().ok()?)))
        .ok_or_else(|| format!("{text:?} is not like creating=5000"))
}

/// An account's number, as text.
pub(crate) fn account_of(text: &str) -> Result<String, String> {
    if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(text.to_owned());
    }
    Err("an account has 12 digits".to_owned())
}

impl Cli {
    fn plan(self, secret: Option<String>) -> Result<Plan, Unfit> {
        let ip = self.listen.ip();
        let secret = match self.secret_access_key_file {
            None => secret,
            Some(path) => {
                let text = fs::read_to_string(&path);
                let text = text.map_err(|source| Unfit::SecretFile { path, source })?;
                Some(text.trim_end().to_owned())
            }
        };
        let key = match (self.access_key_id, secret) {
            (Some(id), Some(secret)) => Some(Key::new(id, secret)?),
            (Some(_), None) => return Err(Unfit::NoSecret),
            (None, _) => None,
        };
        if !ip.is_loopback() && key.is_none() {
            return Err(Unfit::Open(ip));
        }
        let mut reach = Reach {
            listen: ip,
            ..Reach::default()
        };
        let advertised = match self.advertise {
            Some(host) if is_host(&host) => host,
            Some(host) => return Err(Unfit::Host(host)),
            None if ip.is_unspecified() => return Err(Unfit::Nowhere(ip)),
            None => ip.to_string(),
        };
        if !reach.names.contains(&advertised) {
            reach.names.push(advertised.clone());
        }
        let settings = Settings {
            delay: self.delay,
            delays: self.delays.into_iter().collect(),
            lag: self.lag,
            ..Settings::default()
        };
        settings.check()?;
        Ok(Plan {
            listen: self.listen,
            advertised,
            reach,
            cache: self.cache.unwrap_or_else(|| self.data.join("cache")),
            data: self.data,
            key,
            account: self.account,
            settings,
            faults: faults::Rules::try_from(self.faults)?.into(),
            without_postgres: self.without_postgres.then_some(self.versions),
            postgres_for: self.postgres_for,
        })
    }
}

fn is_host(host: &str) -> bool {
    if let Ok(address) = host.parse::<IpAddr>() {
        return !address.is_unspecified();
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    // All digits and dots is an address that is none.
    host.len() <= 253
        && host.split('.').all(label)
        && host.bytes().any(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests;
