//! Reads until when the holders of a token permit its use, from their checks and without Datalog.

use biscuit_auth::format::schema::{self, op, op_binary::Kind, term::Content};
use jiff::{SignedDuration, Timestamp};
use prost_biscuit::Message;

/// The name `time`, a default symbol (Biscuit specification, default symbols).
const TIME_SYMBOL: u64 = 5;

/// The time limits in holders' checks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Until {
    /// Last valid instant, if a holder has stated it in the standard form: `check if time($t), $t <= …`.
    pub last: Option<Timestamp>,
    /// Another check uses the time, and its end cannot be determined.
    pub unclear: bool,
}

/// Reads the limits. A block that cannot be read counts as unclear.
pub(super) fn until(container: &schema::Biscuit) -> Until {
    let mut found = Until::default();
    for signed in &container.blocks {
        let Ok(block) = schema::Block::decode(signed.block.as_slice()) else {
            found.unclear = true;
            continue;
        };
        for check in block.checks.iter().filter(|check| check.queries.iter().any(of_time)) {
            match plain(check) {
                Some(last) => found.last = Some(found.last.map_or(last, |known| known.min(last))),
                None => found.unclear = true,
            }
        }
    }
    found
}

fn of_time(query: &schema::Rule) -> bool {
    query.body.iter().any(|predicate| predicate.name == TIME_SYMBOL)
}

/// Returns the end that a check with one query, one fact and one comparison states.
fn plain(check: &schema::Check) -> Option<Timestamp> {
    let allows = check.kind.unwrap_or(0) != schema::check::Kind::Reject as i32;
    let ([query], true) = (check.queries.as_slice(), allows) else { return None };
    let ([fact], [comparison]) = (query.body.as_slice(), query.expressions.as_slice()) else { return None };
    let [schema::Term { content: Some(Content::Variable(time)) }] = fact.terms.as_slice() else { return None };
    let ops: Vec<&op::Content> = comparison.ops.iter().filter_map(|op| op.content.as_ref()).collect();
    let [op::Content::Value(left), op::Content::Value(right), op::Content::Binary(binary)] = ops.as_slice() else {
        return None;
    };
    let (Some(Content::Variable(left)), Some(Content::Date(date))) = (&left.content, &right.content) else {
        return None;
    };
    let date = Timestamp::from_second(i64::try_from(*date).ok()?).ok()?;
    match Kind::from_i32(binary.kind)? {
        Kind::LessOrEqual if left == time => Some(date),
        Kind::LessThan if left == time => date.checked_sub(SignedDuration::from_secs(1)).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use biscuit_auth::{KeyPair, macros::biscuit};

    /// Returns the limits of a block with these checks.
    fn of(checks: &str) -> Until {
        let root = KeyPair::new();
        let block = biscuit_auth::builder::BlockBuilder::new().code(checks).unwrap();
        let token = biscuit!("user(\"x\")").build(&root).unwrap().append(block).unwrap();
        until(&schema::Biscuit::decode(token.to_vec().unwrap().as_slice()).unwrap())
    }

    #[test]
    fn the_end_that_a_holder_names_is_read_and_anything_else_about_time_is_unclear() {
        let day: Timestamp = "2024-07-26T00:00:00Z".parse().unwrap();
        let last = |last| Until { last: Some(last), unclear: false };
        assert_eq!(of("check if time($t), $t <= 2024-07-26T00:00:00Z"), last(day));
        assert_eq!(of("check all time($t), $t <= 2024-07-26T00:00:00Z"), last(day));
        let earlier = "check if time($t), $t <= 2024-07-27T00:00:00Z; check if time($now), $now < 2024-07-26T00:00:01Z";
        assert_eq!(of(earlier), last(day));
        assert_eq!(of("check if operation(\"draft:read\"); check if part($p), $p == \"piece:P9\""), Until::default());
        for unclear in [
            "check if time($t), $t >= 2024-07-26T00:00:00Z",
            "check if time($t), 2024-07-26T00:00:00Z >= $t",
            "reject if time($t), $t <= 2024-07-26T00:00:00Z",
            "check if time($t), $t <= 2024-07-26T00:00:00Z or operation($o)",
            "check if time($t), operation($o), $t <= 2024-07-26T00:00:00Z",
            "check if time($t), $t <= 2024-07-26T00:00:00Z || true",
            "check if time(2024-07-26T00:00:00Z)",
        ] {
            assert_eq!(of(unclear), Until { last: None, unclear: true }, "{unclear}");
        }
    }
}
