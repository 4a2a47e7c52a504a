//! The admission filter. A signed token may still carry blocks, appended by its holder, that consume excessive CPU
//! time, because the library checks its limits only between queries. Blocks after the first may contain simple checks
//! and nothing else.

use super::{Refusal, TokenError};
use biscuit_auth::{
    Biscuit, RootKeyProvider, error,
    format::schema::{self, op, op_binary::Kind},
};
use prost_biscuit::Message;

/// Maximum size of a token in bytes.
const MAX_BYTES: usize = 3072;
/// Maximum number of blocks after the authority block.
const MAX_BLOCKS: usize = 4;

/// Verifies and admits a token. Also returns its decoded content, for reading without Datalog.
pub(super) fn admit(bytes: &[u8], roots: impl RootKeyProvider) -> Result<(Biscuit, schema::Biscuit), TokenError> {
    if bytes.len() > MAX_BYTES {
        return Err(TokenError::Invalid("too large"));
    }
    let token = Biscuit::from(bytes, roots).map_err(|error| unverified(&error))?;
    let container = schema::Biscuit::decode(bytes).map_err(|_| TokenError::Invalid("not a token"))?;
    // The signatures are valid, so anything else in the blocks was added by a holder.
    simple_blocks(&container).map_err(|error| match error {
        TokenError::Invalid(reason) => TokenError::Refused(Refusal::Widened, reason),
        other => other,
    })?;
    Ok((token, container))
}

fn unverified(error: &error::Token) -> TokenError {
    match error {
        error::Token::Format(error::Format::Signature(_) | error::Format::UnknownPublicKey) => {
            TokenError::Refused(Refusal::Forged, "not signed by us")
        }
        _ => TokenError::Invalid("not a token"),
    }
}

/// Checks whether the blocks of a token would be admitted, whoever signed it.
pub(super) fn admit_blocks(bytes: &[u8]) -> Result<schema::Biscuit, TokenError> {
    if bytes.len() > MAX_BYTES {
        return Err(TokenError::Invalid("too large"));
    }
    let container = schema::Biscuit::decode(bytes).map_err(|_| TokenError::Invalid("not a token"))?;
    simple_blocks(&container)?;
    Ok(container)
}

fn simple_blocks(container: &schema::Biscuit) -> Result<(), TokenError> {
    if container.blocks.len() > MAX_BLOCKS {
        return Err(TokenError::Invalid("too many blocks"));
    }
    for signed in &container.blocks {
        if signed.external_signature.is_some() {
            return Err(TokenError::Invalid("a block of an unknown party"));
        }
        let block =
            schema::Block::decode(signed.block.as_slice()).map_err(|_| TokenError::Invalid("an unreadable block"))?;
        if !simple_block(&block) {
            return Err(TokenError::Invalid("a block that is more than simple checks"));
        }
    }
    Ok(())
}

fn simple_block(block: &schema::Block) -> bool {
    block.rules.is_empty()
        && block.scope.is_empty()
        && block.facts.is_empty()
        && block.checks.len() <= 8
        && block.checks.iter().all(|check| check.queries.len() <= 4 && check.queries.iter().all(simple_query))
}

fn simple_query(query: &schema::Rule) -> bool {
    query.scope.is_empty()
        && query.body.len() <= 2
        && query.expressions.len() <= 4
        && query.expressions.iter().all(|expression| {
            expression.ops.len() <= 16 && expression.ops.iter().all(|op| op.content.as_ref().is_some_and(simple_op))
        })
}

fn simple_op(content: &op::Content) -> bool {
    match content {
        op::Content::Value(_) => true,
        op::Content::Unary(unary) => unary.ffi_name.is_none(),
        op::Content::Binary(binary) => binary.ffi_name.is_none() && Kind::from_i32(binary.kind).is_some_and(cheap),
        // Lazy `&&` and `||` compile to closures without parameters; one level is enough.
        op::Content::Closure(closure) => {
            closure.params.is_empty()
                && closure.ops.len() <= 8
                && closure.ops.iter().all(|op| !matches!(op.content, None | Some(op::Content::Closure(_))))
        }
    }
}

fn cheap(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::LessThan
            | Kind::GreaterThan
            | Kind::LessOrEqual
            | Kind::GreaterOrEqual
            | Kind::Equal
            | Kind::NotEqual
            | Kind::HeterogeneousEqual
            | Kind::HeterogeneousNotEqual
            | Kind::Contains
            | Kind::Prefix
            | Kind::Suffix
            | Kind::And
            | Kind::Or
            | Kind::LazyAnd
            | Kind::LazyOr
    )
}
