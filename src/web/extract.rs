//! From a request to types: who and when, forms that passed the CSRF check, uploads that stream.

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

/// Name of the session cookie: `__Host-` binds it to this host, to HTTPS and to the whole site.
pub const SESSION_COOKIE: &str = "__Host-guichet";
/// Most bytes of a form or of a JSON document of somebody who is known.
pub const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

/// What the outermost layer noted of a request, and when it was complete.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// The clock that it is judged by.
    pub clock: Clock,
    /// When its body had come, where that is awaited ([`super::intake`]).
    complete_at: Option<Timestamp>,
    /// The language.
    pub lang: Lang,
    /// The client's address, where it is known for sure.
    pub client: Option<IpAddr>,
}

impl Arrival {
    /// A request whose head has come.
    pub fn new(clock: Clock, lang: Lang, client: Option<IpAddr>) -> Self {
        Self { clock, complete_at: None, lang, client }
    }

    /// The arrival that the outermost layer noted.
    ///
    /// # Errors
    /// [`Failure::NoArrival`]: a route was served without that layer, and has no clock to be judged by.
    pub fn of(parts: &Parts) -> Result<Self, Failure> {
        parts.extensions.get().copied().ok_or(Failure::NoArrival)
    }

    /// The context of nobody in particular.
    pub fn nobody(&self) -> Ctx {
        Ctx { client: self.client, ..Ctx::nobody(self.now(), self.clock, self.lang) }
    }

    /// The same, now that its body has come.
    #[must_use]
    pub fn completed(self) -> Self {
        Self { complete_at: Some(self.clock.now()), ..self }
    }

    /// When it was complete; for one whose body is a stream, what its clock shows.
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

/// A request of somebody who is not known yet.
fn context(app: &App, arrival: Arrival, headers: &HeaderMap) -> Ctx {
    Ctx { fault: fault(app, headers), site: site(app, headers), agent: agent(headers), ..arrival.nobody() }
}

/// Parameters of the path; what they cannot mean leads nowhere.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Path<T> {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let found = axum::extract::Path::from_request_parts(parts, app).await;
        found.map(|axum::extract::Path(found)| Self(found)).map_err(|_| AppError::NotFound.into())
    }
}

/// Parameters of the query.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for Query<T> {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let found = axum::extract::Query::from_request_parts(parts, app).await;
        found.map(|axum::extract::Query(found)| Self(found)).map_err(|_| Failure::BadRequest)
    }
}

/// The context of a program: its token stands in the `Authorization` header and nowhere else.
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

/// Where a request leaves the fresh token that its answer is to carry.
#[derive(Clone, Debug, Default)]
pub struct Renewal(Arc<Mutex<Option<(String, Timestamp)>>>);

impl Renewal {
    fn note(&self, token: (String, Timestamp)) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(token);
    }

    /// The cookie that keeps it, if there is one.
    pub fn cookie(&self, now: Timestamp) -> Option<String> {
        let (token, ends) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        Some(session_cookie(&token, ends, now))
    }
}

/// The cookie of a session, for as long as the session may last: its token is renewed on the way.
pub fn session_cookie(token: &str, ends: Timestamp, now: Timestamp) -> String {
    let seconds = (ends.as_second() - now.as_second()).max(0);
    format!("{SESSION_COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={seconds}")
}

/// What the browser says it is: people tell their sessions apart by it.
fn agent(headers: &HeaderMap) -> String {
    let said = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    clean(TextKind::Line, said).chars().take(200).collect()
}

/// What the host that was asked stands for.
pub fn site(app: &App, headers: &HeaderMap) -> Option<Site> {
    app.site(headers.get(header::HOST)?.to_str().ok()?)
}

fn fault(app: &App, headers: &HeaderMap) -> Option<InjectedFault> {
    let asked =
        app.config.portal.test_hooks && headers.get("x-test-fault").is_some_and(|name| name == "die-after-commit");
    asked.then_some(InjectedFault::DieAfterCommit)
}

/// The first language of `Accept-Language` that the portal speaks.
pub fn accepted_language(headers: &HeaderMap) -> Option<Lang> {
    let value = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    value.split(',').find_map(|item| item.trim().get(..2).and_then(|tag| Lang::from_str(&tag.to_lowercase()).ok()))
}

/// The session cookie's value.
pub fn cookie(headers: &HeaderMap) -> Option<&str> {
    named_cookie(headers, SESSION_COOKIE)
}

