//! The `stow` binary.

fn main() {}
