//! OpenID Connect: authenticates a user at an identity provider (authorization code, PKCE, nonce).
//!
//! The portal needs only a verified e-mail address from the provider. The address identifies the account, whichever way
//! the user signs in.

use openidconnect::{
    AccessTokenHash, AsyncHttpClient, AuthType, AuthenticationContextClass, AuthorizationCode, ClientId, ClientSecret,
    CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IssuerUrl, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, TokenResponse,
    UserInfoError,
    core::{
        CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreIdTokenClaims, CoreIdTokenVerifier,
        CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreTokenResponse, CoreUserInfoClaims,
    },
};
use serde::{Deserialize, Serialize};
use std::{error::Error, pin::Pin, time::Duration};

/// Timeout of a request to the provider.
const PROVIDER_TIMEOUT: Duration = Duration::from_secs(10);
/// Maximum size of a response of the provider, in bytes.
const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// The portal's registration at the provider.
#[derive(Clone)]
pub struct ProviderRegistration {
    /// The issuer identifier of the provider, a URL.
    pub issuer: String,
    pub client_id: String,
    /// The client secret.
    pub secret: secrecy::SecretString,
    /// Requested scopes, in addition to `openid`.
    pub scopes: Vec<String>,
    /// Accepted authentication contexts, any of them; empty if the provider decides.
    pub acr_values: Vec<String>,
    /// Whether the provider verifies addresses without stating so in the claims.
    pub vouches_for_email: bool,
    /// Redirect URI.
    pub redirect: String,
}

/// An identity provider.
pub struct Provider {
    registration: ProviderRegistration,
    http: Http,
}

/// The values against which the response is verified.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Expected {
    nonce: Nonce,
    verifier: String,
}

/// Why a response of the provider is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// It is unreachable, or its response is not OpenID Connect.
    #[error("the identity provider cannot be used: {0}")]
    Unavailable(String),
    /// It refused, or its response is invalid.
    #[error("the identity provider's answer does not hold: {0}")]
    Refused(String),
    /// It provides no verified e-mail address.
    #[error("the identity provider gives no verified e-mail address")]
    NoEmail,
}

type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

impl Provider {
    /// Prepares the client of a provider, without network access.
    pub fn new(registration: ProviderRegistration) -> Result<Self, reqwest::Error> {
        // Following redirects would let the provider make the portal send requests to any host.
        let http =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(PROVIDER_TIMEOUT).build()?;
        Ok(Self { registration, http: Http(http) })
    }

