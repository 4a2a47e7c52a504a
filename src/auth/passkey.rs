//! Passkeys (WebAuthn): the portal as the one party that they are registered with.
//!
//! A passkey belongs to the host of `portal.public_url` for good: changing that host loses every passkey, and the host
//! names of calls have none. The user has to be verified by the device (finger, face, code), and the passkey has to be
//! discoverable, so that nobody types an address to sign in.

use crate::domain::ids::AccountId;
use serde_json::{Value as Json, json};
use uuid::Uuid;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential, Url,
    Webauthn, WebauthnBuilder, WebauthnError,
};

/// What passkeys are registered with.
#[derive(Clone, Debug)]
pub struct RelyingParty(Webauthn);

/// A ceremony as it begins.
#[derive(Clone, Debug)]
pub struct CeremonyStart {
    /// What the browser is asked for, as the arguments of `navigator.credentials`.
    pub options: Json,
    /// What the end has to be held against; never leaves the server.
    pub state: Json,
}

/// A passkey as it was made or used.
#[derive(Clone, Debug)]
pub struct Proven {
    /// The id that its device gave it.
    pub credential_id: Vec<u8>,
    /// The public key and the counter, to be stored.
    pub credential: Json,
}

/// Why a passkey is not taken.
#[derive(Debug, thiserror::Error)]
pub enum PasskeyError {
    /// The answer does not hold; the reason is for the log.
    #[error("the passkey does not hold: {0}")]
    Refused(String),
    /// A stored passkey or ceremony cannot be read or written.
    #[error("a stored passkey or ceremony cannot be used")]
    Stored(#[from] serde_json::Error),
}

impl From<WebauthnError> for PasskeyError {
    fn from(error: WebauthnError) -> Self {
        Self::Refused(error.to_string())
    }
}

/// The part of an answer that is looked at before the rest is verified.
#[derive(Clone, Debug)]
pub struct DeviceAnswer(PublicKeyCredential);

impl DeviceAnswer {
    /// Reads what a device signed.
    ///
    /// # Errors
    /// [`PasskeyError::Refused`] when it has another shape.
    pub fn read(answer: Json) -> Result<Self, PasskeyError> {
        serde_json::from_value(answer).map(Self).map_err(|error| PasskeyError::Refused(error.to_string()))
    }

    /// Which passkey it claims to be.
    #[must_use]
    pub fn credential_id(&self) -> &[u8] {
        self.0.get_credential_id()
    }

    /// Whose passkey the device says that it is; devices may leave it out unless they were asked for any passkey at all.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        self.0.get_user_unique_id().and_then(|bytes| Uuid::from_slice(bytes).ok()).map(AccountId)
    }
}

impl RelyingParty {
    /// The party of a public address; none when its host is an IP address, which passkeys cannot belong to.
    #[must_use]
    pub fn of(public_url: &str) -> Option<Self> {
        let url = Url::parse(public_url).ok()?;
        let host = url.domain()?.to_owned();
        let party = WebauthnBuilder::new(&host, &url).ok()?.rp_name("Guichet").build().ok()?;
        Some(Self(party))
    }

    /// Asks for a new passkey; those that the person has already are not made twice.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn begin_registration(
        &self,
        account: AccountId,
        email: &str,
        known: Vec<Vec<u8>>,
    ) -> Result<CeremonyStart, PasskeyError> {
        let (options, state) = self.0.start_passkey_registration(account.0, email, email, Some(known))?;
        let mut options = serde_json::to_value(options)?;
        options["publicKey"]["authenticatorSelection"]["residentKey"] = json!("required");
        options["publicKey"]["authenticatorSelection"]["requireResidentKey"] = json!(true);
        Ok(CeremonyStart { options, state: serde_json::to_value(state)? })
    }

    /// Takes a new passkey.
    ///
    /// # Errors
    /// [`PasskeyError::Refused`] for another challenge, origin or host, or an unverified user.
    pub fn finish_registration(&self, answer: Json, state: Json) -> Result<Proven, PasskeyError> {
        let state: PasskeyRegistration = serde_json::from_value(state)?;
        let answer: RegisterPublicKeyCredential =
            serde_json::from_value(answer).map_err(|error| PasskeyError::Refused(error.to_string()))?;
        let passkey = self.0.finish_passkey_registration(&answer, &state)?;
        Ok(Proven { credential_id: passkey.cred_id().clone(), credential: serde_json::to_value(passkey)? })
    }

    /// Asks for one of these passkeys, or for any one at all.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn begin_authentication(&self, among: &[Vec<u8>]) -> Result<CeremonyStart, PasskeyError> {
        let (options, state) = self.0.start_discoverable_authentication()?;
        let mut options = serde_json::to_value(options)?;
        options["publicKey"]["allowCredentials"] =
            among.iter().map(|id| json!({ "type": "public-key", "id": base64url(id) })).collect();
        // The library means the list under an input field; here a button asks.
        if let Some(options) = options.as_object_mut() {
            options.remove("mediation");
        }
        Ok(CeremonyStart { options, state: serde_json::to_value(state)? })
    }

    /// Verifies that the holder of a stored passkey answered; gives it back with its new counter.
    ///
    /// # Errors
    /// [`PasskeyError::Refused`] for another challenge, origin, host or key, an unverified user, or a counter that did
    /// not grow: the passkey may have been copied.
    pub fn finish_authentication(
        &self,
        answer: &DeviceAnswer,
        state: Json,
        stored: Json,
    ) -> Result<Proven, PasskeyError> {
        let state: DiscoverableAuthentication = serde_json::from_value(state)?;
        let mut passkey: Passkey = serde_json::from_value(stored)?;
        let done = self.0.finish_discoverable_authentication_v2(&answer.0, state, &passkey)?;
        passkey.update_credential(&done);
        Ok(Proven { credential_id: passkey.cred_id().clone(), credential: serde_json::to_value(passkey)? })
    }
}

fn base64url(bytes: &[u8]) -> String {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::RelyingParty;

    #[test]
    fn an_address_has_no_passkeys() {
        assert!(RelyingParty::of("https://aap.example:8443").is_some());
        assert!(RelyingParty::of("https://localhost:24443").is_some());
        assert!(RelyingParty::of("https://192.0.2.1").is_none());
        assert!(RelyingParty::of("https://[2001:db8::1]:443").is_none());
    }
}
