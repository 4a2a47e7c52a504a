//! What shows that a request comes from a process of the same installation: an HMAC over what it asks and when.

use jiff::Timestamp;
use ring::hmac;

/// Header that carries the proof: `seconds since 1970:HMAC-SHA256, hexadecimal`.
pub(super) const HEADER: &str = "x-guichet-proof";
/// How far the clocks of two machines may be apart, and how long a proof holds, seconds.
const HOLDS: u64 = 120;

fn spoken(method: &str, sha256: &str, second: i64) -> String {
    format!("{method} {sha256} {second}")
}

/// A proof for now.
pub(super) fn prove(key: &hmac::Key, method: &str, sha256: &str) -> String {
    let second = Timestamp::now().as_second();
    let tag = hmac::sign(key, spoken(method, sha256, second).as_bytes());
    format!("{second}:{}", hex::encode(tag))
}

/// Whether a proof is one, for this request and about now.
pub(super) fn holds(key: &hmac::Key, method: &str, sha256: &str, proof: &str, now: Timestamp) -> bool {
    let Some((second, tag)) = proof.split_once(':') else { return false };
    let (Ok(second), Ok(tag)) = (second.parse::<i64>(), hex::decode(tag)) else { return false };
    second.abs_diff(now.as_second()) <= HOLDS
        && hmac::verify(key, spoken(method, sha256, second).as_bytes(), &tag).is_ok()
}
