//! RDS takes its time over a create, as it does at AWS: the endpoint that the
//! tests run on has every instance available at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use harness::{Error, Result, eventually};

use crate::stage::{PATIENCE, Replica, Stage};

const AVAILABLE: &str = "<DBInstanceStatus>available<";
const CREATING: &str = "<DBInstanceStatus>creating<";

/// An instance that is being created until people were told so.
pub(super) struct Slowly {
    name: String,
    over: Arc<AtomicBool>,
}

impl Slowly {
    pub(super) fn create(name: &str, replica: &Replica) -> Self {
        let over = Arc::<AtomicBool>::default();
        let (about, is_over) = (format!(">{name}-"), Arc::clone(&over));
        replica
            .rds
            .when(|call| {
                ["CreateDBInstance", "DescribeDBInstances"].contains(&call.action().unwrap_or(""))
            })
            .map(move |page| {
                if is_over.load(Ordering::SeqCst) {
                    return page;
                }
                let instances = page.split_inclusive("</DBInstance>");
                let shown = instances.map(|instance| {
                    if instance.contains(&about) {
                        creating(instance)
                    } else {
                        instance.to_owned()
                    }
                });
                shown.collect()
            });
        Self {
            name: name.to_owned(),
            over,
        }
    }

    /// Waits for the object to say that RDS creates, lets RDS be done with it,
    /// and waits for the object to be Ready.
    pub(super) async fn ready(&self, stage: &Stage) -> Result<()> {
        let what = format!("postgresdb/{}", self.name);
        let said = eventually(format!("{what} to be creating"), PATIENCE, || async {
            if self.over.load(Ordering::SeqCst) {
                return Ok(());
            }
            let object = stage.get(&what).await?;
            match object["status"]["ready"].as_str() {
                Some("creating") => Ok(()),
                _ => Err(Error::Unexpected(object["status"].to_string())),
            }
        });
        said.await.map_err(|error| stage.explain(&error))?;
        self.over.store(true, Ordering::SeqCst);
        stage.ready(&self.name).await.map(drop)
    }
}

/// An instance as RDS shows it while it is being created.
fn creating(instance: &str) -> String {
    let instance = instance.replace(AVAILABLE, CREATING);
    let cut = instance
        .split_once("<Endpoint>")
        .and_then(|(before, rest)| {
            let (_, after) = rest.split_once("</Endpoint>")?;
            Some(format!("{before}{after}"))
        });
    cut.unwrap_or(instance)
}
