//! Images whose pixels are there, and images that only look so.

use super::{check_file, sample};
use crate::domain::media::FileRefusal;
use flate2::{
    Compression, Crc,
    write::{DeflateEncoder, ZlibEncoder},
};
use std::{io::Write, time::Instant};

const GRAY: u8 = 0;
const COLOURS: u8 = 2;
const PALETTE: u8 = 3;

fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut check = Crc::new();
    check.update(kind);
    check.update(data);
    [&(data.len() as u32).to_be_bytes(), kind.as_slice(), data, &check.sum().to_be_bytes()].concat()
}

fn packed(rows: &[u8]) -> Vec<u8> {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    packed.write_all(rows).unwrap();
    packed.finish().unwrap()
}

/// A PNG of these sides, with depth, kind of colour and interlacing, and with these bytes as its packed pixels.
fn png(sides: (u32, u32), [depth, color, interlace]: [u8; 3], pixels: &[u8]) -> Vec<u8> {
    let header = [&sides.0.to_be_bytes()[..], &sides.1.to_be_bytes(), &[depth, color, 0, 0, interlace]].concat();
    // Programs cut the pixels anywhere.
    let pixels: Vec<u8> = pixels.chunks(7).flat_map(|part| chunk(b"IDAT", part)).collect();
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", &header), pixels, chunk(b"IEND", b"")].concat()
}

fn opened(bytes: &[u8]) -> Result<bool, FileRefusal> {
    check_file(bytes).map(|verdict| verdict.inspection.opened)
}

#[test]
fn a_png_whose_rows_are_there_is_opened() {
    for (sides, kind, row_bytes, rows) in [
        ((100, 100), [8, GRAY, 0], 100, 100),
        ((9, 3), [1, GRAY, 0], 2, 3),
        ((5, 4), [16, COLOURS, 0], 30, 4),
        ((3, 2), [8, 4, 0], 6, 2),
        ((3, 2), [16, 6, 0], 24, 2),
        // The seven passes of five rows of five: 36 bytes, as rows of one here.
        ((5, 5), [8, GRAY, 1], 1, 18),
    ] {
        let mut pixels = packed(&vec![0; (1 + row_bytes) * rows]);
        assert_eq!(opened(&png(sides, kind, &pixels)), Ok(true), "{sides:?} {kind:?}");
        // Neither a wrong checksum nor what follows the last row keeps a reader from showing it.
        *pixels.last_mut().unwrap() ^= 1;
        assert_eq!(opened(&png(sides, kind, &pixels)), Ok(true), "{sides:?} {kind:?}: checksum");
        let more = packed(&vec![0; (1 + row_bytes) * rows + 100]);
        assert_eq!(opened(&png(sides, kind, &more)), Ok(true), "{sides:?} {kind:?}: more");
        let less = packed(&vec![0; (1 + row_bytes) * rows - 1]);
        assert_eq!(opened(&png(sides, kind, &less)), Err(FileRefusal::Unreadable), "{sides:?} {kind:?}: less");
    }
}

#[test]
fn a_png_whose_pixels_cannot_be_unpacked_is_not_opened() {
    let rows = vec![0; 101 * 100];
    let mut bare = DeflateEncoder::new(Vec::new(), Compression::default());
    bare.write_all(&rows).unwrap();
    let mut wrong_row = rows.clone();
    wrong_row[101] = 5;
    for (what, sides, kind, pixels) in [
        ("noise", (100, 100), [8, GRAY, 0], b"xxxxxxxx".to_vec()),
        ("a start and noise", (100, 100), [8, GRAY, 0], b"\x78\x9cxxxxxxxx".to_vec()),
        ("nothing", (100, 100), [8, GRAY, 0], Vec::new()),
        ("one row", (100, 100), [8, GRAY, 0], packed(&rows[..101])),
        ("half a stream", (100, 100), [8, GRAY, 0], packed(&rows)[..8].to_vec()),
        ("no start", (100, 100), [8, GRAY, 0], bare.finish().unwrap()),
        ("a row of no kind", (100, 100), [8, GRAY, 0], packed(&wrong_row)),
        ("no palette", (100, 100), [8, PALETTE, 0], packed(&rows)),
        ("a depth that there is not", (100, 100), [3, GRAY, 0], packed(&rows)),
        ("a colour that there is not", (100, 100), [8, 5, 0], packed(&rows)),
        ("an interlacing that there is not", (100, 100), [8, GRAY, 2], packed(&rows)),
        ("no width", (0, 100), [8, GRAY, 0], packed(&rows)),
        ("too many pixels", (1 << 20, 1 << 20), [1, GRAY, 0], packed(&rows)),
        ("hardly any of many", (20_000, 20_000), [8, GRAY, 0], packed(&rows)),
    ] {
        assert_eq!(opened(&png(sides, kind, &pixels)), Err(FileRefusal::Unreadable), "{what}");
    }
}

#[test]
fn pixels_are_unpacked_and_not_kept() {
    let began = Instant::now();
    let rows = 3_000;
    let pixels = packed(&vec![0; 10_001 * rows as usize]);
    assert!(pixels.len() < 100_000);
    assert_eq!(opened(&png((10_000, rows), [8, GRAY, 0], &pixels)), Ok(true));
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
}

/// `photo.jpg` with another height and width, and what stands before its end.
fn jpeg(height: u16, width: u16, more: &[u8]) -> Vec<u8> {
    let mut bytes = sample("photo.jpg");
    let frame = memchr::memmem::find(&bytes, b"\xff\xc0").unwrap();
    bytes[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    bytes[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    let end = bytes.len() - 2;
    bytes.splice(end..end, more.iter().copied());
    bytes
}

#[test]
fn a_jpeg_that_cannot_hold_its_pixels_is_not_opened() {
    assert_eq!(opened(&jpeg(64, 64, b"")), Ok(true));
    // The height told behind the scan.
    assert_eq!(opened(&jpeg(0, 64, b"\xff\xdc\0\x04\0\x40")), Ok(true));
    for (height, width) in [(65_535, 65_535), (65_535, 64), (2_000, 2_000), (0, 0), (64, 0), (0, 64)] {
        assert_eq!(opened(&jpeg(height, width, b"")), Err(FileRefusal::Unreadable), "{height} {width}");
    }
    // A scan of nothing.
    let whole = jpeg(64, 64, b"");
    let scan = memchr::memmem::find(&whole, b"\xff\xda").unwrap();
    let empty = [&whole[..scan + 14], b"\xff\xd9"].concat();
    assert_eq!(opened(&empty), Err(FileRefusal::Unreadable));
}

/// A page without a spot takes two bits for each block of eight by eight, and is accepted.
#[test]
fn an_empty_page_is_a_picture() {
    let page = |bytes: usize| {
        let head = b"\xff\xd8\xff\xc0\0\x0b\x08\x03\xe8\x03\xe8\x01\x01\x11\0\xff\xda\0\x08\x01\x01\0\0\x3f\0";
        [head, vec![0; bytes].as_slice(), b"\xff\xd9"].concat()
    };
    let least = 125 * 125 * 2 / 8 + 1;
    assert_eq!(opened(&page(least)), Ok(true));
    assert_eq!(opened(&page(least - 1)), Err(FileRefusal::Unreadable));
}
