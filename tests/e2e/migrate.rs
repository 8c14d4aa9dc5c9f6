//! `stow migrate` on a real API server, with etcd read directly.

mod rest;
mod yard;
