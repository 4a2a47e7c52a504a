//! Style, script and icons: embedded, named with their version, compressed once. Pages that are one file, to keep, stand
//! in `offline/` in pieces.

use super::{error::Failure, view::asset_version};
use crate::app::AppError;
use axum::{
    extract::Path,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::GzEncoder};
use ring::digest::{SHA256, digest};
use rust_embed::RustEmbed;
use std::{
    collections::HashMap,
    io::Write,
    sync::{Mutex, OnceLock, PoisonError},
};

#[derive(RustEmbed)]
#[folder = "src/web/assets"]
struct EmbeddedFiles;

fn text(name: &str) -> Option<String> {
    EmbeddedFiles::get(name).and_then(|file| String::from_utf8(file.data.into_owned()).ok())
}

/// A page that is one file: it can be kept, and opened from a disk.
#[derive(Clone, Debug)]
pub struct Whole {
    /// The page, with its style and its scripts inside.
    pub html: String,
    /// Its content security policy: these scripts, this style, and no connection.
    pub policy: String,
}

/// Puts a page together from the files of `offline/`, where `/*name*/` stands for a file; `data` goes in place of markers.
pub fn whole(name: &str, data: &[(&str, serde_json::Value)]) -> Option<Whole> {
    let mut html = text(&format!("offline/{name}"))?;
    for file in EmbeddedFiles::iter().filter(|file| file.starts_with("offline/") && !file.ends_with(".html")) {
        let marker = format!("/*{}*/\n", file.trim_start_matches("offline/"));
        html = html.replace(&marker, &text(&file)?);
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

/// The digests of what stands in the elements of a name, as a policy lists them.
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
        Some("html") => "text/html; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Compresses with the best level; for what is compressed once and sent often.
pub fn gzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

/// True when the reader takes gzip.
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

/// Sends an asset; its address changes with its content, so it may be kept for ever.
pub async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Result<Response, Failure> {
    let file = EmbeddedFiles::get(&name).filter(|_| !name.contains('/')).ok_or(AppError::NotFound)?;
    let fixed = [
        (header::CONTENT_TYPE, media(&name)),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::VARY, "accept-encoding"),
    ];
    let data = if name.ends_with(".js") { versioned(&file.data).into() } else { file.data };
    let small = takes_gzip(&headers).then(|| compressed(&name, &data)).flatten();
    Ok(match small {
        Some(bytes) => (fixed, [(header::CONTENT_ENCODING, "gzip")], bytes).into_response(),
        None => (fixed, data.into_owned()).into_response(),
    })
}

/// A script whose imports name the version, as the pages do: an older one may be kept for ever.
fn versioned(script: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(script);
    let line = |line: &str| match line.strip_suffix(".js\";") {
        Some(import) if line.starts_with("import ") => format!("{import}.js?v={}\";", asset_version()),
        _ => line.to_owned(),
    };
    text.lines().map(|text| line(text) + "\n").collect::<String>().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_name_the_version_and_nothing_else_does() {
        let script = text("app.js").unwrap();
        let served = String::from_utf8(versioned(script.as_bytes())).unwrap();
        let imports = |text: &str| text.lines().filter(|line| line.starts_with("import ")).count();
        assert!(imports(&script) > 0);
        assert_eq!(served.matches(&format!("?v={}\";", asset_version())).count(), imports(&served));
        assert_eq!(served.replace(&format!("?v={}", asset_version()), ""), script);
    }
}
