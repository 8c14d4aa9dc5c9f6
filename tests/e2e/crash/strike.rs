//! One call of many, picked out by its place in their order over both proxies.
//!
//! Nothing here may name a call: whatever a clean run makes is struck in turn,
//! so that a call which the operator learns to make later is struck too.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use harness::proxy::{Held, Holds};
use harness::{Answer, Call, Result};
use http::{Method, StatusCode};

use crate::stage::{PATIENCE, Replica};

const UNAVAILABLE: StatusCode = StatusCode::SERVICE_UNAVAILABLE;

/// The `n`-th call of a kind, from 0, over both proxies of a replica.
#[derive(Clone)]
pub(super) struct Nth {
    n: u64,
    counted: Arc<AtomicU64>,
    struck: Arc<OnceLock<String>>,
}

impl Nth {
    pub(super) fn new(n: u64) -> Self {
        Self {
            n,
            counted: Arc::default(),
            struck: Arc::default(),
        }
    }

    /// Matches that one call. Each of its calls has to be seen by one rule alone.
    pub(super) fn of(&self, kind: impl Kind) -> impl Fn(&Call) -> bool + Send + Sync + 'static {
        let nth = self.clone();
        move |call| {
            let hit = kind(call) && nth.counted.fetch_add(1, Ordering::SeqCst) == nth.n;
            if hit {
                // It is hit once, so there is nothing to replace.
                let _first = nth.struck.set(label(call));
            }
            hit
        }
    }

    /// What was struck, if the run got as far.
    pub(super) fn struck(&self) -> Option<&str> {
        self.struck.get().map(String::as_str)
    }

    /// Lets it happen to that call.
    pub(super) fn befall(&self, mishap: Mishap, replica: &Replica, kind: impl Kind) {
        let of_rds = replica.rds.when(self.of(kind.clone())).once();
        let of_kubernetes = replica.api.when(self.of(kind)).once();
        match mishap {
            Mishap::Lost => {
                of_rds.lose();
                of_kubernetes.lose();
            }
            Mishap::Failed => {
                of_rds.answer(rds_fails());
                of_kubernetes.answer(kubernetes_fails());
            }
        }
    }
}

/// What can happen to a call.
#[derive(Clone, Copy)]
pub(super) enum Mishap {
    /// It takes effect, and its answer is lost.
    Lost,
    /// The server answers that it cannot, and nothing takes effect.
    Failed,
}

/// RDS's answer where it is overloaded.
pub(super) fn rds_fails() -> Answer {
    Answer::rds_fault(UNAVAILABLE, "ServiceUnavailable", "not now")
}

fn kubernetes_fails() -> Answer {
    Answer::kubernetes_failure(UNAVAILABLE, "ServiceUnavailable", "not now")
}

/// What picks calls out, for one rule after another.
pub(super) trait Kind: Fn(&Call) -> bool + Clone + Send + Sync + 'static {}
impl<T: Fn(&Call) -> bool + Clone + Send + Sync + 'static> Kind for T {}

/// The `n`-th mutation, whose answer is held.
pub(super) struct Strike {
    nth: Nth,
    rds: Holds,
    api: Holds,
}

impl Strike {
    pub(super) fn at(n: u64, replica: &Replica) -> Self {
        let nth = Nth::new(n);
        let hold = |proxy: &harness::Proxy| proxy.when(nth.of(Call::is_mutation)).once().hold();
        Self {
            rds: hold(&replica.rds),
            api: hold(&replica.api),
            nth,
        }
    }

    /// The call, once it took effect; nothing where the goal is reached without
    /// there being such a call.
    pub(super) async fn call(
        &mut self,
        goal: impl Future<Output = Result<()>>,
    ) -> Result<Option<Held>> {
        tokio::select! {
            held = self.held() => return held.map(Some),
            reached = goal => reached?,
        }
        // The goal may be what that very call brought about.
        match self.nth.struck() {
            Some(_) => self.held().await.map(Some),
            None => Ok(None),
        }
    }

    async fn held(&mut self) -> Result<Held> {
        tokio::select! {
            held = self.rds.next(PATIENCE) => held,
            held = self.api.next(PATIENCE) => held,
        }
    }
}

/// A call in a word or two, such as `PATCH postgresdbs/status`.
pub(crate) fn label(call: &Call) -> String {
    if let Some(action) = call.action() {
        return action.to_owned();
    }
    let path = call.kubernetes().unwrap_or_default();
    let part = path.subresource.map(|part| format!("/{part}"));
    format!(
        "{} {}{}",
        call.method,
        path.resource,
        part.unwrap_or_default()
    )
}

/// Whether a call is about the object of that name, or its instance.
pub(super) fn concerns(call: &Call, name: &str) -> bool {
    call.path.contains(name) || call.text().contains(name)
}

/// Whether a call reads one thing: an object, a Secret, an instance.
pub(super) fn is_read(call: &Call) -> bool {
    match call.action() {
        Some(_) => !call.is_mutation(),
        None => call.method == Method::GET,
    }
}
