//! How long an API server that starts needs until it knows every object: through
//! Stow's webhook, through one that converts nothing, and with nothing to convert.
//! Run it by `make bench-cache`.
//!
//! Nothing here may pass or fail: it prints what it measured.

#[path = "cache/mirror.rs"]
mod mirror;
#[path = "migrate/yard.rs"]
mod yard;

use std::error::Error;
use std::io::Write;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use harness::eventually;
use http::Request;
use serde_json::{Value, json};

use mirror::Mirror;
use yard::{CRD, Yard};

type Result<T, E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

/// What a start is given.
const PATIENCE: Duration = Duration::from_mins(5);

const ROUNDS: usize = 3;

/// Where reviews go.
struct Way {
    name: &'static str,
    /// The definition's `clientConfig`.
    client: Value,
}

#[tokio::main]
async fn main() -> Result<()> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut arguments = std::env::args().skip(1);
    let objects = arguments.find_map(|argument| argument.parse().ok());
    let objects: usize = objects.unwrap_or(20_000);
    let mirror = Mirror::start().await?;
    let mut yard = Yard::open().await?;
    let ways = [
        Way {
            name: "stow",
            client: definition(&yard).await?["spec"]["conversion"]["webhook"]["clientConfig"]
                .take(),
        },
        Way {
            name: "echo",
            client: json!({"url": mirror.url, "caBundle": BASE64.encode(&mirror.ca)}),
        },
    ];

    yard.plant(objects).await?;
    let mut took = [const { Vec::new() }; 2];
    for _ in 0..ROUNDS {
        for (way, took) in ways.iter().zip(&mut took) {
            convert_by(&yard, &way.client).await?;
            let start = start(&mut yard).await?;
            tell(&format!("{objects} objects through {}: {start}", way.name))?;
            took.push(start.filled);
        }
    }
    let [stow, echo] = took;
    let ratios = stow.iter().zip(&echo);
    let mut ratios: Vec<f64> = ratios
        .map(|(stow, echo)| stow.as_secs_f64() / echo.as_secs_f64())
        .collect();
    ratios.sort_unstable_by(f64::total_cmp);
    tell(&format!(
        "stow takes {:.2} times as long as echo (of {ROUNDS} rounds: {ratios:.2?})",
        ratios[ROUNDS / 2]
    ))?;

    convert_by(&yard, &ways[0].client).await?;
    yard.migrate(&[]).await?;
    serve_v1beta1_alone(&yard).await?;
    for _ in 0..ROUNDS {
        let start = start(&mut yard).await?;
        tell(&format!("{objects} objects, migrated: {start}"))?;
    }
    Ok(())
}

/// A start of the API server.
struct Start {
    /// From its start until it was ready.
    ready: Duration,
    /// The same until its cache knew every object.
    filled: Duration,
    /// How often it asked a webhook meanwhile.
    calls: u64,
}

impl std::fmt::Display for Start {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            ready,
            filled,
            calls,
        } = self;
        let [ready, filled] = [ready, filled].map(Duration::as_secs_f64);
        write!(
            f,
            "ready after {ready:.1} s, its cache after {filled:.1} s, {calls} calls"
        )
    }
}

/// Ends the API server, starts it, and waits for its cache of v1beta1.
async fn start(yard: &mut Yard) -> Result<Start> {
    yard.cluster.kill_api_server().await?;
    let begun = Instant::now();
    yard.cluster.start_api_server().await?;
    let ready = begun.elapsed();
    // Of no object, so that the answer costs nothing: until the cache is filled,
    // the API server refuses a list that only the cache may answer.
    let cached = "/apis/myob.com/v1beta1/postgresdbs?resourceVersion=0&labelSelector=none%3Done";
    eventually("the cache", PATIENCE, async || {
        let request = Request::get(cached).body(Vec::new())?;
        yard.client.request_text(request).await?;
        Ok::<_, Box<dyn Error + Send + Sync>>(())
    })
    .await?;
    Ok(Start {
        ready,
        filled: begun.elapsed(),
        calls: calls(yard).await?,
    })
}

async fn definition(yard: &Yard) -> Result<Value> {
    let get = ["get", "crd", CRD, "-o", "json"];
    Ok(serde_json::from_str(
        &yard.cluster.kubectl(&get).await?.ok()?,
    )?)
}

async fn convert_by(yard: &Yard, client: &Value) -> Result<()> {
    let patch = json!({"spec": {"conversion": {"webhook": {"clientConfig": client}}}});
    yard.patch_definition(&[], &patch.to_string()).await
}

/// A late step of an upgrade. The copy of v1alpha1 stays, as long as the definition
/// has that version, and each object is converted for it.
async fn serve_v1beta1_alone(yard: &Yard) -> Result<()> {
    let mut versions = definition(yard).await?["spec"]["versions"].take();
    for version in versions.as_array_mut().into_iter().flatten() {
        version["served"] = json!(version["name"] == "v1beta1");
    }
    let patch = json!({"spec": {"versions": versions}});
    yard.patch_definition(&[], &patch.to_string()).await
}

/// How often the API server asked a webhook to convert since it started.
async fn calls(yard: &Yard) -> Result<u64> {
    let metrics = yard
        .cluster
        .kubectl(&["get", "--raw", "/metrics"])
        .await?
        .ok()?;
    let calls = metrics
        .lines()
        .filter(|line| line.starts_with("apiserver_conversion_webhook_request_total"))
        .filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok());
    Ok(calls.sum())
}

fn tell(line: &str) -> Result<()> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}
