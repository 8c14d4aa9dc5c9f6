//! RDS takes its time over a create, as it does at AWS, so that people are told of
//! it before it is over.

use harness::{Error, Result, eventually};

use crate::stage::{PATIENCE, Stage};

/// Instances that are being created until people were told so.
pub(super) struct Slowly {
    name: String,
}

impl Slowly {
    pub(super) async fn create(name: &str, stage: &Stage) -> Result<Self> {
        stage.hold(&["creating"]).await?;
        Ok(Self {
            name: name.to_owned(),
        })
    }

    /// Waits for the object to say that RDS creates, lets RDS be done with it,
    /// and waits for the object to be Ready.
    pub(super) async fn ready(&self, stage: &Stage) -> Result<()> {
        let what = format!("postgresdb/{}", self.name);
        let told = eventually(format!("{what} to be creating"), PATIENCE, || async {
            let object = stage.get(&what).await?;
            match object["status"]["ready"].as_str() {
                // It was told, and let go, before the operator was killed.
                Some("creating" | "backing-up" | "available") => Ok(()),
                _ => Err(Error::Unexpected(object["status"].to_string())),
            }
        });
        told.await.map_err(|error| stage.explain(&error))?;
        stage.let_go().await?;
        stage.ready(&self.name).await.map(drop)
    }
}
