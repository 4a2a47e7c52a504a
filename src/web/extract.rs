//! Extractors: client and time, forms that passed the CSRF check, streamed uploads.

use super::error::Failure;
use crate::{
    app::{App, AppError, Clock, Ctx, InjectedFault, Site},
    auth::{self, Channel},
    domain::{
        ids::SessionId,
        json::{self, Limits},
        text::{
            Lang,
            clean::{TextKind, clean},
        },
    },
};
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, Method, header, request::Parts},
};
use jiff::Timestamp;
use multer::{Constraints, SizeLimit};
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
pub struct Arrival {
    /// The clock used for this request.
    pub clock: Clock,
    /// When the body was complete, for routes that wait for it ([`super::intake`]).
    complete_at: Option<Timestamp>,
    pub lang: Lang,
    /// The client's address, if it is reliable.
    pub client: Option<IpAddr>,
}

impl Arrival {
    /// A request whose head has arrived.
    pub fn new(clock: Clock, lang: Lang, client: Option<IpAddr>) -> Self {
        Self { clock, complete_at: None, lang, client }
    }

    /// The arrival recorded by the outermost layer.
    ///
    /// # Errors
    /// [`Failure::NoArrival`]: a route was served without that layer, and has no clock.
    pub fn of(parts: &Parts) -> Result<Self, Failure> {
        parts.extensions.get().copied().ok_or(Failure::NoArrival)
    }

    /// The context of an anonymous client.
    pub fn nobody(&self) -> Ctx {
        Ctx { client: self.client, ..Ctx::nobody(self.now(), self.clock, self.lang) }
    }

    /// The same, after the body has arrived.
    #[must_use]
    pub fn completed(self) -> Self {
        Self { complete_at: Some(self.clock.now()), ..self }
    }

    /// When the request was complete; for a streamed body, the current time of its clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.complete_at.unwrap_or_else(|| self.clock.now())
    }
}

impl FromRequestParts<App> for Ctx {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let arrival = Arrival::of(parts)?;
        let now = arrival.now();
        let known = match cookie(&parts.headers) {
            Some(token) => app.authenticate(token, Channel::Browser, now).await?,
            None => None,
        };
        let actor = known.map(|known| {
            if let (Some(renewed), Some(place)) = (known.renewed, parts.extensions.get::<Renewal>()) {
                place.note(renewed);
            }
            known.actor
        });
        let ctx = Self { now, actor, ..context(app, arrival, &parts.headers) };
        parts.extensions.insert(ctx.clone());
        Ok(ctx)
    }
}

/// The context of a request that is not authenticated yet.
fn context(app: &App, arrival: Arrival, headers: &HeaderMap) -> Ctx {
    Ctx { fault: fault(app, headers), site: site(app, headers), agent: agent(headers), ..arrival.nobody() }
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
        let arrival = Arrival::of(parts)?;
        let now = arrival.now();
        let lang = accepted_language(&parts.headers).unwrap_or(arrival.lang);
        let token = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim());
        let known = match token {
            Some(token) => app.authenticate(token, Channel::Api, now).await?,
            None => None,
        };
        let actor = known.map(|known| known.actor);
        Ok(Self(Ctx { now, lang, actor, ..context(app, arrival, &parts.headers) }))
    }
}

/// Where a request stores the fresh token that its response must carry.
#[derive(Clone, Debug, Default)]
pub struct Renewal(Arc<Mutex<Option<(String, Timestamp)>>>);

impl Renewal {
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
    let said = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    clean(TextKind::Line, said).chars().take(200).collect()
}

/// The site that the requested host serves.
pub fn site(app: &App, headers: &HeaderMap) -> Option<Site> {
    app.site(headers.get(header::HOST)?.to_str().ok()?)
}

