//! Reasons for refusing a token, as far as the operators need to distinguish them.

use super::{RootKind, Roots, TokenError};
use crate::domain::slugs::slugs;
use biscuit_auth::{Biscuit, UnverifiedBiscuit};
use jiff::Timestamp;

slugs! {
    /// Why a token is refused.
    #[derive(Hash)]
    pub enum Refusal {
        /// It cannot be parsed as a token.
        Malformed = "malformed",
        /// It was not signed by a key of this portal, or was changed since.
        Forged = "forged",
        /// Its signature is valid, but a holder has added something that is not permitted.
        Widened = "widened",
        /// It was signed by a dropped key.
        DroppedKey = "dropped_key",
        /// It was signed by a key of another channel: a browser token used by a program, or the reverse.
        WrongChannel = "wrong_channel",
        /// It was signed by an expired key, so the token has expired too.
        Expired = "expired",
        /// Its owner has revoked it, or the attenuated token.
        Revoked = "revoked",
    }
}

/// Distinguishes a token signed by another key of this portal from a forged one. Both are refused.
pub(super) fn told_apart(error: TokenError, bytes: &[u8], roots: &Roots, kind: RootKind, now: Timestamp) -> TokenError {
    if error.refusal() != Some(Refusal::Forged) {
        return error;
    }
    let kid = UnverifiedBiscuit::from(bytes).ok().and_then(|token| token.root_key_id());
    let named = kid.and_then(|kid| roots.iter().find(|root| root.kid == kid));
    let other = named.filter(|root| roots.verifying(kind, root.kid, now).is_none());
    let Some(root) = other.filter(|root| Biscuit::from(bytes, root.public).is_ok()) else { return error };
    if root.dropped_at.is_some() {
        TokenError::Refused(Refusal::DroppedKey, "signed by a key that was dropped")
    } else if root.kind != kind {
        TokenError::Refused(Refusal::WrongChannel, "signed for another way in")
    } else {
        TokenError::Refused(Refusal::Expired, "signed by a key that is over")
    }
}

#[cfg(test)]
mod tests {
    use super::Refusal;
    use crate::{
        auth::{ApiToken, Channel, Keys, Root, RootRecord, SessionToken, attenuate, read},
        domain::{
            access::{Action, Amr, Roles},
            ids::{AccountId, SessionId},
        },
    };
    use biscuit_auth::{Biscuit, KeyPair, macros::block};
    use jiff::{SignedDuration, Timestamp};
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp::constant(1_722_000_000, 0);

    fn token(keys: &Keys) -> String {
        let (id, roles, ends) = (Uuid::from_u128(1), Roles::from_granted([]), NOW + SignedDuration::from_hours(1));
        let actions = &[Action::DraftRead];
        ApiToken { id, account: AccountId(id), roles: &roles, actions, ends }.mint(keys, NOW).unwrap()
    }

    fn session(keys: &Keys) -> String {
        let (id, roles, ends) = (Uuid::from_u128(2), Roles::from_granted([]), NOW + SignedDuration::from_hours(1));
        let (session, account) = (SessionId(id), AccountId(id));
        SessionToken { session, account, roles: &roles, amr: Amr::Email, ends }.mint(keys, NOW).unwrap()
    }

    /// Adds a block that the portal's own attenuation would not create.
    fn added(keys: &Keys, text: &str, block: biscuit_auth::builder::BlockBuilder) -> String {
        let roots = keys.roots();
        let root = |kid: Option<u32>| {
            let root = roots.iter().find(|root| Some(root.kid) == kid).map(|root| root.public);
            root.ok_or(biscuit_auth::error::Format::UnknownPublicKey)
        };
        Biscuit::from_base64(text, root).unwrap().append(block).unwrap().to_base64().unwrap()
    }

    #[test]
    fn each_reason_is_told_apart() {
        let keys = Keys::ephemeral().unwrap();
        let why = |text: &str, channel| read(&keys, text, channel, NOW).err().map(|error| error.refusal());
        let api = token(&keys);
        let narrow = attenuate::Attenuation { until: Some(NOW), ..Default::default() };
        assert_eq!(why(&api, Channel::Api), None);
        assert_eq!(why(&attenuate::attenuate(&api, &narrow).unwrap(), Channel::Api), None);
        for text in ["", "x", "AAAA", &api[..api.len() / 2], &"A".repeat(5000)] {
            assert_eq!(why(text, Channel::Api), Some(Some(Refusal::Malformed)), "{text}");
        }
        let stranger = biscuit_auth::macros::biscuit!("user(\"x\")").root_key_id(2).build(&KeyPair::new()).unwrap();
        assert_eq!(why(&stranger.to_base64().unwrap(), Channel::Api), Some(Some(Refusal::Forged)));
        let nobody = biscuit_auth::macros::biscuit!("user(\"x\")").root_key_id(77).build(&KeyPair::new()).unwrap();
        assert_eq!(why(&nobody.to_base64().unwrap(), Channel::Api), Some(Some(Refusal::Forged)));
        // It names a key that signs in another channel, but was not signed by it.
        let pretender = biscuit_auth::macros::biscuit!("user(\"x\")").root_key_id(1).build(&KeyPair::new()).unwrap();
        assert_eq!(why(&pretender.to_base64().unwrap(), Channel::Api), Some(Some(Refusal::Forged)));
        for block in [block!("role(\"officer\")"), block!("check if acts(\"x\")")] {
            assert_eq!(why(&added(&keys, &api, block), Channel::Api), Some(Some(Refusal::Widened)));
        }
        assert_eq!(why(&api, Channel::Browser), Some(Some(Refusal::WrongChannel)));
        assert_eq!(why(&session(&keys), Channel::Api), Some(Some(Refusal::WrongChannel)));
        assert_eq!(why(&session(&keys), Channel::Browser), None);

        let dropped = |root: &Root| RootRecord { dropped_at: Some(NOW), ..root.record() };
        keys.adopt(&keys.roots().iter().map(dropped).collect::<Vec<_>>()).unwrap();
        assert_eq!(why(&api, Channel::Api), Some(Some(Refusal::DroppedKey)));
    }
}
