//! Groups that instances refer to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Tags;

/// A DB parameter group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParameterGroup {
    /// Lowercase.
    pub name: String,
    /// `postgres17` and its like.
    pub family: String,
    /// For people.
    pub description: String,
    /// Values that differ from the engine's.
    pub parameters: BTreeMap<String, String>,
    /// Tags by key.
    pub tags: Tags,
}

/// A DB subnet group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubnetGroup {
    /// Lowercase.
    pub name: String,
    /// For people.
    pub description: String,
    /// The subnets' ids.
    pub subnets: Vec<String>,
    /// Tags by key.
    pub tags: Tags,
}
