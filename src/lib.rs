//! Guichet: a portal for public calls for projects.
//!
//! The modules of the crate and the direction of their dependencies: `cli → {web, ops} → app → {adapters, auth, store,
//! blob} → domain`, and `cli → edge → {auth, store} → domain`. [`domain`] is pure: no clock, no randomness, no input or
//! output. [`config`], [`build`] and [`private_file`] are the base. `docs/architecture.md` follows one request through
//! these modules.

pub mod adapters;
pub mod app;
pub mod auth;
#[expect(clippy::disallowed_methods, reason = "files are read beside the requests, and their age is that of the disk")]
pub mod blob;
pub mod build;
#[expect(
    clippy::disallowed_methods,
    reason = "programs have the clock of their machine, and children and tasks that they wait for"
)]
pub mod cli;
pub mod config;
pub mod domain;
#[expect(clippy::disallowed_methods, reason = "a control loop lives in the time of its machine")]
pub mod edge;
#[cfg(test)]
mod mutations;
#[expect(clippy::disallowed_methods, reason = "results of others are read when they are there")]
pub mod ops;
pub mod private_file;
pub mod store;
pub mod web;
