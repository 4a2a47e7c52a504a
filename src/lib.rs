//! Guichet: a portal for public calls for projects.
//!
//! The modules of the crate and the direction of their dependencies: `cli → {web, ops} → app → {bricks, auth, store,
//! blob} → domain`, and `cli → edge → {auth, store} → domain`. [`domain`] is pure: no clock, no randomness, no input or
//! output. [`config`], [`build`] and [`private_file`] are the base. `docs/architecture.md` follows one request through
//! these modules.

pub mod app;
pub mod auth;
pub mod blob;
pub mod bricks;
pub mod build;
pub mod cli;
pub mod config;
pub mod domain;
pub mod edge;
#[cfg(test)]
mod mutations;
pub mod ops;
pub mod private_file;
pub mod store;
pub mod web;
