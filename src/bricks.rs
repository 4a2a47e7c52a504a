//! The other outside systems, one adapter each.

pub mod definition;
pub mod repman;
pub mod restic;
