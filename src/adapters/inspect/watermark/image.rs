//! Images as PDFs of one page: their bytes are embedded as they are, never decoded.

use super::super::{
    jpeg::{self, big16},
    png::{self, Chunks, big32},
};
use lopdf::{Dictionary, Document, Object, Stream, dictionary};

/// Longest side of a page made from an image, in points: that of A4.
const MAX_SIDE_POINTS: i64 = 842;

/// A JPEG on a page.
pub fn jpeg(bytes: &[u8]) -> Option<Document> {
    jpeg::check(bytes).ok()?;
    let mut rest = bytes.strip_prefix(&[0xff, 0xd8])?;
    let (mut frame, mut adobe, mut quarters) = (None, false, 0);
    loop {
        let (marker, after) = jpeg_marker(rest)?;
        if marker == 0xd9 || (0xd0..=0xd8).contains(&marker) || marker == 0x01 {
            return None;
        }
        let length = usize::from(big16(after, 0)?);
        let segment = after.get(2..length)?;
        match marker {
            // Baseline, extended and progressive: what readers of PDFs know.
            0xc0..=0xc2 => frame = Some((*segment.first()?, big16(segment, 1)?, big16(segment, 3)?, *segment.get(5)?)),
            0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => return None,
            0xe1 => quarters = segment.strip_prefix(b"Exif\0\0").and_then(orientation).unwrap_or(quarters),
            0xee => adobe = adobe || segment.starts_with(b"Adobe"),
            0xda => break,
            _ => (),
        }
        rest = after.get(length..)?;
    }
    let (8, height, width, components) = frame? else { return None };
    let space = match components {
        1 => "DeviceGray",
        3 => "DeviceRGB",
        4 => "DeviceCMYK",
        _ => return None,
    };
    let mut image = dictionary! { "ColorSpace" => space, "BitsPerComponent" => 8, "Filter" => "DCTDecode" };
    if components == 4 && adobe {
        // Adobe writes inks the other way round.
        image.set("Decode", [1, 0, 1, 0, 1, 0, 1, 0].map(Object::from).to_vec());
    }
    page(image, i64::from(width), i64::from(height), bytes.to_vec(), quarters)
}

/// A marker and what follows it.
fn jpeg_marker(rest: &[u8]) -> Option<(u8, &[u8])> {
    let fill = rest.iter().take_while(|byte| **byte == 0xff).count();
    (fill > 0).then_some(())?;
    Some((*rest.get(fill)?, rest.get(fill + 1..)?))
}

/// By how many quarters a camera was held wrong, clockwise, from the image's own metadata.
fn orientation(tiff: &[u8]) -> Option<i64> {
    let little = tiff.starts_with(b"II");
    let two = |at: usize| {
        let pair: [u8; 2] = tiff.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) })
    };
    let four: [u8; 4] = tiff.get(4..8)?.try_into().ok()?;
    let directory = usize::try_from(if little { u32::from_le_bytes(four) } else { u32::from_be_bytes(four) }).ok()?;
    let entries = usize::from(two(directory)?);
    let entry = (0..entries).map(|index| directory + 2 + 12 * index).find(|at| two(*at) == Some(0x0112))?;
    match two(entry + 8)? {
        3 => Some(2),
        6 => Some(1),
        8 => Some(3),
        _ => Some(0),
    }
}

/// A PNG on a page, if it is of the kinds whose pixels a PDF takes as they are: neither interlaced nor transparent.
pub fn png(bytes: &[u8]) -> Option<Document> {
    png::check(bytes).ok()?;
    let (mut header, mut palette, mut pixels, mut ended) = (None, None, Vec::new(), false);
    for chunk in Chunks::of(bytes)?.take_while(|chunk| chunk.sound) {
        match chunk.kind {
            b"IHDR" => header = Some(chunk.data),
            b"PLTE" => palette = Some(chunk.data),
            b"IDAT" => pixels.extend_from_slice(chunk.data),
            b"tRNS" => return None,
            b"IEND" => {
                ended = true;
                break;
            }
            _ => (),
        }
    }
    ended.then_some(())?;
    let header = header?;
    let (width, height) = (i64::from(big32(header, 0)?), i64::from(big32(header, 4)?));
    let [depth, color, 0, 0, 0] = *header.get(8..)? else { return None };
    let depth_fits = match color {
        0 => matches!(depth, 1 | 2 | 4 | 8 | 16),
        2 => matches!(depth, 8 | 16),
        3 => matches!(depth, 1 | 2 | 4 | 8),
        _ => false,
    };
    if !depth_fits || pixels.is_empty() {
        return None;
    }
    let space = match color {
        0 => Object::from("DeviceGray"),
        2 => Object::from("DeviceRGB"),
        _ => {
            let palette = palette.filter(|palette| palette.len() % 3 == 0 && (3..=768).contains(&palette.len()))?;
            let highest = i64::try_from(palette.len() / 3).ok()? - 1;
            let colors = Object::String(palette.to_vec(), lopdf::StringFormat::Hexadecimal);
            vec!["Indexed".into(), "DeviceRGB".into(), highest.into(), colors].into()
        }
    };
    let depth = i64::from(depth);
    let image = dictionary! {
        "ColorSpace" => space, "BitsPerComponent" => depth, "Filter" => "FlateDecode",
        "DecodeParms" => dictionary! {
            "Predictor" => 15, "Colors" => if color == 2 { 3 } else { 1 }, "BitsPerComponent" => depth, "Columns" => width,
        },
    };
    page(image, width, height, pixels, 0)
}

fn page(mut image: Dictionary, width: i64, height: i64, content: Vec<u8>, quarters: i64) -> Option<Document> {
    if width < 1 || height < 1 {
        return None;
    }
    image.set("Type", "XObject");
    image.set("Subtype", "Image");
    image.set("Width", width);
    image.set("Height", height);
    let longest = width.max(height);
    let fit = |side: i64| if longest > MAX_SIDE_POINTS { (side * MAX_SIDE_POINTS / longest).max(1) } else { side };
    let (across, up) = (fit(width), fit(height));

    let mut document = Document::with_version("1.5");
    let image = document.try_add_object(Stream::new(image, content)).ok()?;
    let draw = Stream::new(Dictionary::new(), format!("q {across} 0 0 {up} 0 0 cm /Image Do Q\n").into_bytes());
    let draw = document.try_add_object(draw).ok()?;
    let tree = document.try_new_object_id().ok()?;
    let page = document
        .try_add_object(dictionary! {
            "Type" => "Page", "Parent" => tree, "Contents" => draw, "Rotate" => quarters * 90,
            "MediaBox" => vec![0.into(), 0.into(), across.into(), up.into()],
            "Resources" => dictionary! { "XObject" => dictionary! { "Image" => image } },
        })
        .ok()?;
    document.set_object(tree, dictionary! { "Type" => "Pages", "Kids" => vec![page.into()], "Count" => 1 });
    let catalog = document.try_add_object(dictionary! { "Type" => "Catalog", "Pages" => tree }).ok()?;
    document.trailer.set("Root", catalog);
    Some(document)
}
