//! The pages, grouped by who reads them. A page is one file with its handlers and what they show, and the template beside it.

pub mod account;
pub mod applicant;
pub mod examiner;
pub mod operator;
pub mod public;
mod words;

use crate::{app::AppError, web::error::Failure};

/// 404 Not Found.
pub async fn not_found() -> Failure {
    AppError::NotFound.into()
}

/// 405 Method Not Allowed.
pub async fn wrong_method() -> Failure {
    Failure::Method
}
