//! Boots what Stow's tests and demo need, on loopback and on free ports: a real
//! Kubernetes control plane, an RDS endpoint, and proxies between them and the
//! operator.
//!
//! Nothing here may know how the operator decides: it is driven from outside,
//! as users drive it.
