//! The rule register as tests: every vector, every blocking rule, every required field.

mod calendar;
mod company;
mod complete;
mod country;
mod effort;
mod money;
mod mutations;
mod pieces;
mod robustness;
mod unreadable;
