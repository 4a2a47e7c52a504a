//! Addresses of our own pages that a request goes to next.

use crate::domain::text::Lang;
use axum::response::{IntoResponse, Redirect, Response};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// 303 See Other: the response to every successful POST.
pub fn see_other(lang: Lang, path: &str) -> Response {
    Redirect::to(&format!("{}{}", lang.tr("", "/en"), utf8_percent_encode(path, NOT_IN_HEADER))).into_response()
}

/// Characters that are percent-encoded in a header, in addition to non-ASCII ones.
const NOT_IN_HEADER: &AsciiSet = &CONTROLS.add(b' ');

/// A path of our own site to go to after signing in; anything else leads to the home page.
pub fn safe_next(next: &str) -> &str {
    own_path(next, 300)
}

/// A redirect to a path that carries the contents of a form; it is never sent by mail.
pub fn safe_next_typed(next: &str) -> &str {
    own_path(next, 2000)
}

fn own_path(next: &str, longest: usize) -> &str {
    let own = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains('\\')
        && !next.contains(char::is_control)
        && next.len() <= longest;
    if own { next } else { "/dossiers" }
}
