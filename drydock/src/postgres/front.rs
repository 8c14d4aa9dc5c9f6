//! What listens on an instance's port: it ends TLS and hands the rest to the
//! server's socket. The port is held while the server is stopped, too.
//!
//! It knows nothing of SQL, and of PostgreSQL's protocol only what comes before
//! authentication.

mod startup;

use std::{
    io,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;

use self::startup::{Opening, Startup};
use super::{error::Error, session};

/// How long a client may take to say what it wants, as PostgreSQL's own
/// `authentication_timeout`.
const PATIENCE: Duration = Duration::from_mins(1);
/// Before the next try where the system refuses a connection (no descriptors).
const PAUSE: Duration = Duration::from_millis(100);

/// A listener on a port that stays the same. Dropping it closes the port and
/// ends every connection.
#[derive(Debug)]
pub(super) struct Front {
    port: u16,
    gate: Arc<Gate>,
    accepting: JoinHandle<()>,
}

#[derive(Debug)]
struct Gate {
    open: AtomicBool,
    tls_only: AtomicBool,
    run: PathBuf,
}

impl Drop for Front {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Front {
    /// Listens, shut as yet; port 0 takes any that is free.
    pub(super) async fn bind(
        address: IpAddr,
        port: u16,
        tls: Arc<ServerConfig>,
        run: &Path,
    ) -> Result<Self, Error> {
        let taken = |source: io::Error| Error::PortTaken { port, source };
        let listener = TcpListener::bind(SocketAddr::new(address, port))
            .await
            .map_err(taken)?;
        let port = listener.local_addr().map_err(taken)?.port();
        let gate = Arc::new(Gate {
            open: AtomicBool::new(false),
            tls_only: AtomicBool::new(true),
            run: run.to_owned(),
        });
        let accepting = tokio::spawn(accept(listener, tls.into(), Arc::clone(&gate)));
        Ok(Self {
            port,
            gate,
            accepting,
        })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Lets clients through, or tells them that the server is stopped.
    pub(super) fn set_open(&self, open: bool) {
        self.gate.open.store(open, Ordering::Relaxed);
    }

    /// Whether clients without TLS are refused, as `rds.force_ssl` says.
    pub(super) fn set_tls_only(&self, tls_only: bool) {
        self.gate.tls_only.store(tls_only, Ordering::Relaxed);
    }
}

async fn accept(listener: TcpListener, tls: TlsAcceptor, gate: Arc<Gate>) {
    // Dropped with this task, and with it all connections.
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, peer)) => {
                let (tls, gate) = (tls.clone(), Arc::clone(&gate));
                connections.spawn(async move {
                    if let Err(error) = serve(stream, tls, &gate).await {
                        tracing::debug!(%peer, %error, "a database connection broke");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a database connection");
                sleep(PAUSE).await;
            }
        }
    }
}

async fn serve(mut stream: TcpStream, tls: TlsAcceptor, gate: &Gate) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let client = stream.peer_addr()?.ip();
    match in_time(startup::opening(&mut stream)).await? {
        Opening::Tls => {
            let mut stream = in_time(tls.accept(stream)).await?;
            let mut head = [0; 8];
            in_time(stream.read_exact(&mut head)).await?;
            through(stream, head, gate, None).await
        }
        Opening::Plain(head) => through(stream, head, gate, Some(client)).await,
    }
}

async fn in_time<T>(step: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(PATIENCE, step)
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// From the startup message on, over whichever transport; a client without TLS
/// is named.
async fn through<S>(
    mut stream: S,
    head: [u8; 8],
    gate: &Gate,
    unencrypted: Option<IpAddr>,
) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let startup = in_time(Startup::read(head, &mut stream)).await?;
    let refusal = if !gate.open.load(Ordering::Relaxed) {
        Some(startup::refusal(
            "57P03",
            "the database instance is not running",
        ))
    } else if gate.tls_only.load(Ordering::Relaxed) {
        unencrypted.and_then(|client| startup.unencrypted_refusal(client))
    } else {
        None
    };
    if let Some(refusal) = refusal {
        stream.write_all(&refusal).await?;
        return stream.shutdown().await;
    }
    let mut server = session::connect(&gate.run).await?;
    server.write_all(startup.bytes()).await?;
    copy_bidirectional(&mut stream, &mut server).await?;
    Ok(())
}
