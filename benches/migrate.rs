//! How fast `stow migrate` is, on a real API server with the webhook on the same
//! machine, what other clients notice of it, and the cluster's own migration beside
//! it. Run it by `make bench-migrate`.
//!
//! Nothing here may pass or fail: it prints what it measured.

#[path = "migrate/yard.rs"]
mod yard;

use std::error::Error;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use harness::eventually;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use yard::Yard;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What the cluster's own migration is given for 10,000 objects: it takes 205 s on
/// an idle machine.
const BUILT_IN: Duration = Duration::from_mins(20);

const MIGRATION: &str = "apiVersion: storagemigration.k8s.io/v1
kind: StorageVersionMigration
metadata:
  name: postgresdbs
spec:
  resource:
    group: myob.com
    resource: postgresdbs
";

#[tokio::main]
async fn main() -> Result<()> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let objects = arguments.iter().find_map(|argument| argument.parse().ok());
    let objects: usize = objects.unwrap_or(10_000);
    let yard = Yard::open().await?;
    yard.plant(objects).await?;

    let at_rest = watched(&yard, tokio::time::sleep(Duration::from_secs(5)))
        .await?
        .1;
    tell(&format!("another client, at rest: {at_rest}"))?;
    let begun = Instant::now();
    let (ended, others) = watched(&yard, yard.migrate(&[])).await?;
    let took = begun.elapsed();
    tell(ended?.trim())?;
    tell(&line("stow migrate, proof included", objects, took))?;
    tell(&format!("another client, meanwhile: {others}"))?;

    let begun = Instant::now();
    yard.migrate(&["--verify"]).await?;
    tell(&line("stow migrate --verify", objects, begun.elapsed()))?;

    if arguments.iter().any(|argument| argument == "--built-in") {
        yard.plant(objects).await?;
        let begun = Instant::now();
        yard.cluster
            .kubectl_in(MIGRATION, &["apply", "-f", "-"])
            .await?
            .ok()?;
        let done = [
            "wait",
            "--for=condition=Succeeded",
            "storageversionmigration/postgresdbs",
            "--timeout=10s",
        ];
        eventually("the cluster's own migration", BUILT_IN, || async {
            yard.cluster.kubectl(&done).await?.ok()
        })
        .await?;
        let built_in = begun.elapsed();
        tell(&line("StorageVersionMigration", objects, built_in))?;
        let ratio = built_in.as_secs_f64() / took.as_secs_f64();
        tell(&format!("stow migrate is {ratio:.1} times as fast"))?;
    }
    Ok(())
}

fn line(what: &str, objects: usize, took: Duration) -> String {
    let seconds = took.as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "it is for people")]
    let rate = objects as f64 / seconds;
    format!("{what}: {objects} objects in {seconds:.1} s, {rate:.0} a second")
}

fn tell(line: &str) -> Result<()> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}

/// Carries out some work, and how long another client's writes take meanwhile.
async fn watched<T>(yard: &Yard, work: impl Future<Output = T>) -> Result<(T, String)> {
    let over = AtomicBool::new(false);
    let working = async {
        let done = work.await;
        over.store(true, Ordering::SeqCst);
        done
    };
    let (done, waits) = tokio::join!(working, writes(yard, &over));
    let mut waits = waits?;
    waits.sort_unstable();
    let at = |share: usize| waits[(waits.len() - 1) * share / 100];
    Ok((
        done,
        format!(
            "{} writes of a ConfigMap, p50 {:.1?}, p99 {:.1?}, slowest {:.1?}",
            waits.len(),
            at(50),
            at(99),
            at(100)
        ),
    ))
}

async fn writes(yard: &Yard, over: &AtomicBool) -> Result<Vec<Duration>> {
    let api = Api::<ConfigMap>::namespaced(yard.client.clone(), "default");
    let params = PatchParams::apply("bench").force();
    let mut waits = Vec::new();
    while !over.load(Ordering::SeqCst) {
        let patch = json!({"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "bench"}, "data": {"n": waits.len().to_string()}});
        let begun = Instant::now();
        api.patch("bench", &params, &Patch::Apply(patch)).await?;
        waits.push(begun.elapsed());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(waits)
}
