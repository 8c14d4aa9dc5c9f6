//! A session with a database, opened with nothing but a `DATABASE_URL`, the way
//! an application does it.
//!
//! TLS is not negotiable, and the server's certificate is checked against one
//! authority for the host that the URL names, as `sslmode=verify-full` does it.

use std::{error::Error as _, sync::Arc};

use rustls::pki_types::{CertificateDer, pem::PemObject};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use tokio_postgres::{
    Client, Config,
    config::{Host, SslMode},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::{Error, Result};

/// An open session. Dropping it ends it.
pub struct Database {
    client: Client,
    name: String,
}

impl Database {
    /// Logs in. `authority` is the certificate, as PEM, that signs the server's.
    ///
    /// # Errors
    /// [`Error::Database`] with the server's own words where it refuses, and
    /// where the URL does not insist on TLS. Never with the password.
    pub async fn login(url: &str, authority: &str) -> Result<Self> {
        let unusable = |reason: String| Error::Database {
            database: "DATABASE_URL".to_owned(),
            reason,
        };
        let config: Config = url.parse().map_err(|error| unusable(reason(&error)))?;
        if config.get_ssl_mode() != SslMode::Require {
            return Err(unusable("it does not ask for TLS".to_owned()));
        }
        let name = name(&config);
        let refused = |reason: String| Error::Database {
            database: name.clone(),
            reason,
        };
        let authority = CertificateDer::from_pem_slice(authority.as_bytes());
        let mut roots = RootCertStore::empty();
        authority
            .map_err(|error| refused(error.to_string()))
            .and_then(|authority| {
                roots
                    .add(authority)
                    .map_err(|error| refused(error.to_string()))
            })?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| refused(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let (client, connection) = config
            .connect(MakeRustlsConnect::new(tls))
            .await
            .map_err(|error| refused(reason(&error)))?;
        // It ends with the client; an error of it is the client's too.
        tokio::spawn(connection);
        Ok(Self { client, name })
    }

    /// Runs statements that return nothing of interest.
    pub async fn run(&self, sql: &str) -> Result<()> {
        let ran = self.client.batch_execute(sql).await;
        ran.map_err(|error| self.refused(&error))
    }

    /// The first column of every row, as text.
    pub async fn texts(&self, sql: &str) -> Result<Vec<String>> {
        let rows = self.client.simple_query(sql).await;
        let rows = rows.map_err(|error| self.refused(&error))?;
        Ok(rows
            .iter()
            .filter_map(|message| match message {
                tokio_postgres::SimpleQueryMessage::Row(row) => {
                    Some(row.get(0).unwrap_or_default().to_owned())
                }
                _ => None,
            })
            .collect())
    }

    fn refused(&self, error: &tokio_postgres::Error) -> Error {
        Error::Database {
            database: self.name.clone(),
            reason: reason(error),
        }
    }
}

/// `host:port/name`
fn name(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(host)) => host.clone(),
        _ => String::new(),
    };
    let port = config.get_ports().first().copied().unwrap_or_default();
    format!("{host}:{port}/{}", config.get_dbname().unwrap_or_default())
}

/// The server's words where there are some: the library's own say only that
/// there are.
fn reason(error: &tokio_postgres::Error) -> String {
    match (error.as_db_error(), error.source()) {
        (Some(said), _) => said.message().to_owned(),
        (None, Some(cause)) => format!("{error}: {cause}"),
        (None, None) => error.to_string(),
    }
}
