//! Pages of officers, experts and the jury.

pub mod deposit;
pub mod desk;
pub mod examination;
pub mod interest;
pub mod register;
pub mod reviews;
pub mod round;
