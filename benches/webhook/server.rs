//! A server under load: its process, and what it took.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, ServerName};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::Result;

/// What the servers are called, as API servers call a webhook's Service.
pub(crate) const NAME: &str = "stow.stow-system.svc";

/// The certificate that all servers have, and a client that trusts it.
pub(crate) struct Certificates {
    folder: TempDir,
    client: TlsConnector,
}

impl Certificates {
    pub(crate) fn make() -> Result<Self> {
        let made = rcgen::generate_simple_self_signed([NAME.to_owned()])?;
        let folder = TempDir::new()?;
        fs::write(folder.path().join("tls.crt"), made.cert.pem())?;
        fs::write(
            folder.path().join("tls.key"),
            made.signing_key.serialize_pem(),
        )?;
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::clone(made.cert.der()))?;
        let config = rustls::ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            folder,
            client: TlsConnector::from(Arc::new(config)),
        })
    }

    pub(crate) async fn connect(&self, server: &Server) -> Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(server.address).await?;
        stream.set_nodelay(true)?;
        Ok(self
            .client
            .connect(ServerName::try_from(NAME)?, stream)
            .await?)
    }
}

/// Which server.
pub(crate) enum Kind<'a> {
    Stow,
    Echo { answer: &'a [u8] },
    ControllerRuntime { program: &'a Path },
}

/// A server's process; it ends with this value.
pub(crate) struct Server {
    process: Child,
    address: SocketAddr,
}

impl Server {
    pub(crate) async fn start(kind: &Kind<'_>, certificates: &Certificates) -> Result<Self> {
        let port = harness::free_port()?;
        let folder = certificates.folder.path();
        let mut command = match kind {
            Kind::Stow | Kind::Echo { .. } => {
                let mut command = Command::new(std::env::current_exe()?);
                command.arg("serve");
                command
            }
            Kind::ControllerRuntime { program } => Command::new(program),
        };
        command.arg("--port").arg(port.to_string());
        command.arg("--certificates").arg(folder);
        if let Kind::Echo { answer } = kind {
            let file = folder.join("answer");
            fs::write(&file, answer)?;
            command.arg("--answer").arg(file);
        }
        let server = Self {
            process: command.spawn()?,
            address: SocketAddr::from(([127, 0, 0, 1], port)),
        };
        let reached =
            harness::eventually("the server to answer", Duration::from_mins(1), async || {
                certificates.connect(&server).await.map(drop)
            });
        reached.await?;
        Ok(server)
    }

    /// The most memory that the process ever had, in bytes.
    pub(crate) fn peak_memory(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
        Ok(kilobytes.ok_or("no VmHWM")?.parse::<u64>()? * 1024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
