//! The planner's decisions as a table, one row each.

mod convergence;
mod rows;
mod world;
