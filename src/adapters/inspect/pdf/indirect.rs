//! Updates behind the end of a file, for what readers make of its encryption and ours does not know.

use lopdf::{Dictionary, Document, Object, Writer};
use memchr::memmem;
use std::io::Write;

/// The same file with an update that makes what encrypts it an object of its own: some programs write it into the trailer,
/// which the standard allows. `None` where it is one, or no update can follow.
pub fn with_indirect_encryption(bytes: &[u8], document: &Document) -> Option<Vec<u8>> {
    let encryption = document.trailer.get(b"Encrypt").ok().filter(|entry| entry.as_dict().is_ok())?;
    updated(bytes, document, encryption, |trailer, number| trailer.set("Encrypt", Object::Reference((number, 0))))
}

/// The same file with an update whose trailer does not speak of encryption. `None` where no update can follow.
pub fn without_encryption(bytes: &[u8], document: &Document) -> Option<Vec<u8>> {
    let nothing = Object::Dictionary(Dictionary::new());
    updated(bytes, document, &nothing, |trailer, _| {
        trailer.remove(b"Encrypt");
    })
}

fn updated(
    bytes: &[u8],
    document: &Document,
    object: &Object,
    change: impl FnOnce(&mut Dictionary, u32),
) -> Option<Vec<u8>> {
    let number = document.max_id.checked_add(1)?;
    let before = i64::try_from(document.xref_start).ok().filter(|start| *start > 0)?;
    let mut trailer = document.trailer.clone();
    change(&mut trailer, number);
    trailer.set("Prev", before);
    trailer.set("Size", i64::from(number) + 1);
    // Places are counted from the header.
    let mut updated = bytes.get(memmem::find(bytes, b"%PDF-")?..)?.to_vec();
    updated.push(b'\n');
    let place = updated.len();
    writeln!(updated, "{number} 0 obj").ok()?;
    Writer::write_object(&mut updated, object).ok()?;
    updated.extend_from_slice(b"\nendobj\n");
    let table = updated.len();
    write!(updated, "xref\n{number} 1\n{place:010} 00000 n \ntrailer\n").ok()?;
    Writer::write_object(&mut updated, &Object::Dictionary(trailer)).ok()?;
    write!(updated, "\nstartxref\n{table}\n%%EOF\n").ok()?;
    Some(updated)
}
