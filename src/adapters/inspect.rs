//! Files of others, opened as a reader would: checked when they come, marked when they go to those who read by need to
//! know. Bytes in, bytes or a verdict out; the portal has both done in a process with [`limited`] means.

mod jpeg;
#[expect(clippy::disallowed_methods, reason = "a task feeds the child process and awaits it")]
pub mod limited;
mod pdf;
pub mod pdf_text;
mod png;
pub mod watermark;
mod whole;

use crate::domain::media::{FileRefusal, FileVerdict, Inspection, check_ends, said_before_pdf, sniff};

/// Longest file that is opened.
pub const MAX_BYTES: u64 = 32 * 1024 * 1024;
/// Most pixels of an image: with four bytes each they would fill 2 GiB, beyond which browsers show nothing.
const MAX_PIXELS: u64 = 1 << 29;
/// What the streams of objects may hold once unpacked, in all: a small file can ask for a great deal of work.
const MAX_UNPACKED_BYTES: usize = 16 * 1024 * 1024;

/// Why a file was not opened, or what is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InspectionFault {
    /// It breaks off.
    Truncated,
    /// Nothing in it can be shown.
    Unreadable,
    /// A document without a page.
    NoPage,
    /// It asks for a password.
    Encrypted,
    /// It is encrypted for those who hold a certificate, or another program.
    Protected,
    /// Whether it is right cannot be determined within the limits, or by this reader.
    Unknown,
}

/// Checks a file against the accepted media types. One that asks for more than the limits allow is accepted unopened when
/// both its ends look right: to be large or unusual is no fault.
pub fn inspect(bytes: &[u8], accepted: &[String]) -> Result<FileVerdict, FileRefusal> {
    if bytes.is_empty() {
        return Err(FileRefusal::Empty);
    }
    let media = sniff(bytes);
    if !accepted.iter().any(|accepted| accepted == media) {
        return Err(FileRefusal::WrongType(media.to_owned()));
    }
    let image = |()| Inspection { opened: true, ..Inspection::default() };
    let opened = match media {
        _ if bytes.len() as u64 > MAX_BYTES => Err(InspectionFault::Unknown),
        "application/pdf" => pdf::inspect(bytes),
        "image/png" => png::check(bytes).map(image),
        "image/jpeg" => jpeg::check(bytes).map(image),
        // Kinds that no call of ours asks for.
        _ => Err(InspectionFault::Unknown),
    };
    opened.map(|inspection| FileVerdict { media: media.to_owned(), inspection }).or_else(|fault| match fault {
        InspectionFault::Unknown => check_ends(bytes, bytes, accepted),
        InspectionFault::Encrypted => Err(FileRefusal::Encrypted),
        InspectionFault::Protected => Err(FileRefusal::Protected),
        // A page of the web that speaks of PDFs is a page of the web.
        _ if let Some(other) = said_before_pdf(bytes) => Err(FileRefusal::WrongType(other.to_owned())),
        InspectionFault::Truncated => Err(FileRefusal::Truncated),
        InspectionFault::Unreadable => Err(FileRefusal::Unreadable),
        InspectionFault::NoPage => Err(FileRefusal::NoPage),
    })
}

#[cfg(any(test, fuzzing))]
pub mod fuzzing;

#[cfg(test)]
mod tests;
