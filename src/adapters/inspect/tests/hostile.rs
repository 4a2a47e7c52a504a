//! PDFs whose pages cannot be had, or only at a price.

use super::check_file;
use crate::domain::media::{FileRefusal, Inspection};
use flate2::{Compression, write::ZlibEncoder};
use std::{collections::BTreeMap, fmt::Write as _, io::Write, time::Instant};

const PAGE: &str = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>";

/// A file with these objects, of which the first is the catalog.
fn pdf(objects: &[(usize, String)]) -> Vec<u8> {
    pdf_whose_trailer_says(objects, "")
}

/// The same, with something besides in its trailer.
pub fn pdf_whose_trailer_says(objects: &[(usize, String)], more: &str) -> Vec<u8> {
    let (mut out, mut table) = ("%PDF-1.5\n".to_owned(), BTreeMap::new());
    for (number, object) in objects {
        table.insert(*number, out.len());
        write!(out, "{number} 0 obj\n{object}\nendobj\n").unwrap();
    }
    let (start, size) = (out.len(), table.keys().max().unwrap() + 1);
    write!(out, "xref\n0 {size}\n").unwrap();
    for number in 0..size {
        match table.get(&number) {
            Some(at) => writeln!(out, "{at:010} 00000 n ").unwrap(),
            None => out.push_str("0000000000 65535 f \n"),
        }
    }
    write!(out, "trailer\n<</Size {size}/Root 1 0 R{more}>>\nstartxref\n{start}\n%%EOF\n").unwrap();
    out.into_bytes()
}

/// One whose tree is this, with whatever else it holds.
fn tree(root: &str, more: &[(usize, String)]) -> Vec<u8> {
    let first = [(1, "<</Type/Catalog/Pages 2 0 R>>".to_owned()), (2, root.to_owned())];
    pdf(&[&first, more].concat())
}

fn found(bytes: &[u8]) -> Result<Inspection, FileRefusal> {
    check_file(bytes).map(|verdict| verdict.inspection)
}

fn pages(bytes: &[u8]) -> Option<u32> {
    found(bytes).unwrap().pages
}

#[test]
fn pages_are_counted_as_readers_find_them() {
    let page = |number: usize| (number, PAGE.to_owned());
    // A count that lies, a page twice, one that does not say what it is, one in a tree of its own.
    assert_eq!(pages(&tree("<</Type/Pages/Kids[3 0 R]/Count 90>>", &[page(3)])), Some(1));
    assert_eq!(pages(&tree("<</Type/Pages/Kids[3 0 R 3 0 R]/Count 2>>", &[page(3)])), Some(2));
    let nameless = (4, PAGE.replace("/Type/Page/", "/"));
    assert_eq!(pages(&tree("<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2>>", &[page(3), nameless])), Some(2));
    for holds in ["MediaBox[0 0 9 9]", "Contents[]", "Resources<<>>"] {
        let nameless = (3, format!("<</Parent 2 0 R/{holds}>>"));
        assert_eq!(pages(&tree("<</Type/Pages/Kids[3 0 R]/Count 1>>", &[nameless])), Some(1), "{holds}");
    }
    let font = (4, "<</Type/Font>>".to_owned());
    assert_eq!(pages(&tree("<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2>>", &[page(3), font])), Some(1));
    let inner = (4, "<</Type/Pages/Parent 2 0 R/Kids[3 0 R 5 0 R]/Count 2>>".to_owned());
    assert_eq!(pages(&tree("<</Type/Pages/Kids[4 0 R 3 0 R]/Count 3>>", &[page(3), inner, page(5)])), Some(3));
    assert_eq!(pages(&tree("<</Type/Pages/Kids 4 0 R/Count 1>>", &[page(3), (4, "[3 0 R]".into())])), Some(1));
    // Trees in which there is none.
    for root in [
        "<</Type/Pages/Kids[]/Count 0>>",
        "<</Type/Pages/Kids[]/Count 5>>",
        "<</Type/Pages/Kids[60 0 R]/Count 1>>",
        "<</Type/Pages/Kids[2 0 R]/Count 1>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Pages/Count 1>>",
        "<</Type/Pages/Kids[<</Type/Font>>]/Count 1>>",
        "<</Type/Pages/Kids[<</Type/Font/MediaBox[0 0 9 9]>>]/Count 1>>",
        "<</Type/Pages/Kids[<</Parent 2 0 R>>]/Count 1>>",
        "<</Type/Pages/Kids[7]/Count 1>>",
    ] {
        let round = (3, "<</Type/Pages/Kids[2 0 R 3 0 R]/Count 1>>".to_owned());
        assert_eq!(found(&tree(root, &[round])), Err(FileRefusal::NoPage), "{root}");
    }
    for (number, object) in [(1, "<</Type/Catalog>>"), (1, "<</Type/Catalog/Pages 60 0 R>>"), (3, PAGE)] {
        assert_eq!(found(&pdf(&[(number, object.into())])), Err(FileRefusal::Unreadable), "{object}");
    }
}

