//! Numbers that would not be kept as they stand.

/// The first number of a valid text that would not be kept as it stands: an integer beyond 64 bits, or a decimal
/// number that a double does not give back.
pub(super) fn rounded(text: &str) -> Option<std::ops::Range<usize>> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                at += 1;
                while at < bytes.len() && bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                at += 1;
            }
            b'-' | b'0'..=b'9' => {
                let start = at;
                while at < bytes.len() && matches!(bytes[at], b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9') {
                    at += 1;
                }
                if !is_exact(&text[start..at]) {
                    return Some(start..at);
                }
            }
            _ => at += 1,
        }
    }
    None
}

fn is_exact(number: &str) -> bool {
    if number.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit()) {
        return number.parse::<i64>().is_ok() || number.parse::<u64>().is_ok();
    }
    let kept = number.parse::<f64>().map(|read| format!("{read:e}"));
    kept.is_ok_and(|kept| scientific(number).is_some_and(|typed| scientific(&kept) == Some(typed)))
}

/// The significant digits of a number and the power of ten of the last one.
fn scientific(number: &str) -> Option<(String, i64)> {
    let (mantissa, power) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{}{fraction}", whole.trim_start_matches('-'));
    let significant = digits.trim_end_matches('0');
    let dropped = i64::try_from(digits.len() - significant.len()).ok()? - i64::try_from(fraction.len()).ok()?;
    let significant = significant.trim_start_matches('0');
    let power = if significant.is_empty() { 0 } else { power.parse::<i64>().ok()?.checked_add(dropped)? };
    Some((significant.to_owned(), power))
}
