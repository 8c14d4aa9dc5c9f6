//! drydock, as a process of its own: RDS with real databases in it.
//!
//! Drives it as anybody could, by its command line and its admin endpoint, and
//! must not know what a test makes of it.

use std::{path::PathBuf, process::Command, time::Duration};

use http::{Method, Request, StatusCode, header};
use http_body_util::Full;
use serde_json::{Value, json};

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

/// The first start on a machine makes what the next ones copy.
const BOOT: Duration = Duration::from_mins(1);
/// Each server writes what it has in memory.
const STOP: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(10);

/// A running drydock, on a folder of its own. Dropping it stops it and its
/// servers, and removes the folder.
#[derive(Debug)]
pub struct Drydock {
    process: Process,
    upstream: Upstream,
    // Removed once the process is stopped.
    folder: Scratch,
}

impl Drydock {
    /// Starts one with no delays and RDS's quotas.
    pub async fn start() -> Result<Self> {
        Self::with(&[]).await
    }

    /// Starts one with further arguments, such as `--delay-of creating=3000`.
    pub async fn with(arguments: &[&str]) -> Result<Self> {
        let program = programs::drydock()?;
        let folder = Scratch::new("stow-drydock-")?;
        // drydock runs PostgreSQL as another user, if it is root's.
        folder.passable()?;
        let port = free_port()?;
        let mut command = Command::new(program);
        programs::isolate(&mut command);
        command
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .arg("--data")
            .arg(folder.path().join("data"))
            .arg("--cache")
            .arg(programs::drydock_cache())
            .args(arguments)
            .current_dir(folder.path());
        if let Some(programs) = programs::postgres().await? {
            let path = std::env::var_os("PATH").unwrap_or_default();
            let path = std::env::split_paths(&path).chain([programs]);
            let path = std::env::join_paths(path);
            command.env(
                "PATH",
                path.map_err(|error| Error::Unexpected(error.to_string()))?,
            );
        }
        let log = folder.path().join("drydock.log");
        let process = Process::spawn("drydock", log, &command)?;
        let mut drydock = Self {
            process,
            upstream: Upstream::http(format!("127.0.0.1:{port}")),
            folder,
        };
        let ready = eventually("drydock to answer", BOOT, || {
            let ended = drydock.process.check();
            let health = admin(drydock.upstream.clone(), Method::GET, "health", None);
            async move {
                ended?;
                health.await
            }
        });
        match ready.await {
            Ok(_) => Ok(drydock),
            Err(error) => Err(drydock.process.failure(&error.to_string())),
        }
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

    /// The folder that holds all that it writes, apart from the shared cache.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// All that it printed so far.
    pub fn output(&self) -> String {
        self.process.output()
    }

    /// RDS of one region, past the operator and its proxy.
    pub fn rds(&self, region: &str) -> Rds {
        Rds::of(self.upstream.clone(), region)
    }

    /// The certificate that its databases are trusted by, as PEM.
    pub async fn authority(&self) -> Result<String> {
        self.admin(Method::GET, "authority.pem", None).await
    }

    /// The log of calls: `counts` by Action, and the last `calls`.
    pub async fn calls(&self) -> Result<Value> {
        parsed(&self.admin(Method::GET, "calls", None).await?)
    }

    /// Begins the log of calls anew.
    pub async fn forget(&self) -> Result<()> {
        self.admin(Method::DELETE, "calls", None).await.map(drop)
    }

    /// Replaces the rules by which requests go wrong: a list of rules, such as
    /// `[{"action": "CreateDBInstance", "times": 1, "effect": "lose-answer"}]`.
    pub async fn set_faults(&self, rules: Value) -> Result<()> {
        self.admin(Method::PUT, "faults", Some(rules))
            .await
            .map(drop)
    }

    /// The rules that are left.
    pub async fn faults(&self) -> Result<Value> {
        parsed(&self.admin(Method::GET, "faults", None).await?)
    }

    /// Replaces delays, lag and quotas. What is left out has its default.
    pub async fn set(&self, settings: Value) -> Result<()> {
        self.admin(Method::PUT, "settings", Some(settings))
            .await
            .map(drop)
    }

    /// Lets a status last for so many milliseconds, and every other none.
    pub async fn delay(&self, status: &str, milliseconds: u64) -> Result<()> {
        self.set(json!({"delays": {status: milliseconds}})).await
    }

    /// Moves its clock forward, with all that is due by then.
    pub async fn advance(&self, by: Duration) -> Result<()> {
        let by = json!({"seconds": by.as_secs()});
        self.admin(Method::POST, "clock", Some(by)).await.map(drop)
    }

    /// What its clock says, as RFC 3339 has it.
    pub async fn clock(&self) -> Result<String> {
        let clock = parsed(&self.admin(Method::GET, "clock", None).await?)?;
        Ok(clock["now"].as_str().unwrap_or_default().to_owned())
    }

    /// Puts another account, of 12 digits, behind everybody's credentials.
    pub async fn set_account(&self, account: &str) -> Result<()> {
        let account = json!({"account": account});
        self.admin(Method::PUT, "account", Some(account))
            .await
            .map(drop)
    }

    /// The account that is behind them.
    pub async fn account(&self) -> Result<String> {
        let account = parsed(&self.admin(Method::GET, "account", None).await?)?;
        Ok(account["account"].as_str().unwrap_or_default().to_owned())
    }

    /// Does something to an instance that no client asked for, such as
    /// `{"grow": 40}` or `{"status": "storage-full"}`.
    pub async fn meddle(&self, region: &str, identifier: &str, how: Value) -> Result<()> {
        let path = format!("instances/{region}/{identifier}");
        self.admin(Method::POST, &path, Some(how)).await.map(drop)
    }

    async fn admin(&self, method: Method, path: &str, body: Option<Value>) -> Result<String> {
        admin(self.upstream.clone(), method, path, body).await
    }

    /// Sends SIGKILL. Its servers end soon after.
    pub fn kill(&mut self) -> Result<()> {
        self.process.kill()
    }

    /// Sends SIGTERM, waits for the end of it and its servers, and returns the
    /// exit status.
    pub async fn stop(&mut self) -> Result<i32> {
        self.process.terminate()?;
        self.process.wait(STOP).await
    }
}

impl Drop for Drydock {
    fn drop(&mut self) {
        // It stops its servers in good order. If it does not, dropping the
        // process kills it, and its servers go with it.
        if self.process.terminate().is_err() {
            return;
        }
        let polls = STOP.as_millis() / POLL.as_millis();
        for _ in 0..polls {
            match self.process.exited() {
                Ok(None) => std::thread::sleep(POLL),
                Ok(Some(_)) | Err(_) => break,
            }
        }
    }
}

async fn admin(
    upstream: Upstream,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> Result<String> {
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    let request = Request::builder()
        .method(method)
        .uri(format!("/_drydock/{path}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::from(body))
        .map_err(|error| Error::Unexpected(error.to_string()))?;
    match upstream.text(request).await? {
        (StatusCode::OK | StatusCode::NO_CONTENT, text) => Ok(text),
        (status, text) => Err(Error::Unexpected(format!(
            "drydock's {path} answered {status}: {text}"
        ))),
    }
}

fn parsed(text: &str) -> Result<Value> {
    serde_json::from_str(text).map_err(|error| Error::Unexpected(format!("{error}: {text}")))
}
