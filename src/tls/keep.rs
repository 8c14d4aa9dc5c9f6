//! The task that keeps a certificate in place: from its Secret, swapped and
//! renewed in time.
//!
//! Nothing here may stop serving: with the API server away it goes on with what
//! it holds, and issues new leaves from that.

use std::sync::Arc;
use std::time::Duration;

use backon::BackoffBuilder;
use kube::Client;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::authority::Authority;
use super::bundle::introduce;
use super::clock::Clock;
use super::held::{Held, Wanted};
use super::look::Unavailable;
use super::notice::Notices;
use super::secret::SECRET;
use super::serving::Serving;
use super::sight::{Arrivals, Published, Sight, Verdict};
use super::source::{Source, Supply};
use super::standing::Standing;
use super::way::{follow, provoke};
use crate::complaint::Complaint;
use crate::metrics::Metrics;
use crate::probes::Component;

/// How often the Secret is read: one live call a replica, instead of a watch on
/// Secrets. It also is how late a leaf may be renewed.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// How long one write may take. The API server may accept and then not answer.
const CALL: Duration = Duration::from_secs(15);

/// How long a replica that starts waits to see whether its CA is published. Then
/// it serves with what it has: an API server that is this slow is no reason to
/// stay away from it.
const FIRST_SIGHT: Duration = Duration::from_secs(5);

/// Keeps the webhook's certificate. What it makes is read through
/// [`Keeper::serving`] and [`Keeper::trust`].
pub struct Keeper {
    client: Client,
    supply: Supply,
    serving: Arc<Serving>,
    trust: watch::Sender<Option<Wanted>>,
    published: watch::Sender<(Published, Instant)>,
    arrivals: Arrivals,
    notices: Notices,
    metrics: Metrics,
}

impl Keeper {
    /// Nothing is read before [`Keeper::run`]. `instance` names this replica in
    /// Events.
    pub fn new(
        client: Client,
        namespace: &str,
        source: Source,
        instance: &str,
        metrics: Metrics,
    ) -> Self {
        Self {
            supply: Supply::new(client.clone(), namespace, source),
            notices: Notices::new(client.clone(), instance),
            client,
            serving: Arc::default(),
            trust: watch::Sender::new(None),
            published: watch::Sender::new((Published::Unknown, Instant::now())),
            arrivals: Arrivals::default(),
            metrics,
        }
    }

    /// The certificate to serve with, from the first one on.
    pub fn serving(&self) -> Arc<Serving> {
        Arc::clone(&self.serving)
    }

    /// What clients have to trust: every CA under which this replica serves, or is
    /// about to.
    pub fn trust(&self) -> watch::Receiver<Option<Wanted>> {
        self.trust.subscribe()
    }

    /// Whom to tell of connections that bring calls.
    pub fn arrivals(&self) -> Arrivals {
        self.arrivals.clone()
    }

