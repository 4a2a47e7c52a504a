//! The other outside systems, one adapter each.

pub mod repman;
pub mod restic;
