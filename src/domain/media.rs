//! Detection of file types by content, not by name.

mod file_name;
mod refusal;

pub use file_name::file_name;
pub use refusal::FileRefusal;

use memchr::memmem;
use serde::{Deserialize, Serialize};

/// How many bytes at each end of a file [`check_ends`] examines.
pub const WINDOW_BYTES: usize = 64 * 1024;
/// At most this many bytes before the header of a PDF: readers skip that many.
const PDF_LEAD_BYTES: usize = 1024;

/// An accepted file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileVerdict {
    pub media: String,
    pub inspection: Inspection,
}

/// The result of opening a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inspection {
    /// It was opened. A file that needs more time or memory than the portal allows is accepted by its two ends.
    pub opened: bool,
    /// Pages of a PDF.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pages: Option<u32>,
    /// It contains an electronic signature, valid or not.
    pub signed: bool,
}

const SIGNATURES: [(&[u8], &str); 18] = [
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"\xd0\xcf\x11\xe0", "application/x-ole-storage"),
    (b"MZ", "application/x-msdownload"),
    (b"\x7fELF", "application/x-executable"),
    (b"Rar!", "application/vnd.rar"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"\x1f\x8b", "application/gzip"),
    (b"BZh", "application/x-bzip2"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"BM", "image/bmp"),
    (b"{\\rtf", "application/rtf"),
    (b"%!PS", "application/postscript"),
];

/// Brands of photographs in a container that is also used for films.
const HEIC_BRANDS: [&[u8]; 8] = [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"];

/// The media type that the first bytes indicate.
pub fn sniff(head: &[u8]) -> &'static str {
    if let Some(media) = container(head) {
        return media;
    }
    let lead = head.get(..PDF_LEAD_BYTES + 5).unwrap_or(head);
    if memmem::find(lead, b"%PDF-").is_some() { "application/pdf" } else { text(head) }
}

/// The type that a file declares before its PDF header, where that is a format of its own.
#[must_use]
pub fn said_before_pdf(head: &[u8]) -> Option<&'static str> {
    let other = if head.starts_with(b"%PDF-") { None } else { Some(text(head)) };
    other.filter(|other| !matches!(*other, "text/plain" | "application/octet-stream") && container(head).is_none())
}

/// Types that are known by their very first bytes.
fn container(head: &[u8]) -> Option<&'static str> {
    if let Some((_, media)) = SIGNATURES.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Some(media);
    }
    let from = |at: usize| head.get(at..).unwrap_or_default();
    if head.starts_with(b"RIFF") && from(8).starts_with(b"WEBP") {
        return Some("image/webp");
    }
    from(4).starts_with(b"ftyp").then(|| match from(8) {
        brand if HEIC_BRANDS.iter().any(|heic| brand.starts_with(heic)) => "image/heic",
        brand if brand.starts_with(b"avi") => "image/avif",
        _ => "video/mp4",
    })
}

fn text(head: &[u8]) -> &'static str {
    let start = head.iter().position(|byte| !byte.is_ascii_whitespace() && *byte < 0x80).unwrap_or(0);
    let text = String::from_utf8_lossy(&head[start..head.len().min(start + 512)]).to_lowercase();
    match text.as_str() {
        _ if text.starts_with("<svg") || (text.starts_with("<?xml") && text.contains("<svg")) => "image/svg+xml",
        _ if text.starts_with("<!doctype html") || text.starts_with("<html") || text.contains("<script") => "text/html",
        _ if text.starts_with("<?xml") => "application/xml",
        _ if text.starts_with("#!") => "text/x-shellscript",
        _ if head.iter().all(|byte| *byte >= 0x20 || byte.is_ascii_whitespace()) => "text/plain",
        _ => "application/octet-stream",
    }
}

