mod hostile;

use super::{layout, mark};
use flate2::{Compression, Crc, write::ZlibEncoder};
use lopdf::{Dictionary, Document, Object, Stream, dictionary};
use proptest::prelude::*;
use std::{fs, io::Write, path::PathBuf};

const WORDS: &str = "eve@audit.fr · HOX-2026-000123 · P7 · 2026-11-26 12:00 UTC";

fn samples() -> Vec<(PathBuf, Vec<u8>)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/samples/hyper-open-x");
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let found: Vec<_> = paths.filter(|path| path.extension().is_some_and(|e| e == "pdf")).collect();
    assert_eq!(found.len(), 4);
    found.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

/// The copy, once every page was seen to say the words twice.
fn says(marked: &[u8], words: &str) -> Document {
    let copy = Document::load_mem(marked).unwrap();
    assert!(copy.xref_recovery.is_none());
    let words = layout::encode(words);
    for page in copy.page_iter() {
        let content = copy.get_page_content(page);
        assert_eq!(memchr::memmem::find_iter(&content, &words).count(), 2);
        assert!(copy.get_page_fonts(page).unwrap().contains_key(b"GuichetMark".as_slice()));
    }
    copy
}

/// A document of one page, with what the page's and its parent's dictionaries hold besides.
fn one_page(page: Dictionary, parent: Dictionary) -> Vec<u8> {
    let mut document = Document::with_version("1.4");
    let text = document.add_object(Stream::new(Dictionary::new(), b"BT /F1 12 Tf (original) Tj ET".to_vec()));
    let (tree, list) = (document.new_object_id(), document.add_object(vec![text.into(), text.into()]));
    let mut all = dictionary! { "Type" => "Page", "Parent" => tree, "Contents" => list };
    page.into_iter().for_each(|(key, value)| all.set(key, value));
    let page = document.add_object(all);
    let mut all = dictionary! { "Type" => "Pages", "Kids" => vec![page.into()], "Count" => 1 };
    parent.into_iter().for_each(|(key, value)| all.set(key, value));
    document.set_object(tree, all);
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => tree });
    document.trailer.set("Root", catalog);
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    bytes
}

fn square(side: i64) -> Object {
    vec![0.into(), 0.into(), side.into(), (side * 2).into()].into()
}

#[test]
fn samples_say_their_reader_on_every_page_and_keep_their_text() {
    for (path, bytes) in samples() {
        let original = Document::load_mem(&bytes).unwrap();
        let copy = says(&mark("application/pdf", &bytes, WORDS).unwrap(), WORDS);
        let pages: Vec<u32> = original.get_pages().into_keys().collect();
        assert_eq!(copy.get_pages().into_keys().collect::<Vec<_>>(), pages, "{}", path.display());
        let (was, is) = (original.extract_text(&pages).unwrap(), copy.extract_text(&pages).unwrap());
        for line in was.lines().filter(|line| !line.trim().is_empty()) {
            assert!(is.contains(line), "{}: {line}", path.display());
        }
        assert!(is.contains("eve@audit.fr"), "{is}");
        for (was, is) in original.page_iter().zip(copy.page_iter()) {
            let (was, is) = (original.get_page_content(was), copy.get_page_content(is));
            assert!(memchr::memmem::find(&is, was.trim_ascii()).is_some());
        }
    }
}

#[test]
fn a_copy_of_a_copy_says_both_readers() {
    let (_, bytes) = samples().remove(0);
    let first = mark("application/pdf", &bytes, WORDS).unwrap();
    let second = says(&mark("application/pdf", &first, "somebody@else.fr").unwrap(), "somebody@else.fr");
    assert!(second.extract_text(&[1]).unwrap().contains("eve@audit.fr"));
}

