//! The task that keeps a certificate in place: the CA from its Secret, a leaf
//! issued from it, both replaced in time.
//!
//! Nothing here may stop serving: with the API server away it goes on with what
//! it holds, and issues new leaves from that.

use std::sync::Arc;
use std::time::Duration;

use backon::BackoffBuilder;
use jiff::Timestamp;
use kube::Client;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::authority::{Authority, IssueError, Leaf};
use super::secret::{Store, Unavailable};
use super::serving::Serving;
use crate::complaint::Complaint;
use crate::metrics::Metrics;
use crate::probes::Component;

/// How often the Secret is read: one live call a replica, instead of a watch on
/// Secrets. It also is how late a leaf may be renewed.
const LOOK_EVERY: Duration = Duration::from_mins(1);

/// From when another CA stands in the Secret until a replica serves under it:
/// time for the leader to see it too and to publish both. And as long again the
/// former is trusted, for the replicas that are slower.
const HANDOVER: Duration = Duration::from_secs(150);

/// How long one look may take. The API server may accept and then not answer.
const CALL: Duration = Duration::from_secs(15);

/// Keeps the webhook's certificate. What it makes is read through
/// [`Keeper::serving`] and [`Keeper::trust`].
pub struct Keeper {
    store: Store,
    names: Vec<String>,
    serving: Arc<Serving>,
    trust: watch::Sender<Option<String>>,
    metrics: Metrics,
}

impl Keeper {
    /// `names` are the host names and addresses under which the webhook is
    /// called: see [`super::names`].
    pub fn new(client: Client, namespace: &str, names: Vec<String>, metrics: Metrics) -> Self {
        Self {
            store: Store::new(client, namespace),
            names,
            serving: Arc::default(),
            trust: watch::Sender::new(None),
            metrics,
        }
    }

    /// The certificate to serve with, from the first one on.
    pub fn serving(&self) -> Arc<Serving> {
        Arc::clone(&self.serving)
    }

    /// What clients have to trust: certificates in PEM, of every CA under which
    /// a replica may serve now.
    pub fn trust(&self) -> watch::Receiver<Option<String>> {
        self.trust.subscribe()
    }

    /// Runs until `shutdown`. The component is ready from the first leaf on.
    pub async fn run(self, component: Component, shutdown: CancellationToken) {
        let mut complaint = Complaint::default();
        let backoff = super::backoff();
        let mut pauses = backoff.build();
        let mut held = None;
        while !shutdown.is_cancelled() {
            let looked = tokio::select! {
                () = shutdown.cancelled() => return,
                looked = self.look(&mut held) => looked,
            };
            let pause = match looked {
                Ok(()) => {
                    if complaint.settle() {
                        tracing::info!("the webhook's CA can be read again");
                    }
                    pauses = backoff.build();
                    LOOK_EVERY
                }
                Err(error) => {
                    let text = error.to_string();
                    if complaint.is_new(&text) {
                        tracing::warn!("the webhook's CA: {text}");
                    }
                    if held.is_none() {
                        component.waiting(format!("no certificate yet: {text}"));
                    }
                    pauses.next().unwrap_or(LOOK_EVERY)
                }
            };
            if held.is_some() {
                component.ready();
            }
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = sleep(pause) => {}
            }
        }
    }

    /// Reads the Secret, and replaces what is due, read or not.
    async fn look(&self, held: &mut Option<Held>) -> Result<(), Unavailable> {
        let wall = Timestamp::now();
        let obtain = self.store.obtain(held.as_ref().map(|held| &held.ca), wall);
        let found = timeout(CALL, obtain).await.unwrap_or_else(|_| {
            Err(Unavailable::Api(
                "the API server does not answer".to_owned(),
            ))
        });
        let (found, error) = match found {
            Ok(found) => (Some(found), Ok(())),
            Err(error) => (None, Err(error)),
        };
        let now = Instant::now();
        let renewed = match (held.as_mut(), found) {
            (None, None) => return error,
            (None, Some(found)) => {
                *held = Some(Held::new(found, &self.names, wall)?);
                true
            }
            (Some(held), found) => {
                if let Some(found) = found {
                    held.see(found, now);
                }
                held.advance(&self.names, now, wall)?
            }
        };
        if let Some(held) = held {
            // Trusted first, then served.
            let trust = held.trust();
            self.trust.send_if_modified(|published| {
                let modified = published.as_ref() != Some(&trust);
                *published = Some(trust);
                modified
            });
            if renewed {
                self.serving.set(Arc::clone(&held.leaf.certificate));
                self.metrics.certificate(held.leaf.expires);
                tracing::info!(
                    "the webhook serves a certificate until {}",
                    held.leaf.expires
                );
            }
        }
        error
    }
}

/// What a replica serves under, and is about to, and did.
#[derive(Debug)]
struct Held {
    ca: Authority,
    leaf: Leaf,
    /// Another CA that was found in the Secret, and when to serve under it.
    next: Option<(Authority, Instant)>,
    /// The certificates of the CA before, and until when to trust them.
    former: Option<(String, Instant)>,
}

