//! Biscuit tokens: signed with Ed25519 roots only, verified, then admitted.

use super::{
    Keys, Refusal, RootKind, Roots,
    admit::admit,
    identity::{Identity, identity},
    policy_text::concludes,
    refusal::told_apart,
    until::{Until, until},
};
use crate::domain::{
    access::{Action, Amr, Role, Roles},
    ids::{AccountId, SessionId},
    slugs::slugs,
};
use biscuit_auth::{
    Biscuit, KeyPair,
    builder::{BiscuitBuilder, Term, fact, string},
    error,
    macros::biscuit,
};
use jiff::Timestamp;
use std::sync::Arc;
use uuid::Uuid;

slugs! {
    /// How a token was presented.
    #[derive(Hash)]
    pub enum Channel {
        /// In the session cookie.
        Browser = "browser",
        /// In the `Authorization` header.
        Api = "api",
    }
}

/// A verified token.
pub struct Bearer {
    /// The token itself, with any checks its holder added.
    pub(super) token: Biscuit,
    /// What it identifies.
    pub kind: BearerKind,
    /// Expiry, as set by the issuer.
    pub ends: Timestamp,
    /// The roles that it states.
    pub roles: Vec<Role>,
    /// Until when its holders permit its use.
    pub until: Until,
    /// The blocks that holders have added.
    pub attenuations: Vec<AttenuationBlock>,
}

impl Bearer {
    /// Returns the earlier of the issuer's expiry and the holders' expiry, as far as the latter can be determined.
    pub fn last(&self) -> Timestamp {
        self.until.last.map_or(self.ends, |last| last.min(self.ends))
    }

    /// Whether it has expired. Tokens count whole seconds and are valid through their last one.
    #[must_use]
    pub fn over(&self, now: Timestamp) -> bool {
        now.as_second() > self.last().as_second()
    }
}

/// The database row that a token depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BearerKind {
    /// A browser session.
    Session(SessionId),
    Api(Uuid),
}

/// A block that a holder has added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttenuationBlock {
    /// First half of its revocation id (the signature of the block): enough to identify it.
    pub revocation_id: [u8; 32],
    /// Its checks, as Datalog for display; never to be parsed again.
    pub checks: String,
}

/// Why a token is refused or cannot be created.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Not a token.
    #[error("the token is not valid: {0}")]
    Invalid(&'static str),
    /// A token, but not, or no longer, a valid one of this portal.
    #[error("the token is not valid: {1}")]
    Refused(Refusal, &'static str),
    /// A token could not be created.
    #[error("the token could not be made")]
    Mint(#[from] error::Token),
    /// This machine has the private key of no root of this kind.
    #[error(
        "the private half of the root that signs tokens of kind {0} is not in the data folder: bring its file, or see `guichet admin keys list`"
    )]
    NoRoot(&'static str),
    #[error(
        "every root that signs tokens of kind {0} was dropped: `guichet admin keys rotate --kind {0} --at-once` makes another"
    )]
    AllDropped(&'static str),
}

impl TokenError {
    /// Returns why no root of a kind signs.
    pub(crate) fn no_root(roots: &Roots, kind: RootKind) -> Self {
        let mut of_kind = roots.iter().filter(|root| root.kind == kind);
        if of_kind.any(|root| root.dropped_at.is_none()) {
            Self::NoRoot(kind.slug())
        } else {
            Self::AllDropped(kind.slug())
        }
    }

    /// Why a presented token is refused; `None` if the fault is on this machine.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Invalid(_) => Some(Refusal::Malformed),
            Self::Refused(why, _) => Some(*why),
            Self::Mint(_) | Self::NoRoot(_) | Self::AllDropped(_) => None,
        }
    }
}

/// Maximum length of a token as text, in bytes. Longer ones are not parsed.
const MAX_TEXT: usize = 4096;

/// Converts an instant to whole seconds, as tokens store it.
pub(super) fn moment(at: Timestamp) -> Term {
    Term::Date(u64::try_from(at.as_second()).unwrap_or(0))
}

/// Content of a session token.
#[derive(Clone, Debug)]
pub struct SessionToken<'a> {
    pub session: SessionId,
    pub account: AccountId,
    /// Roles of the account when the token is created.
    pub roles: &'a Roles,
    /// Authentication methods used.
    pub amr: Amr,
    /// Expiry.
    pub ends: Timestamp,
}

impl SessionToken<'_> {
    /// Creates the token, sealed, because a browser has no need to attenuate it.
    pub fn mint(&self, keys: &Keys, now: Timestamp) -> Result<String, TokenError> {
        let token = biscuit!(
            r#"user({user}); session({session}); kind("session"); amr({amr}); ends({ends});
               check if time($t), $t <= {ends};"#,
            user = self.account.to_string(),
            session = self.session.to_string(),
            amr = self.amr.slug(),
            ends = moment(self.ends),
        );
        let (kid, root) = signer(keys, RootKind::Session, now)?;
        Ok(with_roles(token, self.roles)?.root_key_id(kid).build(&root)?.seal()?.to_base64()?)
    }
}