/// The value of the cookie with a name.
pub fn named_cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
        .filter(|value| !value.is_empty())
}

/// A body that the intake has read already, within the limit of its route.
pub async fn read_whole(body: Body) -> Result<Bytes, Failure> {
    to_bytes(body, usize::MAX).await.map_err(|_| Failure::BadRequest)
}

/// A posted form that passed the CSRF check; it cannot exist otherwise.
#[derive(Clone, Debug)]
pub struct PostedForm(Vec<(String, String)>);

impl PostedForm {
    /// The first value of a name, or nothing.
    pub fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }
    /// All values of a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }
    /// Every pair.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }
    /// Reads the pairs of a body, and checks nothing else.
    async fn decode(headers: &HeaderMap, bytes: Bytes) -> Result<Self, Failure> {
        let mut request = Request::new(Body::from(bytes));
        *request.method_mut() = Method::POST;
        request.headers_mut().clone_from(headers);
        let pairs = axum::extract::Form::from_request(request, &()).await;
        pairs.map(|axum::extract::Form(pairs)| Self(pairs)).map_err(|_| Failure::BadRequest)
    }
    /// A form as it came in, whoever sent it.
    pub(super) fn unchecked(headers: &HeaderMap, bytes: Bytes) -> Option<Self> {
        futures_util::FutureExt::now_or_never(Self::decode(headers, bytes))?.ok()
    }
    /// A value as something else.
    ///
    /// # Errors
    /// [`AppError::NotFound`]: only a form that is not ours lacks it.
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

/// A JSON body that passed the CSRF check by the header `X-Csrf-Token`.
pub struct PostedJson<T>(pub T);

impl<T: serde::de::DeserializeOwned> FromRequest<App> for PostedJson<T> {
    type Rejection = Failure;
    async fn from_request(request: Request, app: &App) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        Ctx::from_request_parts(&mut parts, app).await?.actor()?;
        posted_json(parts, body, app).await.map(Self)
    }
}

/// Who asks, by a request whose header `X-Csrf-Token` passed the check and whose body somebody else reads.
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

/// The form token that a script sends.
fn form_token(headers: &HeaderMap) -> &str {
    let mut all = headers.get_all("x-csrf-token").iter();
    match (all.next(), all.next()) {
        (Some(value), None) => value.to_str().unwrap_or_default(),
        _ => "",
    }
}

/// The same of somebody who may not be known yet. A visitor has no form token; where the request comes from has to be
/// right all the same.
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

/// Reads a JSON body strictly; what is wrong is said with its path.
///
/// # Errors
/// [`Failure::Json`], or the body's own end.
pub async fn read_json<T: DeserializeOwned>(body: Body) -> Result<T, Failure> {
    parse_json(&read_whole(body).await?)
}

/// Reads JSON that has come whole, as [`read_json`] does.
///
/// # Errors
/// [`Failure::Json`].
pub fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    json::from_slice(bytes, Limits::bytes(MAX_BODY_BYTES)).map_err(|error| Failure::Json(error.to_string()))
}

/// A multipart upload whose text fields, the CSRF token among them, stand before the file.
pub struct PostedFile {
    /// Text fields before the file.
    pub fields: PostedForm,
    /// Name of the file as sent.
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
        // What is buffered before a limit is met is bounded here: little for everyone, a file for those signed in.
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

/// Most bytes of a text field of an upload.
const MAX_FIELD_BYTES: usize = 10_000;
/// Bytes past the longest file that may be read before the file's own limit is met, which says more.
const READ_AHEAD: u64 = 8 * 1024 * 1024;
/// What headers and text fields of an upload may add to its file, in bytes.
const MULTIPART_OVERHEAD: u64 = 256 * 1024;

/// Most bytes of a file in any call.
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

/// The session of a signed-in browser, as the base of form tokens; visitors have none.
pub fn form_session(ctx: &Ctx) -> Option<String> {
    ctx.actor.as_ref().and_then(|actor| actor.session).map(|SessionId(id)| id.to_string())
}

/// Unsafe requests must come from our own pages: browsers say so by `Origin`, or by `Sec-Fetch-Site`.
pub(super) fn same_site(app: &App, headers: &HeaderMap) -> Result<(), Failure> {
    let ours = |origin: &str| {
        origin == app.config.portal.public_url || site(app, headers).is_some_and(|site| site.origin == origin)
    };
    // A second header would be believed by somebody else than the first.
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
