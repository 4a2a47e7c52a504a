//! What keeps the installation running: jobs, mail, backups, hosts, registration of processes.

pub mod backup;
pub(in crate::app) mod chain;
pub mod jobs;
pub mod mail;
#[expect(clippy::disallowed_methods, reason = "heavy work runs on threads that are awaited here")]
pub(in crate::app) mod offload;
pub mod order;
pub(in crate::app) mod piece_text;
pub(in crate::app) mod register;
pub(in crate::app) mod restore;
pub(in crate::app) mod scan;
pub mod search;
pub mod seed;
pub(in crate::app) mod site;
pub(in crate::app) mod throttle;
