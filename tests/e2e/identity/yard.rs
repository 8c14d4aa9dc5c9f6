//! A fleet on drydock, whose account a test switches behind the operator's
//! credentials, and whose operator it restarts as another one.
//!
//! Nothing here may assert what a test is about.

use harness::{Call, Error, Proxy, Result, eventually};
use serde_json::Value;

use crate::looks::database;
use crate::stage::{PATIENCE, Replica, Stage};
use crate::sweep::is_sweep;

pub(crate) const SPEC: [&str; 2] = ["size: db.t4g.small", "storage: 20Gi"];

/// The ConfigMap that holds the pin.
pub(crate) const PIN: [&str; 4] = ["-n", "stow-system", "configmap", "stow-identity"];

/// A control plane, drydock with states alone, and a proxy before it that
/// outlives the operators.
pub(crate) struct Yard {
    pub(crate) stage: Stage,
    pub(crate) rds: Proxy,
}

impl Yard {
    /// No operator runs yet.
    pub(crate) async fn boot() -> Result<Self> {
        let stage = Stage::boot_with(&["--without-postgres"]).await?;
        let rds = Proxy::start(stage.drydock.upstream()).await?;
        Ok(Self { stage, rds })
    }

    /// The same, with an operator and these databases, all ready.
    pub(crate) async fn with_fleet(names: &[&str]) -> Result<Self> {
        let mut yard = Self::boot().await?;
        yard.start(&[], None).await?;
        let fleet: String = names.iter().map(|name| database(name, &SPEC)).collect();
        yard.stage.apply(&fleet, &[]).await?;
        for name in names {
            yard.stage.ready(name).await?;
        }
        Ok(yard)
    }

    /// Starts the operator with further arguments, perhaps in another region.
    pub(crate) async fn start(&mut self, arguments: &[&str], region: Option<&str>) -> Result<()> {
        let endpoint = self.rds.url();
        let replica = self.stage.replica_with(arguments, |config| {
            for (key, value) in &mut config.env {
                match (key.as_str(), region) {
                    ("AWS_ENDPOINT_URL", _) => value.clone_from(&endpoint),
                    ("AWS_REGION", Some(region)) => region.clone_into(value),
                    _ => {}
                }
            }
        });
        let replica = replica.await?;
        self.stage.replicas.push(replica);
        self.stage.relay().await?;
        self.stage.serving(0).await?;
        self.stage.trusted().await
    }

    /// Ends the operator in good order, so that the next one leads at once.
    pub(crate) async fn end(&mut self) -> Result<()> {
        let mut replica: Replica = self.stage.replicas.remove(0);
        replica.operator.terminate()?;
        replica.operator.wait(PATIENCE).await.map(drop)
    }

    /// Puts another account behind everybody's credentials.
    pub(crate) async fn switch_account(&self, account: &str) -> Result<()> {
        self.stage.drydock.set_account(account).await
    }

    /// The account that is behind them.
    pub(crate) async fn account(&self) -> Result<String> {
        self.stage.drydock.account().await
    }

    /// What is pinned; null where nothing is.
    pub(crate) async fn pin(&self) -> Result<Value> {
        let get = [&["get"][..], &PIN, &["--ignore-not-found", "-o", "json"]].concat();
        let text = self.stage.kubectl(&get).await?;
        if text.trim().is_empty() {
            return Ok(Value::Null);
        }
        let config_map: Value =
            serde_json::from_str(&text).map_err(|error| Error::Unexpected(error.to_string()))?;
        Ok(config_map["data"].clone())
    }

    /// Forgets every call so far.
    pub(crate) fn forget(&self) {
        self.rds.forget();
        self.stage.only().api.forget();
    }

    /// Waits until so many further sweeps are over, and what follows from them.
    pub(crate) async fn sweeps(&self, count: usize) -> Result<()> {
        let finished = || {
            self.rds
                .count(|call| is_sweep(call) && call.status.is_some())
        };
        let enough = finished() + count + 1;
        eventually(format!("{count} sweeps"), PATIENCE, || async {
            finished() >= enough
        })
        .await
    }

    /// What was changed: anything at RDS, and in Kubernetes all but what reports
    /// and what converting needs.
    pub(crate) fn changes(&self) -> Vec<String> {
        let is_allowed = |call: &Call| {
            call.kubernetes().is_some_and(|path| {
                let own = path.namespace.as_deref() == Some("stow-system");
                match path.resource.as_str() {
                    "events" | "customresourcedefinitions" => true,
                    "secrets" => own,
                    _ => path.subresource.as_deref() == Some("status"),
                }
            })
        };
        let mut calls = self.stage.only().api.mutations();
        calls.retain(|call| !is_allowed(call));
        calls.extend(self.rds.mutations());
        calls
            .iter()
            .map(|call| format!("{} {} {:?}", call.method, call.path, call.action()))
            .collect()
    }
}
