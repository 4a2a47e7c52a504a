//! Reads the identity of a token from its first block, without Datalog.

use super::TokenError;
use crate::domain::access::Role;
use biscuit_auth::format::schema::{self, term::Content};
use jiff::Timestamp;
use prost_biscuit::Message;
use uuid::Uuid;

/// Symbols of a block are numbered from here on; the numbers below are those of the default symbols.
const OWN_SYMBOLS: u64 = 1024;

/// The name `role`, a default symbol (Biscuit specification, default symbols).
const ROLE_SYMBOL: u64 = 6;

/// The content of the first block.
pub(super) struct Identity {
    pub id: Uuid,
    pub ends: Timestamp,
    pub roles: Vec<Role>,
}

/// Reads the only UUID in a fact of the first block, the token's expiry and its roles.
pub(super) fn identity(container: &schema::Biscuit, name: &str) -> Result<Identity, TokenError> {
    let block = schema::Block::decode(container.authority.block.as_slice());
    let block = block.map_err(|_| TokenError::Invalid("an unreadable block"))?;
    let id = match only(&block, name) {
        Some(Content::String(id)) => symbol(&block, *id).and_then(|id| id.parse().ok()),
        _ => None,
    };
    let ends = match only(&block, "ends") {
        Some(Content::Date(ends)) => i64::try_from(*ends).ok().and_then(|ends| Timestamp::from_second(ends).ok()),
        _ => None,
    };
    Ok(Identity {
        id: id.ok_or(TokenError::Invalid("no identity"))?,
        ends: ends.ok_or(TokenError::Invalid("no end"))?,
        roles: block.facts.iter().filter_map(|fact| role(&block, &fact.predicate)).collect(),
    })
}

fn role(block: &schema::Block, predicate: &schema::Predicate) -> Option<Role> {
    match predicate.terms.as_slice() {
        [schema::Term { content: Some(Content::String(word)) }] if predicate.name == ROLE_SYMBOL => {
            symbol(block, *word)?.parse().ok()
        }
        _ => None,
    }
}

/// Returns the only term of the only fact with a name.
fn only<'a>(block: &'a schema::Block, name: &str) -> Option<&'a Content> {
    let facts = block.facts.iter().map(|fact| &fact.predicate);
    let mut found = facts.filter(|fact| symbol(block, fact.name) == Some(name));
    match (found.next()?.terms.as_slice(), found.next()) {
        ([term], None) => term.content.as_ref(),
        _ => None,
    }
}

fn symbol(block: &schema::Block, number: u64) -> Option<&str> {
    let at = usize::try_from(number.checked_sub(OWN_SYMBOLS)?).ok()?;
    block.symbols.get(at).map(String::as_str)
}
