//! Cut off, raced and disturbed: whatever happens to a migration, nothing is lost,
//! and the next one finishes.

mod definition;
mod outages;

use std::sync::atomic::{AtomicBool, Ordering};

use harness::{Call, Proxy, Result};
use http::Method;
use serde_json::{Value, json};

use super::yard::{Ended, NEW, OLD, Yard, ended, manifest, start_through};
use crate::stage::{NAMESPACE, PATIENCE};

const OBJECTS: u64 = 3;

/// A yard of a few objects, and a disturbed way to it.
struct Races {
    yard: Yard,
    specs: Value,
    proxy: Proxy,
    way: std::path::PathBuf,
}

impl Races {
    async fn open() -> Result<Self> {
        let mut yard = Yard::open().await?;
        for number in 0..OBJECTS {
            let spec = json!({"size": "db.t3.small", "storage": "10", "ha": true});
            let manifest = manifest("v1alpha1", &format!("db-{number}"), &spec);
            yard.stage.apply(&manifest, &[]).await?;
        }
        yard.store("v1beta1").await?;
        yard.remember().await?;
        let specs = yard.specs().await?;
        let (proxy, way) = yard.way().await?;
        Ok(Self {
            yard,
            specs,
            proxy,
            way,
        })
    }

    /// The objects in the old version again, and no disturbance.
    async fn begin(&self) -> Result<()> {
        self.proxy.clear_rules();
        self.proxy.forget();
        self.yard.rewind().await
    }

    async fn migrate(&self, arguments: &[&str]) -> Result<Ended> {
        ended(start_through(&self.way, arguments)?).await
    }

    /// All is as a migration leaves it.
    async fn is_done(&self, what: &str, ended: &Ended) -> Result<()> {
        assert_eq!(ended.code, 0, "{what}: {}", ended.said);
        let old = self.yard.stage.old_at_rest().await?;
        assert_eq!(old, <[&str; 0]>::default(), "{what}: {}", ended.said);
        assert_eq!(
            self.yard.stage.stored_versions().await?,
            json!(["v1beta1"]),
            "{what}"
        );
        assert_eq!(self.yard.specs().await?, self.specs, "{what}");
        Ok(())
    }
}

fn is_write(call: &Call) -> bool {
    call.method == Method::PATCH
}

#[tokio::test]
async fn property_18_a_migration_may_be_cut_off_and_raced() -> Result<()> {
    let mut races = Races::open().await?;
    killed_at_each_step(&races).await?;
    an_answer_lost_at_each_step(&races).await?;
    two_at_once_beside_writers(&races).await?;
    definition::edited_midway(&races).await?;
    definition::turned_back_midway(&races).await?;
    outages::passing(&races).await?;
    outages::lasting(&races).await?;
    outages::the_api_server_killed_at_each_step(&mut races).await
}

/// After each call, reads too, by SIGKILL.
async fn killed_at_each_step(races: &Races) -> Result<()> {
    for step in 0_u64.. {
        races.begin().await?;
        // One after the other, so that each step is one.
        let mut held = races.proxy.when(|_| true).skip(step).once().hold();
        let mut command = start_through(&races.way, &["--concurrency", "1"])?;
        let what = format!("killed at call {step}");
        let call = tokio::select! {
            call = held.next(PATIENCE) => Some(call?),
            code = command.wait(PATIENCE) => {
                assert_eq!(code?, 0, "{what}: {}", command.output());
                None
            }
        };
        let Some(call) = call else {
            // What there is to rewrite, to read back and to drop, and reads between.
            assert!(step > 2 * OBJECTS + 1, "{step} calls");
            return Ok(());
        };
        command.kill()?;
        command.wait(PATIENCE).await?;
        drop(call);
        // What it may not have done yet, it has not said to be done.
        let versions = races.yard.stage.stored_versions().await?;
        if versions == json!(["v1beta1"]) {
            let old = races.yard.stage.old_at_rest().await?;
            assert_eq!(old, <[&str; 0]>::default(), "{what}");
        }
        let again = races.yard.migrate(&[]).await?;
        races.is_done(&what, &again).await?;
    }
    Ok(())
}

/// Each write takes effect, and its answer is lost: it is made again.
async fn an_answer_lost_at_each_step(races: &Races) -> Result<()> {
    for step in 0..=2 * OBJECTS {
        races.begin().await?;
        races.proxy.when(is_write).skip(step).once().lose();
        let done = races.migrate(&["--concurrency", "1"]).await?;
        races.is_done(&format!("answer {step} lost"), &done).await?;
    }
    Ok(())
}

/// Writes labels until it is told to stop, and returns the last that was accepted.
async fn writes(races: &Races, what: &str, label: &str, stop: &AtomicBool) -> Result<u32> {
    let mut last = 0;
    for number in 1.. {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        let patch = json!({"metadata": {"labels": {label: number.to_string()}}}).to_string();
        let patch = [
            "patch",
            what,
            "db-0",
            "-n",
            NAMESPACE,
            "--type=merge",
            "-p",
            &patch,
        ];
        races.yard.stage.kubectl(&patch).await?;
        last = number;
    }
    Ok(last)
}

async fn two_at_once_beside_writers(races: &Races) -> Result<()> {
    races.begin().await?;
    let stop = AtomicBool::new(false);
    let migrations = async {
        let both = tokio::join!(races.migrate(&[]), races.yard.migrate(&[]));
        stop.store(true, Ordering::SeqCst);
        Ok::<_, harness::Error>((both.0?, both.1?))
    };
    let (both, old, new) = tokio::join!(
        migrations,
        writes(races, OLD, "old", &stop),
        writes(races, NEW, "new", &stop)
    );
    let ((one, other), old, new) = (both?, old?, new?);
    assert_eq!(
        (one.code, other.code),
        (0, 0),
        "{}\n{}",
        one.said,
        other.said
    );
    assert!(old > 0 && new > 0, "{old} and {new} writes");
    let labels = races.yard.stage.get(&format!("{NEW}/db-0")).await?["metadata"]["labels"].clone();
    assert_eq!(
        labels,
        json!({"old": old.to_string(), "new": new.to_string()})
    );
    // A client of v1alpha1 that wrote last left its name; now none does.
    let done = races.migrate(&[]).await?;
    races.is_done("two at once", &done).await
}
