//! The calls of a migration: each is made until it is answered, as long as there
//! is hope.
//!
//! Nothing here may decide what is written, or give up on one object for what is
//! wrong with the whole cluster.

mod answer;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{Method, Request};
use jiff::Timestamp;
use kube::Client;
use kube::api::{GetParams, ListParams, Patch, PatchParams};
use kube::core::Request as Ask;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use stow_versions::{CRD, HUB};
use tokio::time::{Instant, sleep, timeout};

pub(super) use self::answer::Refusal;
use self::answer::{Judged, Trouble, judged};
use super::pace::Pace;
use super::{Error, Stage};
use crate::complaint::Complaint;
use crate::dated::dated;
use crate::untyped::{PAGE, Page, Untyped, everywhere, within};

/// How long one call may take: kube sets no bound, and an API server that went
/// away without a word would be waited for, for ever. It gives a webhook 30 s.
const CALL: Duration = Duration::from_secs(45);

/// The first pause after a failure, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// For how long after an API server was away it is not believed that it forbids
/// something, or does not know it.
const BEGINS: Duration = Duration::from_secs(15);

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/// The calls to the API server, and how they fare.
pub(super) struct Calls<'a, S> {
    client: Client,
    patience: Duration,
    stage: &'a S,
    fare: Mutex<Fare>,
}

/// What is at stake in a call that goes on failing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum About {
    /// One object: it is left behind where others are answered meanwhile.
    One,
    /// All of them: there is no going on.
    All,
}

/// How calls fare.
struct Fare {
    pace: Pace,
    complaint: Complaint,
    /// When one was last answered.
    answered: Instant,
    /// When one was last not answered at all.
    away: Option<Instant>,
}

impl Fare {
    /// Whether the API server may have only just begun.
    fn begins(&self) -> bool {
        self.away.is_some_and(|away| away.elapsed() < BEGINS)
    }
}

impl<'a, S: Stage> Calls<'a, S> {
    pub(super) fn new(client: Client, patience: Duration, most: usize, stage: &'a S) -> Self {
        Self {
            client,
            patience,
            stage,
            fare: Mutex::new(Fare {
                pace: Pace::new(most),
                complaint: Complaint::default(),
                answered: Instant::now(),
                away: None,
            }),
        }
    }

