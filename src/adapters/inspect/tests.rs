//! Files as people attach them, and files that ask for too much.

mod encryption;
mod hostile;
mod images;

use super::{fuzzing::file, inspect, watermark::mark};
use crate::domain::media::{FileRefusal, FileVerdict, sniff};
use proptest::prelude::*;
use std::{fs, path::PathBuf};

fn accepted() -> Vec<String> {
    ["application/pdf", "image/png", "image/jpeg"].map(String::from).into()
}

fn check_file(bytes: &[u8]) -> Result<FileVerdict, FileRefusal> {
    inspect(bytes, &accepted())
}

fn sample(name: &str) -> Vec<u8> {
    fs::read(folder().join(name)).unwrap()
}

fn folder() -> PathBuf {
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/files").into()
}

// `verdicts.tsv` says what is right.
#[test]
fn files_as_people_attach_them_have_the_verdict_of_readers() {
    let table = fs::read_to_string(folder().join("verdicts.tsv")).unwrap();
    let rows: Vec<Vec<&str>> = table.lines().skip(1).map(|line| line.split('\t').collect()).collect();
    for row in &rows {
        let [name, verdict, pages, signed, marked, _made] = row[..] else { panic!("{row:?}") };
        let bytes = sample(name);
        let is_marked = mark(sniff(&bytes), &bytes, "eve@audit.fr").is_some();
        match check_file(&bytes) {
            Err(refusal) => assert_eq!((refusal.code(), is_marked), (verdict, false), "{name}"),
            Ok(FileVerdict { inspection: found, .. }) => {
                let said = |yes: bool| if yes { "yes" } else { "no" };
                assert_eq!(("accepted", found.opened), (verdict, true), "{name}");
                assert_eq!(found.pages.map_or_else(String::new, |pages| pages.to_string()), pages, "{name}");
                assert_eq!((said(found.signed), said(is_marked)), (signed, marked), "{name}");
            }
        }
    }
    let files = fs::read_dir(folder()).unwrap().filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        !name.to_str().unwrap().ends_with(".tsv") && name != "README.md"
    });
    assert_eq!(files.count(), rows.len(), "every file has a row");
}

/// What is cut off is refused, or was not of the document: all pages are still there.
#[test]
fn a_file_that_breaks_off_is_refused_unless_all_of_it_is_there() {
    for name in
        ["base.pdf", "linearized.pdf", "object-streams.pdf", "owner-rc4-40.pdf", "signed.pdf", "signed-objstm.pdf"]
    {
        let whole = sample(name);
        let pages = check_file(&whole).unwrap().inspection.pages;
        let refused = (1..64).filter(|part| {
            let cut = &whole[..whole.len() * part / 64];
            match check_file(cut) {
                Ok(verdict) => {
                    assert_eq!(verdict.inspection.pages, pages, "{name} {part}");
                    false
                }
                Err(FileRefusal::Truncated) => true,
                Err(FileRefusal::Unreadable) => {
                    assert!(*part < 8, "{name} {part}: objects had begun");
                    true
                }
                Err(other) => panic!("{name} {part}: {other:?}"),
            }
        });
        assert!(refused.count() > 40, "{name}");
    }
    for name in ["photo.jpg", "progressive.jpg", "scan.png", "transparent.png"] {
        let whole = sample(name);
        for length in 8..whole.len() {
            assert_eq!(check_file(&whole[..length]), Err(FileRefusal::Truncated), "{name} {length}");
        }
    }
}

#[test]
fn a_piece_that_takes_one_kind_only_says_so_first() {
    let only = ["application/pdf".to_owned()];
    let cut = sample("cut.png");
    assert_eq!(inspect(&cut, &only), Err(FileRefusal::WrongType("image/png".into())));
    assert_eq!(check_file(&cut), Err(FileRefusal::Truncated));
    assert_eq!(check_file(b""), Err(FileRefusal::Empty));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// What the marking can mark, the check accepts, whatever was changed in a file.
    #[test]
    fn what_can_be_marked_is_accepted(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
    ) {
        let names: [&str; 7] = ["base.pdf", "linearized.pdf", "object-streams.pdf", "owner-rc4-40.pdf", "signed.pdf", "photo.jpg", "scan.png"];
        let mut bytes = sample(names[which.index(names.len())]);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        file(&bytes);
    }

    #[test]
    fn noise_is_refused(noise in prop::collection::vec(any::<u8>(), 0..2_000)) {
        for start in [b"".as_slice(), b"%PDF-1.7\n", &[0xff, 0xd8, 0xff], b"\x89PNG\r\n\x1a\n"] {
            let bytes = [start, &noise].concat();
            file(&bytes);
            prop_assert!(check_file(&bytes).is_err());
        }
    }
}
