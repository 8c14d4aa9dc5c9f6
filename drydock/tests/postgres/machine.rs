//! A folder, the releases of this machine, and ways to log in.

use std::{
    collections::BTreeMap,
    fs::Permissions,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use drydock::postgres::{Installations, Server, Spec};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use tempfile::TempDir;
use tokio_postgres::{Client, Config, NoTls, config::SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

pub(crate) const MASTER: &str = "skipper";
pub(crate) const PASSWORD: &str = "it's a \\ long way";
pub(crate) const DATABASE: &str = "ledger";

pub(crate) struct Machine {
    folder: TempDir,
    pub(crate) installations: Installations,
}

impl Machine {
    pub(crate) async fn new() -> Self {
        Self::in_folder(tempfile::tempdir().unwrap()).await
    }

    async fn in_folder(folder: TempDir) -> Self {
        // As root, PostgreSQL runs as another user, who must come through.
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o711)).unwrap();
        let cache = folder.path().join("cache");
        let installations = Installations::find(&cache).await.unwrap();
        Self {
            folder,
            installations,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn spec(&self) -> Spec {
        let versions = self.installations.versions();
        Spec {
            major: versions
                .last()
                .expect("a PostgreSQL on this machine")
                .major(),
            port: 0,
            master_username: MASTER.to_owned(),
            master_password: PASSWORD.to_owned(),
            database: Some(DATABASE.to_owned()),
            parameters: BTreeMap::new(),
        }
    }

    pub(crate) async fn server(&self, name: &str) -> Server {
        Server::create(&self.installations, &self.path(name), self.spec())
            .await
            .unwrap()
    }

    pub(crate) async fn login(&self, server: &Server) -> Client {
        self.login_as(server, MASTER, PASSWORD).await.unwrap()
    }

    /// Trusts the authority of this machine's fronts, and verifies names.
    pub(crate) fn tls(&self) -> MakeRustlsConnect {
        let mut roots = RootCertStore::empty();
        let authority = self.installations.authority().as_bytes();
        roots
            .add(CertificateDer::from_pem_slice(authority).unwrap())
            .unwrap();
        let tls = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        MakeRustlsConnect::new(tls)
    }

    /// Over TLS, with the certificate and the name verified.
    pub(crate) async fn login_as(
        &self,
        server: &Server,
        user: &str,
        password: &str,
    ) -> Result<Client, tokio_postgres::Error> {
        let mut config = config(server, user, password);
        config.ssl_mode(SslMode::Require);
        let (client, connection) = config.connect(self.tls()).await?;
        tokio::spawn(connection);
        Ok(client)
    }
}

pub(crate) fn config(server: &Server, user: &str, password: &str) -> Config {
    let mut config = Config::new();
    config
        .host("localhost")
        .port(server.port())
        .user(user)
        .password(password)
        .dbname(DATABASE);
    config
}

/// Without TLS.
pub(crate) async fn login_plainly(server: &Server) -> Result<Client, tokio_postgres::Error> {
    let mut config = config(server, MASTER, PASSWORD);
    config.ssl_mode(SslMode::Disable);
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// The SQLSTATE with which a login was refused.
pub(crate) fn refused_with(login: Result<Client, tokio_postgres::Error>) -> String {
    let error = login.expect_err("a refused login");
    match error.code() {
        Some(code) => code.code().to_owned(),
        None => panic!("refused without a code: {error:?}"),
    }
}

pub(crate) async fn text(client: &Client, query: &str) -> String {
    client.query_one(query, &[]).await.unwrap().get(0)
}

/// Whether a process of that id is there.
pub(crate) fn lives(pid: u32) -> bool {
    Path::new("/proc").join(pid.to_string()).exists()
}
