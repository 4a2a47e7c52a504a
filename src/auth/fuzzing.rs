//! Entry points of the fuzz targets in `fuzz/`; the tests here run the same for a few seconds. Not part of the program.

use super::{
    AccountFacts, ApiToken, Channel, Keys, Rights, RootKind, TokenError,
    admit::admit_blocks,
    attenuate::{Attenuation, attenuate, describe},
    read,
};
use crate::domain::{
    access::{Action, DossierTarget, Part, Relations, Roles, Stage, Target},
    ids::{AccountId, DossierId},
};
use base64::{Engine, engine::general_purpose::URL_SAFE};
use biscuit_auth::{KeyPair, PrivateKey, builder::Algorithm, error, format::SerializedBiscuit};
use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, LazyLock};
use uuid::Uuid;

const NOW: Timestamp = Timestamp::constant(1_722_000_000, 0);
const ENDS: Timestamp = Timestamp::constant(1_722_003_600, 0);
const OWNER: AccountId = AccountId(Uuid::from_u128(1));
/// Maximum number of appended blocks: one more than are admitted.
const MAX_APPENDED_BLOCKS: usize = 5;

/// The keys of a portal, and an owner's token that permits reading drafts.
struct World {
    keys: Keys,
    token: SerializedBiscuit,
    /// Signs the blocks of the token's holder.
    holder: KeyPair,
}

static WORLD: LazyLock<Option<World>> = LazyLock::new(|| World::new().ok());

impl World {
    fn new() -> Result<Self, TokenError> {
        let keys = Keys::ephemeral().map_err(|_| TokenError::Invalid("no keys"))?;
        let roles = Roles::from_granted([]);
        let token = ApiToken {
            id: Uuid::from_u128(3),
            account: OWNER,
            roles: &roles,
            actions: &[Action::DraftRead],
            ends: ENDS,
        };
        let bytes = super::token::biscuit_bytes(&token.mint(&keys, NOW)?)?;
        let root = |kid: Option<u32>| {
            let root = kid.and_then(|kid| keys.roots().verifying(RootKind::Api, kid, NOW));
            root.ok_or(error::Format::UnknownPublicKey)
        };
        let token = SerializedBiscuit::from_slice(&bytes, root).map_err(error::Token::from)?;
        let holder = PrivateKey::from_bytes(&[7; 32], Algorithm::Ed25519).map_err(error::Token::from)?;
        Ok(Self { keys, token, holder: KeyPair::from(&holder) })
    }

    /// Returns the token with blocks appended by its holder, with any content.
    fn appended(&self, blocks: &[&[u8]]) -> Result<Vec<u8>, error::Token> {
        let start = self.token.clone();
        let token = blocks
            .iter()
            .try_fold(start, |token, block| token.append_serialized(&self.holder, block.to_vec(), None))?;
        Ok(token.to_vec()?)
    }

    fn rights(&self, text: &str) -> Result<Rights, TokenError> {
        let bearer = read(&self.keys, text, Channel::Api, NOW)?;
        let account_facts = AccountFacts {
            account: OWNER,
            roles: Roles::from_granted([]),
            suspended: false,
            confirmed_until: None,
            stepped_up: false,
            has_passkey: false,
            passkeys_required: true,
        };
        Ok(Rights::new(Arc::new(bearer), Channel::Api, account_facts))
    }
}

fn target(owner: AccountId) -> Target {
    let (id, part) = (DossierId(Uuid::from_u128(77)), Part::Section("budget".into()));
    Target::Dossier(DossierTarget { id, owner, stage: Stage::Draft, part, relations: Relations::default() })
}

/// Arbitrary bytes as a token: never accepted, and never a panic.
///
/// # Panics
/// When bytes that nobody has signed are accepted as a token.
pub fn admission(bytes: &[u8]) {
    let Some(world) = &*WORLD else { return };
    let encoded = URL_SAFE.encode(bytes);
    for text in [Some(encoded.as_str()), str::from_utf8(bytes).ok()].into_iter().flatten() {
        for channel in [Channel::Browser, Channel::Api] {
            assert!(read(&world.keys, text, channel, NOW).is_err(), "nobody has signed this");
        }
        let attenuation = Attenuation { until: Some(ENDS), ..Attenuation::default() };
        if let Ok(narrowed) = attenuate(text, &attenuation) {
            assert!(read(&world.keys, &narrowed, Channel::Api, NOW).is_err(), "nobody has signed this");
            let _shown: Result<String, TokenError> = describe(&narrowed);
        }
    }
    // Refused or not, it terminates.
    let _verdict = admit_blocks(bytes);
}

/// A valid token with arbitrary blocks appended by its holder: each is a length of two bytes and that many bytes.
/// Whatever they contain, the token never permits more, and every decision on an admitted token ends in time.
///
/// # Panics
/// When a block extends the token's rights, or a decision on an admitted token takes too long.
pub fn appended(bytes: &[u8]) {
    let Some(world) = &*WORLD else { return };
    let Ok(token) = world.appended(&blocks(bytes)) else { return };
    let text = URL_SAFE.encode(token);
    let Ok(rights) = world.rights(&text) else { return };
    let stranger = AccountId(Uuid::from_u128(2));
    for (action, target, now) in [
        (Action::DraftWrite, target(OWNER), NOW),
        (Action::ServiceToken, Target::Call, NOW),
        (Action::DraftRead, target(stranger), NOW),
        (Action::DraftRead, target(OWNER), ENDS + SignedDuration::from_secs(1)),
    ] {
        let verdict = rights.may(action, &target, now);
        assert!(!matches!(verdict, Ok(_) | Err(super::Denied::Overrun)), "{action:?}: {verdict:?}");
    }
    let verdict = rights.may(Action::DraftRead, &target(OWNER), NOW);
    assert!(!matches!(verdict, Err(super::Denied::Overrun)), "a decision that takes too long");
    assert!(describe(&text).is_ok(), "what is admitted can be shown");
}

/// Splits the input into blocks; the last one may be incomplete.
fn blocks(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut blocks = Vec::new();
    while let [low, high, rest @ ..] = bytes
        && blocks.len() < MAX_APPENDED_BLOCKS
    {
        let (block, rest) = rest.split_at(usize::from(u16::from_le_bytes([*low, *high])).min(rest.len()));
        blocks.push(block);
        bytes = rest;
    }
    blocks
}

#[cfg(test)]
mod tests;
