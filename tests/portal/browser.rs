//! A real browser, headless.

pub mod accessibility;
mod conflict;
mod deposit_status;
mod editor;
mod keyboard;
mod look;
mod narrow;
mod offline;
mod passkey;
mod print;
mod script;
mod uploads;
pub mod window;
mod without_script;
