//! A reverse proxy on loopback that a test places before the API server or the
//! RDS endpoint: it keeps a journal of the calls, and can lose, delay, rewrite
//! and hold them, or cut everything off.
//!
//! It understands enough of a call to pick it out, and nothing of what either
//! side makes of it. HTTP/1.1 towards both; plain towards the caller, who needs
//! no certificate then. Upgraded connections (`kubectl exec`) are not relayed.

mod call;
mod rule;
mod serve;

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use http::StatusCode;
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::AbortHandle,
};

use self::rule::{Effect, Entry};
pub use self::{
    call::{Call, KubernetesPath},
    rule::{Answer, Held, Holds, Rule, When},
};
use crate::{
    error::{Error, Result},
    exchange::Upstream,
};

/// A running proxy. Dropping it ends its connections.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: AbortHandle,
}

struct Shared {
    upstream: Upstream,
    state: Mutex<State>,
    /// Whether it is blocked. Every change ends the connections of before.
    blocked: watch::Sender<bool>,
}

#[derive(Default)]
struct State {
    next_call: u64,
    next_rule: u64,
    calls: Vec<Call>,
    rules: Vec<Entry>,
}

impl Proxy {
    /// Starts one, which lives on the runtime that this is called on.
    pub async fn start(upstream: Upstream) -> Result<Self> {
        let failed = || Error::system("listening for a proxy");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(failed())?;
        let address = listener.local_addr().map_err(failed())?;
        let shared = Arc::new(Shared {
            upstream,
            state: Mutex::default(),
            blocked: watch::Sender::new(false),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared))).abort_handle();
        Ok(Self {
            address,
            shared,
            accepting,
        })
    }

    /// `http://127.0.0.1:<port>`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Begins a rule for the calls that match. The first rule that is for a call
    /// is the one applied to it. A matcher sees the call before its answer, and
    /// must not ask the proxy.
    pub fn when(&self, matcher: impl Fn(&Call) -> bool + Send + Sync + 'static) -> When<'_> {
        When {
            shared: &self.shared,
            matcher: Box::new(matcher),
            skip: 0,
            times: None,
        }
    }

    /// Removes every rule. What is held stays held.
    pub fn clear_rules(&self) {
        self.shared.state().rules.clear();
    }

    /// Every call since the start or since [`Self::forget`], in the order of
    /// arrival.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.state().calls.clone()
    }

    /// How many calls match.
    pub fn count(&self, matcher: impl Fn(&Call) -> bool) -> usize {
        let state = self.shared.state();
        state.calls.iter().filter(|call| matcher(call)).count()
    }

    /// The calls that asked for a change.
    pub fn mutations(&self) -> Vec<Call> {
        let mut calls = self.calls();
        calls.retain(Call::is_mutation);
        calls
    }

    /// Clears the journal.
    pub fn forget(&self) {
        self.shared.state().calls.clear();
    }

    /// Cuts every connection, watches included, and refuses new ones: each is
    /// closed as soon as it is made.
    pub fn block(&self) {
        self.shared.blocked.send_replace(true);
    }

    /// Takes connections again.
    pub fn unblock(&self) {
        self.shared.blocked.send_replace(false);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.block();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters a call into the journal, and finds what shall happen to it.
    fn record(&self, call: impl FnOnce(u64) -> Call) -> (u64, Option<Effect>) {
        let mut state = self.state();
        let sequence = state.next_call;
        state.next_call += 1;
        let call = call(sequence);
        let effect = state.rules.iter_mut().find_map(|rule| rule.take(&call));
        state.calls.push(call);
        (sequence, effect)
    }

    fn answered(&self, sequence: u64, status: StatusCode) {
        self.update(sequence, |call| call.status = Some(status));
    }

    fn delivered(&self, sequence: u64) {
        self.update(sequence, |call| call.answered = true);
    }

    fn update(&self, sequence: u64, change: impl FnOnce(&mut Call)) {
        let mut state = self.state();
        // Not there when the journal was cleared meanwhile.
        if let Some(call) = state
            .calls
            .iter_mut()
            .rfind(|call| call.sequence == sequence)
        {
            change(call);
        }
    }

    fn call(&self, sequence: u64) -> Option<Call> {
        let state = self.state();
        let found = state.calls.iter().rfind(|call| call.sequence == sequence);
        found.cloned()
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        // A connection that was gone before it was taken is nobody's loss.
        if let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(connection(stream, Arc::clone(&shared)));
        }
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    let mut blocked = shared.blocked.subscribe();
    if *blocked.borrow_and_update() {
        return;
    }
    // Without it an answer could wait for the acknowledgement of another.
    let _best_effort = stream.set_nodelay(true);
    let service = service_fn(move |request| serve::serve(Arc::clone(&shared), request));
    let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // Either side may break off, and a rule may want just that.
        _ended = served => {}
        _blocked = blocked.changed() => {}
    }
}
