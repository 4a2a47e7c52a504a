//! Pages that everyone reads.

pub mod call;
pub mod legal;
pub mod simulator;
pub mod verify;
