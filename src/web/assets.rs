//! Style, scripts and icons, at addresses that contain their version, compressed once. The sources of single-file pages
//! (which can be saved and opened offline) are in `offline/`.

use super::{embedded, error::Failure};
use crate::app::AppError;
use axum::{
    extract::Path,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::GzEncoder};
use ring::digest::{SHA256, digest};
use std::{
    collections::HashMap,
    io::Write,
    sync::{Mutex, OnceLock, PoisonError},
};

/// A single-file page: it can be saved and opened from a disk.
#[derive(Clone, Debug)]
pub struct Whole {
    /// The page, with its style and scripts inline.
    pub html: String,
    /// Its content security policy: only these scripts and this style, no connections.
    pub policy: String,
}

/// Assembles a page from the files of `offline/`: each `/*name*/` is replaced with a file, and `data` replaces the
/// markers.
pub fn whole(name: &str, data: &[(&str, serde_json::Value)]) -> Option<Whole> {
    let mut html = embedded::piece(name)?;
    for file in embedded::pieces().filter(|file| !file.ends_with(".html")) {
        html = html.replace(&format!("/*{file}*/\n"), &embedded::piece(&file)?);
    }
    for (marker, value) in data {
        html = html.replace(marker, &value.to_string().replace('<', "\\u003c"));
    }
    let policy = format!(
        "default-src 'none'; script-src {}; style-src {}; connect-src 'none'; base-uri 'none'; form-action 'none'",
        digests(&html, "script"),
        digests(&html, "style"),
    );
    Some(Whole { html: html.replace("{csp}", &policy), policy })
}

/// The digests of the contents of all elements with this name, as a policy lists them.
fn digests(html: &str, element: &str) -> String {
    let (opens, closes) = (format!("<{element}"), format!("</{element}>"));
    let inner = html.split(&opens).skip(1).filter_map(|rest| rest.split_once('>')?.1.split(&closes).next());
    let found: Vec<String> =
        inner.map(|text| format!("'sha256-{}'", STANDARD.encode(digest(&SHA256, text.as_bytes())))).collect();
    found.join(" ")
}

fn media(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("ico") => "image/vnd.microsoft.icon",
        Some("html") => "text/html; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Compresses at the best level, for content that is compressed once and sent often.
pub fn gzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

/// True when the client accepts gzip.
pub fn takes_gzip(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("gzip"))
}

fn compressed(name: &str, bytes: &[u8]) -> Option<bytes::Bytes> {
    static CACHE: OnceLock<Mutex<HashMap<String, bytes::Bytes>>> = OnceLock::new();
    let mut cache = CACHE.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = cache.get(name) {
        return Some(known.clone());
    }
    let made = bytes::Bytes::from(gzip(bytes)?);
    cache.insert(name.to_owned(), made.clone());
    Some(made)
}

/// Cache lifetime of an asset whose address identifies its content: unlimited.
const CACHE_FOREVER: &str = "public, max-age=31536000, immutable";
/// A page of another version requests its own version and gets the current one, which must not be cached under that
/// address.
const CACHE_NEVER: &str = "no-store";

/// The name of the asset at a path below `/assets/`, and its cache lifetime.
///
/// The version is a folder, so that a script's relative imports resolve to the same version.
fn located(path: &str) -> (&str, &'static str) {
    match path.split_once('/') {
        Some((version, name)) if version == embedded::version() => (name, CACHE_FOREVER),
        Some((version, name)) if version.contains('.') => (name, CACHE_NEVER),
        _ => (path, CACHE_NEVER),
    }
}

/// Sends an asset.
pub async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Result<Response, Failure> {
    let (name, keeping) = located(&path);
    let data = embedded::asset(name).ok_or(AppError::NotFound)?;
    let fixed =
        [(header::CONTENT_TYPE, media(name)), (header::CACHE_CONTROL, keeping), (header::VARY, "accept-encoding")];
    let small = takes_gzip(&headers).then(|| compressed(name, &data)).flatten();
    Ok(match small {
        Some(bytes) => (fixed, [(header::CONTENT_ENCODING, "gzip")], bytes).into_response(),
        None => (fixed, data.into_owned()).into_response(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_of_this_version_is_kept() {
        let version = embedded::version();
        assert_eq!(located(&format!("{version}/app/main.js")), ("app/main.js", CACHE_FOREVER));
        assert_eq!(located("0.0.1-0123456789/app/main.js"), ("app/main.js", CACHE_NEVER));
        assert_eq!(located("style.css"), ("style.css", CACHE_NEVER));
        assert_eq!(located("app/main.js"), ("app/main.js", CACHE_NEVER));
    }

    /// Any other address would leave the version's folder.
    #[test]
    fn scripts_import_by_relative_addresses_only() {
        let main = String::from_utf8(embedded::asset("app/main.js").unwrap().into_owned()).unwrap();
        let imports: Vec<&str> = main.lines().filter(|line| line.starts_with("import ")).collect();
        assert!(imports.len() > 1);
        for line in imports {
            let name = line.split('"').nth(1).unwrap();
            let file = name.strip_prefix("./").unwrap_or_else(|| panic!("{line}"));
            assert!(embedded::asset(&format!("app/{file}")).is_some(), "{line}");
        }
    }
}
