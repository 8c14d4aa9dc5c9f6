//! AWS and Kubernetes as a guard asks them, each answer a test's to set.

use std::collections::BTreeMap;
use std::sync::Mutex;

use stow_versions::status::PostgresDBStatus;

use super::of;
use crate::cluster::{self, Cluster, Event, Kept, Neighbour, PostgresDB, SecretRead};
use crate::plan::{HeldSecret, SecretContent};
use crate::rds::{CreateInstance, DeleteInstance, Error, Instance, ModifyInstance, Rds};

/// AWS and Kubernetes, as far as a guard asks them.
#[derive(Default)]
pub(super) struct World {
    /// What STS answers; nothing while it is out of reach.
    pub(super) account: Mutex<Option<String>>,
    /// How often it was asked.
    pub(super) asked: Mutex<u32>,
    pub(super) instances: Mutex<Vec<Instance>>,
    pub(super) kept: Mutex<Option<Kept>>,
    /// What the API server answers instead.
    pub(super) failure: Mutex<Option<cluster::Error>>,
    /// Who writes the pin first, just before we do.
    pub(super) rival: Mutex<Option<BTreeMap<String, String>>>,
}

impl Rds for World {
    async fn account(&self) -> Result<String, Error> {
        *self.asked.lock().unwrap() += 1;
        self.account.lock().unwrap().clone().ok_or(Error::Unknown {
            action: "GetCallerIdentity",
            message: "no way there".to_owned(),
        })
    }

    async fn sweep(&self) -> Result<Vec<Instance>, Error> {
        Ok(self.instances.lock().unwrap().clone())
    }

    async fn describe(&self, _: &str) -> Result<Option<Instance>, Error> {
        unreachable!("a guard looks at no single instance")
    }

    async fn create(&self, _: &CreateInstance) -> Result<Instance, Error> {
        unreachable!("a guard changes nothing")
    }

    async fn modify(&self, _: &ModifyInstance) -> Result<Instance, Error> {
        unreachable!("a guard changes nothing")
    }

    async fn delete(&self, _: &DeleteInstance) -> Result<(), Error> {
        unreachable!("a guard changes nothing")
    }

    async fn add_tags(&self, _: &str, _: &BTreeMap<String, String>) -> Result<(), Error> {
        unreachable!("a guard changes nothing")
    }
}

impl Cluster for World {
    async fn identity(&self) -> Result<Option<Kept>, cluster::Error> {
        match self.failure.lock().unwrap().clone() {
            Some(failure) => Err(failure),
            None => Ok(self.kept.lock().unwrap().clone()),
        }
    }

    async fn pin_identity(
        &self,
        data: &BTreeMap<String, String>,
        over: Option<&str>,
    ) -> Result<(), cluster::Error> {
        let mut kept = self.kept.lock().unwrap();
        if let Some(data) = self.rival.lock().unwrap().take() {
            *kept = Some(of(data));
        }
        let version = kept.as_ref().map(|kept| kept.resource_version.as_str());
        if version != over {
            let what = "the pin".to_owned();
            return Err(cluster::Error::Conflict { what });
        }
        let mut written = kept.take().map(|kept| kept.data).unwrap_or_default();
        written.extend(data.clone());
        *kept = Some(of(written));
        Ok(())
    }

    async fn fetch(&self, _: &str, _: &str) -> Result<Option<PostgresDB>, cluster::Error> {
        unreachable!("a guard looks at no object")
    }

    async fn set_finalizer(&self, _: &PostgresDB, _: bool) -> Result<PostgresDB, cluster::Error> {
        unreachable!("a guard changes nothing")
    }

    async fn set_status(
        &self,
        _: &PostgresDB,
        _: &PostgresDBStatus,
    ) -> Result<PostgresDB, cluster::Error> {
        unreachable!("a guard changes nothing")
    }

    async fn secret(&self, _: &str, _: &str) -> Result<SecretRead, cluster::Error> {
        unreachable!("a guard looks at no Secret")
    }

    async fn create_secret(&self, _: &PostgresDB, _: &SecretContent) -> Result<(), cluster::Error> {
        unreachable!("a guard changes nothing")
    }

    async fn update_secret(
        &self,
        _: &str,
        _: &HeldSecret,
        _: &SecretContent,
    ) -> Result<(), cluster::Error> {
        unreachable!("a guard changes nothing")
    }

    async fn delete_secret(&self, _: &str, _: &HeldSecret) -> Result<(), cluster::Error> {
        unreachable!("a guard changes nothing")
    }

    async fn publish(&self, _: &PostgresDB, _: &Event) -> Result<(), cluster::Error> {
        unreachable!("a guard tells nobody")
    }

    fn config_map(&self) -> Option<BTreeMap<String, String>> {
        None
    }

    fn neighbours(&self, _: &str, _: &str) -> Vec<Neighbour> {
        Vec::new()
    }
}
