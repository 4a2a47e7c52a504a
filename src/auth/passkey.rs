//! Passkeys (WebAuthn): the portal as the relying party.
//!
//! A passkey is permanently bound to the host of `portal.public_url`: changing that host invalidates every passkey, and
//! the host names of calls cannot use them. The device must verify the user (fingerprint, face, PIN), and the passkey
//! must be discoverable, so that nobody has to type an address to sign in.

use crate::domain::ids::AccountId;
use serde_json::{Value as Json, json};
use uuid::Uuid;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential, Url,
    Webauthn, WebauthnBuilder, WebauthnError,
};

/// The relying party of passkeys.
#[derive(Clone, Debug)]
pub struct RelyingParty(Webauthn);

#[derive(Clone, Debug)]
pub struct CeremonyStart {
    /// The arguments of `navigator.credentials` for the browser.
    pub options: Json,
    /// The state for verifying the response; never leaves the server.
    pub state: Json,
}

/// A passkey as created or used.
#[derive(Clone, Debug)]
pub struct Proven {
    /// The id that the device gave it.
    pub credential_id: Vec<u8>,
    /// The public key and the counter, to be stored.
    pub credential: Json,
}

/// Why a passkey is refused.
#[derive(Debug, thiserror::Error)]
pub enum PasskeyError {
    /// The response is invalid; the reason is for the log.
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

/// The part of a response that is read before the rest is verified.
#[derive(Clone, Debug)]
pub struct DeviceAnswer(PublicKeyCredential);

impl DeviceAnswer {
    /// Parses a device's response.
    ///
    /// # Errors
    /// [`PasskeyError::Refused`] when it has another format.
    pub fn read(answer: Json) -> Result<Self, PasskeyError> {
        serde_json::from_value(answer).map(Self).map_err(|error| PasskeyError::Refused(error.to_string()))
    }

    /// The credential id that it claims.
    pub fn credential_id(&self) -> &[u8] {
        self.0.get_credential_id()
    }

    /// The account that the device names for the passkey. Devices may omit it, unless they were asked for any passkey.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        self.0.get_user_unique_id().and_then(|bytes| Uuid::from_slice(bytes).ok()).map(AccountId)
    }
}

impl RelyingParty {
    /// Creates the relying party of a public URL; `None` if its host is an IP address, which passkeys cannot be bound
    /// to.
    #[must_use]
    pub fn of(public_url: &str) -> Option<Self> {
        let url = Url::parse(public_url).ok()?;
        let host = url.domain()?.to_owned();
        let party = WebauthnBuilder::new(&host, &url).ok()?.rp_name("Guichet").build().ok()?;
        Some(Self(party))
    }

    /// Requests a new passkey. Devices that already have one of the user's passkeys are excluded.
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

    /// Verifies a new passkey.
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

    /// Requests one of these passkeys, or any passkey.
    pub fn begin_authentication(&self, among: &[Vec<u8>]) -> Result<CeremonyStart, PasskeyError> {
        let (options, state) = self.0.start_discoverable_authentication()?;
        let mut options = serde_json::to_value(options)?;
        options["publicKey"]["allowCredentials"] =
            among.iter().map(|id| json!({ "type": "public-key", "id": base64url(id) })).collect();
        // The library sets this for autofill under an input field; here a button starts the request.
        if let Some(options) = options.as_object_mut() {
            options.remove("mediation");
        }
        Ok(CeremonyStart { options, state: serde_json::to_value(state)? })
    }

    /// Verifies a response with a stored passkey, and returns the passkey with its new counter.
    ///
    /// # Errors
    /// [`PasskeyError::Refused`] for another challenge, origin, host or key, an unverified user, or a counter that did
    /// not increase, because the passkey may have been copied.
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
