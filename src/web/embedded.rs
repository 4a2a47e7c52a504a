//! The files that are part of the program: style, scripts, icon, and the pieces of the pages that are one file.

use ring::digest::{Context, SHA256};
use rust_embed::RustEmbed;
use std::{borrow::Cow, sync::OnceLock};

#[derive(RustEmbed)]
#[folder = "src/web/assets"]
struct Files;

/// Where the pieces of whole pages are. They are no assets: they would come without the page's own policy.
const PIECES: &str = "offline/";

/// An asset by its name, such as `app/main.js`.
pub fn asset(name: &str) -> Option<Cow<'static, [u8]>> {
    Files::get(name).filter(|_| !name.starts_with(PIECES)).map(|file| file.data)
}

/// A piece of a whole page, as text.
pub fn piece(name: &str) -> Option<String> {
    Files::get(&format!("{PIECES}{name}")).and_then(|file| String::from_utf8(file.data.into_owned()).ok())
}

/// The names of the pieces of whole pages.
pub fn pieces() -> impl Iterator<Item = String> {
    Files::iter().filter_map(|name| name.strip_prefix(PIECES).map(str::to_owned))
}

/// Version of the assets, which is part of their addresses: it changes with every one of them.
#[must_use]
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
