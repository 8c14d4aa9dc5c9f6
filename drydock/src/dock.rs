//! The state behind a lock, and who may change it: requests in turns that
//! either happen and are kept or do not happen, and the steps of instances.
//!
//! Must not know the wire nor what a turn is about.

mod drive;

use std::{
    collections::HashSet,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::{
    calls::Calls,
    fault::{self, Fault},
    faults::Faults,
    machine::{self, Clock},
    model::{Region, Scope, World},
    servers::{Kept, Servers, Version},
    settings::Settings,
    store::Store,
};

/// The account that everything belongs to, until another one is set.
const ACCOUNT: &str = "123456789012";

/// A running drydock.
#[derive(Debug)]
pub struct Dock {
    world: Mutex<World>,
    store: Store,
    clock: Clock,
    servers: Servers,
    settings: RwLock<Settings>,
    account: RwLock<String>,
    /// What goes wrong on request.
    pub faults: Faults,
    /// Who called what.
    pub calls: Calls,
    /// Instances whose steps somebody is going through, by `DbiResourceId`.
    driven: Mutex<HashSet<String>>,
    /// Something changed that a driver may be waiting for.
    stirred: Notify,
    /// The address that endpoints show.
    advertised: String,
}

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
            advertised: self.advertised,
        }
    }
}

impl Dock {
    /// Opens a folder and goes on with what its instances were about to do.
    ///
    /// Instances whose servers cannot be brought back are `failed`.
    pub async fn open(
        store: Store,
        world: World,
        servers: Servers,
        settings: Settings,
        advertised: String,
    ) -> Arc<Self> {
        let mut world = world;
        for region in world.regions.values_mut() {
            machine::renew(region, servers.versions());
        }
        let dock = Arc::new(Self {
            clock: Clock::new(world.offsets.clone()),
            world: Mutex::new(world),
            store,
            servers,
            settings: RwLock::new(settings),
            account: RwLock::new(ACCOUNT.to_owned()),
            faults: Faults::default(),
            calls: Calls::default(),
            driven: Mutex::default(),
            stirred: Notify::new(),
            advertised,
        });
        dock.resume().await;
        dock.drive_all();
        tokio::spawn(drive::tick(Arc::downgrade(&dock)));
        dock
    }

    /// Brings the servers of all instances back.
    async fn resume(&self) {
        let instances: Vec<_> = {
            let world = self.lock();
            let regions = world.regions.values();
            regions
                .flat_map(|region| region.instances.values())
                .filter(|instance| instance.reachable)
                .cloned()
                .collect()
        };
        self.servers.sweep(|| kept(&self.lock())).await;
        for instance in instances {
            let Err(error) = self.servers.resume(&instance).await else {
                continue;
            };
            tracing::error!(instance = instance.identifier, %error, "its server is gone");
            let mut world = self.lock();
            for region in world.regions.values_mut() {
                for found in region.instances.values_mut() {
                    if found.resource_id == instance.resource_id && !found.is_deleting() {
                        found.steps.clear();
                        "failed".clone_into(&mut found.resting);
                    }
                }
            }
        }
    }

    /// Stops every server; a drydock on the same folder starts them again.
    pub async fn stop(&self) {
        self.servers.stop().await;
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The account behind every caller's credentials.
    pub fn account(&self) -> String {
        self.account
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Puts another account behind every caller's credentials.
    pub fn set_account(&self, account: String) {
        *self.account.write().unwrap_or_else(PoisonError::into_inner) = account;
    }

    /// The servers behind the instances.
    pub fn servers(&self) -> &Servers {
        &self.servers
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The settings as they are now.
    pub fn settings(&self) -> Settings {
        self.settings
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Replaces the settings.
    pub fn set(&self, settings: Settings) {
        *self
            .settings
            .write()
            .unwrap_or_else(PoisonError::into_inner) = settings;
    }

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
        let copies = copies(&world);
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
        let fewer = self::copies(&world) < copies;
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

    /// Moves the clock forward.
    pub fn advance(self: &Arc<Self>, by: std::time::Duration) -> io::Result<Timestamp> {
        let mut world = self.lock();
        world.offsets = self.clock.advance(by);
        self.store.save(&world)?;
        drop(world);
        self.begin_what_is_due();
        Ok(self.clock.now())
    }

    /// Begins what the clock alone begins, everywhere.
    fn begin_what_is_due(self: &Arc<Self>) {
        let now = self.clock.now();
        let mut world = self.lock();
        let mut began = false;
        let copies = copies(&world);
        for region in world.regions.values_mut() {
            began |= machine::tick(region, now);
        }
        let fewer = self::copies(&world) < copies;
        if began && let Err(error) = self.store.save(&world) {
            tracing::error!(%error, "the state cannot be kept");
        }
        drop(world);
        if fewer {
            self.sweep();
        }
        if began {
            self.drive_all();
        }
    }

    /// Removes the folders that nothing names any more, meanwhile.
    fn sweep(self: &Arc<Self>) {
        let dock = Arc::clone(self);
        tokio::spawn(async move { dock.servers.sweep(|| kept(&dock.lock())).await });
    }

    /// Sees to it that every instance with steps has a driver.
    fn drive_all(self: &Arc<Self>) {
        let world = self.lock();
        let mut driven = self.driven.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, region) in &world.regions {
            let Some(scope) = Scope::from_key(key) else {
                continue;
            };
            for instance in region.instances.values() {
                if !instance.steps.is_empty() && driven.insert(instance.resource_id.clone()) {
                    tokio::spawn(drive::drive(
                        Arc::downgrade(self),
                        scope.clone(),
                        instance.resource_id.clone(),
                    ));
                }
            }
        }
    }
}

/// How many folders of snapshots and of retained backups there may be.
fn copies(world: &World) -> usize {
    let regions = world.regions.values();
    regions
        .map(|it| it.snapshots.len() + it.retained.len())
        .sum()
}

/// The folders that the servers still need.
fn kept(world: &World) -> Kept {
    let mut kept = Kept::default();
    for region in world.regions.values() {
        for resource in region.instances.values().map(|it| &it.resource_id) {
            kept.instances.insert(resource.clone());
            // Backups are moved there before the instance is gone.
            kept.backups.insert(resource.clone());
        }
        kept.backups.extend(region.retained.keys().cloned());
        let folders = region.snapshots.values().map(|it| it.folder.clone());
        kept.snapshots.extend(folders);
    }
    kept
}
