//! The call, the dossier and their rules: data and pure functions, without clock, randomness, input or output.

pub mod access;
pub mod answers;
pub mod bagit;
pub mod calendar;
pub mod call;
pub mod company;
pub mod company_register;
pub mod country;
pub mod csv;
pub mod delivery;
pub mod document;
pub mod dossier;
pub mod email;
pub mod evaluation;
pub mod event;
pub mod finding;
#[cfg(test)]
mod fixture;
pub mod folder;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod host;
pub mod ids;
pub mod json;
pub mod media;
pub mod money;
pub mod piece;
pub mod publisher;
pub mod receipt;
pub mod scan;
pub mod search;
pub(crate) mod slugs;
pub mod text;
