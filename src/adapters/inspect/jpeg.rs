//! JPEG images: segments and scans up to the end of the picture. Phones put a film behind it, which is not looked at.

mod frame;

use super::InspectionFault;
use frame::Frame;

const START_OF_IMAGE: [u8; 2] = [0xff, 0xd8];
const END_OF_IMAGE: u8 = 0xd9;
const START_OF_SCAN: u8 = 0xda;
const NUMBER_OF_LINES: u8 = 0xdc;

/// Checks that the picture is whole: a frame, scans that may hold all of it, and the end. As in readers, what stands
/// between segments is passed over.
pub fn check(bytes: &[u8]) -> Result<(), InspectionFault> {
    let mut rest = bytes.strip_prefix(&START_OF_IMAGE).ok_or(InspectionFault::Unreadable)?;
    let (mut frame, mut lines, mut scan, mut scanned) = (None, None, false, 0);
    loop {
        let (marker, after) = next_marker(rest).ok_or(InspectionFault::Truncated)?;
        if scan {
            // What stands between a scan and the next marker are its pixels.
            scanned += (rest.len() - after.len()).saturating_sub(2) as u64;
        }
        if marker == END_OF_IMAGE {
            let shown = frame.is_some_and(|frame: Frame| frame.fits(lines, scanned));
            return if shown { Ok(()) } else { Err(InspectionFault::Unreadable) };
        }
        let length = big16(after, 0).ok_or(InspectionFault::Truncated)?.into();
        let segment = after.get(2..length).ok_or(if length < 2 {
            InspectionFault::Unreadable
        } else {
            InspectionFault::Truncated
        })?;
        match marker {
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => frame = Frame::of(marker, segment),
            // The height may be told after the first scan.
            NUMBER_OF_LINES => lines = big16(segment, 0),
            _ => {}
        }
        scan = marker == START_OF_SCAN;
        rest = after.get(length..).ok_or(InspectionFault::Truncated)?;
    }
}

/// The next marker that begins a segment or ends the picture, and what follows it.
fn next_marker(mut rest: &[u8]) -> Option<(u8, &[u8])> {
    loop {
        let at = memchr::memchr(0xff, rest)?;
        let fill = rest.get(at..)?.iter().take_while(|byte| **byte == 0xff).count();
        let marker = *rest.get(at + fill)?;
        rest = rest.get(at + fill + 1..)?;
        // Pixels that look like a marker, restarts, and one without use.
        if !matches!(marker, 0x00 | 0x01 | 0xd0..=0xd8) {
            return Some((marker, rest));
        }
    }
}

/// A number of two bytes.
pub fn big16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}
