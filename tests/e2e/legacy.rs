//! A cluster as the operator of 2017 left it: its definition, its objects, their
//! instances with rows in them, their Secrets, and its own Deployment.
//!
//! Nothing here may know Stow's API beyond what that operator knew, or assert
//! what a test is about.

pub(crate) mod definition;
pub(crate) mod instances;
pub(crate) mod objects;
pub(crate) mod shapes;

use std::collections::BTreeMap;

use harness::{Error, Result};
use serde_json::Value;

pub(crate) use self::definition::Unknown;
pub(crate) use self::shapes::Shape;
use crate::stage::Stage;

/// What the identifiers begin with whose instances have a server; the others are
/// states alone, so that a machine bears as many as a cluster has.
pub(crate) const REAL: &str = "real-";

/// What the old operator called itself.
pub(crate) const OPERATOR: &str = "postgresdb-controller";

/// One of its objects, and what was made for it.
#[derive(Clone, Debug)]
pub(crate) struct Relic {
    pub(crate) name: String,
    pub(crate) shape: Shape,
    /// The object as the API server last showed it, in v1alpha1.
    pub(crate) object: Value,
    /// The identifier of its instance, where one was made.
    pub(crate) identifier: Option<String>,
}

/// The cluster that it left.
#[derive(Debug)]
pub(crate) struct Legacy {
    pub(crate) relics: Vec<Relic>,
}

impl Legacy {
    /// Leaves behind what the operator of 2017 would have, in the tests'
    /// namespace of a bare stage: so many objects, `real` of them with a server.
    /// The stage's drydock has to be started by [`drydock_arguments`].
    pub(crate) async fn leave(
        stage: &Stage,
        unknown: Unknown,
        count: usize,
        real: usize,
    ) -> Result<Self> {
        stage.make_room().await?;
        definition::leave(stage, unknown).await?;
        let mut relics = objects::leave(stage, count, real).await?;
        instances::leave(stage, &mut relics).await?;
        objects::leave_statuses(stage, &mut relics).await?;
        Ok(Self { relics })
    }

    /// Those that have an instance.
    pub(crate) fn databases(&self) -> impl Iterator<Item = (&Relic, &str)> {
        let relics = self.relics.iter();
        relics.filter_map(|relic| Some((relic, relic.identifier.as_deref()?)))
    }

    /// The name of an object that has rows in its database.
    pub(crate) fn with_rows(&self) -> &str {
        let real = |relic: &&Relic| relic.name.starts_with(REAL);
        let relic = self.relics.iter().find(real);
        &relic.expect("an object whose instance has a server").name
    }

    /// The first object of a shape.
    pub(crate) fn of(&self, shape: Shape) -> &Relic {
        let relic = self.relics.iter().find(|relic| relic.shape == shape);
        relic.unwrap_or_else(|| panic!("no object of the shape {shape:?}"))
    }

    /// What is said of an object by its name.
    pub(crate) fn by_name(&self, name: &str) -> Option<&Relic> {
        self.relics.iter().find(|relic| relic.name == name)
    }
}

/// The arguments with which drydock gives a server to those that are to have one.
pub(crate) const fn drydock_arguments() -> [&'static str; 2] {
    ["--postgres-for", REAL]
}

/// Every object of a namespace in v1alpha1, by name.
pub(crate) async fn in_v1alpha1(stage: &Stage) -> Result<BTreeMap<String, Value>> {
    let mut list = stage.get("postgresdbs.v1alpha1.myob.com").await?;
    let Value::Array(items) = list["items"].take() else {
        return Err(Error::Unexpected(list.to_string()));
    };
    let named = |item: Value| {
        let name = item["metadata"]["name"].as_str()?.to_owned();
        Some((name, item))
    };
    Ok(items.into_iter().filter_map(named).collect())
}
