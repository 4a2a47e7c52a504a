//! Signing in through the identity provider.

use super::sign_in::{Next, go_on_signed_in};
use crate::{
    app::{App, AppError, Ctx},
    auth::oidc::OidcError,
    web::{
        address::{safe_next, see_other},
        extract::{Query, named_cookie},
        frame::HandlerResult,
    },
};
use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Redirect},
};
use serde::Deserialize;

/// Cookie with the secret while the user is at the provider.
const PROVIDER_COOKIE: &str = "__Host-guichet-away";

/// The query with which the provider redirects back.
#[derive(Deserialize)]
pub struct Back {
    #[serde(default)]
    state: String,
    #[serde(default)]
    code: String,
    error: Option<String>,
}

/// Redirects to the provider. It is a link and not a form, because the policy lets forms be sent to the portal only,
/// redirections included.
pub async fn redirect_to_provider(State(app): State<App>, ctx: Ctx, Query(query): Query<Next>) -> HandlerResult {
    let leaving = app.leave_for_provider(&ctx, safe_next(query.next())).await?;
    let seconds = leaving.until.as_second() - ctx.now.as_second();
    let cookie =
        format!("{PROVIDER_COOKIE}={}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={seconds}", leaving.secret);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&leaving.address)).into_response())
}

/// Handles the return from the provider.
pub async fn callback(State(app): State<App>, ctx: Ctx, headers: HeaderMap, Query(back): Query<Back>) -> HandlerResult {
    if app.provider_name(&ctx).is_none() {
        return Err(AppError::NotFound.into());
    }
    let secret = named_cookie(&headers, PROVIDER_COOKIE).ok_or(AppError::CeremonyOver)?;
    if let Some(error) = back.error {
        if error == "access_denied" {
            return Ok(see_other(ctx.lang, "/sign-in"));
        }
        return Err(AppError::from(OidcError::Refused(error.chars().take(100).collect())).into());
    }
    let (session, next) = app.return_from_provider(&ctx, &back.state, back.code, secret).await?;
    let mut response = go_on_signed_in(&app, &ctx, &session, &next).await?;
    let gone = format!("{PROVIDER_COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
    if let Ok(gone) = HeaderValue::from_str(&gone)
        && let Some(kept) = response.headers_mut().insert(header::SET_COOKIE, gone)
    {
        response.headers_mut().append(header::SET_COOKIE, kept);
    }
    Ok(response)
}
