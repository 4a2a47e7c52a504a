//! The pages, grouped by who reads them. A page is one file with its handlers and what they show, and the template beside it.

pub mod account;
pub mod applicant;
pub mod examiner;
pub mod operator;
pub mod public;
mod words;

use crate::{
    app::AppError,
    web::{address::without_trailing_slash, error::Failure, extract::RequestMeta, frame::HandlerResult},
};
use axum::extract::Request;

/// 404 Not Found, unless the address only has a slash too many.
pub async fn not_found(request: Request) -> HandlerResult {
    let (parts, _) = request.into_parts();
    let lang = RequestMeta::from_parts(&parts)?.lang;
    Ok(without_trailing_slash(&parts.method, lang, &parts.uri).ok_or(AppError::NotFound)?)
}

/// 405 Method Not Allowed.
pub async fn wrong_method() -> Failure {
    Failure::Method
}
