//! Pages of those who run the service.

pub mod delivery;
pub mod emergency;
pub mod mails;
pub mod orders;
