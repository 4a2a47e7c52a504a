//! Cache of the public pages of a call, which are the same for everyone: rendered and compressed once a minute.

use super::assets::{gzip, takes_gzip};
use crate::{app::Ctx, domain::text::Lang};
use axum::{
    body::Bytes,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use std::{
    collections::HashMap,
    sync::{Mutex, OnceLock, PoisonError},
};

/// The state of a round depends on the time, so a page is cached for the minute in which it was rendered.
type Key = (String, Lang, i64);

#[derive(Clone)]
struct Entry {
    plain: Bytes,
    small: Bytes,
}

/// At most this many pages in the cache.
const MAX_ENTRIES: usize = 500;

/// Answers from the cache, or renders the page. Pages for signed-in users have their own frame and are never cached.
pub fn page<E>(
    ctx: &Ctx,
    headers: &HeaderMap,
    path: &str,
    render: impl FnOnce() -> Result<String, E>,
) -> Result<Response, E> {
    static CACHE: OnceLock<Mutex<HashMap<Key, Entry>>> = OnceLock::new();
    if ctx.actor.is_some() {
        return Ok(axum::response::Html(render()?).into_response());
    }
    let key = (path.to_owned(), ctx.lang, ctx.now.as_second() / 60);
    let cache = CACHE.get_or_init(Mutex::default);
    let known = cache.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
    let entry = match known {
        Some(entry) => entry,
        None => {
            let plain = Bytes::from(render()?);
            let small = Bytes::from(gzip(&plain).unwrap_or_default());
            let entry = Entry { plain, small };
            let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
            if cache.len() >= MAX_ENTRIES {
                cache.clear();
            }
            cache.insert(key, entry.clone());
            entry
        }
    };
    let fixed = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=60"),
        (header::VARY, "accept-encoding, cookie"),
    ];
    Ok(if takes_gzip(headers) && !entry.small.is_empty() {
        (fixed, [(header::CONTENT_ENCODING, "gzip")], entry.small).into_response()
    } else {
        (fixed, entry.plain).into_response()
    })
}
