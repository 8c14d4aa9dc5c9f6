//! Cut off, raced and disturbed: whatever happens to a migration, nothing is lost,
//! and the next one finishes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use harness::{Answer, Call, Proxy, Result, eventually};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::yard::{CRD, Ended, NEW, OLD, Yard, ended, manifest, start_through};
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
        let old = self.yard.old_at_rest().await?;
        assert_eq!(old, <[&str; 0]>::default(), "{what}: {}", ended.said);
        assert_eq!(
            self.yard.stored_versions().await?,
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
    let races = Races::open().await?;
    killed_at_each_step(&races).await?;
    an_answer_lost_at_each_step(&races).await?;
    two_at_once_beside_writers(&races).await?;
    the_definition_edited_midway(&races).await?;
    the_definition_turned_back_midway(&races).await?;
    outages(&races).await?;
    given_up(&races).await
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
            // What there is to rewrite, to prove and to drop, and reads between.
            assert!(step > 2 * OBJECTS + 1, "{step} calls");
            return Ok(());
        };
        command.kill()?;
        command.wait(PATIENCE).await?;
        drop(call);
        // What it may not have done yet, it has not said to be done.
        let versions = races.yard.stored_versions().await?;
        if versions == json!(["v1beta1"]) {
            let old = races.yard.old_at_rest().await?;
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

/// Waits for the first write of the proof, then changes the CRD.
async fn midway(races: &Races, edit: impl Future<Output = Result<()>>) -> Result<Ended> {
    let mut held = races.proxy.when(is_write).skip(OBJECTS).once().hold();
    let command = start_through(&races.way, &["--concurrency", "1"])?;
    let call = held.next(PATIENCE).await?;
    edit.await?;
    call.release();
    ended(command).await
}

async fn the_definition_edited_midway(races: &Races) -> Result<()> {
    races.begin().await?;
    let crd = races.yard.definition().await?;
    let edit = async {
        let patch = r#"{"spec": {"names": {"shortNames": ["pgdb", "edited"]}}}"#;
        let patch = ["patch", "crd", CRD, "--type=merge", "-p", patch];
        races.yard.stage.kubectl(&patch).await.map(drop)
    };
    let done = midway(races, edit).await?;
    assert!(
        done.said.contains("going over the objects again"),
        "{}",
        done.said
    );
    let after = races.yard.definition().await?;
    assert_ne!(
        after["metadata"]["generation"],
        crd["metadata"]["generation"]
    );
    races.is_done("edited midway", &done).await
}

/// Somebody goes back to the old release: what was proven counts for nothing.
async fn the_definition_turned_back_midway(races: &Races) -> Result<()> {
    races.begin().await?;
    let ended = midway(races, races.yard.store("v1alpha1")).await?;
    assert_eq!(ended.code, 3, "{}", ended.said);
    assert!(
        ended.said.contains("v1beta1 is not the storage version"),
        "{}",
        ended.said
    );
    assert_eq!(
        races.yard.stored_versions().await?,
        json!(["v1alpha1", "v1beta1"])
    );
    races.yard.store("v1beta1").await?;
    let done = races.migrate(&[]).await?;
    races.is_done("turned back and forth", &done).await
}

/// The API server says that it has too much to do; it is gone; the webhook is
/// gone, or late.
async fn outages(races: &Races) -> Result<()> {
    races.begin().await?;
    let busy = StatusCode::TOO_MANY_REQUESTS;
    let busy = Answer::kubernetes_failure(busy, "TooManyRequests", "later").retry_after(1);
    races.proxy.when(is_write).times(4).answer(busy);
    let mut command = start_through(&races.way, &[])?;
    eventually("the migration to be pushed back", PATIENCE, || async {
        match races.proxy.count(is_write) {
            0 => Err("no write yet"),
            _ => Ok(()),
        }
    })
    .await?;
    races.proxy.block();
    // Not the words of the answers above.
    let is_cut_off = |line: &str| line.contains("trying again") && !line.contains("later");
    eventually("the migration to be cut off", PATIENCE, || async {
        let noticed = command.output().lines().any(is_cut_off);
        noticed.then_some(()).ok_or("it was not")
    })
    .await?;
    assert_eq!(command.exited()?, None, "{}", command.output());
    races.proxy.unblock();
    let done = ended(command).await?;
    races.is_done("the API server away", &done).await?;

    races.begin().await?;
    let webhooks = races.yard.stage.webhooks();
    webhooks.set_backends(&[]);
    webhooks.cut();
    let command = start_through(&races.way, &[])?;
    eventually("the migration to wait", PATIENCE, || async {
        let said = command.output();
        if said.contains("trying again") {
            Ok(())
        } else {
            Err(said)
        }
    })
    .await?;
    let backends = [races.yard.stage.only().webhook];
    webhooks.slow(Duration::from_millis(300));
    webhooks.set_backends(&backends);
    let done = ended(command).await?;
    webhooks.slow(Duration::ZERO);
    races.is_done("the webhook away, and late", &done).await
}

/// Where the webhook stays away, it ends, and says so.
async fn given_up(races: &Races) -> Result<()> {
    races.begin().await?;
    let webhooks = races.yard.stage.webhooks();
    webhooks.set_backends(&[]);
    webhooks.cut();
    let given_up = races.migrate(&["--patience", "1s"]).await?;
    assert_eq!(given_up.code, 3, "{}", given_up.said);
    assert!(given_up.said.contains("webhook"), "{}", given_up.said);
    assert_eq!(
        races.yard.stored_versions().await?,
        json!(["v1alpha1", "v1beta1"])
    );
    webhooks.set_backends(&[races.yard.stage.only().webhook]);
    let done = races.migrate(&[]).await?;
    races.is_done("begun again", &done).await
}