    /// Returns the URL to redirect the user to, and the values against which the response is verified.
    pub async fn ask(&self, state: String) -> Result<(String, Expected), OidcError> {
        let client = self.client().await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let acr = self.registration.acr_values.iter().cloned().map(AuthenticationContextClass::new);
        let mut request = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, || CsrfToken::new(state), Nonce::new_random)
            .add_scopes(self.registration.scopes.iter().filter(|scope| *scope != "openid").cloned().map(Scope::new))
            .set_pkce_challenge(challenge);
        for value in acr {
            request = request.add_auth_context_value(value);
        }
        let (address, _, nonce) = request.url();
        Ok((address.into(), Expected { nonce, verifier: verifier.into_secret() }))
    }

    /// Returns the verified e-mail address of a user who returned with a code.
    pub async fn email(&self, code: String, expected: Expected) -> Result<String, OidcError> {
        // Discovered again each time, because the provider may have changed its keys since the redirect.
        let client = self.client().await?;
        let token = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(unavailable)?
            .set_pkce_verifier(PkceCodeVerifier::new(expected.verifier))
            .request_async(&self.http)
            .await
            .map_err(|error| match error {
                RequestTokenError::Request(error) => unavailable(error),
                error => refused(error),
            })?;
        let claims = self.verified(&client, &token, &expected.nonce)?;
        if let Some(email) = claims.email() {
            return self.vouched(email.as_str(), claims.email_verified());
        }
        let info: CoreUserInfoClaims = client
            .user_info(token.access_token().clone(), Some(claims.subject().clone()))
            .map_err(|_| OidcError::NoEmail)?
            .request_async(&self.http)
            .await
            .map_err(|error| match error {
                UserInfoError::Request(error) => unavailable(error),
                error => refused(error),
            })?;
        let email = info.email().ok_or(OidcError::NoEmail)?;
        self.vouched(email.as_str(), info.email_verified())
    }

    /// Returns the claims of the identity token, once its signature, issuer, audience, age and nonce are verified.
    fn verified(
        &self,
        client: &Client,
        token: &CoreTokenResponse,
        nonce: &Nonce,
    ) -> Result<CoreIdTokenClaims, OidcError> {
        let id_token = token.id_token().ok_or_else(|| OidcError::Refused("there is no identity token".into()))?;
        let wanted = self.registration.acr_values.clone();
        let verifier: CoreIdTokenVerifier<'_> = client
            .id_token_verifier()
            // Asymmetric algorithms only: with a shared secret, the portal itself could have signed the token.
            .set_allowed_algs([
                CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
                CoreJwsSigningAlgorithm::RsaSsaPssSha256,
                CoreJwsSigningAlgorithm::EcdsaP256Sha256,
                CoreJwsSigningAlgorithm::EdDsa,
            ])
            .set_auth_context_verifier_fn(move |given| {
                let right =
                    wanted.is_empty() || given.is_some_and(|given| wanted.iter().any(|one| one == given.as_str()));
                if right { Ok(()) } else { Err("the person was not authenticated as asked".into()) }
            });
        let claims = id_token.claims(&verifier, nonce).map_err(refused)?;
        if let Some(hash) = claims.access_token_hash() {
            let algorithm = id_token.signing_alg().map_err(refused)?;
            let key = id_token.signing_key(&verifier).map_err(refused)?;
            let own = AccessTokenHash::from_token(token.access_token(), algorithm, key).map_err(refused)?;
            if own != *hash {
                return Err(OidcError::Refused("the access token is another one".into()));
            }
        }
        Ok(claims.clone())
    }

    fn vouched(&self, email: &str, verified: Option<bool>) -> Result<String, OidcError> {
        if verified.unwrap_or(self.registration.vouches_for_email) {
            Ok(email.to_owned())
        } else {
            Err(OidcError::NoEmail)
        }
    }

    async fn client(&self) -> Result<Client, OidcError> {
        use secrecy::ExposeSecret;
        let ProviderRegistration { issuer, client_id, secret, redirect, .. } = &self.registration;
        let issuer = IssuerUrl::new(issuer.clone()).map_err(unavailable)?;
        let redirect = RedirectUrl::new(redirect.clone()).map_err(unavailable)?;
        let metadata = CoreProviderMetadata::discover_async(issuer, &self.http).await.map_err(unavailable)?;
        let by_body = metadata
            .token_endpoint_auth_methods_supported()
            .is_some_and(|methods| methods.contains(&CoreClientAuthMethod::ClientSecretPost));
        let auth = if by_body { AuthType::RequestBody } else { AuthType::BasicAuth };
        let secret = ClientSecret::new(secret.expose_secret().to_owned());
        let client = CoreClient::from_provider_metadata(metadata, ClientId::new(client_id.clone()), Some(secret));
        Ok(client.set_redirect_uri(redirect).set_auth_type(auth))
    }
}

/// The HTTP client for the provider.
struct Http(reqwest::Client);

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = CallError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, CallError>> + Send + 'c>>;
    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

impl Http {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, CallError> {
        let mut answer = self.0.execute(request.try_into()?).await?;
        let mut response = HttpResponse::new(Vec::new());
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        while let Some(chunk) = answer.chunk().await? {
            if response.body().len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(CallError::TooLong);
            }
            response.body_mut().extend_from_slice(&chunk);
        }
        Ok(response)
    }
}

/// Why a request to the provider failed.
#[derive(Debug, thiserror::Error)]
enum CallError {
    #[error("no answer")]
    Http(#[from] reqwest::Error),
    #[error("an answer of more than {MAX_ANSWER_BYTES} bytes")]
    TooLong,
}

fn unavailable(error: impl Error) -> OidcError {
    OidcError::Unavailable(chain(&error))
}

fn refused(error: impl Error) -> OidcError {
    OidcError::Refused(chain(&error))
}

/// Formats an error with its causes, which are more specific than the library's own message.
fn chain(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words.push_str(": ");
        words.push_str(&error.to_string());
        cause = error.source();
    }
    words
}
