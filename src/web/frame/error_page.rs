//! The page of an error.

use crate::{domain::text::Text, web::frame::PageContext};
use askama::Template;

/// What went wrong and what to do; with the contents of the form, where they would be lost.
#[derive(Template)]
#[template(path = "frame/error_page.html")]
pub struct ErrorPage<'a> {
    pub s: &'a PageContext<'a>,
    pub status: u16,
    pub title: &'a Text,
    pub message: &'a Text,
    pub remedy: &'a Text,
    pub typed: Option<&'a TypedForm>,
}

/// A failed form, to be reviewed, and sent again or copied.
pub struct TypedForm {
    /// Its target address.
    pub action: String,
    /// Names and values, in order, without the form token.
    pub fields: Vec<(String, String)>,
    /// Whether the same form may succeed later; otherwise it can only be copied.
    pub again: bool,
}
