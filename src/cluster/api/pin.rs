//! The `ConfigMap` that holds the operator's pin.
//!
//! Nothing here may know what the pin means.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Patch, PostParams};
use kube::{Api, ResourceExt};
use serde_json::json;

use super::secret::MANAGED_BY;
use super::{STOW, by_stow, timed};
use crate::cluster::{Error, Kept};
use crate::identity::CONFIG_MAP;

pub(super) async fn read(config_maps: &Api<ConfigMap>) -> Result<Option<Kept>, Error> {
    let what = format!("reading ConfigMap {CONFIG_MAP}");
    let read = timed(what, config_maps.get_opt(CONFIG_MAP)).await?;
    Ok(read.map(|config_map| Kept {
        resource_version: config_map.resource_version().unwrap_or_default(),
        data: config_map.data.unwrap_or_default(),
    }))
}

pub(super) async fn write(
    config_maps: &Api<ConfigMap>,
    data: &BTreeMap<String, String>,
    over: Option<&str>,
) -> Result<(), Error> {
    let what = format!("writing ConfigMap {CONFIG_MAP}");
    let Some(resource_version) = over else {
        let mut config_map = ConfigMap {
            data: Some(data.clone()),
            ..ConfigMap::default()
        };
        config_map.metadata.name = Some(CONFIG_MAP.to_owned());
        config_map.metadata.labels =
            Some(BTreeMap::from([(MANAGED_BY.to_owned(), STOW.to_owned())]));
        let params = PostParams {
            field_manager: Some(STOW.to_owned()),
            ..PostParams::default()
        };
        let created = timed(what, config_maps.create(&params, &config_map)).await;
        return created.map(drop);
    };
    let patch = json!({"metadata": {"resourceVersion": resource_version}, "data": data});
    let (params, patch) = (by_stow(), Patch::Merge(patch));
    timed(what, config_maps.patch(CONFIG_MAP, &params, &patch))
        .await
        .map(drop)
}
