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
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::AbortHandle,
};

use crate::{
    control_plane::ControlPlane,
    error::{Error, Result},
    eventually::eventually,
};

/// The Service was applied just before, so it is there or soon will be.
const SERVICE: Duration = Duration::from_secs(30);

/// Relays the connections to one Service until it is dropped; connections that
/// were made by then live on.
#[derive(Debug)]
pub struct ServiceRelay {
    addresses: Vec<SocketAddr>,
    backends: Arc<Mutex<VecDeque<SocketAddr>>>,
    accepting: Vec<AbortHandle>,
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
            let accepting = tokio::spawn(accept(listener, Arc::clone(&relay.backends)));
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

async fn accept(listener: TcpListener, backends: Arc<Mutex<VecDeque<SocketAddr>>>) {
    loop {
        // A connection that was gone before it was taken is nobody's loss.
        let Ok((mut inbound, _)) = listener.accept().await else {
            continue;
        };
        let backends = Arc::clone(&backends);
        tokio::spawn(async move {
            if let Some(mut outbound) = connect(&backends).await {
                // Either side may reset: the other one sees its end, as it would.
                let _ended = copy_bidirectional(&mut inbound, &mut outbound).await;
            }
        });
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