#[test]
fn inherited_boxes_turned_pages_and_shared_resources() {
    let parent = dictionary! {
        "MediaBox" => square(400), "Rotate" => 90,
        "Resources" => dictionary! { "Font" => dictionary! { "F1" => dictionary! {
            "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Courier",
        } } },
    };
    for (rotation, matrix) in [
        (0, "1 0 0 1 0 0 cm"),
        (90, "0 1 -1 0 400 0 cm"),
        (180, "-1 0 0 -1 400 800 cm"),
        (270, "0 -1 1 0 0 800 cm"),
        (-90, "0 -1 1 0 0 800 cm"),
        (45, "1 0 0 1 0 0 cm"),
    ] {
        let bytes = one_page(dictionary! { "Rotate" => rotation }, parent.clone());
        let copy = says(&mark("application/pdf", &bytes, WORDS).unwrap(), WORDS);
        let page = copy.page_iter().next().unwrap();
        let content = String::from_utf8_lossy(&copy.get_page_content(page)).into_owned();
        assert!(content.contains(matrix), "{rotation}: {content}");
        assert_eq!(content.matches("(original) Tj").count(), 2);
        assert!(content.starts_with("q\n") && copy.get_page_fonts(page).unwrap().contains_key(b"F1".as_slice()));
    }
    let cropped =
        dictionary! { "Rotate" => 0, "CropBox" => vec![50.into(), Object::Real(60.5), 350.into(), 900.into()] };
    let copy = says(&mark("application/pdf", &one_page(cropped, parent), WORDS).unwrap(), WORDS);
    let content = copy.get_page_content(copy.page_iter().next().unwrap());
    assert!(String::from_utf8_lossy(&content).contains("1 0 0 1 50 60 cm"));
    let bare = one_page(Dictionary::new(), Dictionary::new());
    says(&mark("application/pdf", &bare, WORDS).unwrap(), WORDS);
}

#[test]
fn words_outside_the_font_and_its_delimiters() {
    assert_eq!(layout::encode("é€œ—λ\n·"), [0xe9, 0x80, 0x9c, 0x97, b'?', b'?', 0xb7]);
    let bytes = one_page(Dictionary::new(), Dictionary::new());
    let marked = mark("application/pdf", &bytes, r"a(b\c)").unwrap();
    let copy = Document::load_mem(&marked).unwrap();
    assert!(copy.extract_text(&[1]).unwrap().contains(r"a(b\c)"));
    mark("application/pdf", &bytes, "").unwrap();
}

#[test]
fn pages_that_cannot_be_counted_or_seen_are_not_marked() {
    for (page, parent) in [
        (Dictionary::new(), dictionary! { "Count" => 2 }),
        (Dictionary::new(), dictionary! { "Kids" => Vec::<Object>::new(), "Count" => 0 }),
        (dictionary! { "MediaBox" => square(0) }, Dictionary::new()),
        (dictionary! { "Contents" => 3 }, Dictionary::new()),
        (dictionary! { "Resources" => 3 }, Dictionary::new()),
    ] {
        assert!(mark("application/pdf", &one_page(page, parent), WORDS).is_none());
    }
    assert!(mark("text/plain", b"words", WORDS).is_none());
    assert!(mark("application/pdf", &vec![0; 32 * 1024 * 1024 + 1], WORDS).is_none());
}

fn jpeg(components: u8, exif: Option<u8>) -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8];
    if let Some(held) = exif {
        let tiff = [b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".as_slice(), &[held, 0, 0]].concat();
        bytes.extend([0xff, 0xe1, 0, tiff.len() as u8 + 2]);
        bytes.extend(tiff);
    }
    bytes.extend([0xff, 0xc0, 0, 8 + 3 * components, 8, 0x03, 0xe8, 0, 80, components]);
    bytes.extend([1, 0x11, 0].repeat(components.into()));
    bytes.extend([0xff, 0xda, 0, 2, 1, 2, 3, 0xff, 0, 4]);
    // As few pixels as there can be.
    bytes.extend([0; 1_250]);
    bytes.extend([0xff, 0xd9]);
    bytes
}

fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut check = Crc::new();
    check.update(kind);
    check.update(data);
    [&(data.len() as u32).to_be_bytes(), kind.as_slice(), data, &check.sum().to_be_bytes()].concat()
}

fn png(color: u8, interlace: u8, more: &[u8]) -> Vec<u8> {
    let mut pixels = ZlibEncoder::new(Vec::new(), Compression::default());
    pixels.write_all(&[0, 0, 1, 0, 1, 0]).unwrap();
    let header = [[0, 0, 0, 2, 0, 0, 0, 2, 8].as_slice(), &[color, 0, 0, interlace]].concat();
    let pixels = pixels.finish().unwrap();
    let (first, second) = pixels.split_at(4);
    let chunks =
        [chunk(b"IHDR", &header), more.to_vec(), chunk(b"IDAT", first), chunk(b"IDAT", second), chunk(b"IEND", b"")];
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunks.concat()].concat()
}

