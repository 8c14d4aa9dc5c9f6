//! What happens to instances behind the clients' backs: AWS's own doings, and
//! other people's.

use serde::Deserialize;

use crate::{
    dock::Turn,
    fault::{self, Fault},
    machine::{Step, Work},
    servers::Version,
};

/// What happens to an instance. Each is one key of a JSON object.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Meddling {
    /// It has this status from now on, known or not; `available` heals it.
    Status(String),
    /// Its storage grew by itself to so many GiB.
    Grow(i32),
    /// AWS moved its minor version.
    Version(String),
    /// Somebody changed its class.
    Class(String),
    /// Somebody renamed it.
    Rename(String),
    /// Somebody deleted it, backups and all.
    Delete(Delete),
    /// Somebody replaced its tags.
    Tags(crate::model::Tags),
}

/// Nothing more is to be said about a deletion.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delete {}

/// Does it.
pub fn meddle(turn: &mut Turn<'_>, identifier: &str, how: Meddling) -> Result<(), Fault> {
    let not_found =
        || fault::INSTANCE_NOT_FOUND.because(format!("there is no instance {identifier}"));
    let refused = |why: String| fault::INVALID_PARAMETER_VALUE.because(why);
    let instance = turn
        .region
        .instances
        .get_mut(identifier)
        .ok_or_else(not_found)?;
    let configuration = &mut instance.configuration;
    match how {
        Meddling::Status(status) => {
            instance.steps.clear();
            instance.resting = status;
        }
        Meddling::Grow(size) if size < configuration.storage => {
            return Err(refused("storage never shrinks".to_owned()));
        }
        Meddling::Grow(size) => configuration.storage = size,
        Meddling::Version(version) => {
            let _: Version = version
                .parse()
                .map_err(|error| refused(format!("{error}")))?;
            configuration.engine_version = version;
        }
        Meddling::Class(class) => {
            crate::rules::name::class(&class)?;
            configuration.class = class;
        }
        Meddling::Tags(tags) => instance.tags = tags,
        Meddling::Delete(Delete {}) => {
            instance.steps = [Step::new(
                "deleting",
                Work::Destroy {
                    keep_backups: false,
                },
            )]
            .into();
        }
        Meddling::Rename(to) => {
            let to = crate::rules::name::identifier("name", &to, 63)?;
            if turn.region.has_instance(&to) {
                return Err(refused(format!("{to} exists")));
            }
            let mut instance = turn
                .region
                .instances
                .remove(identifier)
                .ok_or_else(not_found)?;
            instance.arn = turn.scope.arn("db", &to);
            instance.identifier.clone_from(&to);
            turn.region.instances.insert(to, instance);
        }
    }
    Ok(())
}
