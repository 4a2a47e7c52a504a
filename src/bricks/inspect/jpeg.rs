//! JPEG images: segments and scans up to the end of the picture. Phones put a film behind it, which is not looked at.

use super::InspectionFault;

const START_OF_IMAGE: [u8; 2] = [0xff, 0xd8];
const END_OF_IMAGE: u8 = 0xd9;
const START_OF_SCAN: u8 = 0xda;

/// Checks that the picture is whole: a frame, a scan, and the end. As in readers, what stands between segments is passed
/// over.
pub fn check(bytes: &[u8]) -> Result<(), InspectionFault> {
    let mut rest = bytes.strip_prefix(&START_OF_IMAGE).ok_or(InspectionFault::Unreadable)?;
    let (mut frame, mut scan) = (false, false);
    loop {
        let (marker, after) = next_marker(rest).ok_or(InspectionFault::Truncated)?;
        if marker == END_OF_IMAGE {
            return if frame && scan { Ok(()) } else { Err(InspectionFault::Unreadable) };
        }
        let length = big16(after, 0).ok_or(InspectionFault::Truncated)?.into();
        let segment = after.get(2..length).ok_or(if length < 2 {
            InspectionFault::Unreadable
        } else {
            InspectionFault::Truncated
        })?;
        match marker {
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                // The height may be told after the first scan.
                frame = big16(segment, 3).is_some_and(|width| width > 0) && segment.get(5).is_some_and(|of| *of > 0);
            }
            START_OF_SCAN => scan = true,
            _ => {}
        }
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
