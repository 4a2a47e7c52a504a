//! Some programs write what encrypts a document into its trailer, which the standard allows and our reader does not know.

use lopdf::{Document, Object, Writer};
use memchr::memmem;
use std::io::Write;

/// The same file with an update that makes the entry an object of its own. None where the entry is one, or no update can
/// follow.
pub fn with_indirect_encryption(bytes: &[u8], document: &Document) -> Option<Vec<u8>> {
    let number = document.max_id.checked_add(1)?;
    let before = i64::try_from(document.xref_start).ok().filter(|start| *start > 0)?;
    let mut trailer = document.trailer.clone();
    let encryption = trailer.remove(b"Encrypt").filter(|entry| entry.as_dict().is_ok())?;
    trailer.set("Encrypt", Object::Reference((number, 0)));
    trailer.set("Prev", before);
    trailer.set("Size", i64::from(number) + 1);
    // Places are counted from the header.
    let mut updated = bytes.get(memmem::find(bytes, b"%PDF-")?..)?.to_vec();
    updated.push(b'\n');
    let object = updated.len();
    writeln!(updated, "{number} 0 obj").ok()?;
    Writer::write_object(&mut updated, &encryption).ok()?;
    updated.extend_from_slice(b"\nendobj\n");
    let table = updated.len();
    write!(updated, "xref\n{number} 1\n{object:010} 00000 n \ntrailer\n").ok()?;
    Writer::write_object(&mut updated, &Object::Dictionary(trailer)).ok()?;
    write!(updated, "\nstartxref\n{table}\n%%EOF\n").ok()?;
    Some(updated)
}
