//! Files that hold what only another reader would find, and files that ask for too much.

use super::{WORDS, mark, says};
use flate2::{Compression, write::ZlibEncoder};
use std::{collections::BTreeMap, io::Write};

/// Objects by number; the first three are the catalog, the tree and the only page.
type Objects = BTreeMap<usize, Vec<u8>>;

fn stream(dictionary: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!("<<{dictionary}/Length {}>>\nstream\n", bytes.len());
    [head.as_bytes(), bytes, b"\nendstream"].concat()
}

/// A page with these entries that draws objects 4 and 6, with a font.
fn page(entries: &str) -> Objects {
    let page = format!("<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]{entries}>>");
    let shown = |words: &str| stream("", format!("BT /F1 24 Tf 72 700 Td ({words}) Tj ET").as_bytes());
    BTreeMap::from([
        (1, b"<</Type/Catalog/Pages 2 0 R>>".to_vec()),
        (2, b"<</Type/Pages/Kids[3 0 R]/Count 1>>".to_vec()),
        (3, page.into_bytes()),
        (4, shown("one")),
        (5, b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>".to_vec()),
        (6, shown("other")),
    ])
}

const DRAWN: &str = "/Contents[4 0 R 6 0 R]/Resources<</Font<</F1 5 0 R>>>>";

/// A file with a table of these objects, and what its trailer says besides.
fn file_saying(objects: &Objects, trailer: &str) -> Vec<u8> {
    let (mut out, mut table) = (b"%PDF-1.5\n".to_vec(), BTreeMap::new());
    for (number, object) in objects {
        table.insert(*number, out.len());
        out.extend_from_slice(format!("{number} 0 obj\n").as_bytes());
        out.extend_from_slice(object);
        out.extend_from_slice(b"\nendobj\n");
    }
    let (start, size) = (out.len(), objects.keys().max().unwrap() + 1);
    out.extend_from_slice(format!("xref\n0 {size}\n").as_bytes());
    for number in 0..size {
        let line = table.get(&number).map_or("0000000000 65535 f \n".into(), |at| format!("{at:010} 00000 n \n"));
        out.extend_from_slice(line.as_bytes());
    }
    let end = format!("trailer\n<</Size {size}/Root 1 0 R{trailer}>>\nstartxref\n{start}\n%%EOF\n");
    out.extend_from_slice(end.as_bytes());
    out
}

fn file(objects: &Objects) -> Vec<u8> {
    file_saying(objects, "")
}

fn marked(objects: &Objects) -> Option<Vec<u8>> {
    mark("application/pdf", &file(objects), WORDS)
}

#[test]
fn an_object_that_does_not_load_keeps_a_file_from_being_marked() {
    let nested = |depth: usize| {
        let mut objects = page(DRAWN);
        let deep = format!("/X {}{}", "[".repeat(depth), "]".repeat(depth));
        objects.insert(4, stream(&deep, b"BT /F1 24 Tf 72 700 Td (hidden) Tj ET"));
        objects
    };
    let copy = says(&marked(&nested(20)).unwrap(), WORDS);
    assert!(copy.extract_text(&[1]).unwrap().contains("hidden"));
    assert!(marked(&nested(120)).is_none());

    // Even one that no page draws, as far as is known.
    let mut stray = page(DRAWN);
    stray.insert(7, nested(120)[&4].clone());
    assert!(marked(&stray).is_none());
    // One that is another object where it stands.
    let text = String::from_utf8(file(&page(DRAWN))).unwrap();
    assert!(mark("application/pdf", text.as_bytes(), WORDS).is_some());
    let other = text.replacen("6 0 obj", "7 0 obj", 1);
    assert!(mark("application/pdf", other.as_bytes(), WORDS).is_none());
    // One whose length is not to be had, and one whose length is told elsewhere.
    let mut lengthless = page(DRAWN);
    lengthless.insert(4, b"<<>>\nstream\nBT /F1 24 Tf (hidden) Tj ET\nendstream".to_vec());
    assert!(marked(&lengthless).is_none());
    lengthless.insert(4, b"<</Length 9 0 R>>\nstream\nBT /F1 24 Tf (hidden) Tj ET\nendstream".to_vec());
    assert!(marked(&lengthless).is_none());
    lengthless.insert(9, b"28".to_vec());
    says(&marked(&lengthless).unwrap(), WORDS);
}

#[test]
fn a_reference_that_leads_nowhere_keeps_a_page_from_being_marked() {
    let form = |resources: &str| stream(&format!("/Type/XObject/Subtype/Form/BBox[0 0 9 9]{resources}"), b"f");
    for (entries, whole) in [
        (DRAWN, true),
        ("/Contents[4 0 R 60 0 R]", false),
        ("/Contents 60 0 R", false),
        ("/Contents 4 0 R/Resources 60 0 R", false),
        ("/Contents 4 0 R/Resources<</Font 60 0 R>>", false),
        ("/Contents 4 0 R/Resources<</XObject<</P 60 0 R>>>>", false),
        ("/Contents 4 0 R/Resources<</XObject<</A 7 0 R>>>>", true),
        ("/Contents 4 0 R/Resources<</XObject<</A 8 0 R>>>>", false),
        ("/Contents 4 0 R/Annots 60 0 R", false),
        ("/Contents 4 0 R/Annots[60 0 R]", false),
        ("/Contents 4 0 R/Annots[<</Subtype/Link/Rect[0 0 9 9]/Dest[60 0 R/Fit]>>]", true),
        ("/Contents 4 0 R/Annots[<</Subtype/Stamp/Rect[0 0 9 9]/AP<</N 7 0 R>>>>]", true),
        ("/Contents 4 0 R/Annots[<</Subtype/Stamp/Rect[0 0 9 9]/AP<</N 8 0 R>>>>]", false),
    ] {
        let mut objects = page(entries);
        objects.insert(7, form("/Resources<</XObject<</Self 7 0 R>>>>"));
        objects.insert(8, form("/Resources<</XObject<</A 60 0 R>>>>"));
        assert_eq!(marked(&objects).is_some(), whole, "{entries}");
    }
}

#[test]
fn an_encrypted_file_is_not_marked() {
    let mut objects = page(DRAWN);
    let key = "0".repeat(64);
    let lock = format!("<</Filter/Standard/V 1/R 2/P -4/O<{key}>/U<{key}>>>");
    objects.insert(7, lock.into_bytes());
    let file = file_saying(&objects, "/Encrypt 7 0 R/ID[<00><00>]");
    assert!(mark("application/pdf", &file, WORDS).is_none());
}

#[test]
fn streams_of_objects_that_unpack_to_too_much_in_all_are_not_read() {
    let packed = |name: &str, megabytes: usize| {
        let mut bytes = ZlibEncoder::new(Vec::new(), Compression::fast());
        bytes.write_all(b"90 0 (").unwrap();
        bytes.write_all(&vec![b'0'; megabytes * 1024 * 1024]).unwrap();
        bytes.write_all(b")").unwrap();
        stream(&format!("/Type/{name}/N 1/First 5/Filter/FlateDecode"), &bytes.finish().unwrap())
    };
    for (sizes, fits) in [(vec![7, 7], true), (vec![7, 7, 7], false), (vec![15; 4], false), (vec![17], false)] {
        let mut objects = page(DRAWN);
        objects.extend((10..).zip(sizes.iter().map(|size| packed("ObjStm", *size))));
        assert_eq!(marked(&objects).is_some(), fits, "{sizes:?}");
    }
    // The word alone costs nothing, wherever it stands.
    let mut objects = page(DRAWN);
    objects.insert(7, stream("", &b"/ObjStm ".repeat(100_000)));
    says(&marked(&objects).unwrap(), WORDS);
}

#[test]
fn an_object_that_readers_would_take_from_different_places_keeps_a_file_from_being_marked() {
    let page = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R>>";
    for (numbers, places, whole) in
        [([3, 7], [0, 1], true), ([3, 3], [0, 1], false), ([3, 7], [1, 0], false), ([3, 7], [0, 2], false)]
    {
        let mut objects = self::page("");
        let head = format!("{} 0 {} {} ", numbers[0], numbers[1], page.len() + 1);
        let both = format!("{head}{page} {page} ");
        objects.insert(5, stream(&format!("/Type/ObjStm/N 2/First {}", head.len()), both.as_bytes()));
        objects.remove(&3);
        let (mut out, mut rows) = (b"%PDF-1.5\n".to_vec(), vec![[0; 4]; 9]);
        for (number, object) in &objects {
            let [.., high, low] = out.len().to_be_bytes();
            rows[*number] = [1, high, low, 0];
            out.extend_from_slice(&[format!("{number} 0 obj\n").as_bytes(), object, b"\nendobj\n"].concat());
        }
        let start = out.len();
        let [.., high, low] = start.to_be_bytes();
        (rows[3], rows[7], rows[8]) = ([2, 0, 5, places[0]], [2, 0, 5, places[1]], [1, high, low, 0]);
        let table = stream("/Type/XRef/Size 9/W[1 2 1]/Root 1 0 R", &rows.concat());
        out.extend_from_slice(&[b"8 0 obj\n".as_slice(), &table, b"\nendobj\n"].concat());
        out.extend_from_slice(format!("startxref\n{start}\n%%EOF\n").as_bytes());
        assert_eq!(mark("application/pdf", &out, WORDS).is_some(), whole, "{numbers:?} {places:?}");
    }
}
