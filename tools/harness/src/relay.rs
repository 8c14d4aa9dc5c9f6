//! What kube-proxy would do for one Service: takes connections at its cluster IP
//! and relays them to backends.
//!
//! It works because the control plane's Services have loopback addresses. It
//! does not look at Endpoints: where there are no Pods, the test names the
//! backends.

use std::{
    collections::VecDeque,
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream, tcp},
    sync::watch,
    task::AbortHandle,
};

use crate::{
    control_plane::ControlPlane,
    error::{Error, Result},
    eventually::eventually,
};

/// The Service was applied just before, so it is there or soon will be.
const SERVICE: Duration = Duration::from_secs(30);

/// As much as is relayed at once, in bytes.
const PIECE: usize = 64 << 10;

/// Relays the connections to one Service until it is dropped; connections that
/// were made by then live on.
#[derive(Debug)]
pub struct ServiceRelay {
    addresses: Vec<SocketAddr>,
    backends: Arc<Mutex<VecDeque<SocketAddr>>>,
    slowness: Arc<Slowness>,
    cut: watch::Sender<()>,
    accepting: Vec<AbortHandle>,
}

/// How long what a backend says is held back, piece by piece.
#[derive(Debug, Default)]
struct Slowness {
    milliseconds: AtomicU64,
    pieces: AtomicU64,
}

impl ServiceRelay {
    /// Waits for the Service, and listens on each of its ports. Each new
    /// connection goes to the next backend that accepts it, and is closed when
    /// none does.
    ///
    /// # Errors
    /// [`Error::Listen`] for a port below 1024 without the right to listen there.
    pub async fn start(
        control_plane: &ControlPlane,
        namespace: &str,
        name: &str,
        backends: &[SocketAddr],
    ) -> Result<Self> {
        let what = format!("Service {namespace}/{name}");
        let template = "{{.spec.clusterIP}}{{range .spec.ports}} {{.port}}{{end}}";
        let arguments = [
            "get",
            "service",
            name,
            "--namespace",
            namespace,
            "--output=go-template",
            "--template",
            template,
        ];
        let found = eventually(&what, SERVICE, || async {
            control_plane.kubectl(&arguments).await?.ok()
        })
        .await?;
        let addresses = addresses(&found)
            .ok_or_else(|| Error::Unexpected(format!("{what} has no usable address: {found}")))?;

        let mut relay = Self {
            addresses,
            backends: Arc::default(),
            slowness: Arc::default(),
            cut: watch::Sender::default(),
            accepting: Vec::new(),
        };
        relay.set_backends(backends);
        for &address in &relay.addresses {
            let listener = TcpListener::bind(address)
                .await
                .map_err(|source| Error::Listen {
                    address: address.to_string(),
                    hint: hint(&source),
                    source,
                })?;
            let accepting = tokio::spawn(accept(
                listener,
                Arc::clone(&relay.backends),
                Arc::clone(&relay.slowness),
                relay.cut.clone(),
            ));
            relay.accepting.push(accepting.abort_handle());
        }
        Ok(relay)
    }

    /// Where it listens.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Sends new connections to these, in turn; none refuses all.
    pub fn set_backends(&self, backends: &[SocketAddr]) {
        *self.backends.lock().unwrap_or_else(PoisonError::into_inner) =
            backends.iter().copied().collect();
    }

    /// Closes the connections that there are, as the end of their backends would.
    pub fn cut(&self) {
        self.cut.send_replace(());
    }

    /// Holds back each piece of what the backends say for so long, also on the
    /// connections that there are.
    pub fn slow(&self, delay: Duration) {
        let milliseconds = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        self.slowness
            .milliseconds
            .store(milliseconds, Ordering::Relaxed);
    }

    /// How many pieces were held back.
    pub fn slowed(&self) -> u64 {
        self.slowness.pieces.load(Ordering::Relaxed)
    }
}

impl Drop for ServiceRelay {
    fn drop(&mut self) {
        for accepting in &self.accepting {
            accepting.abort();
        }
    }
}

fn addresses(found: &str) -> Option<Vec<SocketAddr>> {
    let mut words = found.split_whitespace();
    let ip: IpAddr = words.next()?.parse().ok()?;
    words
        .map(|port| port.parse().ok().map(|port| SocketAddr::new(ip, port)))
        .collect()
}

fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "; ports below 1024 need root, or a lower net.ipv4.ip_unprivileged_port_start: \
             give the Service a port of 1024 or more"
        }
        io::ErrorKind::AddrNotAvailable => {
            "; this system has 127.0.0.1 alone on loopback: Services on loopback need Linux"
        }
        _ => "",
    }
}

async fn accept(
    listener: TcpListener,
    backends: Arc<Mutex<VecDeque<SocketAddr>>>,
    slowness: Arc<Slowness>,
    cut: watch::Sender<()>,
) {
    loop {
        // A connection that was gone before it was taken is nobody's loss.
        let Ok((inbound, _)) = listener.accept().await else {
            continue;
        };
        let (backends, slowness) = (Arc::clone(&backends), Arc::clone(&slowness));
        let mut cut = cut.subscribe();
        tokio::spawn(async move {
            if let Some(outbound) = connect(&backends).await {
                // Either side may reset: the other one sees its end, as it would.
                tokio::select! {
                    _ended = relay(inbound, outbound, &slowness) => {}
                    _ = cut.changed() => {}
                }
            }
        });
    }
}

async fn relay(inbound: TcpStream, outbound: TcpStream, slowness: &Slowness) -> io::Result<()> {
    let (mut from_caller, mut to_caller) = inbound.into_split();
    let (mut from_backend, mut to_backend) = outbound.into_split();
    let asking = async {
        copy(&mut from_caller, &mut to_backend).await?;
        to_backend.shutdown().await
    };
    let answering = async {
        slowly(&mut from_backend, &mut to_caller, slowness).await?;
        to_caller.shutdown().await
    };
    tokio::try_join!(asking, answering).map(drop)
}

async fn slowly(
    from: &mut tcp::OwnedReadHalf,
    to: &mut tcp::OwnedWriteHalf,
    slowness: &Slowness,
) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    loop {
        let length = from.read(&mut piece).await?;
        if length == 0 {
            return Ok(());
        }
        let delay = slowness.milliseconds.load(Ordering::Relaxed);
        if delay > 0 {
            slowness.pieces.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(delay)).await;
        }
        to.write_all(&piece[..length]).await?;
    }
}

async fn connect(backends: &Mutex<VecDeque<SocketAddr>>) -> Option<TcpStream> {
    let in_turn = {
        let mut backends = backends.lock().unwrap_or_else(PoisonError::into_inner);
        let in_turn: Vec<_> = backends.iter().copied().collect();
        if !backends.is_empty() {
            backends.rotate_left(1);
        }
        in_turn
    };
    for backend in in_turn {
        if let Ok(stream) = TcpStream::connect(backend).await {
            return Some(stream);
        }
    }
    None
}
