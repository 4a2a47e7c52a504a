//! A bag as RFC 8493 (BagIt 1.0) defines it: a folder of files that says which files it has, with their digests, so that
//! whoever receives it can tell whether it is whole. Here are its names and its texts; who writes the files reports them.

use super::text::clean::{TextKind, clean};
use jiff::civil::Date;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

/// Folder of the files that the bag carries.
const PAYLOAD: &str = "data";
/// File that makes the folder a bag.
pub const DECLARATION: &str = "bagit.txt";
/// File with what the bag is.
pub const INFO: &str = "bag-info.txt";
/// File with the digests of the payload.
pub const MANIFEST: &str = "manifest-sha256.txt";
/// File with the digests of the files above.
pub const TAG_MANIFEST: &str = "tagmanifest-sha256.txt";
/// Content of [`DECLARATION`].
pub const DECLARATION_TEXT: &str = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";
/// Maximum length of a part of a path in characters, as far as we choose it.
const MAX_PART_CHARS: usize = 120;

/// What a bag says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BagInfo {
    /// Who made it.
    pub source: String,
    /// What it is, in a sentence.
    pub description: String,
    /// Name under which its source knows it.
    pub identifier: String,
    /// Day on which it was made.
    pub bagged_on: Date,
}

/// A bag in the making.
#[derive(Clone, Debug)]
pub struct Bag {
    name: String,
    info: BagInfo,
    /// Digest of each file of the payload, by its path.
    payload: BTreeMap<String, String>,
    bytes: u64,
    /// Paths as file systems compare them that do not tell capitals from small letters.
    taken: BTreeSet<String>,
}

impl Bag {
    /// An empty bag. `name` is that of its folder.
    #[must_use]
    pub fn new(name: &str, info: BagInfo) -> Self {
        Self { name: safe_part(name), info, payload: BTreeMap::new(), bytes: 0, taken: BTreeSet::new() }
    }

    /// The name of its folder.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The day on which it was made.
    pub fn bagged_on(&self) -> Date {
        self.info.bagged_on
    }

    /// Reserves a path of the payload for a file of this name in a folder, or in none. A name that is taken gets a number; a percent
    /// sign becomes `_`, because readers of bags differ in whether they decode its own encoding.
    pub fn reserve(&mut self, folder: &str, file: &str) -> String {
        let file = file.replace('%', "_");
        let file = file.as_str();
        let (stem, extension) = match file.rsplit_once('.') {
            Some((stem, extension)) if !stem.is_empty() => (stem, format!(".{extension}")),
            _ => (file, String::new()),
        };
        let folder = if folder.is_empty() { PAYLOAD.to_owned() } else { format!("{PAYLOAD}/{folder}") };
        let mut path = format!("{folder}/{file}");
        let mut number = 1_u32;
        while !self.taken.insert(path.to_lowercase()) {
            number += 1;
            path = format!("{folder}/{stem}-{number}{extension}");
        }
        path
    }

    /// Records a file of the payload that was written.
    pub fn add(&mut self, path: String, sha256: String, bytes: u64) {
        self.payload.insert(path, sha256);
        self.bytes += bytes;
    }

    /// A path within the folder of the bag.
    pub fn place(&self, path: &str) -> String {
        format!("{}/{path}", self.name)
    }

    /// Content of [`INFO`]. `Payload-Oxum` is the number of bytes and of files of the payload: what shows at once whether
    /// something is missing.
    pub fn info_text(&self) -> String {
        let BagInfo { source, description, identifier, bagged_on } = &self.info;
        let oxum = format!("{}.{}", self.bytes, self.payload.len());
        let lines = [
            ("Source-Organization", source.as_str()),
            ("External-Description", description),
            ("External-Identifier", identifier),
            ("Bagging-Date", &bagged_on.to_string()),
            ("Payload-Oxum", &oxum),
        ];
        lines.iter().map(|(label, value)| format!("{label}: {}\n", one_line(value))).collect()
    }

