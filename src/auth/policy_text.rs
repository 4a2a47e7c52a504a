//! The text of the policy, and the names that it concludes, which tokens may not check.

use biscuit_auth::parser::parse_source;
use std::sync::LazyLock;

pub const POLICY: &str = include_str!("policy.datalog");

/// Names that the policy concludes. Tokens may not check them, because whether they are derived depends on the
/// question.
pub static CONCLUDED: LazyLock<Vec<String>> = LazyLock::new(|| {
    let definitions = parse_source(POLICY).map(|source| source.rules).unwrap_or_default();
    definitions.into_iter().map(|(_, definition)| definition.head.name).collect()
});

/// Whether a block of a token, as Datalog, checks a name that the policy concludes.
pub(super) fn concludes(block: &str) -> bool {
    CONCLUDED.iter().any(|name| block.contains(&format!("{name}(")))
}
