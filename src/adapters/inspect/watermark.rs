//! Copies for those who read by need to know: every page names its reader, so that a leaked copy tells whose it was.
//!
//! Bytes in, bytes out. What cannot be marked for certain is not marked at all, and the caller says so.

mod image;
mod layout;

use super::{MAX_BYTES, pdf, whole};
use layout::{PageBox, sheet};
use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};
use std::collections::{HashMap, HashSet};

const MAX_PAGES: usize = 5_000;
/// How many entries of shared lists may be copied: a small file can ask for a great deal of work.
const MAX_COPIED: usize = 500_000;
/// Name of the mark's font and graphics state among the page's resources.
const MARK_RESOURCE_NAME: &str = "GuichetMark";

/// Writes words on every page of a PDF, or on an image made into a PDF of one page. `None` when the file is of another
/// kind, damaged, asks for a password, too long, or holds what only another reader would find.
#[must_use]
pub fn mark(media: &str, bytes: &[u8], words: &str) -> Option<Vec<u8>> {
    if bytes.len() as u64 > MAX_BYTES {
        return None;
    }
    let mut document = match media {
        "application/pdf" => load(bytes)?,
        "image/jpeg" => image::jpeg(bytes)?,
        "image/png" => image::png(bytes)?,
        _ => return None,
    };
    stamp(&mut document, words)?;
    let mut marked = Vec::new();
    document.save_to(&mut marked).ok()?;
    Some(marked)
}

fn load(bytes: &[u8]) -> Option<Document> {
    // Readers differ in what they show of a file that breaks off.
    pdf::ended(bytes).then_some(())?;
    let document = pdf::open(bytes, false).ok()?;
    // Rebuilt by guess, it may lack what another reader would show.
    let guessed = document.xref_recovery.is_some();
    (!guessed && whole::loaded(&document)).then_some(document)
}

/// Marks every page of a document.
fn stamp(document: &mut Document, words: &str) -> Option<()> {
    let pages: Vec<ObjectId> = document.page_iter().take(MAX_PAGES + 1).collect();
    let root = document.get_dictionary(document.catalog().ok()?.get(b"Pages").ok()?.as_reference().ok()?).ok()?;
    let told = root.get_deref(b"Count", document).ok()?.as_i64().ok()?;
    // A page that is not found would leave unmarked.
    if pages.is_empty() || pages.len() > MAX_PAGES || usize::try_from(told).ok() != Some(pages.len()) {
        return None;
    }
    // Nor is anything else in the tree a page.
    let page = |id: &ObjectId| document.get_dictionary(*id).is_ok_and(|node| pdf::is_page(document, node));
    pages.iter().all(page).then_some(())?;
    whole::drawn(document, &pages)?;
    let mut stamp = Stamp::new(document, words)?;
    let mut done = HashSet::new();
    for page in pages {
        if done.insert(page) {
            stamp.page(page)?;
        }
    }
    Some(())
}

/// What the pages share while they are marked.
struct Stamp<'a> {
    document: &'a mut Document,
    words: Vec<u8>,
    font: ObjectId,
    state: ObjectId,
    before: ObjectId,
    sheets: HashMap<PageBox, ObjectId>,
    resources: HashMap<ObjectId, ObjectId>,
    copied: usize,
}

impl<'a> Stamp<'a> {
    fn new(document: &'a mut Document, words: &str) -> Option<Self> {
        let font = dictionary! {
            "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica", "Encoding" => "WinAnsiEncoding",
        };
        let state = dictionary! { "Type" => "ExtGState", "ca" => Object::Real(0.22), "BM" => "Normal" };
        Some(Self {
            font: document.try_add_object(font).ok()?,
            state: document.try_add_object(state).ok()?,
            before: document.try_add_object(Stream::new(Dictionary::new(), b"q\n".to_vec())).ok()?,
            document,
            words: layout::encode(words),
            sheets: HashMap::new(),
            resources: HashMap::new(),
            copied: 0,
        })
    }

    fn page(&mut self, page: ObjectId) -> Option<()> {
        let resources = self.resources(page)?;
        let view = PageBox::new(
            self.inherited(page, b"MediaBox").and_then(|found| self.numbers(found.1)),
            self.inherited(page, b"CropBox").and_then(|found| self.numbers(found.1)),
            self.inherited(page, b"Rotate").and_then(|found| layout::whole(found.1)),
        )?;
        let after = match self.sheets.get(&view) {
            Some(after) => *after,
            None => {
                let stream = Stream::new(Dictionary::new(), sheet(&view, &self.words, MARK_RESOURCE_NAME));
                let after = self.document.try_add_object(stream).ok()?;
                self.sheets.insert(view, after);
                after
            }
        };
        let mut contents = vec![Object::Reference(self.before)];
        contents.extend(self.contents(page)?);
        contents.push(Object::Reference(after));
        let dictionary = self.document.get_dictionary_mut(page).ok()?;
        dictionary.set("Contents", contents);
        dictionary.set("Resources", resources);
        Some(())
    }

    /// What the nearest entry of that name leads to, with the object that holds it.
    fn inherited(&self, page: ObjectId, key: &[u8]) -> Option<(ObjectId, &Object)> {
        let (holder, entry) = whole::nearest(self.document, page, key)?;
        let (reference, object) = self.document.dereference(entry).ok()?;
        Some((reference.unwrap_or(holder), object))
    }

    fn numbers(&self, object: &Object) -> Option<[i64; 4]> {
        let list = object.as_array().ok()?;
        let mut numbers =
            list.iter().map(|item| self.document.dereference(item).ok().and_then(|(_, n)| layout::whole(n)));
        let four = [numbers.next()??, numbers.next()??, numbers.next()??, numbers.next()??];
        Some(four)
    }

    fn contents(&mut self, page: ObjectId) -> Option<Vec<Object>> {
        let dictionary = self.document.get_dictionary(page).ok()?;
        let Ok(entry) = dictionary.get(b"Contents") else { return Some(Vec::new()) };
        let list = match self.document.dereference(entry).ok()? {
            (_, Object::Array(list)) => list.clone(),
            (Some(id), Object::Stream(_)) => vec![Object::Reference(id)],
            (_, Object::Null) => Vec::new(),
            _ => return None,
        };
        self.count(list.len())?;
        Some(list)
    }

    /// The resources that a page uses, with those of the mark; pages that shared them share them still.
    fn resources(&mut self, page: ObjectId) -> Option<ObjectId> {
        let found = self.inherited(page, b"Resources");
        let source = found.map_or(page, |(source, _)| source);
        if let Some(made) = self.resources.get(&source) {
            return Some(*made);
        }
        let mut resources = match found {
            Some((_, resources)) => resources.as_dict().ok()?.clone(),
            None => Dictionary::new(),
        };
        self.count(resources.len())?;
        for (kind, ours) in [("Font", self.font), ("ExtGState", self.state)] {
            let mut named = match resources.get_deref(kind.as_bytes(), self.document) {
                Ok(named) => named.as_dict().ok()?.clone(),
                Err(_) => Dictionary::new(),
            };
            self.count(named.len())?;
            named.set(MARK_RESOURCE_NAME, ours);
            resources.set(kind, named);
        }
        let made = self.document.try_add_object(resources).ok()?;
        self.resources.insert(source, made);
        Some(made)
    }

    fn count(&mut self, entries: usize) -> Option<()> {
        self.copied += entries;
        (self.copied <= MAX_COPIED).then_some(())
    }
}

#[cfg(test)]
mod tests;
