//! PNG images: chunks up to the end of the picture, and the pixels that they hold. What follows is not looked at; it is
//! not of the picture.

mod raster;

use super::InspectionFault;
use flate2::Crc;

/// What a PNG begins with.
const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// A part of a PNG.
pub struct Chunk<'a> {
    /// Its four letters.
    pub kind: &'a [u8],
    /// What it holds.
    pub data: &'a [u8],
    /// Whether it arrived as it was sent.
    pub sound: bool,
}

/// The chunks of a PNG, as far as it goes.
pub struct Chunks<'a>(&'a [u8]);

impl<'a> Chunks<'a> {
    /// Those of a file; `None` when it is no PNG.
    pub fn of(bytes: &'a [u8]) -> Option<Self> {
        bytes.strip_prefix(SIGNATURE).map(Self)
    }
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Chunk<'a>;

    fn next(&mut self) -> Option<Chunk<'a>> {
        let end = usize::try_from(big32(self.0, 0)?).ok()?.checked_add(8)?;
        let (kind, data) = (self.0.get(4..8)?, self.0.get(8..end)?);
        let mut check = Crc::new();
        check.update(self.0.get(4..end)?);
        let sound = check.sum() == big32(self.0, end)?;
        self.0 = self.0.get(end + 4..)?;
        Some(Chunk { kind, data, sound })
    }
}

/// Checks that the picture is whole: a header, and as many rows as it tells of.
pub fn check(bytes: &[u8]) -> Result<(), InspectionFault> {
    let (mut header, mut palette, mut pixels) = (None, false, Vec::new());
    for (index, Chunk { kind, data, sound }) in Chunks::of(bytes).ok_or(InspectionFault::Unreadable)?.enumerate() {
        // A capital at its beginning says that the picture cannot be shown without it.
        if !sound && kind.first().is_some_and(u8::is_ascii_uppercase) {
            return Err(InspectionFault::Unreadable);
        }
        match kind {
            b"IHDR" if index == 0 => header = raster::Header::of(data),
            b"PLTE" => palette = true,
            b"IDAT" => pixels.push(data),
            b"IEND" => {
                let shown = header.is_some_and(|header| (palette || !header.indexed()) && header.fills(&pixels));
                return if shown { Ok(()) } else { Err(InspectionFault::Unreadable) };
            }
            _ => {}
        }
    }
    Err(InspectionFault::Truncated)
}

/// A number of four bytes.
pub fn big32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}
