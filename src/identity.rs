//! Who this operator is: the cluster, the AWS account and the region that it was
//! first started for, pinned in a `ConfigMap`; and whether it still is.
//!
//! With another region, role or `--cluster-id` every database seems missing, or
//! somebody else's, and each of the answers to that is wrong. So what is seen is
//! compared with the pin before anything follows from it.
//!
//! Nothing here may look at what an object wants, or change anything but the pin.

mod guard;
mod pin;

pub use guard::{Guard, Own};
pub use pin::{Difference, Facet, Pin, Seen};

/// The `ConfigMap` that holds the pin, in the operator's namespace.
pub const CONFIG_MAP: &str = "stow-identity";
