//! Biscuit tokens: minted with Ed25519 roots only, verified, then admitted.

use super::{Keys, admit::admit};
use crate::domain::{
    access::{Action, Role},
    ids::{AccountId, SessionId},
};
use biscuit_auth::{Biscuit, builder::Term, error, macros::biscuit};
use jiff::Timestamp;
use uuid::Uuid;

/// How a token came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Channel {
    /// In the session cookie.
    Browser,
    /// In the `Authorization` header.
    Api,
}

impl Channel {
    /// The word in the policy.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Api => "api",
        }
    }
}

/// A verified token.
pub struct Bearer {
    /// The token itself, with whatever checks its holder added.
    pub(super) token: Biscuit,
    /// What it stands for.
    pub kind: BearerKind,
}

/// The database row over which a token lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BearerKind {
    /// A signed-in browser.
    Session(SessionId),
    /// An API token.
    Api(Uuid),
}

/// Why a token is not taken.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Not a token of ours, or not any more.
    #[error("the token is not valid: {0}")]
    Invalid(&'static str),
    /// A token could not be made.
    #[error("the token could not be made")]
    Mint(#[from] error::Token),
}

/// Tokens longer than this are not even parsed, in bytes of text.
const MAX_TEXT: usize = 4096;

/// An instant as tokens know it: whole seconds.
pub(super) fn moment(at: Timestamp) -> Term {
    Term::Date(u64::try_from(at.as_second()).unwrap_or(0))
}

/// Makes the token of a session, sealed: a browser has no business narrowing it.
///
/// # Errors
/// When signing fails.
pub fn session_token(
    keys: &Keys,
    session: SessionId,
    account: AccountId,
    role: Role,
    ends: Timestamp,
) -> Result<String, TokenError> {
    let token = biscuit!(
        r#"user({user}); role({role}); session({session}); kind("session"); check if time($t), $t <= {ends};"#,
        user = account.to_string(),
        role = role.slug(),
        session = session.to_string(),
        ends = moment(ends),
    );
    Ok(token.root_key_id(1).build(&keys.session)?.seal()?.to_base64()?)
}

/// Makes an API token; not sealed, so that its holder can narrow it offline.
///
/// # Errors
/// When signing fails.
pub fn api_token(
    keys: &Keys,
    id: Uuid,
    account: AccountId,
    role: Role,
    actions: &[Action],
    ends: Timestamp,
) -> Result<String, TokenError> {
    let operations: std::collections::BTreeSet<Term> =
        actions.iter().map(|action| biscuit_auth::builder::string(action.slug())).collect();
    let token = biscuit!(
        r#"user({user}); role({role}); token({id}); kind("api");
           check if operation($op), {operations}.contains($op);
           check if time($t), $t <= {ends};"#,
        user = account.to_string(),
        role = role.slug(),
        id = id.to_string(),
        operations = operations,
        ends = moment(ends),
    );
    Ok(token.root_key_id(2).build(&keys.api)?.to_base64()?)
}

/// Verifies the signature of a token, refuses the shapes that could burn the processor, and reads what it stands for.
///
/// # Errors
/// [`TokenError::Invalid`]; what exactly is wrong is for the log, not for the holder.
pub fn read(keys: &Keys, text: &str, channel: Channel) -> Result<Bearer, TokenError> {
    if text.len() > MAX_TEXT {
        return Err(TokenError::Invalid("too long"));
    }
    // The key decides the kind: a session key cannot make an API token, whatever the token says of itself.
    let (root, fact) = match channel {
        Channel::Browser => (keys.session.public(), "session"),
        Channel::Api => (keys.api.public(), "token"),
    };
    let bytes = biscuit_bytes(text)?;
    let token = admit(&bytes, root)?;
    let id = authority_uuid(&token, fact)?;
    let kind = match channel {
        Channel::Browser => BearerKind::Session(SessionId(id)),
        Channel::Api => BearerKind::Api(id),
    };
    Ok(Bearer { token, kind })
}

fn biscuit_bytes(text: &str) -> Result<Vec<u8>, TokenError> {
    use base64::{
        Engine, alphabet,
        engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
    };
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(&alphabet::URL_SAFE, config).decode(text.trim()).map_err(|_| TokenError::Invalid("not base64"))
}

/// Reads the one UUID of a fact of the authority block.
fn authority_uuid(token: &Biscuit, name: &str) -> Result<Uuid, TokenError> {
    let invalid = |_| TokenError::Invalid("no identity");
    let limits = biscuit_auth::AuthorizerLimits {
        max_facts: 100,
        max_iterations: 10,
        max_time: std::time::Duration::from_millis(50),
    };
    let mut facts = biscuit_auth::AuthorizerBuilder::new().set_limits(limits).build(token).map_err(invalid)?;
    let rule = format!("found($id) <- {name}($id)");
    let found: Vec<(String,)> = facts.query(rule.as_str()).map_err(invalid)?;
    match found.as_slice() {
        [(id,)] => id.parse().map_err(|_| TokenError::Invalid("no identity")),
        _ => Err(TokenError::Invalid("no identity")),
    }
}
