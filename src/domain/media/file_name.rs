//! The name under which a file is stored and sent. Its extension gives the file type, and it contains nothing that has
//! a special meaning for a file system or a header, or that is invisible.

use unicode_normalization::UnicodeNormalization;

/// Maximum length in characters.
const MAX_CHARS: usize = 120;
/// Maximum length in UTF-8 bytes: file systems allow 255, and users' programs add to a name.
const MAX_BYTES: usize = 200;

/// A name for a file of this type, from the one that its owner gave, or from `fallback` when nothing of that can be
/// used.
pub fn file_name(given: &str, media: &str, fallback: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean = Some(clean(last)).filter(|name| !name.is_empty()).unwrap_or_else(|| clean(fallback));
    let (stem, extension) = parts(&clean, media);
    let stem = if reserved(&stem) { format!("_{stem}") } else { stem };
    let stem = shortened(&stem, MAX_CHARS - extension.len() - 1, MAX_BYTES - extension.len() - 1);
    format!("{}.{extension}", if stem.is_empty() { "piece" } else { stem })
}

/// The visible part of a name, in its composed form; also without a leading or trailing dot or space, which hide a file
/// or get lost.
fn clean(name: &str) -> String {
    let seen = name.chars().filter(|c| !hidden(*c) && !"\"<>|:*?".contains(*c));
    let spaced: String = seen.map(|c| if c.is_whitespace() { ' ' } else { c }).nfc().collect();
    spaced.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ").trim_matches(['.', ' ']).to_owned()
}

/// The stem of the name, and the extension of the type: the name's own where it fits.
fn parts(name: &str, media: &str) -> (String, String) {
    let kind: &[&str] = match media {
        "application/pdf" => &["pdf"],
        "image/png" => &["png"],
        "image/jpeg" => &["jpg", "jpeg", "jpe", "jfif"],
        "image/tiff" => &["tif", "tiff"],
        "image/gif" => &["gif"],
        "image/webp" => &["webp"],
        "image/heic" => &["heic"],
        "application/zip" => &["zip"],
        "text/plain" => &["txt"],
        _ => &["bin"],
    };
    let own = name.rsplit_once('.').filter(|(_, own)| kind.iter().any(|fits| own.eq_ignore_ascii_case(fits)));
    match own {
        Some((stem, own)) => (stem.trim_end_matches(['.', ' ']).to_owned(), own.to_owned()),
        None => (name.to_owned(), kind.first().copied().unwrap_or("bin").to_owned()),
    }
}

/// Device names, which Windows opens in place of a file, whatever their extension.
fn reserved(stem: &str) -> bool {
    let device = stem.split('.').next().unwrap_or_default().trim_end().to_uppercase();
    let numbered = |port: &str| {
        let number: Option<Vec<char>> = device.strip_prefix(port).map(|number| number.chars().collect());
        matches!(number.as_deref(), Some(['0'..='9' | '¹' | '²' | '³']))
    };
    matches!(device.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$" | "CLOCK$")
        || numbered("COM")
        || numbered("LPT")
}

/// The beginning of a text, within both limits.
fn shortened(text: &str, chars: usize, bytes: usize) -> &str {
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    let end = ends.take(chars).take_while(|end| *end <= bytes).last().unwrap_or(0);
    text.get(..end).unwrap_or_default().trim_end_matches(['.', ' '])
}

/// Characters that are invisible, or change how others are displayed.
fn hidden(c: char) -> bool {
    !c.is_whitespace()
        && matches!(c,
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}'
            | '\u{70f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{fffe}' | '\u{ffff}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pdf(given: &str) -> String {
        file_name(given, "application/pdf", "P7")
    }

    #[test]
    fn names_say_what_the_file_is_and_mean_nothing_else() {
        for (given, kept) in [
            ("kbis.pdf", "kbis.pdf"),
            ("Kbis.PDF", "Kbis.PDF"),
            ("kbis.hta", "kbis.hta.pdf"),
            ("kbis.exe", "kbis.exe.pdf"),
            ("kbis.lnk", "kbis.lnk.pdf"),
            ("kbis", "kbis.pdf"),
            ("kbis.pdf.", "kbis.pdf"),
            ("kbis.pdf. . ", "kbis.pdf"),
            ("..", "P7.pdf"),
            (".", "P7.pdf"),
            ("", "P7.pdf"),
            ("   ", "P7.pdf"),
            ("\u{200b}\u{feff}", "P7.pdf"),
            (".htaccess", "htaccess.pdf"),
            (".pdf", "pdf.pdf"),
            ("..pdf", "pdf.pdf"),
            ("a/b\\c.pdf", "c.pdf"),
            ("../../etc/passwd", "passwd.pdf"),
            ("kbis.pdf/", "P7.pdf"),
            ("été \"1\".pdf", "été 1.pdf"),
            ("e\u{301}te\u{301}.pdf", "été.pdf"),
            ("kbis\u{202e}fdp.exe", "kbisfdp.exe.pdf"),
            ("a\u{200b}b\u{ad}c.pdf", "abc.pdf"),
            ("a\u{a0}\u{2003}b\tc\r\nd.pdf", "a b c d.pdf"),
            ("CON.pdf", "_CON.pdf"),
            ("con", "_con.pdf"),
            ("nul.tar.pdf", "_nul.tar.pdf"),
            ("COM1", "_COM1.pdf"),
            ("lpt¹.pdf", "_lpt¹.pdf"),
            ("COM10.pdf", "COM10.pdf"),
            ("console.pdf", "console.pdf"),
            ("kbis.pdf\0.exe", "kbis.pdf.exe.pdf"),
        ] {
            assert_eq!(pdf(given), kept, "{given:?}");
        }
        assert_eq!(file_name("scan.JPEG", "image/jpeg", "P7"), "scan.JPEG");
        assert_eq!(file_name("scan.jpg", "image/png", "P7"), "scan.jpg.png");
        assert_eq!(file_name("a.svg", "application/octet-stream", "P7"), "a.svg.bin");
        assert_eq!(file_name("", "image/png", ".."), "piece.png");
    }

    #[test]
    fn a_long_name_keeps_its_extension() {
        let long = pdf(&format!("{}.pdf", "a".repeat(300)));
        assert_eq!((long.chars().count(), &long[116..]), (MAX_CHARS, ".pdf"));
        let wide = pdf(&format!("{}.PDF", "漢".repeat(100)));
        assert!(wide.len() <= MAX_BYTES && wide.ends_with("漢.PDF"), "{wide}");
        let hidden = pdf(&format!("{}.pdf.exe", "a".repeat(300)));
        assert!(hidden.ends_with("a.pdf") && !hidden.contains("exe"));
    }

    proptest! {
        #[test]
        fn any_name_becomes_a_safe_one(given in "\\PC{0,40}|[\\x00-\\x20./\\\\\u{200b}-\u{202e}a-c]{0,300}|(e\u{301}|CON|\\.){0,150}") {
            let kept = pdf(&given);
            prop_assert!(kept.len() <= MAX_BYTES && kept.chars().count() <= MAX_CHARS);
            prop_assert!(kept.to_lowercase().ends_with(".pdf") && kept.len() > 4);
            prop_assert!(!kept.starts_with(['.', ' ']));
            prop_assert!(!kept.chars().any(|c| hidden(c) || "/\\\"<>|:*?".contains(c) || (c.is_whitespace() && c != ' ')));
            prop_assert!(!reserved(&kept));
            prop_assert!(kept.nfc().eq(kept.chars()));
            prop_assert_eq!(pdf(&kept), kept.clone(), "once is enough");
        }
    }
}
