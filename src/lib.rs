//! Stow: a Kubernetes operator for PostgreSQL databases on Amazon RDS.

pub mod rds;