fn fault(app: &App, headers: &HeaderMap) -> Option<InjectedFault> {
    let asked =
        app.config.portal.test_hooks && headers.get("x-test-fault").is_some_and(|name| name == "die-after-commit");
    asked.then_some(InjectedFault::DieAfterCommit)
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

/// Reads a body that the intake has already read within the limit of its route.
pub async fn read_whole(body: Body) -> Result<Bytes, Failure> {
    to_bytes(body, usize::MAX).await.map_err(|_| Failure::BadRequest)
}

/// A posted form that passed the CSRF check; this type cannot be built otherwise.
#[derive(Clone, Debug)]
pub struct PostedForm(Vec<(String, String)>);

impl PostedForm {
    /// The first value of a name, or an empty string.
    pub fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }
    /// All values of a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }
    /// Decodes the pairs of a body, without any check.
    async fn decode(headers: &HeaderMap, bytes: Bytes) -> Result<Self, Failure> {
        let mut request = Request::new(Body::from(bytes));
        *request.method_mut() = Method::POST;
        request.headers_mut().clone_from(headers);
        let pairs = axum::extract::Form::from_request(request, &()).await;
        pairs.map(|axum::extract::Form(pairs)| Self(pairs)).map_err(|_| Failure::BadRequest)
    }
    /// A form as received, without checking its origin.
    pub(super) fn unchecked(headers: &HeaderMap, bytes: Bytes) -> Option<Self> {
        futures_util::FutureExt::now_or_never(Self::decode(headers, bytes))?.ok()
    }
    /// Parses a value.
    ///
    /// # Errors
    /// [`AppError::NotFound`]: our own forms always have a valid value.
    pub fn parse<T: FromStr>(&self, name: &str) -> Result<T, AppError> {
        self.text(name).parse().map_err(|_| AppError::NotFound)
    }
}

impl FromRequest<App> for PostedForm {
    type Rejection = Failure;
    async fn from_request(request: Request, app: &App) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        let ctx = Ctx::from_request_parts(&mut parts, app).await?;
        let bytes = read_whole(body).await?;
        let posted = Self::decode(&parts.headers, bytes).await?;
        same_site(app, &parts.headers)?;
        form_token_holds(app, &ctx, posted.text("csrf"))?;
        Ok(posted)
    }
}

/// A JSON body that passed the CSRF check through the header `X-Csrf-Token`.
pub struct PostedJson<T>(pub T);

impl<T: serde::de::DeserializeOwned> FromRequest<App> for PostedJson<T> {
    type Rejection = Failure;
    async fn from_request(request: Request, app: &App) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        Ctx::from_request_parts(&mut parts, app).await?.actor()?;
        posted_json(parts, body, app).await.map(Self)
    }
}

/// The client of a request whose header `X-Csrf-Token` passed the check; the body is read elsewhere.
pub struct CheckedCtx(pub Ctx);

impl FromRequestParts<App> for CheckedCtx {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let ctx = Ctx::from_request_parts(parts, app).await?;
        ctx.actor()?;
        same_site(app, &parts.headers)?;
        form_token_holds(app, &ctx, form_token(&parts.headers))?;
        Ok(Self(ctx))
    }
}

/// The form token sent by a script.
fn form_token(headers: &HeaderMap) -> &str {
    let mut all = headers.get_all("x-csrf-token").iter();
    match (all.next(), all.next()) {
        (Some(value), None) => value.to_str().unwrap_or_default(),
        _ => "",
    }
}

/// A JSON body of a client that may not be authenticated. A visitor has no form token, but the origin of the request is
/// still checked.
pub struct AnyonesJson<T>(pub T);

impl<T: serde::de::DeserializeOwned> FromRequest<App> for AnyonesJson<T> {
    type Rejection = Failure;
    async fn from_request(request: Request, app: &App) -> Result<Self, Failure> {
        let (parts, body) = request.into_parts();
        posted_json(parts, body, app).await.map(Self)
    }
}

async fn posted_json<T: DeserializeOwned>(mut parts: Parts, body: Body, app: &App) -> Result<T, Failure> {
    let ctx = Ctx::from_request_parts(&mut parts, app).await?;
    same_site(app, &parts.headers)?;
    form_token_holds(app, &ctx, form_token(&parts.headers))?;
    read_json(body).await
}

/// Reads a JSON body strictly; the error gives the path of the fault.
///
/// # Errors
/// [`Failure::Json`], or the failure of the body.
pub async fn read_json<T: DeserializeOwned>(body: Body) -> Result<T, Failure> {
    parse_json(&read_whole(body).await?)
}

/// Parses a complete JSON body, as [`read_json`] does.
///
/// # Errors
/// [`Failure::Json`].
pub fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    json::from_slice(bytes, Limits::bytes(MAX_BODY_BYTES)).map_err(|error| Failure::Json(error.to_string()))
}

