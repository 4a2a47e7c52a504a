//! A real browser, headless.

mod accessibility;
mod deposit_status;
mod keyboard;
mod look;
mod narrow;
mod offline;
mod passkey;
mod print;
mod script;
mod uploads;
mod window;
mod without_script;