    /// Runs until `shutdown`. The component is ready once there is a leaf that API
    /// servers accept, as far as is known.
    pub async fn run(self, component: Component, shutdown: CancellationToken) {
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = follow(self.client.clone(), &self.published) => {}
            () = self.keep(&component) => {}
        }
    }

    async fn keep(&self, component: &Component) {
        let mut clock = Clock::new(self.metrics.clone());
        let mut complaint = Complaint::default();
        let backoff = super::backoff();
        let mut pauses = backoff.build();
        let mut held = self.first(&mut clock, component).await;
        let (mut unintroduced, mut untold) = (Complaint::default(), Complaint::default());
        let mut standing = Standing::new(Instant::now());
        let mut next_look = Instant::now() + LOOK_EVERY;
        loop {
            self.publish(&held);
            if standing.see(&self.sight(), &held.current().trust, Instant::now()) {
                component.ready();
            } else {
                component.waiting("the CRD does not publish the CA of its certificate yet");
            }
            let due = standing.due().map_or(next_look, |due| due.min(next_look));
            self.wait(&held, due).await;
            if standing
                .introduction()
                .is_some_and(|at| at <= Instant::now())
            {
                self.introduce(&held, &mut unintroduced).await;
                standing.introduced(Instant::now());
            }
            let looked = if Instant::now() >= next_look {
                let looked = self.look(&mut held, &mut clock).await;
                self.tell(&mut clock, &mut untold).await;
                next_look = Instant::now()
                    + match &looked {
                        Ok(_) => {
                            pauses = backoff.build();
                            LOOK_EVERY
                        }
                        Err(_) => pauses.next().unwrap_or(LOOK_EVERY),
                    };
                Some(looked)
            } else {
                None
            };
            let seen = match looked {
                None => false,
                Some(Ok(seen)) => {
                    if complaint.settle() {
                        tracing::info!("the webhook's certificate can be read again");
                    }
                    seen
                }
                Some(Err(error)) => {
                    warn_once(&mut complaint, &error);
                    false
                }
            };
            match held.advance(
                &self.sight(),
                self.supply.names(),
                clock.now(),
                Instant::now(),
            ) {
                Ok(advanced) if seen || advanced => self.serve(&held),
                Ok(_) => {}
                Err(error) => warn_once(&mut complaint, &error.into()),
            }
        }
    }

    /// The first certificate, however long it takes.
    async fn first(&self, clock: &mut Clock, component: &Component) -> Held {
        let mut complaint = Complaint::default();
        let mut pauses = super::backoff().build();
        let current = loop {
            let found = self.supply.obtain(None, clock).await;
            let credential = found.and_then(|found| {
                let made = found.credential(self.supply.names(), clock.now());
                made.map_err(Unavailable::from)
            });
            match credential {
                Ok(credential) => break credential,
                Err(error) => {
                    warn_once(&mut complaint, &error);
                    component.waiting(format!("no certificate yet: {error}"));
                }
            }
            sleep_until(Instant::now() + pauses.next().unwrap_or(LOOK_EVERY)).await;
        };
        let held = Held::new(current);
        // Even where nobody accepts it yet: the handshake then says so.
        self.serve(&held);
        self.publish(&held);
        let mut published = self.published.subscribe();
        let seen = published.wait_for(|(published, _)| *published != Published::Unknown);
        let _ = timeout(FIRST_SIGHT, seen).await;
        held
    }

    /// Publishes the CA that it serves under beside those of others.
    async fn introduce(&self, held: &Held, complaint: &mut Complaint) {
        let trust = &held.current().trust;
        match timeout(CALL, introduce(self.client.clone(), trust)).await {
            Ok(Ok(true)) => tracing::info!(
                "published this replica's CA beside others: the leader does not know it"
            ),
            Ok(Ok(false)) | Err(_) => {}
            Ok(Err(text)) => {
                if complaint.is_new(&text) {
                    tracing::warn!("publishing this replica's CA: {text}");
                }
            }
        }
    }

    /// Until there may be something to do.
    async fn wait(&self, held: &Held, latest: Instant) {
        let mut published = self.published.subscribe();
        let mut youngest = self.arrivals.youngest();
        let now = Instant::now();
        let next = held.next();
        let verdict = next.map(|(trust, found)| self.sight().judge(trust, found, now));
        let (due, unproven) = match verdict {
            Some(Verdict::Yes) => return,
            Some(Verdict::At(due)) => (due, false),
            Some(Verdict::UnlessCalled(due)) => (due, true),
            Some(Verdict::Unpublished) | None => (latest, false),
        };
        tokio::select! {
            () = sleep_until(due.min(latest)) => {}
            _ = published.changed() => {}
            _ = youngest.changed(), if unproven => {}
            () = provoke(&self.client), if unproven => {}
        }
    }

    /// Reads the Secret. Whether there is another leaf to serve at once.
    async fn look(&self, held: &mut Held, clock: &mut Clock) -> Result<bool, Unavailable> {
        let found = self.supply.obtain(Some(held.current()), clock).await?;
        let seen = held.see(found, self.supply.names(), clock.now(), Instant::now());
        Ok(seen?)
    }

    /// Tells people of the clock, where there is something to tell.
    async fn tell(&self, clock: &mut Clock, complaint: &mut Complaint) {
        if let Some(note) = clock.news()
            && self.notices.warn_of_clock(note, complaint).await
        {
            clock.told();
        }
    }

    fn sight(&self) -> Sight {
        let (published, since) = self.published.borrow().clone();
        Sight {
            published,
            since,
            youngest: *self.arrivals.youngest().borrow(),
        }
    }

    fn publish(&self, held: &Held) {
        let trust = held.wanted();
        self.trust.send_if_modified(|last| {
            let modified = last.as_ref() != Some(&trust);
            *last = Some(trust);
            modified
        });
    }

    fn serve(&self, held: &Held) {
        let current = held.current();
        self.serving.set(held.certificate());
        self.metrics
            .certificate(current.leaf.expires, current.trust_expires);
        tracing::info!(
            "the webhook serves a certificate until {}, of a CA that ends {}",
            current.leaf.expires,
            current.trust_expires
        );
        let authority = current.authority.as_ref();
        let unreadable = authority.map_or(&[][..], Authority::unreadable);
        if !unreadable.is_empty() {
            tracing::warn!(
                "of the certificates in ca.crt of Secret {SECRET}, these cannot be read, counted \
                 from one: {unreadable:?}. They are not published, and nobody trusts them: take \
                 them out"
            );
        }
    }
}

fn warn_once(complaint: &mut Complaint, error: &Unavailable) {
    let text = error.to_string();
    if complaint.is_new(&text) {
        tracing::warn!("the webhook's certificate: {text}");
    }
}

#[cfg(test)]
mod tests;
