//! One object: rewritten until nothing of it says the old version, or proven to be
//! as it should be.
//!
//! Nothing here may write what was computed from another state of the object than
//! the one that it is written over.

use std::time::Duration;

use stow_versions::{HUB, SPOKE};
use tokio::time::sleep;

use super::calls::{Calls, Refusal};
use super::proof::State;
use super::rewrite::Remnant;
use super::{Error, Stage, Task};
use crate::untyped::Untyped;

/// How often an object is tried that others write at the same time. Each try is a
/// few milliseconds, so this outlasts any writer but one that never pauses.
const TRIES: u32 = 50;

/// The longest pause between two tries.
const PAUSE: Duration = Duration::from_millis(200);

/// What became of an object.
#[derive(Debug)]
pub(super) enum Fate {
    /// It is stored in the new version, and was already.
    AsItWas,
    /// It is stored in the new version now; what else was rewritten.
    Rewritten(Vec<String>),
    /// It exists no more.
    Gone,
    /// It is not as it should be: why, and what to do.
    Remains(String),
}

/// An object with its fate.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) object: String,
    pub(super) fate: Fate,
    /// Annotations of others that name the old version.
    pub(super) elsewhere: Vec<String>,
    /// The state that it is left in, where that is as it should be.
    pub(super) state: Option<State>,
}

/// Carries out a task on an object as it was listed, `proven` to be stored in that
/// state as it should be or not.
pub(super) async fn carry_out<S: Stage>(
    calls: &Calls<'_, S>,
    task: Task,
    listed: Untyped,
    proven: bool,
) -> Result<Outcome, Error> {
    let object = listed.label();
    let mut rewritten: Option<Vec<String>> = None;
    let mut live = listed;
    let mut served = true;
    for attempt in 0..TRIES {
        let remnant = Remnant::of(&live);
        let outcome = |fate| Outcome {
            object: object.clone(),
            fate,
            elsewhere: remnant.elsewhere.clone(),
            state: None,
        };
        if proven && attempt == 0 && remnant.is_clean() && remnant.beyond.is_none() {
            return Ok(outcome(Fate::AsItWas));
        }
        // Even where the bytes alone are due, of this state: what a later one says
        // is to be seen first.
        let touch = Remnant::nothing();
        let changes = task != Task::Verify && !remnant.is_clean();
        let write = if changes { &remnant } else { &touch };
        let patch = write.patch(&live);
        let dry_run = task == Task::DryRun;
        let after = match calls.patch(&live, &patch, &write.manager, dry_run).await {
            Ok(after) => after,
            // That it is gone is believed where another look confirms it.
            Err(Refusal::Conflict | Refusal::Gone | Refusal::Unserved) => {
                let pause = PAUSE.min(Duration::from_millis(u64::from(attempt)) * 5);
                sleep(pause.mul_f64(rand::random_range(0.0..1.0))).await;
                let now = calls.read(&live, HUB).await;
                served = !matches!(now, Err(Refusal::Unserved));
                match now {
                    Ok(now) => live = now,
                    Err(Refusal::Unserved) => {}
                    Err(refusal) => return refused(refusal).map(outcome),
                }
                continue;
            }
            Err(refusal) => return refused(refusal).map(outcome),
        };
        if let Some(words) = &remnant.beyond {
            return Ok(outcome(Fate::Remains(words.clone())));
        }
        if task == Task::DryRun {
            return Ok(outcome(Fate::Rewritten(remnant.what.clone())));
        }
        let moved = after.metadata("resourceVersion") != live.metadata("resourceVersion");
        if task == Task::Verify {
            return Ok(outcome(verified(moved, &remnant)));
        }
        if moved {
            rewritten
                .get_or_insert_default()
                .extend(remnant.what.clone());
        }
        // Whoever wrote before us may have left more.
        if Remnant::of(&after).is_clean() {
            return Ok(Outcome {
                state: Some(State::of(&after)),
                ..outcome(rewritten.map_or(Fate::AsItWas, Fate::Rewritten))
            });
        }
        live = after;
    }
    if !served {
        return Err(Error::NoDefinition);
    }
    Ok(Outcome {
        object,
        fate: Fate::Remains(
            "others write it without a pause: stop them, and run `stow migrate` again".to_owned(),
        ),
        elsewhere: Vec::new(),
        state: None,
    })
}

/// A write that changed nothing left the resourceVersion as it was: the API server
/// found in etcd, byte for byte, what it would have stored. Else it has stored it
/// now, which was another version until then.
fn verified(moved: bool, remnant: &Remnant) -> Fate {
    let mut faults = Vec::new();
    if moved {
        faults.push("it was not stored as v1beta1 writes it, and is since this check".to_owned());
    }
    if !remnant.is_clean() {
        faults.push(format!(
            "{SPOKE} is named in its {}",
            remnant.what.join(" and ")
        ));
    }
    if faults.is_empty() {
        return Fate::AsItWas;
    }
    Fate::Remains(format!("{}: run `stow migrate`", faults.join("; ")))
}

fn refused(refusal: Refusal) -> Result<Fate, Error> {
    match refusal {
        Refusal::Gone => Ok(Fate::Gone),
        Refusal::Fatal(error) => Err(error),
        Refusal::Refused(words) => Ok(Fate::Remains(format!(
            "the API server refuses it: {words}. Mend what it names, or have whoever owns that \
             rule let it pass, and run `stow migrate` again"
        ))),
        // None comes as an answer to what is asked of one object.
        Refusal::Conflict | Refusal::Unserved | Refusal::Expired(_) => Ok(Fate::Remains(
            "it changes all the time: run `stow migrate` again".to_owned(),
        )),
    }
}
