//! The file that holds an API token, as text editors write it.

use super::text_file::{UTF8_MARK, is_utf16};
use crate::domain::text::Lang;
use anyhow::{Context, bail};
use reqwest::header::HeaderValue;
use std::{fs, path::Path};

/// The token as the header of a request.
pub fn read(path: &Path, lang: Lang) -> anyhow::Result<HeaderValue> {
    let shown = path.display();
    let bytes = fs::read(path).with_context(|| format!("{} {shown}", lang.tr("impossible de lire", "cannot read")))?;
    if is_utf16(&bytes) {
        let words = lang.tr(
            "est enregistré en UTF-16 : enregistrez-le en UTF-8 (ou « texte brut »)",
            "is saved as UTF-16: save it as UTF-8 (or plain text)",
        );
        bail!("{shown} {words}");
    }
    let text = bytes.strip_prefix(UTF8_MARK).unwrap_or(&bytes).trim_ascii();
    let bearer =
        HeaderValue::from_bytes(&[b"Bearer ", text].concat()).ok().filter(|_| !text.is_empty() && text.is_ascii());
    let Some(mut bearer) = bearer else { bail!("{shown} {}", lang.tr("ne contient pas de jeton", "holds no token")) };
    bearer.set_sensitive(true);
    Ok(bearer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Vec<u8>, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), bytes).unwrap();
        let read = super::read(file.path(), Lang::En);
        read.map(|value| value.as_bytes().to_vec()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_token_is_read_as_editors_write_it() {
        for bytes in [b"token".as_slice(), b"token\n", b"\xef\xbb\xbftoken\r\n", b"  token \n\n"] {
            assert_eq!(read(bytes).unwrap(), b"Bearer token", "{}", bytes.escape_ascii());
        }
        for bytes in [b"\xff\xfet\0o\0".as_slice(), b"\xfe\xff\0t\0o", b"t\0o\0k\0"] {
            assert!(read(bytes).unwrap_err().contains("UTF-16"), "{}", bytes.escape_ascii());
        }
        for bytes in [b"".as_slice(), b"\n", b"\xef\xbb\xbf\n", b"a\nb", "jeton\u{e9}".as_bytes()] {
            assert!(read(bytes).unwrap_err().contains("holds no token"), "{}", bytes.escape_ascii());
        }
    }
}
