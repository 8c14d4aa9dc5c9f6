//! The command line, and a run from start to SIGTERM.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};

use clap::Parser;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

use crate::{
    dock::Dock,
    servers::{self, Servers, Version},
    settings::Settings,
    store::{self, Store},
    wire,
};

/// Amazon RDS for PostgreSQL on this machine.
#[derive(Debug, Parser)]
#[command(name = "drydock", version)]
pub struct Cli {
    /// Where to answer: an address of loopback.
    #[arg(long, default_value = "127.0.0.1:4566")]
    listen: SocketAddr,
    /// The folder that keeps the instances.
    #[arg(long)]
    data: PathBuf,
    /// Milliseconds that each status lasts at least.
    #[arg(long, default_value_t = 0)]
    delay: u64,
    /// The same for one status, as in `creating=5000`; can be repeated.
    #[arg(long = "delay-of", value_name = "STATUS=MILLISECONDS", value_parser = delay_of)]
    delays: Vec<(String, u64)>,
    /// Milliseconds for which Describe shows what was before a Create or Modify.
    #[arg(long, default_value_t = 0)]
    lag: u64,
    /// Where to keep what is made once for each PostgreSQL, for several folders
    /// to share. Without it, in the folder of the instances.
    #[arg(long)]
    cache: Option<PathBuf>,
    /// Run no servers: instances have their states, and nobody listens.
    #[arg(long)]
    without_postgres: bool,
    /// The engine versions on offer without servers.
    #[arg(
        long,
        requires = "without_postgres",
        value_delimiter = ',',
        default_value = "14.19,15.14,16.10,17.6,18.0"
    )]
    versions: Vec<Version>,
}

/// Why a run ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It would be open to others, who need no credentials of their own.
    #[error("{0} is not an address of loopback, and drydock lets everybody in")]
    NotLoopback(IpAddr),
    /// The folder cannot be used.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// There is nothing to run.
    #[error(
        "there is no PostgreSQL on this machine: install one of 14 to 18, or take \
         --without-postgres for states alone"
    )]
    NoPostgres,
    /// PostgreSQL cannot be used.
    #[error(transparent)]
    Servers(#[from] servers::Error),
    /// The system refused.
    #[error("{doing}: {source}")]
    System {
        /// What was being done.
        doing: &'static str,
        /// Why.
        source: io::Error,
    },
}

fn delay_of(text: &str) -> Result<(String, u64), String> {
    text.split_once('=')
        .and_then(|(status, delay)| Some((status.to_owned(), delay.parse().ok()?)))
        .ok_or_else(|| format!("{text:?} is not like creating=5000"))
}

/// Answers requests until SIGTERM or SIGINT.
pub async fn run(cli: Cli) -> Result<(), Error> {
    let system = |doing| move |source| Error::System { doing, source };
    if !cli.listen.ip().is_loopback() {
        return Err(Error::NotLoopback(cli.listen.ip()));
    }
    let mut terminate = signal(SignalKind::terminate()).map_err(system("listening for signals"))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(system("listening for signals"))?;
    let settings = Settings {
        delay: cli.delay,
        delays: cli.delays.into_iter().collect(),
        lag: cli.lag,
        ..Settings::default()
    };
    let listener = TcpListener::bind(cli.listen)
        .await
        .map_err(system("listening"))?;
    let address = listener.local_addr().map_err(system("listening"))?;
    let (store, world) = Store::open(&cli.data)?;
    let servers = if cli.without_postgres {
        Servers::None(cli.versions)
    } else {
        let cache = cli.cache.unwrap_or_else(|| cli.data.join("cache"));
        let servers = Servers::find(store.folder(), &cache).await?;
        if servers.versions().is_empty() {
            return Err(Error::NoPostgres);
        }
        servers
    };
    let advertised = address.ip().to_string();
    let dock = Dock::open(store, world, servers, settings, advertised).await;
    tracing::info!(%address, data = %cli.data.display(), "answering");
    let served = axum::serve(listener, wire::router(Arc::clone(&dock)))
        .with_graceful_shutdown(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        })
        .await;
    dock.stop().await;
    served.map_err(system("answering"))
}