/// A multipart upload whose text fields, including the CSRF token, come before the file.
pub struct PostedFile {
    /// Text fields before the file.
    pub fields: PostedForm,
    /// File name as sent.
    pub name: String,
    /// The file, streaming.
    pub file: multer::Field<'static>,
}

impl FromRequest<App> for PostedFile {
    type Rejection = Failure;
    async fn from_request(request: Request, app: &App) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        let ctx = Ctx::from_request_parts(&mut parts, app).await?;
        same_site(app, &parts.headers)?;
        // Limits what is buffered before another limit applies: a small amount for everyone, a whole file for signed-in
        // users.
        let most = if ctx.actor.is_some() { largest_file(app) + READ_AHEAD } else { MAX_BODY_BYTES as u64 };
        let limits = SizeLimit::new().whole_stream(most + MULTIPART_OVERHEAD);
        let boundary = parts
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| multer::parse_boundary(value).ok())
            .ok_or(Failure::BadRequest)?;
        let limits = Constraints::new().size_limit(limits);
        let mut multipart = multer::Multipart::with_constraints(body.into_data_stream(), boundary, limits);
        let mut fields = Vec::new();
        while let Some(mut field) = multipart.next_field().await.map_err(|error| multipart_failure(error, most))? {
            if let Some(name) = field.file_name().map(str::to_owned) {
                let fields = PostedForm(fields);
                form_token_holds(app, &ctx, fields.text("csrf"))?;
                return Ok(Self { fields, name, file: field });
            }
            let name = field.name().unwrap_or_default().to_owned();
            let mut text = Vec::new();
            while let Some(chunk) = field.chunk().await.map_err(|error| multipart_failure(error, most))? {
                text.extend_from_slice(&chunk);
                if fields.len() >= 20 || text.len() > MAX_FIELD_BYTES {
                    return Err(Failure::TooLarge(MAX_FIELD_BYTES as u64));
                }
            }
            fields.push((name, String::from_utf8_lossy(&text).into_owned()));
        }
        Err(Failure::BadRequest)
    }
}

/// At most this many bytes in a text field of an upload.
const MAX_FIELD_BYTES: usize = 10_000;
/// Bytes read past the largest allowed file, so that the file's own limit applies first; its message is more precise.
const READ_AHEAD: u64 = 8 * 1024 * 1024;
/// Extra bytes for the headers and text fields of an upload.
const MULTIPART_OVERHEAD: u64 = 256 * 1024;

/// The largest file size that any call allows, in bytes.
fn largest_file(app: &App) -> u64 {
    app.calls.iter().map(|call| call.files.max_file_bytes).max().unwrap_or(0)
}

fn multipart_failure(error: multer::Error, max_bytes: u64) -> Failure {
    match error {
        multer::Error::StreamSizeExceeded { .. } | multer::Error::FieldSizeExceeded { .. } => {
            Failure::TooLarge(max_bytes)
        }
        _ => Failure::BadRequest,
    }
}

/// The session of a signed-in browser, from which form tokens are derived; visitors have none.
pub fn form_session(ctx: &Ctx) -> Option<String> {
    ctx.actor.as_ref().and_then(|actor| actor.session).map(|SessionId(id)| id.to_string())
}

/// Unsafe requests must come from our own pages: browsers state this with `Origin` or `Sec-Fetch-Site`.
pub(super) fn same_site(app: &App, headers: &HeaderMap) -> Result<(), Failure> {
    let ours = |origin: &str| {
        origin == app.config.portal.public_url || site(app, headers).is_some_and(|site| site.origin == origin)
    };
    // With two headers, different readers could trust different ones.
    let all = |name, right: &dyn Fn(&str) -> bool| {
        headers.get_all(name).iter().all(|value: &axum::http::HeaderValue| value.to_str().is_ok_and(right))
    };
    let holds = if headers.contains_key(header::ORIGIN) {
        all("origin", &ours)
    } else {
        headers.contains_key("sec-fetch-site") && all("sec-fetch-site", &|site| site == "same-origin")
    };
    if holds { Ok(()) } else { Err(Failure::Csrf) }
}

fn form_token_holds(app: &App, ctx: &Ctx, token: &str) -> Result<(), Failure> {
    match form_session(ctx) {
        Some(session) if !auth::form_token_holds(&app.keys, &session, token) => Err(Failure::Csrf),
        _ => Ok(()),
    }
}
