//! What a search looks into.

use crate::domain::calendar::RoundId;

/// Digits of the digest that names a scope: enough that rounds rarely share one. Where two do, the search of one only reads
/// more.
const DIGEST_DIGITS: usize = 6;

/// One round. Every token carries it, so that the cost of a search depends on the deposits of this round, and not on those
/// of all others that have the same words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope(String);

impl Scope {
    #[must_use]
    pub fn of_round(call: &str, round: &RoundId) -> Self {
        let name = format!("{call}/{round}");
        let digest = hex::encode(ring::digest::digest(&ring::digest::SHA256, name.as_bytes()));
        // No stop word of the database begins with an x.
        Self(format!("x{}", &digest[..DIGEST_DIGITS]))
    }

    /// What its tokens begin with.
    pub(super) fn prefix(&self) -> &str {
        &self.0
    }
}
