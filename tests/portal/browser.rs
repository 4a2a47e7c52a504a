//! A real browser, headless.

mod accessibility;
mod keyboard;
mod narrow;
mod offline;
mod passkey;
mod script;
mod window;
mod without_script;
