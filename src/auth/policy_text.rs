//! The text of the policy, and what it defines for itself: tokens may not ask about that.

use biscuit_auth::parser::parse_source;
use std::sync::LazyLock;

/// The text of the policy.
pub const POLICY: &str = include_str!("policy.datalog");

/// Names of what the policy defines for itself. Tokens may not check it: whether it is known depends on the question.
pub static CONCLUDED: LazyLock<Vec<String>> = LazyLock::new(|| {
    let definitions = parse_source(POLICY).map(|source| source.rules).unwrap_or_default();
    definitions.into_iter().map(|(_, definition)| definition.head.name).collect()
});

/// Whether a block of a token, as Datalog, asks for something that the policy concludes by itself.
pub(super) fn concludes(block: &str) -> bool {
    CONCLUDED.iter().any(|name| block.contains(&format!("{name}(")))
}
