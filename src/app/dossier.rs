//! A dossier in the hands of its owner: draft, files, deposit, withdrawal.

pub(in crate::app) mod access_log;
pub(in crate::app) mod attach;
pub(in crate::app) mod carry_over;
pub(in crate::app) mod company_register;
pub(in crate::app) mod conflict;
pub(in crate::app) mod create;
pub(in crate::app) mod delete;
pub(in crate::app) mod deposit;
pub(in crate::app) mod edit;
pub(in crate::app) mod open_piece;
pub(in crate::app) mod path;
pub(in crate::app) mod read;
pub(in crate::app) mod share;
pub(in crate::app) mod simulation;
pub(in crate::app) mod status;
#[expect(
    clippy::disallowed_methods,
    reason = "a received upload is attached in a task that outlives its client; chunk ages come from the file system"
)]
pub mod upload;
pub(in crate::app) mod upload_fault;
pub(in crate::app) mod withdraw;
