//! PDFs as a reader opens them: with the empty password, and by their objects where their table is lost.

mod encryption;
mod indirect;

use super::{InspectionFault, MAX_UNPACKED_BYTES, whole};
use crate::domain::media::Inspection;
use lopdf::{DecompressError, Dictionary, Document, Error, LoadOptions, Object, ObjectId};
use memchr::memmem;
use std::collections::HashSet;

/// Most nodes of a page tree that are visited.
const MAX_NODES: usize = 1_000_000;

/// Opens a PDF and looks for its pages, of which it has one at least.
pub fn inspect(bytes: &[u8]) -> Result<Inspection, InspectionFault> {
    let ended = ended(bytes);
    let (document, pages) = match open_with_pages(bytes, !ended) {
        // The table may lead elsewhere: readers then look for the pages themselves.
        Err(InspectionFault::NoPage | InspectionFault::Unreadable) if ended => open_with_pages(bytes, true),
        first => first,
    }
    .map_err(|fault| match fault {
        InspectionFault::NoPage | InspectionFault::Unreadable if !ended && begins_object(bytes) => {
            InspectionFault::Truncated
        }
        other => other,
    })?;
    if !ended && !complete(&document, pages) {
        return Err(InspectionFault::Truncated);
    }
    Ok(Inspection { opened: true, pages: Some(pages), signed: signed(&document) })
}

/// Opens a PDF that asks for no password; `rebuild` looks for the objects themselves, whatever the table says.
pub(super) fn open(bytes: &[u8], rebuild: bool) -> Result<Document, InspectionFault> {
    if !whole::unpacks_within(bytes, MAX_UNPACKED_BYTES) {
        return Err(InspectionFault::Unknown);
    }
    let bytes = without_padding(bytes);
    encryption::unlocked(bytes, load(bytes, rebuild)?)
}

fn load(bytes: &[u8], rebuild: bool) -> Result<Document, InspectionFault> {
    let options =
        LoadOptions { force_reconstruct: rebuild, ..LoadOptions::with_max_decompressed_size(MAX_UNPACKED_BYTES) };
    Document::load_mem_with_options(bytes, options).map_err(|error| match error {
        Error::Decompress(DecompressError::MemoryLimitExceeded { .. }) => InspectionFault::Unknown,
        Error::UnsupportedSecurityHandler(_) => InspectionFault::Protected,
        Error::Decryption(_) => InspectionFault::Encrypted,
        _ => InspectionFault::Unreadable,
    })
}

fn open_with_pages(bytes: &[u8], rebuild: bool) -> Result<(Document, u32), InspectionFault> {
    let document = open(bytes, rebuild)?;
    let Some(tree) = tree(&document) else { return Err(InspectionFault::Unreadable) };
    match pages(&document, tree)? {
        0 => Err(InspectionFault::NoPage),
        pages => Ok((document, pages)),
    }
}

/// The root of the page tree.
fn tree(document: &Document) -> Option<&Object> {
    let tree = document.catalog().ok()?.get(b"Pages").ok()?;
    document.dereference(tree).ok()?.1.as_dict().ok()?;
    Some(tree)
}

/// Counts the pages that are there: a reference that leads nowhere is none.
fn pages(document: &Document, tree: &Object) -> Result<u32, InspectionFault> {
    let (mut pages, mut visited, mut seen, mut left) = (0, 0, HashSet::new(), vec![tree]);
    while let Some(node) = left.pop() {
        visited += 1;
        if visited > MAX_NODES {
            return Err(InspectionFault::Unknown);
        }
        let Ok((id, Object::Dictionary(node))) = document.dereference(node) else { continue };
        let kids = node.get_deref(b"Kids", document).and_then(Object::as_array);
        match kids {
            Ok(kids) if !node.has_type(b"Page") => {
                if id.is_none_or(|id| seen.insert(id)) {
                    if left.len() + kids.len() > MAX_NODES {
                        return Err(InspectionFault::Unknown);
                    }
                    left.extend(kids);
                }
            }
            _ => pages += u32::from(is_page(document, node)),
        }
    }
    Ok(pages)
}

/// Whether readers take this for a page: it says that it is one, or does not say what it is and holds what pages hold.
pub(super) fn is_page(document: &Document, node: &Dictionary) -> bool {
    match node.get_deref(b"Type", document) {
        Ok(kind) => kind.as_name().is_ok_and(|name| name == b"Page"),
        Err(_) => [b"MediaBox".as_slice(), b"Contents", b"Resources"].into_iter().any(|key| node.has(key)),
    }
}

/// The file without what follows its end.
fn without_padding(bytes: &[u8]) -> &[u8] {
    let end = memmem::rfind(bytes, b"%%EOF").filter(|end| !begins_object(&bytes[*end..]));
    let end = end.filter(|end| memmem::find(&bytes[*end..], b"startxref").is_none());
    end.map_or(bytes, |end| &bytes[..end + b"%%EOF".len()])
}

/// Whether the file goes on to its end: after the last pointer to its table no object begins. Padding and what a gateway
/// appended may follow.
pub(super) fn ended(bytes: &[u8]) -> bool {
    let last = |word: &[u8]| memmem::rfind(bytes, word);
    let end = last(b"startxref").max(last(b"%%EOF"));
    end.is_some_and(|end| !begins_object(&bytes[end..]))
}

/// Whether an object begins: `12 0 obj`.
fn begins_object(bytes: &[u8]) -> bool {
    memmem::find_iter(bytes, b" obj").any(|at| {
        let before = bytes[..at].trim_ascii_end();
        let generation = before.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let rest = &before[..before.len() - generation];
        generation > 0 && rest.ends_with(b" ") && rest.trim_ascii_end().last().is_some_and(u8::is_ascii_digit)
    })
}

/// Whether a document that has lost its end has lost nothing else: each object that begins is there, and all that the
/// pages draw.
fn complete(document: &Document, pages: u32) -> bool {
    let told = tree(document)
        .and_then(|tree| document.dereference(tree).ok()?.1.as_dict().ok())
        .and_then(|root| root.get_deref(b"Count", document).ok()?.as_i64().ok());
    let all: Vec<ObjectId> = document.page_iter().collect();
    told == Some(pages.into()) && whole::loaded(document) && whole::drawn(document, &all).is_some()
}

/// Whether there is an electronic signature, which is not what lets a reader fill in forms.
fn signed(document: &Document) -> bool {
    let rights = document.catalog().and_then(|catalog| catalog.get_deref(b"Perms", document)?.as_dict()).ok();
    let rights: HashSet<ObjectId> = rights
        .into_iter()
        .flat_map(|rights| [b"UR".as_slice(), b"UR3"].map(|key| rights.get(key).and_then(Object::as_reference)))
        .filter_map(Result::ok)
        .collect();
    let signature = |dictionary: &Dictionary| {
        let covers = dictionary.get_deref(b"ByteRange", document).and_then(Object::as_array);
        covers.is_ok_and(|covers| covers.len() >= 4)
            && dictionary.has(b"Contents")
            && !dictionary.has_type(b"DocTimeStamp")
    };
    document.objects.iter().filter(|(id, _)| !rights.contains(id)).any(|(_, object)| {
        let Object::Dictionary(dictionary) = object else { return false };
        let value = dictionary.get(b"V").and_then(Object::as_dict);
        signature(dictionary) || value.is_ok_and(signature)
    })
}
