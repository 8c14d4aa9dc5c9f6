//! What a request may look at and change: a turn happens and is kept, or does
//! not happen.
//!
//! Must not know what a turn is about.

use std::sync::Arc;

use jiff::Timestamp;

use super::Dock;
use crate::{
    fault::{self, Fault},
    model::{Region, Scope},
    servers::{Servers, Version},
    settings::Settings,
};

/// What a request may look at.
#[derive(Debug)]
pub struct View<'a> {
    /// Where it looks.
    pub region: &'a Region,
    /// Which region of which account that is.
    pub scope: &'a Scope,
    /// By drydock's clock.
    pub now: Timestamp,
    /// Engine versions that are here.
    pub versions: &'a [Version],
    /// Whether instances can move from one to another of them.
    pub upgrades: bool,
    /// The servers, for the parameters that groups may set.
    pub servers: &'a Servers,
    /// The address that endpoints show.
    pub advertised: &'a str,
}

/// What a request may change.
#[derive(Debug)]
pub struct Turn<'a> {
    /// Where it changes something.
    pub region: &'a mut Region,
    /// Which region of which account that is.
    pub scope: &'a Scope,
    /// By drydock's clock.
    pub now: Timestamp,
    /// Delays, lag, quotas.
    pub settings: &'a Settings,
    /// The servers, for versions and ports.
    pub servers: &'a Servers,
    /// The address that endpoints show.
    pub advertised: &'a str,
}

impl Turn<'_> {
    /// The same, to look at.
    pub fn view(&self) -> View<'_> {
        View {
            region: self.region,
            scope: self.scope,
            now: self.now,
            versions: self.servers.versions(),
            upgrades: self.servers.upgrades(),
            servers: self.servers,
            advertised: self.advertised,
        }
    }
}

impl Dock {
    /// Looks at a region.
    pub fn read<T>(&self, scope: &Scope, look: impl FnOnce(&View<'_>) -> T) -> T {
        let world = self.lock();
        let none = Region::default();
        look(&View {
            region: world.regions.get(&scope.key()).unwrap_or(&none),
            scope,
            now: self.clock.now(),
            versions: self.servers.versions(),
            upgrades: self.servers.upgrades(),
            servers: &self.servers,
            advertised: &self.advertised,
        })
    }

    /// Changes a region. An error changes nothing, and what is answered without
    /// one is on disk.
    pub fn write<T>(
        self: &Arc<Self>,
        scope: &Scope,
        change: impl FnOnce(&mut Turn<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let settings = self.settings();
        let mut world = self.lock();
        let key = scope.key();
        let before = world.regions.get(&key).cloned();
        let copies = super::copies(&world);
        let region = world.regions.entry(key.clone()).or_default();
        let mut outcome = change(&mut Turn {
            region,
            scope,
            now: self.clock.now(),
            settings: &settings,
            servers: &self.servers,
            advertised: &self.advertised,
        });
        if outcome.is_ok()
            && let Err(error) = self.store.save(&world)
        {
            tracing::error!(%error, "the state cannot be kept");
            outcome = Err(fault::INTERNAL_FAILURE.because("drydock cannot write its state."));
        }
        if outcome.is_err() {
            match before {
                Some(before) => world.regions.insert(key.clone(), before),
                None => world.regions.remove(&key),
            };
        }
        let fewer = super::copies(&world) < copies;
        drop(world);
        if fewer {
            self.sweep();
        }
        if outcome.is_ok() {
            self.drive_all();
            self.stirred.notify_waiters();
        }
        outcome
    }
}
