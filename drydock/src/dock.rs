//! The state behind a lock, and who may change it: requests in turns that
//! either happen and are kept or do not happen, and the steps of instances.
//!
//! Must not know the wire nor what a turn is about.

mod drive;
mod turn;

use std::{
    collections::HashSet,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::{
    calls::Calls,
    faults::Faults,
    machine::{self, Clock},
    model::{Scope, World},
    servers::{Kept, Servers},
    settings::Settings,
    store::Store,
};

pub use self::turn::{Turn, View};

/// The account that everything belongs to, until another one is set.
const ACCOUNT: &str = "123456789012";

/// Why the clock does not move.
#[derive(Debug, thiserror::Error)]
pub enum Unmoved {
    /// There are no dates.
    #[error("there is no time left: the last year is 9999")]
    TooFar,
    /// It moved, and a drydock that starts again may not know.
    #[error("the clock cannot be kept: {0}")]
    Unkept(#[from] io::Error),
}

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
            let resumed = self.servers.resume(&instance).await;
            if let Err(error) = &resumed {
                tracing::error!(instance = instance.identifier, %error, "its server is gone");
            }
            let mut world = self.lock();
            let regions = world.regions.values_mut();
            for found in regions.flat_map(|region| region.instances.values_mut()) {
                if found.resource_id == instance.resource_id {
                    machine::resume(found, resumed.is_ok());
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

    /// Moves the clock forward.
    pub fn advance(self: &Arc<Self>, by: std::time::Duration) -> Result<Timestamp, Unmoved> {
        let mut world = self.lock();
        world.offsets = self.clock.advance(by).ok_or(Unmoved::TooFar)?;
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