    fn fare(&self) -> MutexGuard<'_, Fare> {
        // Whoever held it has left nothing half done.
        self.fare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whoever watches.
    pub(super) fn stage(&self) -> &'a S {
        self.stage
    }

    /// How many writes may be under way now.
    pub(super) fn bound(&self) -> usize {
        self.fare().pace.bound()
    }

    /// A page of every object, in the new version.
    pub(super) async fn page(&self, token: Option<&str>) -> Result<Page, Refusal> {
        let params = ListParams {
            limit: Some(PAGE),
            continue_token: token.map(str::to_owned),
            ..ListParams::default()
        };
        let url = everywhere(HUB);
        self.call(About::All, "list postgresdbs", &|| {
            Ask::new(&url).list(&params)
        })
        .await
    }

    /// An object as a version shows it, from where it is stored.
    pub(super) async fn read(&self, object: &Untyped, version: &str) -> Result<Untyped, Refusal> {
        let (url, name) = place(object, version);
        let what = format!("read {}", object.label());
        self.call(About::One, &what, &|| {
            Ask::new(&url).get(&name, &GetParams::default())
        })
        .await
    }

    /// Changes an object by a merge patch: a server-side apply fails on one that
    /// holds a value of a wrong type.
    pub(super) async fn patch(
        &self,
        object: &Untyped,
        patch: &Value,
        manager: &str,
        dry_run: bool,
    ) -> Result<Untyped, Refusal> {
        let (url, name) = place(object, HUB);
        let params = PatchParams {
            dry_run,
            field_manager: Some(manager.to_owned()),
            ..PatchParams::default()
        };
        let what = format!("rewrite {}", object.label());
        let patch = Patch::Merge(patch);
        self.call(About::One, &what, &|| {
            Ask::new(&url).patch(&name, &params, &patch)
        })
        .await
    }

    /// The CRD.
    pub(super) async fn definition(&self) -> Result<Value, Refusal> {
        let what = format!("read CustomResourceDefinition {CRD}");
        self.call(About::All, &what, &|| {
            Ask::new(DEFINITIONS).get(CRD, &GetParams::default())
        })
        .await
    }

    /// What time it is by the API server; nothing where it does not say.
    pub(super) async fn time(&self) -> Option<Timestamp> {
        let ask = Ask::new(DEFINITIONS).get(CRD, &GetParams::default()).ok()?;
        let answer = timeout(CALL, dated::<IgnoredAny>(&self.client, ask)).await;
        answer.ok()?.ok()?.1
    }

    /// Changes the CRD's status.
    pub(super) async fn write_status(&self, patch: &Value) -> Result<Value, Refusal> {
        let params = PatchParams {
            field_manager: Some(super::rewrite::MANAGER.to_owned()),
            ..PatchParams::default()
        };
        let patch = Patch::Merge(patch);
        let what = format!("write the status of CustomResourceDefinition {CRD}");
        self.call(About::All, &what, &|| {
            Ask::new(DEFINITIONS).patch_subresource("status", CRD, &params, &patch)
        })
        .await
    }

    /// Makes a call until it is answered with more than that nobody can, now.
    async fn call<T: DeserializeOwned>(
        &self,
        about: About,
        what: &str,
        request: &(dyn Fn() -> Result<Request<Vec<u8>>, kube::core::request::Error> + Sync),
    ) -> Result<T, Refusal> {
        let begun = Instant::now();
        let mut pause = PAUSES.0;
        loop {
            let ask = request().map_err(|error| Refusal::Refused(error.to_string()))?;
            let writes = ask.method() == Method::PATCH;
            let sent = Instant::now();
            let answer = timeout(CALL, self.client.request::<T>(ask)).await;
            let took = writes.then(|| sent.elapsed());
            let trouble = match answer {
                Ok(Ok(answer)) => {
                    self.works(took);
                    return Ok(answer);
                }
                Ok(Err(error)) => match judged(error) {
                    Judged::Doubtful(_, words) if self.fare().begins() => Trouble::new(words),
                    Judged::Final(refusal) | Judged::Doubtful(refusal, _) => {
                        self.works(took);
                        return Err(refusal);
                    }
                    Judged::Away(words) => {
                        self.fare().away = Some(Instant::now());
                        Trouble::new(words)
                    }
                    Judged::Passing(trouble) => trouble,
                },
                Err(_) => {
                    self.fare().away = Some(Instant::now());
                    Trouble::new(format!("no answer within {} s", CALL.as_secs()))
                }
            };
            self.fare().pace.pushed_back();
            if begun.elapsed() > self.patience {
                let words = format!("to {what}: {}", trouble.words);
                let others = self.fare().answered > begun;
                return Err(if about == About::One && others {
                    Refusal::Refused(words)
                } else {
                    Refusal::Fatal(Error::Away(words))
                });
            }
            let news = self.fare().complaint.is_new(&trouble.words);
            if news {
                self.stage
                    .say(&format!("trying again to {what}: {}", trouble.words));
            }
            let spread = rand::random_range(0.5..1.0);
            sleep(trouble.after.unwrap_or_default().max(pause.mul_f64(spread))).await;
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    /// A call was answered; a write took so long.
    fn works(&self, took: Option<Duration>) {
        let mut fare = self.fare();
        fare.answered = Instant::now();
        fare.complaint.settle();
        if let Some(took) = took {
            fare.pace.answered(took);
        }
    }
}

/// An object's URL, up to its name.
fn place(object: &Untyped, version: &str) -> (String, String) {
    let url = within(object.metadata("namespace"), version);
    (url, object.metadata("name").to_owned())
}

#[cfg(test)]
mod tests;