/// Content of an API token.
#[derive(Clone, Debug)]
pub struct ApiToken<'a> {
    pub id: Uuid,
    pub account: AccountId,
    /// Roles of the account when the token is created.
    pub roles: &'a Roles,
    /// Permitted actions.
    pub actions: &'a [Action],
    /// Expiry.
    pub ends: Timestamp,
}

impl ApiToken<'_> {
    /// Creates the token, not sealed, so that its holder can attenuate it offline.
    pub fn mint(&self, keys: &Keys, now: Timestamp) -> Result<String, TokenError> {
        let operations: std::collections::BTreeSet<Term> =
            self.actions.iter().map(|action| biscuit_auth::builder::string(action.slug())).collect();
        let token = biscuit!(
            r#"user({user}); token({id}); kind("api"); ends({ends});
               check if operation($op), {operations}.contains($op);
               check if time($t), $t <= {ends};"#,
            user = self.account.to_string(),
            id = self.id.to_string(),
            operations = operations,
            ends = moment(self.ends),
        );
        let (kid, root) = signer(keys, RootKind::Api, now)?;
        Ok(with_roles(token, self.roles)?.root_key_id(kid).build(&root)?.to_base64()?)
    }
}

/// A token that identifies a user to another service for five minutes.
#[derive(Clone, Debug)]
pub struct ServiceToken<'a> {
    /// The user.
    pub account: AccountId,
    /// Roles of the user.
    pub roles: &'a Roles,
    /// The only service that may accept it: a name of letters, digits, dots and hyphens.
    pub audience: &'a str,
    /// Expiry.
    pub ends: Timestamp,
}

impl ServiceToken<'_> {
    /// Creates the token, sealed, because a service must not pass it on.
    pub fn mint(&self, keys: &Keys, now: Timestamp) -> Result<String, TokenError> {
        let token = biscuit!(
            r#"user({user}); kind("service"); audience({audience}); ends({ends});
               check if service({audience});
               check if time($t), $t <= {ends};"#,
            user = self.account.to_string(),
            audience = self.audience,
            ends = moment(self.ends),
        );
        let (kid, root) = signer(keys, RootKind::Service, now)?;
        Ok(with_roles(token, self.roles)?.root_key_id(kid).build(&root)?.seal()?.to_base64()?)
    }
}

fn signer(keys: &Keys, kind: RootKind, now: Timestamp) -> Result<(u32, Arc<KeyPair>), TokenError> {
    let roots = keys.roots();
    roots.signing(kind, now).ok_or_else(|| TokenError::no_root(&roots, kind))
}

fn with_roles(token: BiscuitBuilder, roles: &Roles) -> Result<BiscuitBuilder, error::Token> {
    roles.iter().try_fold(token, |token, role| token.fact(fact("role", &[string(role.slug())])))
}

/// Verifies the signature of a token, refuses content that could consume excessive CPU time, and reads its identity.
///
/// # Errors
/// [`TokenError::Invalid`] or [`TokenError::Refused`]. The details are for the log, not for the holder.
pub fn read(keys: &Keys, text: &str, channel: Channel, now: Timestamp) -> Result<Bearer, TokenError> {
    if text.len() > MAX_TEXT {
        return Err(TokenError::Invalid("too long"));
    }
    // The key determines the kind: a session key cannot create an API token, whatever the token states.
    let (kind, fact) = match channel {
        Channel::Browser => (RootKind::Session, "session"),
        Channel::Api => (RootKind::Api, "token"),
    };
    let (bytes, roots) = (biscuit_bytes(text)?, keys.roots());
    let token = admit(&bytes, |kid: Option<u32>| {
        let root = kid.and_then(|kid| roots.verifying(kind, kid, now));
        root.ok_or(error::Format::UnknownPublicKey)
    });
    let (token, container) = token.map_err(|error| told_apart(error, &bytes, &roots, kind, now))?;
    let Identity { id, ends, roles } = identity(&container, fact)?;
    let kind = match channel {
        Channel::Browser => BearerKind::Session(SessionId(id)),
        Channel::Api => BearerKind::Api(id),
    };
    let attenuations = attenuations_of(&token, &bytes)?;
    Ok(Bearer { token, kind, ends, roles, until: until(&container), attenuations })
}

/// Returns the blocks that holders have added to a token.
fn attenuations_of(token: &Biscuit, bytes: &[u8]) -> Result<Vec<AttenuationBlock>, TokenError> {
    if token.block_count() < 2 {
        return Ok(Vec::new());
    }
    let blocks = token.revocation_identifiers().into_iter().zip(super::printed::blocks(bytes)?).skip(1);
    blocks
        .map(|(id, checks)| {
            let half = id.get(..32).and_then(|half| half.try_into().ok());
            if concludes(&checks) {
                return Err(TokenError::Refused(Refusal::Widened, "a check of what only the policy concludes"));
            }
            Ok(AttenuationBlock { revocation_id: half.ok_or(TokenError::Invalid("no signature"))?, checks })
        })
        .collect()
}

pub(super) fn biscuit_bytes(text: &str) -> Result<Vec<u8>, TokenError> {
    use base64::{
        Engine, alphabet,
        engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
    };
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(&alphabet::URL_SAFE, config).decode(text.trim()).map_err(|_| TokenError::Invalid("not base64"))
}
