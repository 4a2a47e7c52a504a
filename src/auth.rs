//! Authentication and authorisation: keys, Biscuit tokens, the policy.
//!
//! A token states who the user is and sets an upper limit to their rights. The database states who owns a dossier. Both
//! are combined in [`Rights::may`], which decides on one action on one target.

mod admit;
pub mod attenuate;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod guard;
mod identity;
mod keys;
pub mod matrix;
pub mod oidc;
pub mod passkey;
mod policy;
mod policy_text;
mod printed;
mod refusal;
mod roots;
mod rules;
mod token;
mod until;

pub use guard::{Guarded, Permit, Protected};
pub use keys::{BACKUP_KEY, Keys, KeysError, edge_secret};
pub use passkey::{DeviceAnswer, PasskeyError};
pub use policy::{AccountFacts, Denied, Rights, roles_of, rules_for};
pub use policy_text::CONCLUDED;
pub use refusal::Refusal;
pub use roots::{Root, RootKind, RootRecord, RootState, Roots};
pub use rules::{Rule, RuleId};
pub use token::{ApiToken, Bearer, BearerKind, Channel, ServiceToken, SessionToken, TokenError, read};

use ring::{digest, hmac};

/// The form token of a session (CSRF): an HMAC, so that nothing has to be stored.
pub fn form_token(keys: &Keys, session: &str) -> String {
    hex::encode(hmac::sign(&keys.form, session.as_bytes()))
}

/// Compares a form token in constant time.
#[must_use]
pub fn is_form_token_valid(keys: &Keys, session: &str, token: &str) -> bool {
    hex::decode(token).is_ok_and(|token| hmac::verify(&keys.form, session.as_bytes(), &token).is_ok())
}

/// Characters of a mail's authenticator: 64 bits, since an address has room for no more.
const MAIL_MAC_CHARS: usize = 16;

/// The authenticator of a mail's id in its Message-ID and in the address for reports on its delivery, hexadecimal.
#[must_use]
pub fn mail_mac(keys: &Keys, id: &str) -> String {
    let mut mac = hex::encode(hmac::sign(&keys.form, format!("mail {id}").as_bytes()));
    mac.truncate(MAIL_MAC_CHARS);
    mac
}

/// Compares an authenticator in constant time.
#[must_use]
pub fn is_mail_mac_valid(keys: &Keys, id: &str, mac: &str) -> bool {
    let expected = mail_mac(keys, id);
    let difference = expected.bytes().zip(mac.bytes()).fold(0, |all, (one, other)| all | (one ^ other));
    expected.len() == mac.len() && difference == 0
}

/// Creates a secret for a sign-in link, 256 bits as hexadecimal.
pub fn link_secret() -> Result<String, KeysError> {
    let random: [u8; 32] =
        ring::rand::generate(&ring::rand::SystemRandom::new()).map_err(|_| KeysError::Randomness)?.expose();
    Ok(hex::encode(random))
}

/// The stored hash of a link's secret.
#[must_use]
pub fn link_hash(secret: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, secret.as_bytes()).as_ref());
    hash
}

/// Signs a list for other services with the receipt key: Ed25519, hexadecimal. The prefix prevents it from being
/// accepted as a receipt.
pub fn sign_list(keys: &Keys, list: &str) -> String {
    hex::encode(keys.receipt.sign(format!("guichet revoked\n{list}").as_bytes()))
}
