//! Addresses of our own pages that a request goes to next.

use crate::domain::text::Lang;
use axum::{
    http::{Method, Uri},
    response::{IntoResponse, Redirect, Response},
};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// 303 See Other: the response to every successful POST.
pub fn see_other(lang: Lang, path: &str) -> Response {
    Redirect::to(&format!("{}{}", lang.tr("", "/en"), utf8_percent_encode(path, NOT_IN_HEADER))).into_response()
}

/// 308 Permanent Redirect from an address with slashes at its end to the one without. `None` for other addresses and
/// methods, and where a browser would read the result as the address of another host.
pub fn without_trailing_slash(method: &Method, lang: Lang, uri: &Uri) -> Option<Response> {
    let path = uri.path();
    let bare = path.trim_end_matches('/');
    let own = bare.starts_with('/') && !bare.starts_with("//") && !bare.contains('\\');
    if bare == path || !own || !matches!(*method, Method::GET | Method::HEAD) {
        return None;
    }
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    Some(Redirect::permanent(&format!("{}{bare}{query}", lang.tr("", "/en"))).into_response())
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

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::header;

    fn target(method: &Method, lang: Lang, path: &str) -> Option<String> {
        let answer = without_trailing_slash(method, lang, &path.parse().unwrap())?;
        Some(answer.headers()[header::LOCATION].to_str().unwrap().to_owned())
    }

    #[test]
    fn slashes_at_the_end_lead_to_the_page_without_them() {
        let get = |path| target(&Method::GET, Lang::Fr, path);
        assert_eq!(get("/legal/").as_deref(), Some("/legal"));
        assert_eq!(get("/legal//?a=1&b=/").as_deref(), Some("/legal?a=1&b=/"));
        assert_eq!(target(&Method::HEAD, Lang::En, "/legal/").as_deref(), Some("/en/legal"));
        for path in ["/", "/legal", "/legal?x=/"] {
            assert_eq!(get(path), None, "{path}");
        }
        assert_eq!(target(&Method::POST, Lang::Fr, "/legal/"), None);
    }

    #[test]
    fn no_address_leads_to_another_host() {
        for path in ["//evil.example/", "/\\evil.example/", "/a\\b/", "///"] {
            assert_eq!(target(&Method::GET, Lang::Fr, path), None, "{path}");
        }
    }
}
