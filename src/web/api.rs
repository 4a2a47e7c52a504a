//! `/api/v1`: the JSON API, with the same features as the pages. [`openapi`] documents it; a test checks it against the
//! routes.

pub mod call;
pub mod dossier;
pub mod openapi;
pub mod report;
pub mod round;
pub mod tokens;

use super::{error::Failure, extract::ApiCtx};
use crate::app::{App, AppError, Ctx};
use axum::{
    extract::{FromRequestParts, Query},
    http::{HeaderMap, HeaderName, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::de::DeserializeOwned;
use std::str::FromStr;

/// The context of an authenticated program. Requests without a token are rejected before anything else is examined.
pub struct ProgramCtx(pub Ctx);

impl FromRequestParts<App> for ProgramCtx {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let ApiCtx(ctx) = ApiCtx::from_request_parts(parts, app).await?;
        ctx.actor()?;
        Ok(Self(ctx))
    }
}

/// The query string; an invalid one is rejected with a problem document, not plain text.
pub struct ApiQuery<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for ApiQuery<T> {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, Failure> {
        let Query(query) =
            Query::try_from_uri(&parts.uri).map_err(|error| Failure::Json(format!("query: {}", error.body_text())))?;
        Ok(Self(query))
    }
}

/// Parses a path parameter; an invalid id gives "not found".
fn id<T: FromStr>(text: &str) -> Result<T, AppError> {
    text.parse().map_err(|_| AppError::NotFound)
}

/// The entity tag of a revision.
fn tag(revision: u64) -> String {
    format!("\"{revision}\"")
}

/// The entity tags in a header such as `If-Match`; `None` when the header is absent.
fn tags(headers: &HeaderMap, name: HeaderName) -> Option<Vec<String>> {
    let all = headers.get_all(name);
    let text: Vec<&str> = all.iter().filter_map(|value| value.to_str().ok()).collect();
    let split = || text.iter().flat_map(|value| value.split(',')).map(|tag| tag.trim().to_owned());
    (!text.is_empty()).then(|| split().collect())
}

/// Sends a public text that is the same for everyone, with its entity tag; or 304 when the client has the current one.
fn public(headers: &HeaderMap, kind: &'static str, text: String) -> Response {
    let digest = hex::encode(ring::digest::digest(&ring::digest::SHA256, text.as_bytes()));
    let tag = format!("\"{}\"", &digest[..32]);
    let known = tags(headers, header::IF_NONE_MATCH).unwrap_or_default();
    let known = known.iter().any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag);
    let fixed = [
        (header::ETAG, tag),
        (header::CACHE_CONTROL, "public, max-age=60".to_owned()),
        (header::VARY, "accept-language".to_owned()),
    ];
    if known {
        return (StatusCode::NOT_MODIFIED, fixed).into_response();
    }
    (fixed, [(header::CONTENT_TYPE, kind)], text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::posted::read_json;
    use axum::body::Body;

    #[derive(Debug, serde::Deserialize)]
    struct Sample {
        #[serde(rename = "rows")]
        _rows: Vec<u32>,
    }

    async fn read(text: &'static str) -> String {
        match read_json::<Sample>(Body::from(text)).await {
            Err(Failure::Json(error)) => error,
            other => format!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_fault_in_a_body_is_said_with_its_place() {
        assert!(read(r#"{"rows":[1,"x"]}"#).await.starts_with("rows[1]: invalid type"));
        assert!(read("[").await.starts_with("EOF while parsing"), "{}", read("[").await);
        assert!(read(r#"{"rows":[]} x"#).await.starts_with("trailing characters"));
        assert!(read("").await.starts_with("EOF"));
        assert!(read(r#"{"rows":[],"rows":[1]}"#).await.starts_with("rows: this member stands twice"));
    }

    #[test]
    fn entity_tags_are_read_as_a_list() {
        let mut headers = HeaderMap::new();
        assert_eq!(tags(&headers, header::IF_MATCH), None);
        headers.append(header::IF_MATCH, header::HeaderValue::from_static("\"1\", \"2\""));
        headers.append(header::IF_MATCH, header::HeaderValue::from_static("*"));
        assert_eq!(tags(&headers, header::IF_MATCH), Some(vec!["\"1\"".into(), "\"2\"".into(), "*".into()]));
    }

    #[test]
    fn a_public_text_is_sent_once() {
        let first = public(&HeaderMap::new(), "text/plain", "same".into());
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_NONE_MATCH, first.headers()[header::ETAG].clone());
        assert_eq!(public(&headers, "text/plain", "same".into()).status(), StatusCode::NOT_MODIFIED);
        assert_eq!(public(&headers, "text/plain", "other".into()).status(), StatusCode::OK);
    }
}
