//! A run from start to SIGTERM.

use std::{env, io, net::SocketAddr, sync::Arc};

use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

use super::{Cli, Plan, SECRET, Unfit};
use crate::{
    dock::Dock,
    servers::{self, Servers},
    store::{self, Store},
    wire::{self, Entrance, Limits},
};

/// Why a run ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The arguments do not fit together.
    #[error(transparent)]
    Unfit(#[from] Unfit),
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
    /// Something else is there, or the address is not this machine's.
    #[error("listening on {address}: {source}")]
    Listen {
        /// What `--listen` says.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The system refused.
    #[error("waiting for signals: {0}")]
    Signals(io::Error),
}

/// Answers requests until SIGTERM or SIGINT.
pub async fn run(cli: Cli) -> Result<(), Error> {
    let Plan {
        listen,
        advertised,
        reach,
        data,
        cache,
        key,
        account,
        settings,
        faults,
        without_postgres,
        postgres_for,
    } = cli.plan(env::var(SECRET).ok())?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::Signals)?;
    let refused = |source| Error::Listen {
        address: listen,
        source,
    };
    let listener = TcpListener::bind(listen).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    let (store, world) = Store::open(&data)?;
    let servers = if let Some(versions) = without_postgres {
        Servers::None(versions)
    } else {
        let servers = Servers::find_with(store.folder(), &cache, &reach).await?;
        if servers.versions().is_empty() {
            return Err(Error::NoPostgres);
        }
        servers.only_for(postgres_for)
    };
    let versions: Vec<_> = servers.versions().iter().map(ToString::to_string).collect();
    let dock = Dock::open(store, world, servers, settings, advertised).await;
    if let Some(account) = account {
        dock.set_account(account);
    }
    dock.faults.set(faults);
    let entrance = Entrance {
        key,
        ..Entrance::default()
    };
    tracing::info!(
        %address,
        data = %data.display(),
        versions = versions.join(" "),
        signed = entrance.key.is_some(),
        "answering"
    );
    let router = wire::router(Arc::clone(&dock), entrance);
    wire::serve(listener, router, Limits::default(), async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
    })
    .await;
    dock.stop().await;
    tracing::info!("stopped");
    Ok(())
}
