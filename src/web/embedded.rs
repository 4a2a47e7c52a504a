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

/// Folder of the parts of the style sheet, which is sent as one file.
const STYLE: &str = "style/";
/// The name of the style sheet.
const STYLE_SHEET: &str = "style.css";
/// The parts of the style sheet. Of two rules that contradict each other, the later one wins.
const STYLE_PARTS: [&str; 6] = ["base.css", "components.css", "forms.css", "content.css", "windows.css", "print.css"];

/// An asset by name, such as `app/main.js`.
pub fn asset(name: &str) -> Option<Cow<'static, [u8]>> {
    if name == STYLE_SHEET {
        return Some(Cow::Borrowed(style_sheet()));
    }
    Files::get(name).filter(|_| is_asset(name)).map(|file| file.data)
}

/// Whether a file is an asset of its own, and no part of another one or of a page.
fn is_asset(name: &str) -> bool {
    !name.starts_with(PIECES) && !name.starts_with(STYLE)
}

fn style_sheet() -> &'static [u8] {
    static SHEET: OnceLock<Vec<u8>> = OnceLock::new();
    SHEET.get_or_init(|| {
        let parts = STYLE_PARTS.iter().filter_map(|part| Files::get(&format!("{STYLE}{part}")));
        parts.flat_map(|part| part.data.into_owned()).collect()
    })
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
        let mut names: Vec<Cow<'static, str>> = Files::iter().filter(|name| is_asset(name)).collect();
        names.push(STYLE_SHEET.into());
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

    #[test]
    fn the_style_sheet_is_all_of_its_parts_and_none_is_sent_alone() {
        let mut found: Vec<String> =
            Files::iter().filter_map(|name| name.strip_prefix(STYLE).map(str::to_owned)).collect();
        found.sort();
        let mut named = STYLE_PARTS.to_vec();
        named.sort_unstable();
        assert_eq!(found, named);
        let length = found.iter().map(|part| Files::get(&format!("{STYLE}{part}")).unwrap().data.len()).sum::<usize>();
        assert_eq!(asset("style.css").unwrap().len(), length);
        assert!(asset("style/base.css").is_none());
    }
}
