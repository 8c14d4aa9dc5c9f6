//! Compares who we are with the pin: at every sweep by what it showed, and once
//! more before anything is done.
//!
//! An ARN shows account and region, so a sweep that lists an instance needs no
//! further call. One that lists none proves nothing by itself: it looks the same
//! from an empty account as from the wrong one, and STS is asked.
//!
//! Nothing here may decide what becomes of a database: it says whether what RDS
//! shows counts.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use stow_versions::status::Reason;
use tracing::info;

use super::pin::{Facet, Pin, Seen, explain};
use crate::cluster::{self, Cluster};
use crate::lead::Fence;
use crate::metrics::Metrics;
use crate::plan::Obstacle;
use crate::rds::{Error, Instance, Rds};

/// A pin that somebody else writes at the same time is read again. More often
/// than that it is not a race.
const ROUNDS: usize = 3;

/// What the operator knows of itself without asking AWS.
#[derive(Clone, Debug)]
pub struct Own {
    /// The operator's namespace, for the commands that people are told.
    pub namespace: String,
    /// The cluster's id.
    pub cluster: String,
    /// The region that AWS's chain yields.
    pub region: Option<String>,
}

/// Whether this is still the cluster, the account and the region that the
/// operator was first started for.
pub struct Guard<R, C> {
    rds: Arc<R>,
    cluster: Arc<C>,
    own: Own,
    fence: Fence,
    /// Whether a pin may be made: not by an operator that is to change nothing.
    pins: bool,
    known: ArcSwapOption<Pin>,
    metrics: Metrics,
}

impl<R: Rds, C: Cluster> Guard<R, C> {
    /// `pins` says whether what has never been pinned is pinned now.
    pub fn new(
        rds: Arc<R>,
        cluster: Arc<C>,
        own: Own,
        fence: Fence,
        pins: bool,
        metrics: Metrics,
    ) -> Self {
        Self {
            rds,
            cluster,
            own,
            fence,
            pins,
            known: ArcSwapOption::empty(),
            metrics,
        }
    }

    /// Every instance of the region, once it is sure that it is the right one.
    pub async fn sweep(&self) -> Result<Vec<Instance>, Obstacle> {
        let instances = self.rds.sweep().await.map_err(|e| Obstacle::from(&e))?;
        self.compare(&instances).await?;
        Ok(instances)
    }

    /// Compares the pin with what is seen, instances among it, and pins what has
    /// never been pinned.
    pub async fn compare(&self, instances: &[Instance]) -> Result<(), Obstacle> {
        let mut seen = self.own();
        for instance in instances {
            seen.note_arn(&instance.arn);
        }
        let unsure = if seen.knows(Facet::Account) {
            None
        } else {
            self.ask(&mut seen).await.err()
        };
        for _ in 0..ROUNDS {
            let kept = match self.cluster.identity().await {
                Ok(kept) => kept,
                Err(error) => match self.known.load_full() {
                    // It was read before; whoever writes to it needs the API
                    // server too.
                    Some(pin) if unreachable(&error) => return self.judge(&pin, &seen, unsure),
                    _ => return Err(of_the_cluster(&error)),
                },
            };
            let pin = kept
                .as_ref()
                .map_or_else(Pin::default, |kept| Pin::read(&kept.data));
            self.known.store(Some(Arc::new(pin.clone())));
            self.judge(&pin, &seen, unsure.clone())?;
            let lacks = pin.lacks(&seen);
            if lacks.is_empty() || !self.pins {
                return Ok(());
            }
            let over = kept.map(|kept| kept.resource_version);
            let write = self.cluster.pin_identity(&lacks, over.as_deref());
            let written = self.fence.bound(write).await;
            match written.map_err(|error| unsettled(&error.to_string()))? {
                Ok(()) => info!(?lacks, "pinned who this operator is"),
                Err(cluster::Error::Conflict { .. } | cluster::Error::NotFound { .. }) => {}
                Err(error) => return Err(of_the_cluster(&error)),
            }
            // Read again: what counts is what stands there.
        }
        Err(unsettled("the ConfigMap changes all the time"))
    }

    /// Asks AWS once more whose credentials these are, before something is done.
    /// Where STS cannot be reached, what the last sweep listed has to serve.
    pub async fn vouch<'a>(
        &self,
        listed: impl Iterator<Item = &'a Instance>,
    ) -> Result<(), Obstacle> {
        let mut seen = self.own();
        let unsure = match self.ask(&mut seen).await {
            Ok(()) => None,
            Err(obstacle) => {
                for instance in listed {
                    seen.note_arn(&instance.arn);
                }
                Some(obstacle).filter(|_| !seen.knows(Facet::Account))
            }
        };
        match self.known.load_full() {
            Some(pin) => self.judge(&pin, &seen, unsure),
            None => Err(unsettled("the pin was not read yet")),
        }
    }

    /// Whether an ARN is of another account or region than the operator works in.
    pub fn is_elsewhere(&self, arn: &str) -> bool {
        let mut seen = Seen::default();
        seen.note_arn(arn);
        let known = self.known.load_full();
        known.is_some_and(|pin| !pin.differs(&seen).is_empty())
    }

    fn own(&self) -> Seen {
        let mut seen = Seen::default();
        seen.note(Facet::Cluster, &self.own.cluster);
        if let Some(region) = &self.own.region {
            seen.note(Facet::Region, region);
        }
        seen
    }

    async fn ask(&self, seen: &mut Seen) -> Result<(), Obstacle> {
        match self.rds.account().await {
            Ok(account) => {
                seen.note(Facet::Account, account);
                Ok(())
            }
            Err(error) => Err(nobody_says(&error)),
        }
    }

    fn judge(&self, pin: &Pin, seen: &Seen, unsure: Option<Obstacle>) -> Result<(), Obstacle> {
        let differences = pin.differs(seen);
        self.metrics.identity(differences.is_empty());
        if !differences.is_empty() {
            let message = explain(&differences, &self.own.namespace);
            return Err(Obstacle::new(Reason::InvalidConfiguration, message));
        }
        if seen.contradicts_itself() {
            return Err(unsettled("RDS showed more than one account or region"));
        }
        unsure.map_or(Ok(()), Err)
    }
}

fn unreachable(error: &cluster::Error) -> bool {
    matches!(error, cluster::Error::Unavailable { .. })
}

fn of_the_cluster(error: &cluster::Error) -> Obstacle {
    match error {
        cluster::Error::Forbidden { .. } => {
            Obstacle::new(Reason::AccessDenied, format!("{error}."))
        }
        error => unsettled(&error.to_string()),
    }
}

fn unsettled(why: &str) -> Obstacle {
    Obstacle::new(
        Reason::Unreachable,
        format!(
            "It is not certain that this is the cluster, the account and the region that Stow was started for: {why}. Nothing is changed until it is."
        ),
    )
}

/// STS did not answer, and nothing else shows the account.
fn nobody_says(error: &Error) -> Obstacle {
    let why = match error {
        Error::Refused { code, message, .. } => format!("{code}: {message}"),
        Error::Throttled { .. } => "too many calls".to_owned(),
        Error::Unknown { message, .. } | Error::Unconfigured { message, .. } => message.clone(),
    };
    Obstacle::new(
        Reason::Unreachable,
        format!(
            "Nobody says whose AWS account this is: RDS lists no instance in it, and sts:GetCallerIdentity failed ({}). Nothing is changed until one of them shows that it is the account that Stow was started for: let the operator reach STS, in a private network by a VPC endpoint.",
            why.trim_end_matches(['.', ' '])
        ),
    )
}

#[cfg(test)]
mod tests;
