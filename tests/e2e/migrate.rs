//! `stow migrate` on a real API server, with etcd read directly.

mod away;
mod leader;
mod races;
mod refused;
mod rest;
mod strange;
mod yard;
