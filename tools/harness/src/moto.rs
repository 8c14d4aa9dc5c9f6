//! moto, an RDS endpoint that nobody of this project wrote.
//!
//! It judges the wire format, and much less the behaviour: it validates almost
//! nothing, and every transition is over at once.

use std::{process::Command, time::Duration};

use http::{Request, StatusCode};
use http_body_util::Full;

use crate::{
    error::{Error, Result},
    eventually::eventually,
    exchange::Upstream,
    loopback::free_port,
    process::Process,
    programs,
    rds::Rds,
    scratch::Scratch,
};

const BOOT: Duration = Duration::from_mins(1);

/// A running moto. Dropping it stops it.
#[derive(Debug)]
pub struct Moto {
    process: Process,
    upstream: Upstream,
    _folder: Scratch,
}

impl Moto {
    /// Starts one, installing it first if that was never done.
    pub async fn start() -> Result<Self> {
        let environment = programs::moto().await?;
        let folder = Scratch::new("stow-moto-")?;
        let port = free_port()?;
        let mut command = Command::new(environment.join("bin/python"));
        programs::isolate(&mut command);
        command
            .args(["-m", "moto.server", "-H", "127.0.0.1", "-p"])
            .arg(port.to_string())
            // Each create makes a snapshot against a quota of 1,000, past which
            // creating fails and leaves the instance there all the same.
            .env("MOTO_RDS_SNAPSHOT_LIMIT", "100000")
            .current_dir(folder.path());
        let log = folder.path().join("moto.log");
        let mut process = Process::spawn("moto", log, &command)?;
        let upstream = Upstream::http(format!("127.0.0.1:{port}"));
        let ready = eventually("moto to answer", BOOT, || {
            let ended = process.check();
            let probe = Request::get("/moto-api/data.json").body(Full::default());
            let upstream = upstream.clone();
            async move {
                ended?;
                let probe = probe.map_err(|error| Error::Unexpected(error.to_string()))?;
                upstream.text(probe).await
            }
        });
        ready
            .await
            .map_err(|error| process.failure(&error.to_string()))?;
        Ok(Self {
            process,
            upstream,
            _folder: folder,
        })
    }

    /// Its endpoint, for `AWS_ENDPOINT_URL`.
    pub fn url(&self) -> &str {
        self.upstream.url()
    }

    /// The same, for a proxy in front of it.
    pub fn upstream(&self) -> Upstream {
        self.upstream.clone()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Forgets everything, in every region.
    pub async fn reset(&self) -> Result<()> {
        let request = Request::post("/moto-api/reset").body(Full::default());
        let request = request.map_err(|error| Error::Unexpected(error.to_string()))?;
        match self.upstream.text(request).await? {
            (StatusCode::OK, _) => Ok(()),
            (status, text) => Err(self
                .process
                .failure(&format!("reset answered {status}: {text}"))),
        }
    }

    /// RDS of one region, past the operator and its proxy.
    pub fn rds(&self, region: &str) -> Rds {
        Rds::of(self.upstream.clone(), region)
    }
}
