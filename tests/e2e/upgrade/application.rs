//! An application that was there before Stow: it has read its Secret, and writes a
//! row every 100 ms.
//!
//! Nothing here may try a write again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use harness::{Database, Error, Result};
use tokio::task::JoinHandle;

use crate::stage::{Stage, decoded};

const EVERY: Duration = Duration::from_millis(100);

/// A session lasts for so many rows: whoever is let in no more is to notice.
const SESSION: usize = 20;

/// It runs until it is asked what came of it.
pub(super) struct Application {
    over: Arc<AtomicBool>,
    writing: JoinHandle<Result<usize>>,
}

impl Application {
    /// Starts one with the Secret of an object.
    pub(super) async fn start(stage: &Stage, secret: &str) -> Result<Self> {
        let secret = stage.get(&format!("secret/{secret}")).await?;
        let url = decoded(&secret, "DATABASE_URL")?;
        let authority = stage.drydock.authority().await?;
        let first = Database::login(&url, &authority).await?;
        first.run("CREATE TABLE log (entry bigserial)").await?;
        let over = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&over);
        let writing = tokio::spawn(async move {
            let mut written = 0;
            while !until.load(Ordering::Relaxed) {
                let session = Database::login(&url, &authority).await?;
                for _ in 0..SESSION {
                    session.run("INSERT INTO log DEFAULT VALUES").await?;
                    written += 1;
                    tokio::time::sleep(EVERY).await;
                }
            }
            Ok(written)
        });
        Ok(Self { over, writing })
    }

    /// How many rows it wrote; the first write that failed is an error.
    pub(super) async fn end(self) -> Result<usize> {
        self.over.store(true, Ordering::Relaxed);
        let ended = self.writing.await;
        ended.map_err(|error| Error::Unexpected(error.to_string()))?
    }
}
