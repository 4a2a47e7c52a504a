//! Extractors: the request's context, path and query parameters, the session cookie.

use super::error::Failure;
use crate::{
    app::{App, AppError, Clock, Ctx, InjectedFault, Site},
    auth::Channel,
    domain::text::{
        Lang,
        clean::{TextKind, clean},
    },
};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, header, request::Parts},
};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use std::{
    net::IpAddr,
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
};

/// Name of the session cookie: `__Host-` restricts it to this host, to HTTPS and to the path `/`.
pub const SESSION_COOKIE: &str = "__Host-guichet";
/// At most this many bytes in a form or JSON document of an authenticated client.
pub const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

/// What the outermost layer recorded about a request, and when the request was complete.
#[derive(Clone, Copy, Debug)]
pub struct RequestMeta {
    /// The clock used for this request.
    pub clock: Clock,
    /// When the body was complete, for routes that wait for it ([`super::body_mode`]).
    complete_at: Option<Timestamp>,
    pub lang: Lang,
    /// The client's address, if it is reliable.
    pub client: Option<IpAddr>,
}

impl RequestMeta {
    /// A request whose head has arrived.
    pub fn new(clock: Clock, lang: Lang, client: Option<IpAddr>) -> Self {
        Self { clock, complete_at: None, lang, client }
    }

    /// The arrival recorded by the outermost layer.
    ///
    /// # Errors
    /// [`Failure::NoRequestMeta`]: a route was served without that layer, and has no clock.
    pub fn from_parts(parts: &Parts) -> Result<Self, Failure> {
        parts.extensions.get().copied().ok_or(Failure::NoRequestMeta)
    }

    /// The context of an anonymous client.
    pub fn anonymous_context(&self) -> Ctx {
        Ctx { client: self.client, ..Ctx::anonymous(self.now(), self.clock, self.lang) }
    }

    /// This request once its body has arrived.
    pub fn with_completion_time(self) -> Self {
        Self { complete_at: Some(self.clock.now()), ..self }
    }

    /// When the request was complete; for a streamed body, the current time of its clock.
    pub fn now(&self) -> Timestamp {
        self.complete_at.unwrap_or_else(|| self.clock.now())
    }
}

impl FromRequestParts<App> for Ctx {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        if let Some(authentication) = parts.extensions.get::<Self>() {
            return Ok(authentication.clone());
        }
        let meta = RequestMeta::from_parts(parts)?;
        let now = meta.now();
        let authentication = match cookie(&parts.headers) {
            Some(token) => app.authenticate(token, Channel::Browser, now).await?,
            None => None,
        };
        let actor = authentication.map(|authentication| {
            if let (Some(renewed), Some(renewal)) = (authentication.renewed, parts.extensions.get::<RenewedCookie>()) {
                renewal.note(renewed);
            }
            authentication.actor
        });
        let ctx = Self { now, actor, ..context(app, meta, &parts.headers) };
        parts.extensions.insert(ctx.clone());
        Ok(ctx)
    }
}

/// The context of a request whose answer is the same for everyone: sessions are not looked at, so that no cookie is
/// renewed in an answer that caches keep.
pub struct AnonymousCtx(pub Ctx);

impl FromRequestParts<App> for AnonymousCtx {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let meta = RequestMeta::from_parts(parts)?;
        Ok(Self(context(app, meta, &parts.headers)))
    }
}

/// The context of a request that is not authenticated yet.
fn context(app: &App, meta: RequestMeta, headers: &HeaderMap) -> Ctx {
    Ctx {
        injected_fault: injected_fault(app, headers),
        site: site(app, headers),
        agent: agent(headers),
        ..meta.anonymous_context()
    }
}

/// Path parameters; invalid values give "not found".
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Path<T> {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let found = axum::extract::Path::from_request_parts(parts, app).await;
        found.map(|axum::extract::Path(found)| Self(found)).map_err(|_| AppError::NotFound.into())
    }
}

/// Query parameters.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for Query<T> {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let found = axum::extract::Query::from_request_parts(parts, app).await;
        found.map(|axum::extract::Query(found)| Self(found)).map_err(|_| Failure::BadRequest)
    }
}

/// The context of a program: its token is accepted in the `Authorization` header only.
pub struct ApiCtx(pub Ctx);

impl FromRequestParts<App> for ApiCtx {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let meta = RequestMeta::from_parts(parts)?;
        let now = meta.now();
        let lang = accepted_language(&parts.headers).unwrap_or(meta.lang);
        let token = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim());
        let authentication = match token {
            Some(token) => app.authenticate(token, Channel::Api, now).await?,
            None => None,
        };
        let actor = authentication.map(|authentication| authentication.actor);
        Ok(Self(Ctx { now, lang, actor, ..context(app, meta, &parts.headers) }))
    }
}

/// Where a request stores the fresh token that its response must carry.
#[derive(Clone, Debug, Default)]
pub struct RenewedCookie(Arc<Mutex<Option<(String, Timestamp)>>>);

impl RenewedCookie {
    fn note(&self, token: (String, Timestamp)) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(token);
    }

    /// The `Set-Cookie` value for the fresh token, if there is one.
    pub fn cookie(&self, now: Timestamp) -> Option<String> {
        let (token, ends) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        Some(session_cookie(&token, ends, now))
    }
}

/// The session cookie. It is valid as long as the session may last, because its token is renewed on the way.
pub fn session_cookie(token: &str, ends: Timestamp, now: Timestamp) -> String {
    let seconds = (ends.as_second() - now.as_second()).max(0);
    format!("{SESSION_COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={seconds}")
}

/// The browser's `User-Agent`: users tell their sessions apart by it.
fn agent(headers: &HeaderMap) -> String {
    let user_agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    clean(TextKind::Line, user_agent).chars().take(200).collect()
}

/// The site that the requested host serves.
pub fn site(app: &App, headers: &HeaderMap) -> Option<Site> {
    app.site(headers.get(header::HOST)?.to_str().ok()?)
}

fn injected_fault(app: &App, headers: &HeaderMap) -> Option<InjectedFault> {
    let name = headers.get("x-test-fault").filter(|_| app.config.portal.test_hooks)?;
    match name.to_str().ok()? {
        "die-after-commit" => Some(InjectedFault::DieAfterCommit),
        "panic-while-sealing" => Some(InjectedFault::PanicWhileSealing),
        _ => None,
    }
}

/// The first language of `Accept-Language` that the portal supports.
pub fn accepted_language(headers: &HeaderMap) -> Option<Lang> {
    let value = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    value.split(',').find_map(|item| item.trim().get(..2).and_then(|tag| Lang::from_str(&tag.to_lowercase()).ok()))
}

/// The session cookie's value.
pub fn cookie(headers: &HeaderMap) -> Option<&str> {
    named_cookie(headers, SESSION_COOKIE)
}

/// The header with the session cookie.
pub fn cookie_header(headers: &HeaderMap) -> Option<&HeaderValue> {
    let names_it = |pair: &str| pair.trim().strip_prefix(SESSION_COOKIE).is_some_and(|value| value.starts_with('='));
    headers.get_all(header::COOKIE).iter().find(|value| value.to_str().is_ok_and(|text| text.split(';').any(names_it)))
}

/// Whether a body is announced as this media type, whatever its parameters.
pub fn has_media_type(headers: &HeaderMap, media_type: &str) -> bool {
    let announced = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    announced.split(';').next().is_some_and(|announced| announced.trim().eq_ignore_ascii_case(media_type))
}

/// The value of the cookie with this name.
pub fn named_cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
        .filter(|value| !value.is_empty())
}
