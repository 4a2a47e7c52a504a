//! Stories, one subject a file.

mod access;
mod account;
mod api;
mod backup;
mod breakdown;
mod command_line;
mod database;
mod deadline;
mod definitions;
mod delegation;
mod deposit;
mod edge;
pub mod experts;
mod files;
mod hostile;
mod interop;
mod keep;
mod officer;
mod oidc;
pub mod passkey;
mod repman;
mod rules;
mod second_call;
mod sign_in;
mod sozu;
mod twice;
mod worlds;
