//! All objects, a page after the other, as many at once as the pace allows.
//!
//! Nothing here may remember an object: there can be more than fit into memory.

use std::collections::VecDeque;

use futures::stream::{FuturesUnordered, Stream, StreamExt, try_unfold};
use tokio::pin;

use super::calls::{Calls, Refusal};
use super::object::{Fate, Outcome, carry_out};
use super::proof::Proof;
use super::{Error, Stage, Task};
use crate::untyped::Untyped;

/// With so few objects left the next page is fetched: the API server takes long over
/// one, since each object in it passes through the webhook.
const AHEAD: usize = 250;

/// What a walk came to.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Objects that were there.
    pub(super) objects: u64,
    /// Of them, those that were rewritten, or would be.
    pub(super) rewritten: u64,
    /// Of these, those of which the stored bytes alone were another version's.
    pub(super) stale: u64,
    /// And those that are not as they should be, with why.
    pub(super) remaining: Vec<(String, String)>,
}

/// Carries out a task on every object, and notes which states it has proven. What is
/// proven already costs no further call.
pub(super) async fn walk<S: Stage>(
    calls: &Calls<'_, S>,
    task: Task,
    proof: &mut Proof,
) -> Result<Tally, Error> {
    let stage = calls.stage();
    let pages = pages(calls, task);
    pin!(pages);
    let mut listed = VecDeque::new();
    let mut under_way = FuturesUnordered::new();
    let mut more = true;
    let mut tally = Tally::default();
    loop {
        while under_way.len() < calls.bound()
            && let Some(object) = listed.pop_front()
        {
            let proven = proof.holds(&object);
            under_way.push(carry_out(calls, task, object, proven));
        }
        tokio::select! {
            page = pages.next(), if more && listed.len() <= AHEAD => match page {
                Some(page) => listed.extend(page?),
                None => more = false,
            },
            Some(outcome) = under_way.next(), if !under_way.is_empty() => {
                let outcome: Outcome = outcome?;
                stage.outcome(task, &outcome);
                if let Some(state) = &outcome.state {
                    proof.note(state);
                }
                tally.add(outcome);
            }
            else => return Ok(tally),
        }
    }
}

impl Tally {
    fn add(&mut self, outcome: Outcome) {
        self.objects += 1;
        match outcome.fate {
            Fate::AsItWas => {}
            Fate::Gone => self.objects -= 1,
            Fate::Rewritten(what) => {
                self.rewritten += 1;
                self.stale += u64::from(what.is_empty());
            }
            Fate::Remains(why) => self.remaining.push((outcome.object, why)),
        }
    }
}

/// Where a list goes on.
enum Token {
    Start,
    At(String),
    End,
}

/// Every object, in the new version. One that is made meanwhile may be left out: it
/// is stored in the new version from the start.
fn pages<S: Stage>(
    calls: &Calls<'_, S>,
    task: Task,
) -> impl Stream<Item = Result<Vec<Untyped>, Error>> {
    try_unfold(Token::Start, move |token| async move {
        let mut token = match token {
            Token::Start => None,
            Token::At(token) => Some(token),
            Token::End => return Ok(None),
        };
        loop {
            match calls.page(token.as_deref()).await {
                Ok(page) => {
                    if token.is_none() {
                        calls.stage().begins(task, page.left());
                    }
                    let next = page.next().map_or(Token::End, Token::At);
                    return Ok(Some((page.items, next)));
                }
                // Etcd forgot the state that the list began with: it goes on with
                // the present one, or from the start, which costs a look at each.
                Err(Refusal::Expired(next)) => token = next,
                Err(Refusal::Fatal(error)) => return Err(error),
                Err(Refusal::Gone | Refusal::Unserved) => return Err(Error::NoDefinition),
                Err(Refusal::Refused(words)) => return Err(Error::Denied(words)),
                Err(Refusal::Conflict) => {}
            }
        }
    })
}

#[cfg(test)]
mod tests;