/// The dictionaries of the only page and of its image.
fn image(bytes: &[u8], media: &str) -> (Dictionary, Stream) {
    let copy = says(&mark(media, bytes, WORDS).unwrap(), WORDS);
    let page = copy.page_iter().next().unwrap();
    assert_eq!(copy.page_iter().count(), 1);
    let image =
        copy.objects.values().find_map(|object| object.as_stream().ok().filter(|s| s.dict.has_type(b"XObject")));
    (copy.get_dictionary(page).unwrap().clone(), image.unwrap().clone())
}

#[test]
fn a_jpeg_becomes_a_page_as_it_is_held() {
    for (components, space) in [(1, "DeviceGray"), (3, "DeviceRGB"), (4, "DeviceCMYK")] {
        let bytes = jpeg(components, None);
        let (page, image) = image(&bytes, "image/jpeg");
        assert_eq!(image.content, bytes);
        assert_eq!(image.dict.get(b"ColorSpace").unwrap().as_name().unwrap(), space.as_bytes());
        assert_eq!(image.dict.get(b"Width").unwrap().as_i64().unwrap(), 80);
        assert_eq!(image.dict.get(b"Height").unwrap().as_i64().unwrap(), 1000);
        let sides = page.get(b"MediaBox").unwrap().as_array().unwrap();
        assert_eq!(sides.iter().map(|side| side.as_i64().unwrap()).collect::<Vec<_>>(), [0, 0, 67, 842]);
    }
    for (held, rotation) in [(1, 0), (3, 180), (6, 90), (8, 270)] {
        let (page, _) = image(&jpeg(3, Some(held)), "image/jpeg");
        assert_eq!(page.get(b"Rotate").unwrap().as_i64().unwrap(), rotation);
    }
    let whole = jpeg(3, Some(6));
    for length in 0..whole.len() {
        assert!(mark("image/jpeg", &whole[..length], WORDS).is_none(), "{length}");
    }
    assert!(mark("image/jpeg", &jpeg(2, None), WORDS).is_none());
}

#[test]
fn a_png_becomes_a_page_unless_it_is_interlaced_or_transparent() {
    let palette = chunk(b"PLTE", &[0, 0, 0, 255, 255, 255]);
    for (color, more) in [(0, &[][..]), (3, &palette)] {
        let bytes = png(color, 0, more);
        let (_, image) = image(&bytes, "image/png");
        assert_eq!(image.decompressed_content().unwrap(), [0, 1, 1, 0]);
    }
    for bytes in [png(0, 1, &[]), png(4, 0, &[]), png(6, 0, &[]), png(3, 0, &[]), png(0, 0, &chunk(b"tRNS", &[0, 0]))] {
        assert!(mark("image/png", &bytes, WORDS).is_none());
    }
    let whole = png(3, 0, &palette);
    for length in 0..whole.len() {
        assert!(mark("image/png", &whole[..length], WORDS).is_none(), "{length}");
    }
    let mut wrong = whole;
    wrong[30] ^= 1;
    assert!(mark("image/png", &wrong, WORDS).is_none());
}

#[test]
fn a_pdf_cut_short_is_not_marked() {
    for (_, bytes) in samples() {
        for part in 0..16 {
            assert!(mark("application/pdf", &bytes[..bytes.len() * part / 16], WORDS).is_none(), "{part}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn noise_is_not_marked(noise in prop::collection::vec(any::<u8>(), 0..2_000)) {
        for (media, start) in [
            ("application/pdf", b"%PDF-1.7\n".as_slice()),
            ("image/jpeg", &[0xff, 0xd8]),
            ("image/png", b"\x89PNG\r\n\x1a\n"),
        ] {
            prop_assert!(mark(media, &noise, WORDS).is_none());
            prop_assert!(mark(media, &[start, &noise].concat(), WORDS).is_none());
        }
    }

    /// Whatever is changed in a file, what comes out is a PDF that says its reader, or nothing.
    #[test]
    fn a_changed_file_is_marked_whole_or_not_at_all(
        which in 0..6_usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let (media, mut bytes) = match which {
            4 => ("image/jpeg", jpeg(3, Some(6))),
            5 => ("image/png", png(0, 0, &[])),
            sample => ("application/pdf", samples().swap_remove(sample).1),
        };
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(marked) = mark(media, &bytes, WORDS) {
            says(&marked, WORDS);
        }
    }
}
