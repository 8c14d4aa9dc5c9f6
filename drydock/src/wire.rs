//! The Query protocol: form-urlencoded Actions in, XML out, over HTTP.
//!
//! Must not know what any Action does.

mod authorization;
mod parameters;
mod serve;
mod xml;

pub use authorization::{Authorization, Service};
pub use parameters::Parameters;
pub use serve::router;
pub use xml::Element;
