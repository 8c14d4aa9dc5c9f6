//! What a migration stands on: the CRD, that it is ready, that every API server goes
//! by it, and that it is still the same once all is proven.
//!
//! Nothing here may write an object, or drop a version for which there is no proof.

use futures::future::select_ok;
use stow_versions::{CRD, HUB, SPOKE};
use tokio::time::sleep;

use super::calls::{Calls, Refusal};
use super::definition::{Definition, dropped};
use super::{Error, Stage};
use crate::untyped::Untyped;

/// How many objects are tried before the webhook is held for broken.
const EXAMPLES: usize = 4;

/// The CRD, once it is one that can be migrated under, and its webhook answers.
pub(super) async fn ready<S: Stage>(calls: &Calls<'_, S>) -> Result<Definition, Error> {
    let crd = calls.definition().await.map_err(of_the_definition)?;
    let definition = Definition::of(&crd).map_err(|unready| Error::not_ready(&unready))?;
    if definition.serves_old {
        let page = match calls.page(None).await {
            Ok(page) => page,
            Err(refusal) => return Err(of_the_definition(refusal)),
        };
        let examples = page.items.iter().take(EXAMPLES);
        let examples: Vec<_> = examples.map(|object| shown(calls, object)).collect();
        if !examples.is_empty() {
            // What one of them comes to may be its own fault.
            let shown = select_ok(examples.into_iter().map(Box::pin)).await;
            shown.map_err(of_the_definition)?;
        }
    }
    Ok(definition)
}

/// Sees an object in both versions: in whichever it is stored, the other takes the
/// webhook.
async fn shown<S: Stage>(calls: &Calls<'_, S>, object: &Untyped) -> Result<(), Refusal> {
    for version in [HUB, SPOKE] {
        match calls.read(object, version).await {
            Ok(_) | Err(Refusal::Gone) => {}
            Err(refusal) => return Err(refusal),
        }
    }
    Ok(())
}

/// Waits until every API server goes by the CRD, if it changed just now. One that
/// does not yet takes an object for stored as it should be that is not.
pub(super) async fn settled<S: Stage>(calls: &Calls<'_, S>, definition: &Definition) {
    let left = definition.unsettled(calls.time().await);
    if !left.is_zero() {
        calls.stage().say(&format!(
            "CustomResourceDefinition {CRD} changed just now: waiting {} s until every API \
             server goes by it.",
            left.as_secs()
        ));
        sleep(left).await;
    }
}

/// Drops the old version from what objects may be stored in, if the CRD is still
/// the one that they were rewritten under.
pub(super) async fn drop_old<S: Stage>(
    calls: &Calls<'_, S>,
    under: &Definition,
) -> Result<bool, Error> {
    loop {
        let crd = calls.definition().await.map_err(of_the_definition)?;
        match Definition::of(&crd) {
            Ok(now) if under.stands_in(&now) => {
                if now.is_alone() {
                    return Ok(true);
                }
            }
            _ => return Ok(false),
        }
        match calls.write_status(&dropped(&crd)).await {
            Ok(_) => return Ok(true),
            // Of what else, the next look tells.
            Err(Refusal::Conflict) => {}
            Err(refusal) => return Err(of_the_definition(refusal)),
        }
    }
}

fn of_the_definition(refusal: Refusal) -> Error {
    match refusal {
        Refusal::Gone | Refusal::Unserved => Error::NoDefinition,
        Refusal::Fatal(error) => error,
        Refusal::Refused(words) => Error::Denied(words),
        Refusal::Conflict | Refusal::Expired(_) => Error::Restless,
    }
}
