//! Pages that everyone reads.

pub mod call;
pub mod simulator;
pub mod verify;
