//! Files that people write with the editor they have.

use crate::domain::text::Lang;
use anyhow::{Context, bail};
use std::{fs, path::Path};

/// The mark that some editors put before UTF-8.
pub const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";

/// Whether bytes are those of a text in UTF-16, in which every other byte of most texts is nought.
#[must_use]
pub fn is_utf16(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") || bytes.contains(&0)
}

/// The text of a file in UTF-8.
pub fn read(path: &Path, lang: Lang) -> anyhow::Result<String> {
    let shown = path.display();
    let bytes = fs::read(path).with_context(|| format!("{} {shown}", lang.tr("impossible de lire", "cannot read")))?;
    let bytes = bytes.strip_prefix(UTF8_MARK).unwrap_or(&bytes);
    let (said, encoding) = match std::str::from_utf8(bytes) {
        _ if is_utf16(bytes) => (lang.tr("est enregistré en UTF-16", "is saved as UTF-16").to_owned(), "UTF-16"),
        Ok(text) => return Ok(text.to_owned()),
        Err(error) => {
            let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
            let words = lang.tr(
                "n’est pas enregistré en UTF-8, mais sans doute en Windows-1252 : voir la ligne",
                "is not saved as UTF-8, but probably as Windows-1252: see line",
            );
            (format!("{words} {line}"), "WINDOWS-1252")
        }
    };
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    bail!(
        "{shown} {said}. {} iconv -f {encoding} -t UTF-8 {name} > utf8.toml && mv utf8.toml {name}",
        lang.tr(
            "Enregistrez-le en UTF-8 dans votre éditeur, ou convertissez-le :",
            "Save it as UTF-8 in your editor, or convert it:",
        )
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], lang: Lang) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dossier.toml");
        fs::write(&path, bytes).unwrap();
        super::read(&path, lang).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn texts_are_read_as_editors_write_them() {
        assert_eq!(read("titre = \"é\"\n".as_bytes(), Lang::Fr).as_deref(), Ok("titre = \"é\"\n"));
        assert_eq!(read(b"\xef\xbb\xbfa = 1", Lang::Fr).as_deref(), Ok("a = 1"));
        assert_eq!(read(b"", Lang::Fr).as_deref(), Ok(""));
    }

    #[test]
    fn another_encoding_is_named_with_the_way_out() {
        for (bytes, said) in [
            (b"\xff\xfea\0=\x001\0".as_slice(), "-f UTF-16 "),
            (b"\xfe\xff\0a\0=\x001", "-f UTF-16 "),
            (b"a\0=\x001\0", "-f UTF-16 "),
            (b"a = 1\nb = \"\xe9t\xe9\"", "-f WINDOWS-1252 "),
        ] {
            for lang in [Lang::Fr, Lang::En] {
                let error = read(bytes, lang).unwrap_err();
                for part in ["dossier.toml", "UTF-8", said] {
                    assert!(error.contains(part), "{}: {error}", bytes.escape_ascii());
                }
                assert!(!error.contains("stream"), "{error}");
            }
        }
        assert!(read(b"a = 1\nb = \"\xe9\"", Lang::Fr).unwrap_err().contains("la ligne 2"));
    }
}
