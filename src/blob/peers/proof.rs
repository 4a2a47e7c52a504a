//! Authenticates requests between processes of an installation: an HMAC over the request and its time.

use jiff::Timestamp;
use ring::hmac;

/// Header with the proof: `seconds since 1970:HMAC-SHA256, hexadecimal`.
pub(super) const PROOF_HEADER: &str = "x-guichet-proof";
/// Lifetime of a proof and maximum clock difference between two machines, in seconds.
const PROOF_LIFETIME_SECONDS: u64 = 120;

fn spoken(method: &str, sha256: &str, second: i64) -> String {
    format!("{method} {sha256} {second}")
}

/// Creates a proof for the current time.
pub(super) fn prove(key: &hmac::Key, method: &str, sha256: &str) -> String {
    let second = Timestamp::now().as_second();
    let tag = hmac::sign(key, spoken(method, sha256, second).as_bytes());
    format!("{second}:{}", hex::encode(tag))
}

/// Whether a proof is valid for this request and the current time.
pub(super) fn holds(key: &hmac::Key, method: &str, sha256: &str, proof: &str, now: Timestamp) -> bool {
    let Some((second, tag)) = proof.split_once(':') else { return false };
    let (Ok(second), Ok(tag)) = (second.parse::<i64>(), hex::decode(tag)) else { return false };
    second.abs_diff(now.as_second()) <= PROOF_LIFETIME_SECONDS
        && hmac::verify(key, spoken(method, sha256, second).as_bytes(), &tag).is_ok()
}
