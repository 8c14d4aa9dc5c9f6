//! The Query protocol: form-urlencoded Actions in, XML out, over HTTP.
//!
//! Must not know what any Action does.

mod answer;
mod authorization;
mod entrance;
mod listen;
mod parameters;
mod serve;
mod spoilt;
mod xml;

pub use authorization::{Authorization, Service};
pub use entrance::{BadKey, Entrance, Key};
pub use listen::{Limits, serve};
pub use parameters::Parameters;
pub(crate) use serve::LARGEST_BODY;
pub use serve::{Harbour, router};
pub use spoilt::Broken;
pub use xml::Element;
