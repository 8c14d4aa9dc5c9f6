//! A drydock with real servers, and clients of the databases in it.

use std::{fs::Permissions, os::unix::fs::PermissionsExt, path::Path, sync::Arc, time::Duration};

use aws_sdk_rds::{Client, types::Endpoint};
use drydock::{servers::Servers, settings::Settings};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use tokio_postgres::{Config, config::SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::berth::{Berth, describe, request, until, until_gone};

pub(crate) const PASSWORD: &str = "correct-horse";

pub(crate) struct Port {
    pub(crate) berth: Berth,
    pub(crate) rds: Client,
    pub(crate) folder: tempfile::TempDir,
}

impl Port {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // As root, PostgreSQL runs as another user, who must come through.
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o711)).unwrap();
        Self::on(folder).await
    }

    /// What a drydock finds that starts on the folder of another.
    pub(crate) async fn on(folder: tempfile::TempDir) -> Self {
        let path = folder.path().join("data");
        let cache = folder.path().join("cache");
        let servers = Servers::find(&path, &cache).await.unwrap();
        let berth = Berth::of(&path, Settings::default(), servers).await;
        let rds = berth.rds();
        Self { berth, rds, folder }
    }

    pub(crate) async fn create(&self, name: &str) {
        let request = request(&self.rds, name).db_name("orders");
        request.send().await.unwrap();
        until(&self.rds, name, "available").await;
    }

    pub(crate) async fn login(
        &self,
        name: &str,
        password: &str,
    ) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
        let endpoint = describe(&self.rds, name).await.endpoint.unwrap();
        let authority = self.berth.dock.servers().authority().unwrap();
        login(&endpoint, authority, password).await
    }

    pub(crate) async fn write(&self, name: &str, row: &str) {
        let client = self.login(name, PASSWORD).await.unwrap();
        let sql = "CREATE TABLE IF NOT EXISTS cargo (item text)";
        client.batch_execute(sql).await.unwrap();
        let sql = "INSERT INTO cargo VALUES ($1)";
        client.execute(sql, &[&row]).await.unwrap();
    }

    pub(crate) async fn rows(&self, name: &str) -> Vec<String> {
        let client = self.login(name, PASSWORD).await.unwrap();
        let sql = "SELECT item FROM cargo ORDER BY item";
        let rows = client.query(sql, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    pub(crate) async fn delete(&self, name: &str) {
        let delete = self.rds.delete_db_instance();
        let delete = delete
            .db_instance_identifier(name)
            .skip_final_snapshot(true);
        delete.send().await.unwrap();
        until_gone(&self.rds, name).await;
    }
}

/// A session with `orders` of the master user's, over TLS that is verified.
pub(crate) async fn login(
    endpoint: &Endpoint,
    authority: &str,
    password: &str,
) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
    let authority = CertificateDer::from_pem_slice(authority.as_bytes()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(authority).unwrap();
    let tls = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let (client, connection) = Config::new()
        .host(endpoint.address().unwrap())
        .port(u16::try_from(endpoint.port.unwrap()).unwrap())
        .user("postgres")
        .password(password)
        .dbname("orders")
        .ssl_mode(SslMode::Require)
        .connect(MakeRustlsConnect::new(tls))
        .await?;
    tokio::spawn(connection);
    Ok(client)
}

/// How much is in a folder.
pub(crate) fn count(folder: &Path) -> usize {
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

/// Polls a condition on files, which tasks of drydock's change.
pub(crate) async fn eventually(what: &str, condition: impl Fn() -> bool) {
    let look = || std::future::ready(condition());
    harness::eventually(what, Duration::from_mins(1), look)
        .await
        .unwrap();
}
