//! The files embedded in the program: style, scripts, icon, and the parts of single-file pages.

use ring::digest::{Context, SHA256};
use rust_embed::RustEmbed;
use std::{borrow::Cow, sync::OnceLock};

#[derive(RustEmbed)]
#[folder = "src/web/assets"]
struct Files;

/// Folder of the parts of single-file pages. They are not served as assets, because they would be sent without the
/// page's own policy.
const PIECES: &str = "offline/";

/// An asset by name, such as `app/main.js`.
pub fn asset(name: &str) -> Option<Cow<'static, [u8]>> {
    Files::get(name).filter(|_| !name.starts_with(PIECES)).map(|file| file.data)
}

/// A part of a single-file page, as text.
pub fn piece(name: &str) -> Option<String> {
    Files::get(&format!("{PIECES}{name}")).and_then(|file| String::from_utf8(file.data.into_owned()).ok())
}

/// The names of the parts of single-file pages.
pub fn pieces() -> impl Iterator<Item = String> {
    Files::iter().filter_map(|name| name.strip_prefix(PIECES).map(str::to_owned))
}

/// Version of the assets, used in their addresses: it changes when any of them changes.
pub fn version() -> &'static str {
    static VERSION: OnceLock<String> = OnceLock::new();
    VERSION.get_or_init(|| {
        let mut names: Vec<Cow<'static, str>> = Files::iter().filter(|name| !name.starts_with(PIECES)).collect();
        names.sort();
        let mut digest = Context::new(&SHA256);
        for name in &names {
            digest.update(name.as_bytes());
            digest.update(&asset(name).unwrap_or_default());
        }
        format!("{}-{}", env!("CARGO_PKG_VERSION"), &hex::encode(digest.finish())[..10])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_assets_and_pieces_of_pages_are_not() {
        assert!(asset("app/main.js").is_some() && asset("style.css").is_some());
        assert!(asset("offline/narrow.html").is_none());
        assert!(piece("narrow.html").is_some());
        assert!(pieces().any(|name| name == "narrow.js"));
    }
}
