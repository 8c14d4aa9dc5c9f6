//! One object read in both versions, past the caches of the API server: it is stored
//! in one, and the other takes a conversion.
//!
//! Nothing here may judge what comes of it.

use kube::api::GetParams;
use kube::core::Request;

use super::pages::{Example, Survey, versions};
use super::{Installation, Reader, Unread, timed};
use crate::preflight::cluster::Trial;
use crate::untyped::{Untyped, within};

impl Reader {
    /// Tries a conversion on an object, if there is one.
    pub(in crate::preflight) async fn trial(
        &self,
        installation: &Installation,
        survey: &Survey,
    ) -> Trial {
        let versions = versions(installation);
        if versions.len() < 2 || !installation.converts() || !survey.listed {
            return Trial::Needless;
        }
        for example in &survey.examples {
            match self.shown(example, &versions).await {
                Ok(()) => return Trial::Works(format!("{}/{}", example.namespace, example.name)),
                // It was deleted since, which says nothing of a conversion.
                Err(why) if why.gone => {}
                Err(why) if why.denied => return Trial::Forbidden(why),
                Err(why) => return Trial::Fails(why),
            }
        }
        Trial::Untried
    }

    /// Reads an object in each version.
    async fn shown(&self, example: &Example, versions: &[&str]) -> Result<(), Unread> {
        let Example { namespace, name } = example;
        for version in versions {
            let what = format!("postgresdb {namespace}/{name} in {version}");
            let request = async {
                let request = Request::new(within(namespace, version))
                    .get(name, &GetParams::default())
                    .map_err(kube::Error::BuildRequest)?;
                self.client.request::<Untyped>(request).await
            };
            timed(what, request).await?;
        }
        Ok(())
    }
}
