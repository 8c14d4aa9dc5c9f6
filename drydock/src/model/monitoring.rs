//! What watches an instance.

use serde::{Deserialize, Serialize};

/// Enhanced monitoring, Performance Insights and Database Insights: kept and
/// described, and nothing is measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Monitoring {
    /// Seconds between enhanced monitoring's points; 0 is off.
    pub interval: i32,
    /// The ARN of the role that enhanced monitoring writes with.
    pub role: Option<String>,
    /// Whether Performance Insights is on.
    pub insights: bool,
    /// The key that Performance Insights encrypts with.
    pub insights_key: Option<String>,
    /// Days that Performance Insights keeps.
    pub insights_retention: Option<i32>,
    /// Database Insights: `standard` or `advanced`.
    pub mode: String,
}

impl Default for Monitoring {
    /// RDS's: everything that can be off is.
    fn default() -> Self {
        Self {
            interval: 0,
            role: None,
            insights: false,
            insights_key: None,
            insights_retention: None,
            mode: "standard".to_owned(),
        }
    }
}
