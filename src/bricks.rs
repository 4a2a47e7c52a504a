//! What comes from outside: the other systems, one adapter each, and files of others.

pub mod definition;
pub mod inspect;
pub mod repman;
pub mod restic;
