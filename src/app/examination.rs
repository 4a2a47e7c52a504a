//! A deposit in the hands of those who examine it.

pub(in crate::app) mod admit;
pub(in crate::app) mod assign;
pub mod break_glass;
pub mod review;
pub(in crate::app) mod round;
pub mod search;
