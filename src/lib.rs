//! Guichet: a portal for public calls for projects.
//!
//! The modules of the crate and the direction of their dependencies: `cli → {web, ops} → app → {adapters, auth, store,
//! blob} → domain`, and `cli → edge → {auth, store} → domain`. [`domain`] is pure: no clock, no randomness, no input or
//! output. [`config`], [`build`] and [`private_file`] are the base. `docs/architecture.md` follows one request through
//! these modules.

pub mod adapters;
pub mod app;
pub mod auth;
#[expect(
    clippy::disallowed_methods,
    reason = "file work runs in tasks beside the requests, and file ages are compared with the file system's clock"
)]
pub mod blob;
pub mod build;
#[expect(
    clippy::disallowed_methods,
    reason = "CLI commands run outside requests: they may read the system clock and spawn tasks that they await"
)]
pub mod cli;
pub mod config;
pub mod domain;
#[expect(clippy::disallowed_methods, reason = "the controller measures real time, not request time")]
pub mod edge;
#[cfg(test)]
mod mutations;
#[expect(clippy::disallowed_methods, reason = "status of other systems is read by tasks and aged in real time")]
pub mod ops;
pub mod private_file;
pub mod store;
pub mod web;
