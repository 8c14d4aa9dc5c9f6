//! What a replica serves under, and is about to: when to swap, and when to renew.
//!
//! Pure but for the randomness of keys: nothing here may read a clock, or talk to
//! anybody.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::time::Instant;

use super::authority::{Authority, IssueError};
use super::credential::Credential;
use super::sight::{Sight, Verdict};
use super::trust::Trust;

/// What the Secret holds.
#[derive(Debug)]
pub(super) enum Found {
    /// A CA, from which each replica issues its own leaf.
    Authority(Authority),
    /// A leaf that all replicas share.
    Leaf(Credential),
}

/// What clients have to trust for a replica.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Every CA under which it serves, or is about to.
    pub(super) now: Trust,
    /// And every one under which it ever did.
    pub(super) once: Trust,
}

/// What a replica serves under, and what follows.
#[derive(Debug)]
pub(super) struct Held {
    current: Credential,
    once: Trust,
    /// Of another CA, and when it was found.
    next: Option<(Credential, Instant)>,
}

impl Found {
    pub(super) fn credential(
        self,
        names: &[String],
        wall: Timestamp,
    ) -> Result<Credential, IssueError> {
        match self {
            Self::Authority(authority) => Credential::issue(authority, names, wall),
            Self::Leaf(given) => Ok(given),
        }
    }

    fn is_of(&self, credential: &Credential) -> bool {
        match self {
            Self::Authority(authority) => {
                let issuer = credential.authority.as_ref();
                issuer.is_some_and(|issuer| authority.is(issuer))
            }
            Self::Leaf(given) => given.trust == credential.trust,
        }
    }
}

impl Held {
    pub(super) fn new(current: Credential) -> Self {
        Self {
            once: current.trust.clone(),
            current,
            next: None,
        }
    }

    pub(super) fn current(&self) -> &Credential {
        &self.current
    }

    /// Of another CA, and when it was found.
    pub(super) fn next(&self) -> Option<(&Trust, Instant)> {
        let next = self.next.as_ref();
        next.map(|(next, found)| (&next.trust, *found))
    }

    /// The Secret holds this now. Whether there is another leaf to serve at once,
    /// since the CA is the same.
    pub(super) fn see(
        &mut self,
        found: Found,
        names: &[String],
        wall: Timestamp,
        now: Instant,
    ) -> Result<bool, IssueError> {
        let known = if found.is_of(&self.current) {
            self.next = None;
            Some(&mut self.current)
        } else {
            let next = self.next.as_mut().map(|(next, _)| next);
            next.filter(|next| found.is_of(next))
        };
        let Some(known) = known else {
            self.next = Some((found.credential(names, wall)?, now));
            return Ok(false);
        };
        let Found::Leaf(given) = found else {
            return Ok(false);
        };
        let is_other = given.leaf.certificate.cert != known.leaf.certificate.cert;
        *known = given;
        Ok(is_other && self.next.is_none())
    }

    /// Does what is due; whether there is another leaf.
    pub(super) fn advance(
        &mut self,
        sight: &Sight,
        names: &[String],
        wall: Timestamp,
        now: Instant,
    ) -> Result<bool, IssueError> {
        let expired = self.current.leaf.expires <= wall;
        let due = self.next.take_if(|(next, found)| {
            expired || sight.judge(&next.trust, *found, now) == Verdict::Yes
        });
        if let Some((next, _)) = due {
            self.once = self.once.and(&next.trust);
            self.current = next;
            return Ok(true);
        }
        let leaf = &mut self.current.leaf;
        match &self.current.authority {
            Some(authority) if wall >= leaf.renew && !authority.is_expired(wall) => {
                *leaf = authority.issue(names, wall)?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// What clients have to trust, the next CA included: first published, then
    /// served under.
    pub(super) fn wanted(&self) -> Wanted {
        let current = &self.current.trust;
        let next = self.next.as_ref();
        Wanted {
            now: next.map_or_else(|| current.clone(), |(next, _)| current.and(&next.trust)),
            once: self.once.clone(),
        }
    }

    pub(super) fn certificate(&self) -> Arc<rustls::sign::CertifiedKey> {
        Arc::clone(&self.current.leaf.certificate)
    }
}

#[cfg(test)]
mod tests;
