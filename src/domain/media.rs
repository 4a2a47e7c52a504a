//! What a file is, judged by its bytes and not by its name.

use super::text::Text;

/// How many bytes of each end of a file the judgement needs.
pub const WINDOW_BYTES: usize = 64 * 1024;

/// What looking at both ends of a file tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look<'a> {
    /// The first bytes, at most [`WINDOW_BYTES`].
    pub head: &'a [u8],
    /// The last bytes, at most [`WINDOW_BYTES`]; may overlap the head.
    pub tail: &'a [u8],
    /// Length of the whole.
    pub bytes: u64,
    /// Whether `/Encrypt` stands anywhere in the file.
    pub says_encrypt: bool,
}

/// Why a file is refused: what it is and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileRefusal {
    /// No byte at all.
    Empty,
    /// A PDF that needs a password.
    Encrypted,
    /// Its end is missing.
    Truncated,
    /// Not of an accepted type; carries what it seems to be.
    WrongType(&'static str),
    /// Longer than the limit, in bytes.
    TooLarge(u64),
    /// The dossier would exceed its limit, in bytes.
    DossierFull(u64),
}

impl FileRefusal {
    /// The reason and the remedy.
    #[must_use]
    pub fn message(&self) -> Text {
        let megabytes = |bytes: &u64| bytes / (1024 * 1024);
        match self {
            Self::Empty => Text::new(
                "Ce fichier est vide (0 octet). Vérifiez que sa copie ou son téléchargement est allé au bout, puis choisissez-le de nouveau.",
                "This file is empty (0 bytes). Check that it was copied or downloaded to the end, then choose it again.",
            ),
            Self::Encrypted => Text::new(
                "Ce PDF est protégé par un mot de passe : personne ne pourrait l'ouvrir. Enregistrez-en une copie sans mot de passe (Imprimer → Enregistrer en PDF).",
                "This PDF is protected by a password: nobody could open it. Save a copy without password (Print → Save as PDF).",
            ),
            Self::Truncated => Text::new(
                "Ce fichier est incomplet : sa fin manque. Téléchargez-le de nouveau depuis sa source, puis choisissez-le ici.",
                "This file is incomplete: its end is missing. Download it again from where it came, then choose it here.",
            ),
            Self::WrongType(seems) => Text::new(
                format!(
                    "Ce fichier n'est pas accepté (il semble être : {seems}). Envoyez un PDF, ou une image PNG ou JPEG d'un document numérisé."
                ),
                format!(
                    "This file is not accepted (it seems to be: {seems}). Send a PDF, or a PNG or JPEG image of a scanned document."
                ),
            ),
            Self::TooLarge(limit) => Text::new(
                format!(
                    "Ce fichier dépasse {} Mo. Réduisez la résolution de la numérisation ou séparez les pages inutiles.",
                    megabytes(limit)
                ),
                format!(
                    "This file exceeds {} MB. Lower the resolution of the scan or take out pages that are not needed.",
                    megabytes(limit)
                ),
            ),
            Self::DossierFull(limit) => Text::new(
                format!(
                    "Les fichiers de ce dossier dépasseraient {} Mo en tout. Allégez ou retirez une pièce.",
                    megabytes(limit)
                ),
                format!(
                    "The files of this dossier would exceed {} MB in all. Make a piece smaller or remove one.",
                    megabytes(limit)
                ),
            ),
        }
    }

    /// Stable code for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Encrypted => "encrypted",
            Self::Truncated => "truncated",
            Self::WrongType(_) => "wrong_type",
            Self::TooLarge(_) => "too_large",
            Self::DossierFull(_) => "dossier_full",
        }
    }
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

/// The media type that the first bytes announce.
#[must_use]
pub fn sniff(head: &[u8]) -> &'static str {
    if let Some((_, media)) = SIGNATURES.iter().find(|(magic, _)| head.starts_with(magic)) {
        return media;
    }
    if head.len() > 11 && head.starts_with(b"RIFF") && head[8..].starts_with(b"WEBP") {
        return "image/webp";
    }
    if head.len() > 11 && head[4..].starts_with(b"ftyp") {
        return "image/heic or video/mp4";
    }
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

/// Judges a file against the accepted media types.
///
/// # Errors
/// The first reason to refuse it.
pub fn judge(look: Look<'_>, accepted: &[String]) -> Result<&'static str, FileRefusal> {
    if look.bytes == 0 {
        return Err(FileRefusal::Empty);
    }
    let media = sniff(look.head);
    if !accepted.iter().any(|accepted| accepted == media) {
        return Err(FileRefusal::WrongType(media));
    }
    match media {
        "application/pdf" if !ends_with_marker(look.tail, b"%%EOF") => Err(FileRefusal::Truncated),
        "application/pdf" if look.says_encrypt => Err(FileRefusal::Encrypted),
        "image/png" if !ends_with_marker(look.tail, b"IEND\xaeB`\x82") => Err(FileRefusal::Truncated),
        "image/jpeg" if !ends_with_marker(look.tail, b"\xff\xd9") => Err(FileRefusal::Truncated),
        _ => Ok(media),
    }
}

/// True when the marker stands near the end: scanners and mail gateways append a few bytes.
fn ends_with_marker(tail: &[u8], marker: &[u8]) -> bool {
    let from = tail.len().saturating_sub(2048);
    tail[from..].windows(marker.len()).any(|window| window == marker)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(bytes: &[u8]) -> Look<'_> {
        Look {
            head: bytes,
            tail: bytes,
            bytes: bytes.len() as u64,
            says_encrypt: bytes.windows(8).any(|window| window == b"/Encrypt"),
        }
    }

    #[test]
    fn files_are_judged_by_their_bytes() {
        let accepted = ["application/pdf", "image/png", "image/jpeg"].map(String::from);
        assert_eq!(judge(look(b"%PDF-1.7 ... %%EOF\n"), &accepted), Ok("application/pdf"));
        assert_eq!(judge(look(b""), &accepted), Err(FileRefusal::Empty));
        assert_eq!(judge(look(b"%PDF-1.7 /Encrypt 5 0 R %%EOF"), &accepted), Err(FileRefusal::Encrypted));
        assert_eq!(judge(look(b"%PDF-1.7 ..."), &accepted), Err(FileRefusal::Truncated));
        assert_eq!(judge(look(b"<svg onload=x>"), &accepted), Err(FileRefusal::WrongType("image/svg+xml")));
        assert_eq!(judge(look(b"<!DOCTYPE html>"), &accepted), Err(FileRefusal::WrongType("text/html")));
        assert_eq!(judge(look(b"PK\x03\x04docx"), &accepted), Err(FileRefusal::WrongType("application/zip")));
        assert_eq!(judge(look(b"MZ\x90"), &accepted), Err(FileRefusal::WrongType("application/x-msdownload")));
    }
}
