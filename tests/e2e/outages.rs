//! Servers and names that are away for a while, and answers that are lost, late
//! or doubled on their way: the operator catches up by itself, and does nothing
//! twice.

mod answers;
mod away;
mod names;
