//! Signing in, and one’s own account.

pub mod close;
pub mod export;
pub mod home;
pub mod narrow;
pub mod oidc;
pub mod passkey;
pub mod rights;
pub mod sign_in;
pub mod token_form;
pub mod tokens;
