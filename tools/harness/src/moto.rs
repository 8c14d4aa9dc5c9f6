//! moto, an RDS endpoint that nobody of this project wrote.
//!
//! It judges the wire format, and much less the behaviour: it validates almost
//! nothing, and every transition is over at once.

use std::{process::Command, time::Duration};

use http::{Request, StatusCode, header};
use http_body_util::Full;

use crate::{
    error::{Error, Result},
    eventually::eventually,
    exchange::Upstream,
    loopback::free_port,
    process::Process,
    programs,
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
        Rds {
            upstream: self.upstream.clone(),
            region: region.to_owned(),
        }
    }
}

/// RDS as a test sees it: its Query protocol, in the raw.
#[derive(Clone, Debug)]
pub struct Rds {
    upstream: Upstream,
    region: String,
}

impl Rds {
    /// Calls an action with its parameters, and returns the answer's XML.
    pub async fn call(
        &self,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> Result<(StatusCode, String)> {
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("Action", action)
            .append_pair("Version", "2014-10-31")
            .extend_pairs(parameters)
            .finish();
        // moto reads the service and the region from here, and checks nothing.
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential=test/20260101/{}/rds/aws4_request, \
             SignedHeaders=host, Signature=0",
            self.region
        );
        let request = Request::post("/")
            .header(header::AUTHORIZATION, authorization)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::from(body))
            .map_err(|error| Error::Unexpected(error.to_string()))?;
        self.upstream.text(request).await
    }

    /// The texts of every `<element>` in what a successful call answered.
    pub async fn texts(
        &self,
        action: &str,
        parameters: &[(&str, &str)],
        element: &str,
    ) -> Result<Vec<String>> {
        let (status, xml) = self.call(action, parameters).await?;
        if !status.is_success() {
            return Err(Error::Unexpected(format!(
                "{action} answered {status}: {xml}"
            )));
        }
        Ok(texts(&xml, element))
    }
}

/// The texts of every `<element>` of an XML document, in its order. For plain
/// texts, as identifiers are: entities stay as they are written.
pub fn texts(xml: &str, element: &str) -> Vec<String> {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    let after_each = xml.split(&open).skip(1);
    after_each
        .filter_map(|rest| rest.split_once(&close))
        .map(|(text, _)| text.to_owned())
        .collect()
}
