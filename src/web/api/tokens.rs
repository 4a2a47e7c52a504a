//! What other services need to verify tokens, and tokens issued for them.

use super::ProgramCtx;
use crate::{
    app::App,
    auth,
    web::{error::Failure, extract::RequestMeta, posted::read_json},
};
use axum::{
    Json,
    body::Body,
    extract::State,
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The public keys, in the format of the Biscuit specification.
pub async fn web_keys(State(app): State<App>, parts: Parts) -> Result<Response, Failure> {
    let keys = app.web_keys(RequestMeta::from_parts(&parts)?.now());
    Ok(([(header::CACHE_CONTROL, "public, max-age=300")], Json(keys)).into_response())
}

/// The revocation list, signed with the receipt key.
pub async fn revoked(State(app): State<App>, parts: Parts) -> Result<Response, Failure> {
    let list = serde_json::json!(app.revoked(RequestMeta::from_parts(&parts)?.now()).await?).to_string();
    let signature = auth::sign_list(&app.keys, &list);
    let etag = format!("\"{}\"", &signature[..32.min(signature.len())]);
    let body =
        serde_json::json!({ "list": list, "signature": signature, "key": hex::encode(app.keys.receipt_public()) });
    Ok(([(header::CACHE_CONTROL, "public, max-age=60".to_owned()), (header::ETAG, etag)], Json(body)).into_response())
}

/// For which service a token is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Wanted)]
pub struct ServiceTokenRequest {
    /// Name of the service, as it knows itself: 1 to 100 letters, digits, dots and hyphens.
    #[schema(example = "archives.example")]
    audience: String,
}

/// A token for one other service.
#[derive(Debug, Serialize, ToSchema)]
pub struct ForService {
    /// The token; the service verifies it with `/.well-known/biscuit-web-keys`.
    token: String,
    /// Its last instant.
    ends_at: String,
}

/// Makes a token by which the bearer is known to one other service, for five minutes.
#[utoipa::path(
    post, path = "/api/v1/service-tokens", tag = "tokens", security(("bearer" = [])),
    request_body = ServiceTokenRequest,
    responses(
        (status = 201, description = "Made; it holds for five minutes", body = ForService),
        (status = 400, description = "Not the expected JSON, or no name of a service"),
        (status = 403, description = "The bearer's token is for something else"),
    ),
)]
pub async fn for_service(State(app): State<App>, ProgramCtx(ctx): ProgramCtx, body: Body) -> Result<Response, Failure> {
    let ServiceTokenRequest { audience } = read_json(body).await?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    if audience.is_empty() || audience.len() > 100 || !audience.chars().all(plain) {
        return Err(Failure::Json("audience: 1 to 100 letters, digits, dots and hyphens".into()));
    }
    let (token, ends) = app.service_token(&ctx, &audience)?;
    Ok((StatusCode::CREATED, Json(ForService { token, ends_at: ends.to_string() })).into_response())
}
