//! Limits on the head of a request, checked before anything else.

use super::error::Failure;
use axum::{
    extract::Request,
    http::{HeaderMap, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// At most this many bytes of headers. A browser that sends more carries cookies of other sites, or has a fault.
const MAX_HEAD_BYTES: usize = 16 * 1024;
/// At most this many headers.
const MAX_HEADERS: usize = 100;

/// Rejects heads that no well-behaved client sends, with a message that says what to do.
pub async fn check_head(request: Request, next: Next) -> Response {
    match head_error(request.headers()) {
        Some(fault) => fault.into_response(),
        None => next.run(request).await,
    }
}

fn head_error(headers: &HeaderMap) -> Option<Failure> {
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if bytes > MAX_HEAD_BYTES || headers.len() > MAX_HEADERS {
        return Some(Failure::HeadTooLarge);
    }
    // RFC 9112, section 3.2: with two hosts, we must not guess which one is meant.
    (headers.get_all(header::HOST).iter().count() > 1).then_some(Failure::TwoHosts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    #[test]
    fn two_hosts_and_mountains_of_cookies_are_refused() {
        let mut headers = HeaderMap::new();
        headers.append(header::HOST, HeaderValue::from_static("a.example"));
        assert!(head_error(&headers).is_none());
        headers.append(header::HOST, HeaderValue::from_static("a.example"));
        assert!(matches!(head_error(&headers), Some(Failure::TwoHosts)));
        headers.remove(header::HOST);
        headers.insert(header::COOKIE, HeaderValue::try_from("a".repeat(MAX_HEAD_BYTES)).unwrap());
        assert!(matches!(head_error(&headers), Some(Failure::HeadTooLarge)));
        let many = (0..=MAX_HEADERS).map(|n| (HeaderName::try_from(format!("x-{n}")).unwrap(), HeaderValue::from(n)));
        assert!(matches!(head_error(&many.collect()), Some(Failure::HeadTooLarge)));
    }
}
