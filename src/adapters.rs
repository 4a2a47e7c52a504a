//! Adapters to external systems, one each, and the inspection of uploaded files.

pub mod bag;
pub mod clamd;
pub mod company_register;
pub mod definition;
pub mod delivery_report;
pub mod garage;
pub mod inspect;
pub mod repman;
pub mod restic;
