//! `[sign_in]`: ways to sign in, in addition to links by e-mail and passkeys.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Additional ways to sign in.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// An OpenID Connect provider, such as ProConnect.
    #[serde(default)]
    pub oidc: Option<Oidc>,
}

/// An OpenID Connect provider. `<public_url>/sign-in/oidc/callback` must be registered as its redirect URI.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Oidc {
    /// Its name on the button.
    pub name: String,
    /// Its issuer identifier, a URL below which its configuration is found.
    pub issuer: String,
    /// The portal's client id.
    pub client_id: String,
    pub client_secret_file: PathBuf,
    /// Requested scopes [default: `email`]; `openid` is always requested.
    #[serde(default = "email")]
    pub scopes: Vec<String>,
    /// Accepted authentication classes, any of these [default: as the provider decides]; `eidas1` for ProConnect.
    #[serde(default)]
    pub acr_values: Vec<String>,
    /// Whether the provider verifies every email address without setting `email_verified`: ask the provider before
    /// setting this.
    #[serde(default)]
    pub vouches_for_email: bool,
}

fn email() -> Vec<String> {
    vec!["email".into()]
}

impl SignIn {
    /// The faults of this section.
    pub(super) fn faults(&self) -> Vec<String> {
        let Some(oidc) = &self.oidc else { return Vec::new() };
        let mut faults = Vec::new();
        let near = ["http://127.0.0.1:", "http://[::1]:", "http://localhost:"];
        if !oidc.issuer.starts_with("https://") && !near.iter().any(|near| oidc.issuer.starts_with(near)) {
            faults.push("sign_in.oidc.issuer must begin with https://, except on this very machine".into());
        }
        if oidc.name.trim().is_empty() {
            faults.push("sign_in.oidc.name is empty: it is what the button says".into());
        }
        if oidc.client_id.is_empty() {
            faults.push("sign_in.oidc.client_id is empty".into());
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::{Oidc, SignIn, email};

    #[test]
    fn contradictions_are_all_told() {
        let provider = |issuer: &str, name: &str, client_id: &str| SignIn {
            oidc: Some(Oidc {
                name: name.into(),
                issuer: issuer.into(),
                client_id: client_id.into(),
                client_secret_file: "secret".into(),
                scopes: email(),
                acr_values: Vec::new(),
                vouches_for_email: false,
            }),
        };
        assert!(SignIn::default().faults().is_empty());
        assert!(provider("https://id.example", "ProConnect", "guichet").faults().is_empty());
        assert!(provider("http://127.0.0.1:8080", "Essai", "guichet").faults().is_empty());
        assert_eq!(provider("http://id.example", " ", "").faults().len(), 3);
    }
}
