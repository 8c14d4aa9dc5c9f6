//! `stow run`: wires the parts, and takes them down in order.
//!
//! Nothing here may decide anything about a database.

mod log;
mod stand;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use jiff::Timestamp;
use rand::distr::{Alphanumeric, SampleString};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info};

use crate::cli::Run;
use crate::connect::{self, Cluster};
use crate::manifest;
use crate::metrics::Metrics;
use crate::probes::{self, Health};
use crate::rds::Password;
use crate::reconcile::Ambient;
use crate::tls::{self, Bundle, Keeper, Source};
use crate::webhook::{Limits, Webhook};

/// Letters and digits alone: RDS takes them, and nothing needs quoting. 32 of
/// them hold 190 bits.
const PASSWORD_LENGTH: usize = 32;

/// Why `stow` ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No cluster can be talked to.
    #[error(transparent)]
    Connect(#[from] connect::Error),
    /// An address is taken, or not this machine's.
    #[error("cannot listen on {address}; choose another with {flag}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The flag that sets it.
        flag: &'static str,
        /// Why.
        source: io::Error,
    },
    /// TLS cannot be set up.
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
    /// The runtime or its signals cannot be set up.
    #[error("the runtime cannot be set up")]
    Runtime(#[source] io::Error),
    /// Standard output is closed.
    #[error("cannot write the output")]
    Output(#[source] io::Error),
    /// The manifest cannot be written as YAML.
    #[error("cannot write the manifest: {0}")]
    Manifest(String),
}

/// Runs the operator until it is told to stop.
pub fn run(settings: Run) -> Result<(), Error> {
    log::begin(settings.log_format);
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Error::Runtime)?
        .block_on(operate(settings))
}

async fn operate(settings: Run) -> Result<(), Error> {
    let shutdown = CancellationToken::new();
    let webhook_listener = listen(settings.webhook_listen, "--webhook-listen").await?;
    let metrics_listener = listen(settings.metrics_listen, "--metrics-listen").await?;
    let client = Cluster::of(None).await?.client()?;
    let metrics = Metrics::new();
    let health = Health::default();
    let ambient = ambient();
    info!(
        version = env!("CARGO_PKG_VERSION"),
        webhook = %settings.webhook_listen,
        metrics = %settings.metrics_listen,
        namespace = settings.namespace,
        "starting"
    );
    stop_on_signals(shutdown.clone(), health.clone())?;

    // Converting comes first, and needs neither the CRD nor AWS nor the lead:
    // the operator reads its own objects through it.
    let url = settings.webhook_url.as_ref().map(|url| &url.uri);
    let source = match &settings.webhook_certificate_secret {
        None => Source::Own {
            names: tls::names(&settings.namespace, url),
        },
        Some(secret) => Source::Given {
            secret: secret.clone(),
            name: tls::called_as(&settings.namespace, url),
        },
    };
    let keeper = Keeper::new(
        client.clone(),
        &settings.namespace,
        source,
        &stand::host(),
        metrics.clone(),
    );
    let bundle = Bundle::new(
        client.clone(),
        manifest::target(settings.webhook_url.as_ref(), &settings.namespace),
        keeper.trust(),
        settings.webhook_ca_overlap,
    );
    let tls = keeper.serving().server_config()?;
    let webhook = Webhook::new(Limits::default(), metrics.clone()).telling(keeper.arrivals());
    let tasks = TaskTracker::new();
    // All of them before anybody can ask: a replica is not ready because a part of
    // it is not known yet.
    let [pages_component, certificate, served, operator] =
        ["metrics", "certificate", "webhook", "operator"].map(|name| health.component(name));
    let pages = probes::serve(
        metrics_listener,
        health.clone(),
        metrics.clone(),
        shutdown.clone(),
    );
    pages_component.ready();
    tasks.spawn(async move {
        let _component = pages_component;
        if let Err(error) = pages.await {
            error!(%error, "the metrics cannot be served any more");
        }
    });
    tasks.spawn(keeper.run(certificate, shutdown.clone()));
    tasks.spawn(webhook.serve(webhook_listener, tls, served, shutdown.clone()));

    operator.ready();
    tasks.spawn(stand::stand(
        settings, client, metrics, ambient, bundle, operator, shutdown,
    ));
    tasks.close();
    tasks.wait().await;
    info!("stopped");
    Ok(())
}

fn stop_on_signals(shutdown: CancellationToken, health: Health) -> Result<(), Error> {
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::Runtime)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::Runtime)?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        info!("told to stop");
        health.stopping();
        shutdown.cancel();
    });
    Ok(())
}

async fn listen(address: SocketAddr, flag: &'static str) -> Result<TcpListener, Error> {
    TcpListener::bind(address)
        .await
        .map_err(|source| Error::Listen {
            address,
            flag,
            source,
        })
}

fn ambient() -> Ambient {
    Ambient {
        now: Arc::new(Timestamp::now),
        password: Arc::new(|| {
            Password::new(Alphanumeric.sample_string(&mut rand::rng(), PASSWORD_LENGTH))
        }),
    }
}
