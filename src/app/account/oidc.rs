//! Sign-in through an identity provider (OpenID Connect), if one is configured.

use crate::app::{App, AppError, Ctx, SignedIn, StartError, transaction::transaction};
use crate::{
    auth::{
        self,
        oidc::{Expected, OidcError, Provider, ProviderRegistration},
    },
    config::Config,
    domain::{
        access::Amr,
        ids::{AccountId, SessionId},
    },
    store::{account, ceremony::CeremonyKind},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Data for the redirect to the provider.
#[derive(Clone, Debug)]
pub struct ProviderRedirect {
    /// Target of the redirect.
    pub address: String,
    /// Secret kept by the browser, so that only the same browser can complete the sign-in.
    pub secret: String,
    /// Deadline for the return.
    pub until: Timestamp,
}

/// State stored until the user returns.
#[derive(Serialize, Deserialize)]
struct Left {
    expected: Expected,
    browser: String,
    next: String,
}

/// Creates the provider of a configuration.
pub(in crate::app) fn provider(config: &Config) -> Result<Option<Provider>, StartError> {
    let Some(oidc) = &config.sign_in.oidc else { return Ok(None) };
    let path = &oidc.client_secret_file;
    let secret = std::fs::read_to_string(path).map_err(|source| StartError::Read { path: path.clone(), source })?;
    let registration = ProviderRegistration {
        issuer: oidc.issuer.clone(),
        client_id: oidc.client_id.clone(),
        secret: secret.trim_end().into(),
        scopes: oidc.scopes.clone(),
        acr_values: oidc.acr_values.clone(),
        vouches_for_email: oidc.vouches_for_email,
        redirect: format!("{}/sign-in/oidc/callback", config.portal.public_url),
    };
    Ok(Some(Provider::new(registration)?))
}

impl App {
    /// Returns the display name of the provider where it can be used: at the public host.
    pub fn provider_name(&self, ctx: &Ctx) -> Option<&str> {
        self.config.sign_in.oidc.as_ref().filter(|_| ctx.site.is_none()).map(|oidc| oidc.name.as_str())
    }

    fn provider(&self, ctx: &Ctx) -> Result<&Provider, AppError> {
        self.provider.as_ref().filter(|_| ctx.site.is_none()).ok_or(AppError::NotFound)
    }

    /// Starts a sign-in at the provider.
    ///
    /// # Errors
    /// [`AppError::NotFound`] without one, [`AppError::TooManyLinks`], [`AppError::Provider`], and store errors.
    pub async fn leave_for_provider(&self, ctx: &Ctx, next: &str) -> Result<ProviderRedirect, AppError> {
        let provider = self.provider(ctx)?;
        if !self.ceremonies.admits(ctx.client, std::time::Instant::now()) {
            return Err(AppError::TooManyLinks);
        }
        let (id, secret) = (Uuid::now_v7(), auth::link_secret()?);
        let (address, expected) = provider.ask(id.to_string()).await?;
        let left = Left { expected, browser: hex::encode(auth::link_hash(&secret)), next: next.to_owned() };
        let state = serde_json::to_value(left).map_err(|error| OidcError::Unavailable(error.to_string()))?;
        self.begin_ceremony(ctx, id, CeremonyKind::Oidc, None, &state).await?;
        Ok(ProviderRedirect { address, secret, until: ctx.now + crate::app::account::ceremony::CEREMONY_LIFETIME })
    }

    /// Completes the sign-in of a user who returns from the provider, and returns the page they wanted.
    ///
    /// # Errors
    /// [`AppError::CeremonyOver`] for another browser and for a repeated or late return; [`AppError::Provider`], and
    /// store errors.
    pub async fn return_from_provider(
        &self,
        ctx: &Ctx,
        state: &str,
        code: String,
        secret: &str,
    ) -> Result<(SignedIn, String), AppError> {
        let provider = self.provider(ctx)?;
        let id = state.parse().map_err(|_| AppError::CeremonyOver)?;
        let left = self.end_ceremony(ctx, id, CeremonyKind::Oidc, None).await?;
        let left: Left = serde_json::from_value(left).map_err(|error| OidcError::Unavailable(error.to_string()))?;
        if left.browser != hex::encode(auth::link_hash(secret)) {
            return Err(AppError::CeremonyOver);
        }
        let email = provider.email(code, left.expected).await?;
        let email = match self.account_address(&email).await {
            Err(AppError::NotAnAddress(_)) => return Err(OidcError::NoEmail.into()),
            found => found?,
        };
        let (session, new_account, now, lang) =
            (SessionId(Uuid::now_v7()), AccountId(Uuid::now_v7()), ctx.now, ctx.lang);
        let email = email.as_str();
        let session = transaction!(self.store, db => {
            let account = account::ensure(db, new_account, email, lang, now).await?;
            self.open_session(db, ctx, session, &account, Amr::Oidc).await
        })?;
        Ok((session, left.next))
    }
}

impl From<OidcError> for AppError {
    fn from(error: OidcError) -> Self {
        match &error {
            OidcError::Unavailable(reason) => tracing::error!(reason, "oidc.unavailable"),
            OidcError::Refused(reason) => tracing::warn!(reason, "oidc.refused"),
            OidcError::NoEmail => tracing::warn!("oidc.no_verified_email"),
        }
        Self::Provider(error)
    }
}
