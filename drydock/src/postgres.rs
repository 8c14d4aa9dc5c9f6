//! Real PostgreSQL: finds the releases on this machine, and runs one server for
//! each instance, with a port in front of it that ends TLS.
//!
//! It knows nothing of RDS's API, of its states or its delays: a method returns
//! when what it says is true. Nothing here may run as root but drydock itself.

mod authority;
mod backups;
mod error;
mod front;
mod installations;
mod lock;
mod parameters;
mod process;
mod record;
mod roles;
mod server;
mod session;
mod snapshot;
mod template;
mod tree;
mod upgrade;
mod user;

pub use self::{
    backups::{Restorable, discard, restorable},
    error::Error,
    installations::{Installations, Reach, Version},
    parameters::Parameter,
    server::{Server, Spec},
};