/// Checks a file that could not be opened, through no known fault of it, by its first and last bytes.
pub fn check_ends(head: &[u8], tail: &[u8], accepted: &[String]) -> Result<FileVerdict, FileRefusal> {
    if head.is_empty() {
        return Err(FileRefusal::Empty);
    }
    let media = sniff(head);
    if !accepted.iter().any(|accepted| accepted == media) {
        return Err(FileRefusal::WrongType(media.to_owned()));
    }
    let tail = &tail[tail.len().saturating_sub(WINDOW_BYTES)..];
    let ends: &[&[u8]] = match media {
        "application/pdf" => &[b"%%EOF", b"startxref"],
        "image/png" => &[b"IEND\xaeB`\x82"],
        "image/jpeg" => &[b"\xff\xd9"],
        _ => &[b""],
    };
    if !ends.iter().any(|end| memmem::find(tail, end).is_some()) {
        return Err(FileRefusal::Truncated);
    }
    Ok(FileVerdict { media: media.to_owned(), inspection: Inspection::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted() -> Vec<String> {
        ["application/pdf", "image/png", "image/jpeg"].map(String::from).into()
    }

    #[test]
    fn files_are_known_by_their_first_bytes() {
        for (head, media) in [
            (b"%PDF-1.7".as_slice(), "application/pdf"),
            // Readers skip what comes before the header.
            (b"\xef\xbb\xbf%PDF-1.7", "application/pdf"),
            (b"\r\n%PDF-1.7", "application/pdf"),
            (b"HTTP/1.1 200 OK\r\n\r\n%PDF-1.7", "application/pdf"),
            (b"<hta:application/>%PDF-1.7", "application/pdf"),
            // An archive that contains a PDF is an archive.
            (b"PK\x03\x04\x14\0kbis.pdf%PDF-1.7", "application/zip"),
            (b"<svg onload=x>", "image/svg+xml"),
            (b"<!DOCTYPE html>", "text/html"),
            (b"PK\x03\x04docx", "application/zip"),
            (b"MZ\x90", "application/x-msdownload"),
            (b"\0\0\0\x18ftypheic\0\0", "image/heic"),
            (b"\0\0\0\x18ftypmif1\0\0", "image/heic"),
            (b"\0\0\0\x18ftypavif\0\0", "image/avif"),
            (b"\0\0\0\x18ftypisom\0\0", "video/mp4"),
            (b"bonjour", "text/plain"),
            (b"", "text/plain"),
        ] {
            assert_eq!(sniff(head), media, "{}", head.escape_ascii());
        }
        let far = [vec![b' '; PDF_LEAD_BYTES + 1], b"%PDF-1.7".to_vec()].concat();
        assert_eq!(sniff(&far[1..]), "application/pdf");
        assert_eq!(sniff(&far), "text/plain");
    }

    #[test]
    fn a_language_of_its_own_is_told_from_a_lead() {
        assert_eq!(said_before_pdf(b"<!DOCTYPE html><p>%PDF-1.7"), Some("text/html"));
        for lead in [b"%PDF-<html>".as_slice(), b"\xef\xbb\xbf%PDF-1.7", b"\n%PDF-1.7", b"PK\x03\x04<html>"] {
            assert_eq!(said_before_pdf(lead), None, "{}", lead.escape_ascii());
        }
    }

    #[test]
    fn a_file_that_was_not_opened_is_judged_by_its_ends() {
        let check = |head: &[u8], tail: &[u8]| check_ends(head, tail, &accepted());
        let pdf = check(b"%PDF-1.7 ...", b"startxref\n9\n%%EOF\n").unwrap();
        assert_eq!((pdf.media.as_str(), pdf.inspection), ("application/pdf", Inspection::default()));
        assert_eq!(check(b"", b""), Err(FileRefusal::Empty));
        assert_eq!(check(b"%PDF-1.7 ...", b"..."), Err(FileRefusal::Truncated));
        assert_eq!(check(b"\xff\xd8\xff", b"..."), Err(FileRefusal::Truncated));
        assert!(check(b"\xff\xd8\xff", b"\xff\xd9film").is_ok());
        assert_eq!(check(b"MZ", b"%%EOF"), Err(FileRefusal::WrongType("application/x-msdownload".into())));
    }
}
