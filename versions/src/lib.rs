//! The versions of `PostgresDB`: their types, the schema that a cluster is
//! given, and the conversion between them.
//!
//! Nothing here may know a client, a runtime or a clock: conversion is a pure
//! function that runs wherever an object is read.

pub mod convert;
pub mod crd;
pub mod limits;
pub mod policy;
pub mod status;
pub mod storage;
pub mod v1alpha1;
pub mod v1beta1;

/// The API group of every version.
pub const GROUP: &str = "myob.com";

/// The kind, the same in every version.
pub const KIND: &str = "PostgresDB";

/// The plural, as it stands in URLs and in the name of the CRD.
pub const PLURAL: &str = "postgresdbs";

/// The name of the CRD: the plural and the group.
pub const CRD: &str = "postgresdbs.myob.com";

/// The version that the operator works on, and objects are stored in.
pub const HUB: &str = "v1beta1";

/// The version of 2017.
pub const SPOKE: &str = "v1alpha1";

/// The finalizer that holds an object until its instance is gone.
pub const FINALIZER: &str = "stow.myob.com/database";

/// The annotation whose value `true` stops all changes at AWS for an object.
pub const PAUSED: &str = "stow.myob.com/paused";

/// The annotation whose value `true` has a database that was taken over made what
/// its spec says.
pub const APPLY_SPEC: &str = "stow.myob.com/apply-spec";

/// The prefix of annotations that keep, in a v1alpha1 view, what only the hub
/// can say. The rest of the name is the path of a hub field.
pub const HUB_PREFIX: &str = "hub.stow.myob.com/";

/// The prefix of annotations that keep, in the hub's view, how v1alpha1 said
/// it. The rest of the name is a v1alpha1 field.
pub const SPOKE_PREFIX: &str = "spoke.stow.myob.com/";

/// The path at which the conversion webhook is served.
pub const CONVERT_PATH: &str = "/convert";
