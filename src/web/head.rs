//! What the head of a request may be, before anybody looks at it.

use super::error::Failure;
use axum::{
    extract::Request,
    http::{HeaderMap, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// Most bytes of the headers. A browser that sends more carries cookies of others, or of a fault.
const MAX_HEAD_BYTES: usize = 16 * 1024;
/// Most headers.
const MAX_HEADERS: usize = 100;

/// Refuses what no client of good faith sends, with a word on what to do.
pub async fn judge(request: Request, next: Next) -> Response {
    match fault(request.headers()) {
        Some(fault) => fault.into_response(),
        None => next.run(request).await,
    }
}

fn fault(headers: &HeaderMap) -> Option<Failure> {
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if bytes > MAX_HEAD_BYTES || headers.len() > MAX_HEADERS {
        return Some(Failure::HeadTooLarge);
    }
    // RFC 9112, section 3.2: which one is meant is not for us to guess.
    (headers.get_all(header::HOST).iter().count() > 1).then_some(Failure::TwoHosts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    // C8
    #[test]
    fn two_hosts_and_mountains_of_cookies_are_refused() {
        let mut headers = HeaderMap::new();
        headers.append(header::HOST, HeaderValue::from_static("a.example"));
        assert!(fault(&headers).is_none());
        headers.append(header::HOST, HeaderValue::from_static("a.example"));
        assert!(matches!(fault(&headers), Some(Failure::TwoHosts)));
        headers.remove(header::HOST);
        headers.insert(header::COOKIE, HeaderValue::try_from("a".repeat(MAX_HEAD_BYTES)).unwrap());
        assert!(matches!(fault(&headers), Some(Failure::HeadTooLarge)));
        let many = (0..=MAX_HEADERS).map(|n| (HeaderName::try_from(format!("x-{n}")).unwrap(), HeaderValue::from(n)));
        assert!(matches!(fault(&many.collect()), Some(Failure::HeadTooLarge)));
    }
}