impl Held {
    fn new(ca: Authority, names: &[String], wall: Timestamp) -> Result<Self, IssueError> {
        Ok(Self {
            leaf: ca.issue(names, wall)?,
            ca,
            next: None,
            former: None,
        })
    }

    /// The Secret holds this CA now.
    fn see(&mut self, found: Authority, now: Instant) {
        if found.is(&self.ca) {
            self.next = None;
        } else if !self.next.as_ref().is_some_and(|(next, _)| found.is(next)) {
            self.next = Some((found, now + HANDOVER));
        }
    }

    /// Does what is due; whether there is another leaf.
    fn advance(
        &mut self,
        names: &[String],
        now: Instant,
        wall: Timestamp,
    ) -> Result<bool, IssueError> {
        if self.former.as_ref().is_some_and(|(_, until)| now >= *until) {
            self.former = None;
        }
        let expired = self.ca.is_expired(wall);
        if let Some((next, _)) = self.next.take_if(|(_, due)| now >= *due || expired) {
            self.leaf = next.issue(names, wall)?;
            let before = std::mem::replace(&mut self.ca, next);
            self.former = Some((before.certificates().to_owned(), now + HANDOVER));
            return Ok(true);
        }
        if wall >= self.leaf.renew && !expired {
            self.leaf = self.ca.issue(names, wall)?;
            return Ok(true);
        }
        Ok(false)
    }

    fn trust(&self) -> String {
        let mut trust = self.ca.certificates().to_owned();
        let next = self.next.as_ref().map(|(next, _)| next.certificates());
        let former = self.former.as_ref().map(|(former, _)| former.as_str());
        for more in next.into_iter().chain(former) {
            if !trust.contains(more) {
                trust.push_str(more);
            }
        }
        trust
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_api::FakeApi;
    use crate::probes::Health;
    use http::Method;
    use jiff::SignedDuration;

    const PATH: &str = "/api/v1/namespaces/stow-system/secrets/stow-webhook";

    fn names() -> Vec<String> {
        vec!["stow.stow-system.svc".to_owned()]
    }

    #[test]
    fn another_ca_is_trusted_at_once_and_served_under_later() {
        let wall = Timestamp::now();
        let now = Instant::now();
        let mut held = Held::new(Authority::generate(wall).unwrap(), &names(), wall).unwrap();
        let old = held.ca.certificates().to_owned();
        let new = Authority::generate(wall).unwrap();
        let new_pem = new.certificates().to_owned();

        held.see(new, now);
        assert!(!held.advance(&names(), now, wall).unwrap());
        assert!(held.trust().contains(&old) && held.trust().contains(&new_pem));

        assert!(held.advance(&names(), now + HANDOVER, wall).unwrap());
        assert_eq!(held.ca.certificates(), new_pem);
        assert!(
            held.trust().contains(&old),
            "others may serve under it still"
        );

        assert!(!held.advance(&names(), now + 2 * HANDOVER, wall).unwrap());
        assert_eq!(held.trust(), new_pem);
    }

    #[test]
    fn an_expired_ca_is_not_waited_for() {
        let wall = Timestamp::now();
        let now = Instant::now();
        let mut held = Held::new(Authority::generate(wall).unwrap(), &names(), wall).unwrap();
        let later = wall + super::super::authority::AUTHORITY_LIFE;
        held.see(Authority::generate(later).unwrap(), now);
        assert!(held.advance(&names(), now, later).unwrap());
        assert!(held.leaf.expires > later);
    }

    #[test]
    fn a_leaf_is_renewed_at_two_thirds_of_its_life() {
        let wall = Timestamp::now();
        let now = Instant::now();
        let mut held = Held::new(Authority::generate(wall).unwrap(), &names(), wall).unwrap();
        let renew = held.leaf.renew;
        let before = renew - SignedDuration::from_secs(1);
        assert!(!held.advance(&names(), now, before).unwrap());
        assert!(held.advance(&names(), now, renew).unwrap());
        assert!(held.leaf.renew > renew);
    }

    #[tokio::test(start_paused = true)]
    async fn it_waits_for_the_api_server_and_then_outlives_it() {
        let api = FakeApi::new();
        api.refuse(Some((Method::GET, 403)));
        let (client, _cut) = api.client();
        let keeper = Keeper::new(client, "stow-system", names(), Metrics::new());
        let (mut trust, health) = (keeper.trust(), Health::default());
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(keeper.run(health.component("certificate"), shutdown.clone()));
        sleep(Duration::from_mins(1)).await;
        let reason = health.unready().unwrap();
        assert!(reason.contains("get secrets"), "{reason}");

        api.refuse(None);
        let _ = trust.wait_for(Option::is_some).await.unwrap();
        while health.unready().is_some() {
            sleep(Duration::from_millis(10)).await;
        }
        let stored = api.get(PATH).unwrap();
        api.freeze(true);
        sleep(Duration::from_mins(10)).await;
        assert_eq!(health.unready(), None);

        api.freeze(false);
        api.delete(PATH);
        while api.get(PATH).is_none() {
            sleep(Duration::from_secs(1)).await;
        }
        assert_eq!(
            api.get(PATH).unwrap()["data"],
            stored["data"],
            "the same CA again"
        );
        shutdown.cancel();
        task.await.unwrap();
    }
}
