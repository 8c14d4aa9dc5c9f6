//! An operator that is not where it was first started: nothing is changed, the
//! objects say what to do, and both ways out of it work.

mod elsewhere;
mod read_only;
mod silence;
mod yard;