/// What the marking takes for a page is one: the check and the marking agree.
#[test]
fn what_is_no_page_is_not_marked() {
    for kid in ["<</Type/Font>>", "<</Parent 2 0 R>>", "<</Type/Font/MediaBox[0 0 9 9]>>", "7"] {
        let file = tree("<</Type/Pages/Kids[3 0 R]/Count 1>>", &[(3, kid.to_owned())]);
        assert_eq!(found(&file), Err(FileRefusal::NoPage), "{kid}");
        crate::adapters::inspect::fuzzing::file(&file);
    }
}

#[test]
fn a_signature_is_what_covers_bytes_and_is_no_permission() {
    let signature = "<</Type/Sig/Filter/Adobe.PPKLite/ByteRange[0 9 20 9]/Contents<30>>>".to_owned();
    let file = |catalog: &str, object: &str| {
        let root = (2, "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned());
        pdf(&[(1, format!("<</Type/Catalog/Pages 2 0 R{catalog}>>")), root, (3, PAGE.into()), (4, object.to_owned())])
    };
    for (catalog, object, signed) in [
        ("", signature.as_str(), true),
        ("/Perms<</DocMDP 4 0 R>>", &signature, true),
        // It lets readers fill in a form.
        ("/Perms<</UR3 4 0 R>>", &signature, false),
        ("", &format!("<</FT/Sig/V{signature}>>"), true),
        ("", "<</FT/Sig/T(Signature1)>>", false),
        ("", &signature.replace("/Sig/", "/DocTimeStamp/"), false),
        ("", "(/ByteRange /Contents /Sig)", false),
    ] {
        assert_eq!(found(&file(catalog, object)).unwrap().signed, signed, "{catalog} {object}");
    }
}

#[test]
fn a_small_file_cannot_ask_for_much() {
    let began = Instant::now();
    // Nodes that share one long list of kids: each would be visited for each.
    let list = (3, format!("[{}]", (10..2_010).map(|number| format!("{number} 0 R ")).collect::<String>()));
    let nodes: Vec<_> = (10..2_010).map(|number| (number, "<</Type/Pages/Kids 3 0 R/Count 1>>".to_owned())).collect();
    let shared = tree("<</Type/Pages/Kids 3 0 R/Count 1>>", &[vec![list], nodes].concat());
    assert_eq!(found(&shared), Ok(Inspection::default()), "accepted unopened");
    // A tree as deep as it is long has its page.
    let deep: Vec<_> = (3..3_000).map(|n| (n, format!("<</Type/Pages/Kids[{} 0 R]/Count 1>>", n + 1))).collect();
    let deep = [deep, vec![(3_000, PAGE.to_owned())]].concat();
    assert_eq!(pages(&tree("<</Type/Pages/Kids[3 0 R]/Count 1>>", &deep)), Some(1));
    // Brackets in brackets.
    for depth in [50, 50_000] {
        let nested = (4, format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
        let file = tree("<</Type/Pages/Kids[3 0 R]/Count 1>>", &[(3, PAGE.to_owned()), nested]);
        assert_eq!(pages(&file), Some(1), "{depth}");
    }
    // References in a ring.
    let ring = [(4, "5 0 R".to_owned()), (5, "4 0 R".to_owned())];
    assert_eq!(found(&tree("<</Type/Pages/Kids 4 0 R/Count 1>>", &ring)), Err(FileRefusal::NoPage));
    assert!(began.elapsed().as_secs() < 30, "{:?}", began.elapsed());
}

#[test]
fn a_file_that_unpacks_to_too_much_is_accepted_unopened() {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(b"90 0 (").unwrap();
    packed.write_all(&vec![b'0'; 17 * 1024 * 1024]).unwrap();
    let packed = packed.finish().unwrap();
    let mut file = b"%PDF-1.5\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n".to_vec();
    let head = format!("4 0 obj\n<</Type/ObjStm/N 1/First 5/Filter/FlateDecode/Length {}>>\nstream\n", packed.len());
    file.extend([head.as_bytes(), &packed, b"\nendstream\nendobj\nstartxref\n9\n%%EOF\n"].concat());
    assert_eq!(found(&file), Ok(Inspection::default()));
    // But not one that breaks off.
    file.truncate(file.len() - 20);
    assert_eq!(found(&file), Err(FileRefusal::Truncated));
}
