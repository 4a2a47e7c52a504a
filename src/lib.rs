//! Guichet: a portal for public calls for projects.
//!
//! The modules of the crate and the direction of their dependencies: `cli → {web, ops} → app → {adapters, auth, store,
//! blob} → domain`, and `cli → edge → {auth, store} → domain`. [`domain`] is pure: no clock, no randomness, no input or
//! output. [`config`], [`build`] and [`private_file`] are the base. `docs/architecture.md` follows one request through
//! these modules.

mod adapters;
mod app;
mod auth;
#[expect(
    clippy::disallowed_methods,
    reason = "file work runs in tasks beside the requests, and file ages are compared with the file system's clock"
)]
mod blob;
mod build;
#[expect(
    clippy::disallowed_methods,
    reason = "CLI commands run outside requests: they may read the system clock and spawn tasks that they await"
)]
mod cli;
mod config;
mod domain;
#[expect(clippy::disallowed_methods, reason = "the controller measures real time, not request time")]
mod edge;
#[cfg(test)]
mod mutations;
#[expect(clippy::disallowed_methods, reason = "status of other systems is read by tasks and aged in real time")]
mod ops;
mod private_file;
mod store;
#[doc(hidden)]
pub mod testing;
mod web;

pub use cli::{Cli, color, is_broken_pipe, limited::run as run_limited_command};
pub use domain::text::terminal::escape_lines_for_terminal;
