//! The portal as its users meet it: real MariaDB, real Sōzu, the portal's own processes, a real browser.
//!
//! One installation is started for the whole run, by the product's own `guichet demo`; it stops when the run ends, since
//! its standard input closes. A test that needs to break something starts its own. `docs/testing.md` has the doctrine.

#![expect(clippy::disallowed_methods, reason = "tests live in real time, beside what they test")]
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod browser;
mod flows;
mod guards;
mod harness;
