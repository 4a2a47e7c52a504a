//! What stories are told with: an installation, people, dossiers.

pub mod actor;
pub mod authenticator;
pub mod certificate;
pub mod clamd;
pub mod cluster;
pub mod company_register;
pub mod depositors;
pub mod garage;
pub mod held;
pub mod identity_provider;
pub mod in_process;
pub mod installation;
pub mod line;
pub mod load;
pub mod mail_server;
pub mod moto;
pub mod relay;
pub mod repman;
pub mod sample;
pub mod sozu;
pub mod tcp_proxy;
pub mod uploaders;

pub use actor::{Actor, Answer};
pub use installation::Installation;