    /// Content of [`MANIFEST`].
    pub fn manifest_text(&self) -> String {
        digests(self.payload.iter().map(|(path, sha256)| (path.as_str(), sha256.as_str())))
    }
}

/// Content of [`TAG_MANIFEST`], of files and their digests.
pub fn tag_manifest_text(files: &[(&str, String)]) -> String {
    digests(files.iter().map(|(path, sha256)| (*path, sha256.as_str())))
}

fn digests<'a>(files: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    files.fold(String::new(), |mut text, (path, sha256)| {
        // Writing to a string cannot fail.
        writeln!(text, "{sha256}  {}", encoded(path)).ok();
        text
    })
}

/// A path as a manifest writes it: what would end its line is percent-encoded, and the percent sign itself.
fn encoded(path: &str) -> String {
    path.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn one_line(text: &str) -> String {
    clean(TextKind::Line, text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A name of ours as one part of a path: nothing of it has a meaning for a file system.
pub fn safe_part(name: &str) -> String {
    let kept = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' };
    let part: String = name.chars().map(kept).take(MAX_PART_CHARS).collect();
    let part = part.trim_matches('.');
    if part.is_empty() { "_".to_owned() } else { part.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bag() -> Bag {
        let info = BagInfo {
            source: "https://guichet.example".into(),
            description: "Données de\nada@exemple.fr".into(),
            identifier: "0190a5c0".into(),
            bagged_on: jiff::civil::date(2026, 11, 30),
        };
        Bag::new("guichet-2026-11-30", info)
    }

    #[test]
    fn a_bag_says_what_it_carries() {
        let mut bag = bag();
        let first = bag.reserve("dossiers/1/pieces/P7", "kbis.pdf");
        let second = bag.reserve("dossiers/1/pieces/P7", "KBIS.pdf");
        assert_eq!([&first, &second], ["data/dossiers/1/pieces/P7/kbis.pdf", "data/dossiers/1/pieces/P7/KBIS-2.pdf"]);
        bag.add(first, "a".repeat(64), 10);
        bag.add(second, "b".repeat(64), 5);
        assert_eq!(
            bag.info_text(),
            "Source-Organization: https://guichet.example\nExternal-Description: Données de ada@exemple.fr\n\
             External-Identifier: 0190a5c0\nBagging-Date: 2026-11-30\nPayload-Oxum: 15.2\n"
        );
        assert_eq!(
            bag.manifest_text(),
            format!(
                "{}  data/dossiers/1/pieces/P7/KBIS-2.pdf\n{}  data/dossiers/1/pieces/P7/kbis.pdf\n",
                "b".repeat(64),
                "a".repeat(64)
            )
        );
        assert_eq!(bag.place(INFO), "guichet-2026-11-30/bag-info.txt");
    }

    #[test]
    fn what_would_end_a_line_of_a_manifest_is_encoded() {
        assert_eq!(tag_manifest_text(&[("a%\r\nb", "c".repeat(64))]), format!("{}  a%25%0D%0Ab\n", "c".repeat(64)));
    }

    #[test]
    fn names_without_extension_and_hidden_ones_are_numbered_too() {
        let mut bag = bag();
        assert_eq!(bag.reserve("x", "note"), "data/x/note");
        assert_eq!(bag.reserve("x", "NOTE"), "data/x/NOTE-2");
        assert_eq!(bag.reserve("", "note.txt"), "data/note.txt");
        assert_eq!(bag.reserve("x", "100%.pdf"), "data/x/100_.pdf");
        assert_eq!(bag.reserve("x", ".a"), "data/x/.a");
        assert_eq!(bag.reserve("x", ".A"), "data/x/.A-2");
    }

    proptest! {
        #[test]
        fn a_part_of_a_path_is_one_part(name in "\\PC{0,200}|[./\\\\\r\n:]{0,9}") {
            let part = safe_part(&name);
            prop_assert!(!part.is_empty() && part.chars().count() <= MAX_PART_CHARS);
            prop_assert!(!part.contains(['/', '\\', ':', '\r', '\n']) && part != ".." && part != ".");
        }
    }
}
