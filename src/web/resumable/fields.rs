//! Header fields of resumable uploads: items of structured fields (RFC 9651), parsed without dependencies so that they
//! can be fuzzed.

/// A boolean field: `?0` or `?1`. Any other value counts as absent.
pub fn boolean(field: &str) -> Option<bool> {
    match bare(field)? {
        "?0" => Some(false),
        "?1" => Some(true),
        _ => None,
    }
}

/// A non-negative integer of at most fifteen digits.
pub fn integer(field: &str) -> Option<u64> {
    let digits = bare(field)?;
    // `-0` is an integer too, and not negative.
    let digits = if digits.strip_prefix('-').is_some_and(|rest| rest.bytes().all(|byte| byte == b'0')) {
        &digits[1..]
    } else {
        digits
    };
    let sound = (1..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if sound { digits.parse().ok() } else { None }
}

/// The value before the parameters, which have no meaning here. A list (several lines of one header) is not an item.
fn bare(field: &str) -> Option<&str> {
    let field = field.trim_matches(' ');
    let (item, parameters) = field.split_once(';').unwrap_or((field, ""));
    let plain = parameters.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b',');
    (plain && !item.contains(' ')).then_some(item)
}

#[cfg(test)]
mod tests {
    use super::{boolean, integer};
    use proptest::prelude::*;

    #[test]
    fn booleans_are_two_characters() {
        for (field, read) in [
            ("?1", Some(true)),
            ("?0", Some(false)),
            (" ?1 ", Some(true)),
            ("?1;a=1", Some(true)),
            ("?2", None),
            ("1", None),
            ("true", None),
            ("?1, ?1", None),
            ("?1 ;a", None),
            ("", None),
        ] {
            assert_eq!(boolean(field), read, "{field:?}");
        }
    }

    #[test]
    fn integers_are_fifteen_digits_at_most() {
        for (field, read) in [
            ("0", Some(0)),
            ("25000000", Some(25_000_000)),
            ("007", Some(7)),
            ("-0", Some(0)),
            ("999999999999999", Some(999_999_999_999_999)),
            ("1000000000000000", None),
            ("-1", None),
            ("-", None),
            ("+1", None),
            ("1.0", None),
            ("1;q=2", Some(1)),
            ("1, 1", None),
            ("0x10", None),
            ("١", None),
            ("", None),
        ] {
            assert_eq!(integer(field), read, "{field:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_else_is_read(field in ".*") {
            if let Some(number) = integer(&field) {
                prop_assert!(number < 1_000_000_000_000_000);
            }
            prop_assert!(boolean(&field).is_none() || integer(&field).is_none());
        }

        #[test]
        fn what_is_written_is_read_again(number in 0_u64..1_000_000_000_000_000) {
            prop_assert_eq!(integer(&number.to_string()), Some(number));
        }
    }
}
