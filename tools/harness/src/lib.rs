//! Boots what Stow's tests and demo need, on loopback and on free ports: a real
//! Kubernetes control plane, an RDS endpoint, and proxies between them and the
//! operator.
//!
//! Nothing here may know how the operator decides: it is driven from outside,
//! as users drive it.

mod certificates;
pub mod control_plane;
pub mod demo;
pub mod error;
pub mod eventually;
pub mod exchange;
pub mod loopback;
pub mod moto;
pub mod operator;
pub mod process;
mod programs;
pub mod proxy;
pub mod relay;
mod scratch;

pub use self::{
    control_plane::{
        ControlPlane,
        audit::{Audited, Target},
        kubectl::{Kubectl, Output},
    },
    error::{Error, Result},
    eventually::eventually,
    exchange::Upstream,
    loopback::free_port,
    moto::{Moto, Rds},
    operator::{Operator, OperatorConfig, REGION},
    proxy::{Answer, Call, Proxy},
    relay::ServiceRelay,
};
