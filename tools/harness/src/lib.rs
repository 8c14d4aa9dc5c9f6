//! Boots what Stow's tests and demo need, on loopback and on free ports: a real
//! Kubernetes control plane, an RDS endpoint, and proxies between them and the
//! operator.
//!
//! Nothing here may know how the operator decides: it is driven from outside,
//! as users drive it.

mod certificates;
pub mod control_plane;
pub mod database;
pub mod demo;
pub mod drydock;
pub mod error;
pub mod eventually;
pub mod exchange;
pub mod loopback;
pub mod moto;
pub mod operator;
pub mod process;
mod programs;
pub mod proxy;
pub mod rds;
pub mod relay;
mod scratch;

pub use self::{
    control_plane::{
        ControlPlane,
        audit::{Audited, Target},
        kubectl::{Kubectl, Output},
    },
    database::Database,
    drydock::Drydock,
    error::{Error, Result},
    eventually::eventually,
    exchange::Upstream,
    loopback::free_port,
    moto::Moto,
    operator::{Operator, OperatorConfig, REGION},
    proxy::{Answer, Call, Proxy},
    rds::Rds,
    relay::ServiceRelay,
};
