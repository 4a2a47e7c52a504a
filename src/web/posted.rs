//! Bodies that passed the CSRF check: forms, JSON, streamed files.

use super::{
    error::Failure,
    extract::{MAX_BODY_BYTES, site},
};
use crate::{
    app::{App, AppError, Ctx},
    auth,
    domain::{
        ids::SessionId,
        json::{self, Limits},
    },
};
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, Method, header, request::Parts},
};
use multer::{Constraints, SizeLimit};
use serde::de::DeserializeOwned;
use std::str::FromStr;

/// Reads a body that the intake has already read within the limit of its route.
pub async fn read_whole(body: Body) -> Result<Bytes, Failure> {
    to_bytes(body, usize::MAX).await.map_err(|_| Failure::BadRequest)
}

/// A posted form that passed the CSRF check; this type cannot be built otherwise.
#[derive(Clone, Debug)]
pub struct PostedForm {
    pairs: Vec<(String, String)>,
    /// Indexes of the pairs by name, those of one name in their order: a form of any number of pairs is asked for some
    /// hundred names.
    by_name: Vec<usize>,
}

impl PostedForm {
    fn new(pairs: Vec<(String, String)>) -> Self {
        let mut by_name: Vec<usize> = (0..pairs.len()).collect();
        by_name.sort_by(|one, other| pairs[*one].0.cmp(&pairs[*other].0));
        Self { pairs, by_name }
    }
    /// The first value of a name, or an empty string.
    pub fn text(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }
    /// All values of a name.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.beginning_with(name).take_while(move |(key, _)| *key == name).map(|(_, value)| value)
    }
    /// The pairs whose name begins with a text, by name.
    pub fn beginning_with<'a>(&'a self, text: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let first = self.by_name.partition_point(|index| self.pairs[*index].0.as_str() < text);
        let pairs = self.by_name[first..].iter().map(|index| &self.pairs[*index]);
        pairs.map(|(name, value)| (name.as_str(), value.as_str())).take_while(move |(name, _)| name.starts_with(text))
    }
    pub fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }
    /// Decodes the pairs of a body, without any check.
    async fn decode(headers: &HeaderMap, bytes: Bytes) -> Result<Self, Failure> {
        let mut request = Request::new(Body::from(bytes));
        *request.method_mut() = Method::POST;
        request.headers_mut().clone_from(headers);
        let pairs = axum::extract::Form::from_request(request, &()).await;
        pairs.map(|axum::extract::Form(pairs)| Self::new(pairs)).map_err(|_| Failure::BadRequest)
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
        OriginForm::from_request(Request::from_parts(parts, body), app).await?.checked(app, &ctx)
    }
}

/// A form that came from our own pages, and whose form token was not checked yet. A page that was made before its reader
/// signed in has none.
pub struct OriginForm(PostedForm);

impl OriginForm {
    /// The first value of a name, or an empty string.
    pub fn text(&self, name: &str) -> &str {
        self.0.text(name)
    }
    /// The form, once its token was checked.
    ///
    /// # Errors
    /// [`Failure::Csrf`].
    pub fn checked(self, app: &App, ctx: &Ctx) -> Result<PostedForm, Failure> {
        check_form_token(app, ctx, self.0.text("csrf"))?;
        Ok(self.0)
    }
}

impl FromRequest<App> for OriginForm {
    type Rejection = Failure;
    async fn from_request(request: Request, app: &App) -> Result<Self, Failure> {
        let (parts, body) = request.into_parts();
        let bytes = read_whole(body).await?;
        let posted = PostedForm::decode(&parts.headers, bytes).await?;
        same_site(app, &parts.headers)?;
        Ok(Self(posted))
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
        check_form_token(app, &ctx, form_token(&parts.headers))?;
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
    check_form_token(app, &ctx, form_token(&parts.headers))?;
    read_json(body).await
}

/// Reads a JSON body strictly; the error gives the path of the fault.
pub async fn read_json<T: DeserializeOwned>(body: Body) -> Result<T, Failure> {
    parse_json(&read_whole(body).await?)
}

/// Parses a complete JSON body, as [`read_json`] does.
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
                let fields = PostedForm::new(fields);
                check_form_token(app, &ctx, fields.text("csrf"))?;
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

fn check_form_token(app: &App, ctx: &Ctx, token: &str) -> Result<(), Failure> {
    match form_session(ctx) {
        Some(session) if !auth::is_form_token_valid(&app.keys, &session, token) => Err(Failure::Csrf),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_name_in_their_order() {
        let pairs = [("b", "2"), ("a[1].x", "4"), ("b", "1"), ("a", "0"), ("a[0].x", "3"), ("ab", "5")];
        let form = PostedForm::new(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
        assert_eq!((form.text("b"), form.text("a"), form.text("c"), form.text("")), ("2", "0", "", ""));
        assert_eq!(form.all("b").collect::<Vec<_>>(), ["2", "1"]);
        assert_eq!(form.all("a").collect::<Vec<_>>(), ["0"]);
        assert_eq!(form.beginning_with("a[").collect::<Vec<_>>(), [("a[0].x", "3"), ("a[1].x", "4")]);
        assert_eq!(form.pairs()[0].1, "2", "the pairs themselves stay in their order");
    }
}
