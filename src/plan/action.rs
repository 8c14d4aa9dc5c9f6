//! What the operator can do: one change to the world each.
//!
//! Nothing here may say when something is done, or whether it may be.

use std::collections::BTreeMap;

use crate::rds::{CreateInstance, DeleteInstance, ModifyInstance};

use super::{HeldSecret, SecretContent};

/// One change to the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Puts Stow's finalizer on the object.
    AddFinalizer,
    /// Takes Stow's finalizer off the object, whose instance is gone.
    RemoveFinalizer,
    /// Takes Stow's finalizer off the object, and leaves an instance.
    Release {
        /// `DBInstanceIdentifier`, or the ARN of one that is elsewhere.
        identifier: String,
        /// Why it stays.
        why: Stays,
    },
    /// Writes down, before RDS is asked, that it is asked for another major: a
    /// second time needs another spec.
    NoteUpgrade {
        /// `EngineVersion`.
        version: String,
    },
    /// Writes down, before an instance of 2017 takes Stow's tags, what of the spec
    /// it is not to be made by that.
    NoteInherited(BTreeMap<String, String>),
    /// Creates the Secret.
    CreateSecret(SecretContent),
    /// Sets keys of a Secret that exists.
    UpdateSecret {
        /// The Secret as it was observed; another one is not touched.
        held: HeldSecret,
        /// What it should hold.
        content: SecretContent,
    },
    /// Deletes a Secret that another one has replaced.
    DeleteSecret(HeldSecret),
    /// Creates the instance.
    Create(Box<CreateInstance>),
    /// Modifies the instance.
    Modify(Box<ModifyInstance>),
    /// Adds or overwrites tags of the instance.
    AddTags {
        /// `DBInstanceArn`.
        arn: String,
        /// The tags to set.
        tags: BTreeMap<String, String>,
    },
    /// Deletes the instance.
    Delete(DeleteInstance),
}

/// Why an instance stays where its object goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stays {
    /// `spec.deletionPolicy` says so.
    ByPolicy,
    /// It says itself that it is somebody else's.
    NotOurs,
}

impl Action {
    /// Whether it tries once more what `other` tried. A password that nothing
    /// uses yet is drawn anew for every plan, and is not what made one fail.
    pub fn repeats(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::CreateSecret(now), Self::CreateSecret(then)) => now.repeats(then),
            (
                Self::UpdateSecret { held, content },
                Self::UpdateSecret {
                    held: held_then,
                    content: then,
                },
            ) => held == held_then && content.repeats(then),
            _ => self == other,
        }
    }

    /// Whether it sets something that `other` sets too, so that what RDS shows
    /// in the end is the later one's.
    pub fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Modify(one), Self::Modify(another)) => one.overlaps(another),
            (Self::AddTags { tags, .. }, Self::AddTags { tags: others, .. }) => {
                tags.keys().any(|key| others.contains_key(key))
            }
            _ => false,
        }
    }
}
