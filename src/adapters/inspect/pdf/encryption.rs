//! What a PDF says of its encryption, and what readers make of it.

use super::{
    super::InspectionFault,
    indirect::{with_indirect_encryption, without_encryption},
    load,
};
use lopdf::{Document, Error, Object, ObjectId, encryption::DecryptionError};
use memchr::memmem;

/// What stands where a trailer speaks of encryption.
enum Encryption {
    /// What says how it is encrypted.
    Told,
    /// A reference to an object that the file does not hold: to readers, nothing.
    Missing,
    /// A reference to an object that was not found, though the file may hold it.
    Lost,
    /// Something else.
    Senseless,
}

/// A document once it is read without a password, as readers open it: not encrypted, or with the empty password.
pub fn unlocked(bytes: &[u8], document: Document) -> Result<Document, InspectionFault> {
    let Ok(entry) = document.trailer.get(b"Encrypt") else { return Ok(document) };
    let updated = match found(bytes, &document, entry) {
        Encryption::Told => with_indirect_encryption(bytes, &document).ok_or_else(|| locked(&document))?,
        Encryption::Missing => without_encryption(bytes, &document).ok_or(InspectionFault::Unreadable)?,
        Encryption::Lost => return Err(InspectionFault::Unknown),
        Encryption::Senseless => return Err(InspectionFault::Unreadable),
    };
    let document = load(&updated, false)?;
    if document.trailer.has(b"Encrypt") { Err(locked(&document)) } else { Ok(document) }
}

fn found(bytes: &[u8], document: &Document, entry: &Object) -> Encryption {
    match (entry, document.dereference(entry)) {
        (_, Ok((_, Object::Dictionary(_)))) => Encryption::Told,
        (_, Ok((_, Object::Null))) => Encryption::Missing,
        (Object::Reference(id), Err(_)) if names(bytes, *id) => Encryption::Lost,
        (Object::Reference(_), Err(_)) => Encryption::Missing,
        _ => Encryption::Senseless,
    }
}

/// Whether an object of that number begins somewhere in a file.
fn names(bytes: &[u8], (number, generation): ObjectId) -> bool {
    let head = format!("{number} {generation} obj");
    memmem::find_iter(bytes, head.as_bytes()).any(|at| !bytes[..at].last().is_some_and(u8::is_ascii_digit))
}

/// Why a PDF stayed encrypted.
fn locked(document: &Document) -> InspectionFault {
    let told = document.trailer.get_deref(b"Encrypt", document).and_then(Object::as_dict);
    let handler = told.and_then(|told| told.get_deref(b"Filter", document)).and_then(Object::as_name);
    match (handler, document.authenticate_password("")) {
        (Err(_), _) => InspectionFault::Unreadable,
        // Others want a certificate, or a program of their own.
        (Ok(name), _) if name != b"Standard" => InspectionFault::Protected,
        (Ok(_), Err(Error::Decryption(DecryptionError::IncorrectPassword))) => InspectionFault::Encrypted,
        _ => InspectionFault::Unknown,
    }
}
