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
    /// What differs from the engine's values, by the parameters' names.
    pub parameters: BTreeMap<String, Setting>,
    /// Tags by key.
    pub tags: Tags,
}

impl ParameterGroup {
    /// The parameters' values alone.
    pub fn values(&self) -> BTreeMap<String, String> {
        let settings = self.parameters.iter();
        settings
            .map(|(name, setting)| (name.clone(), setting.value.clone()))
            .collect()
    }
}

/// What a parameter was set to, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// As the request wrote it.
    pub value: String,
    /// When the request wanted it to take effect.
    pub method: ApplyMethod,
}

/// When a change of a parameter takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ApplyMethod {
    /// At once.
    Immediate,
    /// With the next reboot.
    PendingReboot,
}

impl ApplyMethod {
    /// RDS's name of it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Immediate => "immediate",
            Self::PendingReboot => "pending-reboot",
        }
    }
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
