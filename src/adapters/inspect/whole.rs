//! Whether a document was read whole: what is missing here would be missing from the copy, though others see it.

use super::MAX_UNPACKED_BYTES;
use flate2::read::ZlibDecoder;
use lopdf::{Document, Object, ObjectId, xref::XrefEntry};
use memchr::memmem;
use std::{
    collections::{HashMap, HashSet},
    io::{self, Read},
};

/// How far things may stand inside one another.
const MAX_DEPTH: usize = 128;
/// Deepest page tree.
const MAX_TREE_DEPTH: usize = 64;

/// Whether the streams that hold objects unpack to no more than so many bytes in all, as far as can be told without
/// reading the file: each of those bytes costs some sixty as an object.
pub fn unpacks_within(bytes: &[u8], most: usize) -> bool {
    let mut room = most as u64;
    let mut from = 0;
    for at in memmem::find_iter(bytes, b"/ObjStm") {
        // Several may stand before the same stream.
        if at < from {
            continue;
        }
        let Some(start) = memmem::find(&bytes[at..], b"stream").map(|found| at + found + b"stream".len()) else {
            break;
        };
        from = start;
        let packed = bytes[start..].trim_ascii_start();
        let mut unpacked = ZlibDecoder::new(packed).take(room + 1);
        let mut sink = Counter(0);
        // What is no such stream ends where that shows.
        io::copy(&mut unpacked, &mut sink).ok();
        match room.checked_sub(sink.0) {
            Some(left) => room = left,
            None => return false,
        }
    }
    true
}

/// Counts what is written to it.
struct Counter(u64);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether every object that the file says is in use was loaded, under its own number and with its content.
pub fn loaded(document: &Document) -> bool {
    let mut streams = HashMap::new();
    // What encrypted it is taken out once it is read.
    let lock = document.encryption_state.as_ref().and_then(lopdf::EncryptionState::encrypt_object_id);
    let here = document.reference_table.entries.iter().all(|(id, entry)| match *entry {
        XrefEntry::Normal { generation, .. } => {
            document.objects.contains_key(&(*id, generation)) || lock == Some((*id, generation))
        }
        XrefEntry::Compressed { container, index } => {
            let members = streams.entry(container).or_insert_with(|| members(document, container));
            let named = members.as_ref().and_then(|members| members.get(usize::from(index)));
            named == Some(id) && document.objects.contains_key(&(*id, 0))
        }
        XrefEntry::Free | XrefEntry::UnusableFree => true,
    });
    // A stream whose length is not to be had is loaded empty.
    let empty = |object: &Object| match object {
        Object::Stream(stream) => stream.content.is_empty() && stream.start_position.is_some(),
        _ => false,
    };
    here && !document.objects.values().any(empty)
}

/// The numbers of the objects in a stream of them, in its order. `None` where one stands twice: readers differ in which
/// of the two they take, by its number or by its place.
fn members(document: &Document, stream: u32) -> Option<Vec<u32>> {
    let stream = document.objects.get(&(stream, 0))?.as_stream().ok()?;
    let content = stream.get_plain_content_with_limit(MAX_UNPACKED_BYTES).ok()?;
    let first = usize::try_from(stream.dict.get(b"First").ok()?.as_i64().ok()?).ok()?;
    let head = str::from_utf8(content.get(..first)?).ok()?;
    let members: Vec<u32> =
        head.split_ascii_whitespace().step_by(2).map(|number| number.parse().ok()).collect::<Option<_>>()?;
    let once: HashSet<_> = members.iter().collect();
    (once.len() == members.len()).then_some(members)
}

/// Looks whether everything that the pages draw is there. `None` where a reference leads nowhere.
pub fn drawn(document: &Document, pages: &[ObjectId]) -> Option<()> {
    let mut walk = ObjectWalk { document, seen: HashSet::new() };
    for page in pages {
        let dictionary = document.get_dictionary(*page).ok()?;
        let resources = nearest(document, *page, b"Resources").map(|(_, entry)| entry);
        for entry in dictionary.get(b"Contents").ok().into_iter().chain(resources) {
            walk.follow(entry, 0)?;
        }
        let Ok(entry) = dictionary.get(b"Annots") else { continue };
        for note in document.dereference(entry).ok()?.1.as_array().into_iter().flatten() {
            // Of a note, only how it looks: the rest leads to other pages, which may have gone.
            let note = document.dereference(note).ok()?.1.as_dict().ok()?;
            if let Ok(entry) = note.get(b"AP") {
                walk.follow(entry, 0)?;
            }
        }
    }
    Some(())
}

/// The nearest entry of that name on the way from a page to the root, with the object that holds it.
pub fn nearest<'a>(document: &'a Document, page: ObjectId, key: &[u8]) -> Option<(ObjectId, &'a Object)> {
    let mut holder = page;
    for _ in 0..MAX_TREE_DEPTH {
        let dictionary = document.get_dictionary(holder).ok()?;
        if let Ok(entry) = dictionary.get(key) {
            return Some((holder, entry));
        }
        holder = dictionary.get(b"Parent").ok()?.as_reference().ok()?;
    }
    None
}

struct ObjectWalk<'a> {
    document: &'a Document,
    seen: HashSet<ObjectId>,
}

impl<'a> ObjectWalk<'a> {
    fn follow(&mut self, object: &'a Object, depth: usize) -> Option<()> {
        (depth < MAX_DEPTH).then_some(())?;
        let dictionary = match object {
            Object::Reference(id) => {
                let found = self.document.objects.get(id)?;
                return if self.seen.insert(*id) { self.follow(found, depth + 1) } else { Some(()) };
            }
            Object::Array(list) => return list.iter().try_for_each(|item| self.follow(item, depth + 1)),
            Object::Dictionary(dictionary) => dictionary,
            Object::Stream(stream) => &stream.dict,
            _ => return Some(()),
        };
        dictionary.iter().try_for_each(|(_, entry)| self.follow(entry, depth + 1))
    }
}
