//! Accounts: signing in, sessions, passkeys, tokens, roles, and why something is permitted.

pub(in crate::app) mod address;
pub(in crate::app) mod api_tokens;
pub(in crate::app) mod ceremony;
pub mod close;
pub(in crate::app) mod explain;
pub(in crate::app) mod export;
pub(in crate::app) mod oidc;
pub(in crate::app) mod passkey;
pub(in crate::app) mod refusals;
pub(in crate::app) mod roles;
pub(in crate::app) mod roots;
pub(in crate::app) mod session;
pub(in crate::app) mod sign_in;
