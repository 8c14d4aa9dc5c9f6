//! One object read in both versions, past the caches of the API server: it is stored
//! in one, and the other takes a conversion.
//!
//! Nothing here may judge what comes of it.

use kube::api::GetParams;
use kube::core::Request;
use stow_versions::{GROUP, PLURAL};

use super::pages::{Example, Judged, versions};
use super::{Installation, Reader, timed};
use crate::preflight::cluster::Trial;
use crate::untyped::Untyped;

impl Reader {
    /// Tries a conversion on an object, if there is one.
    pub(in crate::preflight) async fn trial(
        &self,
        installation: &Installation,
        judged: &Judged,
    ) -> Trial {
        let versions = versions(installation);
        let conversion = installation.definition().map(|crd| &crd.spec.conversion);
        let by_webhook = conversion.is_some_and(|conversion| {
            let strategy = conversion.as_ref().map(|it| it.strategy.as_str());
            strategy == Some("Webhook")
        });
        if versions.len() < 2 || !by_webhook || !judged.listed {
            return Trial::Needless;
        }
        let Some(Example { namespace, name }) = &judged.example else {
            return Trial::Untried;
        };
        for version in versions {
            let what = format!("postgresdb {namespace}/{name} in {version}");
            let request = async {
                let url = format!("/apis/{GROUP}/{version}/namespaces/{namespace}/{PLURAL}");
                let request = Request::new(url)
                    .get(name, &GetParams::default())
                    .map_err(kube::Error::BuildRequest)?;
                self.client.request::<Untyped>(request).await
            };
            match timed(what, request).await {
                Ok(_) => {}
                Err(why) if why.denied => return Trial::Forbidden(why),
                Err(why) => return Trial::Fails(why),
            }
        }
        Trial::Works(format!("{namespace}/{name}"))
    }
}
