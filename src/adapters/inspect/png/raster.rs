//! The pixels of a PNG: unpacked row by row and counted, never kept.

use super::{super::MAX_PIXELS, big32};
use flate2::bufread::DeflateDecoder;
use std::io::{self, BufRead, BufReader, Read};

/// How much is unpacked at a time.
const BUFFER_BYTES: usize = 64 * 1024;
/// The highest number of a way to predict a row from the one before.
const LAST_FILTER: u8 = 4;
/// The passes of an interlaced picture: first column and row, and the steps between columns and rows.
const PASSES: [(u32, u32, u32, u32); 7] =
    [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

/// What a PNG says of its pixels.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    width: u32,
    height: u32,
    pixel_bits: u64,
    indexed: bool,
    interlaced: bool,
}

impl Header {
    /// Reads a header; none of a kind that there is not, or of a size that no reader shows.
    pub fn of(data: &[u8]) -> Option<Self> {
        let (width, height) = (big32(data, 0)?, big32(data, 4)?);
        let pixels = u64::from(width) * u64::from(height);
        (1..=MAX_PIXELS).contains(&pixels).then_some(())?;
        let [depth, color, 0, 0, interlace @ (0 | 1)] = *data.get(8..)? else { return None };
        let channels = match (color, depth) {
            (0, 1 | 2 | 4 | 8 | 16) | (3, 1 | 2 | 4 | 8) => 1,
            (4, 8 | 16) => 2,
            (2, 8 | 16) => 3,
            (6, 8 | 16) => 4,
            _ => return None,
        };
        let pixel_bits = channels * u64::from(depth);
        Some(Self { width, height, pixel_bits, indexed: color == 3, interlaced: interlace == 1 })
    }

    /// Whether its pixels are numbers of colours that stand in a palette.
    pub fn indexed(&self) -> bool {
        self.indexed
    }

    /// Whether the parts of the packed pixels hold all rows. What follows the last row is not looked at: readers pass it
    /// over.
    pub fn fills(&self, parts: &[&[u8]]) -> bool {
        let mut packed = Parts { now: &[], then: parts.iter() };
        let mut start = [0; 2];
        if packed.read_exact(&mut start).is_err() || !begins_zlib(start) {
            return false;
        }
        let passes: Vec<(u64, u64)> = self.passes().collect();
        let whole = passes.iter().map(|(row_bytes, rows)| (1 + row_bytes) * rows).sum();
        // Never asks for more than the picture holds: the checksum behind it may be wrong, which readers do not mind.
        let mut rows = BufReader::with_capacity(BUFFER_BYTES, DeflateDecoder::new(packed).take(whole));
        passes.into_iter().all(|(row_bytes, count)| (0..count).all(|_| is_row(&mut rows, row_bytes)))
    }

    /// Of each pass, the bytes of a row and how many rows there are.
    fn passes(&self) -> impl Iterator<Item = (u64, u64)> {
        let all: &[_] = if self.interlaced { &PASSES } else { &[(0, 0, 1, 1)] };
        let sides = all.iter().map(|(column, row, across, down)| {
            let width = self.width.saturating_sub(*column).div_ceil(*across);
            (u64::from(width), u64::from(self.height.saturating_sub(*row).div_ceil(*down)))
        });
        sides.filter(|(width, _)| *width > 0).map(|(width, height)| ((width * self.pixel_bits).div_ceil(8), height))
    }
}

/// Whether a stream of the kind that a PNG holds begins so.
fn begins_zlib(start: [u8; 2]) -> bool {
    const DEFLATE: u8 = 8;
    const DICTIONARY: u8 = 0x20;
    let [method, flags] = start;
    method & 0x0f == DEFLATE && flags & DICTIONARY == 0 && u16::from_be_bytes(start).is_multiple_of(31)
}

/// Takes a row, and says whether it is whole and says how it was predicted.
fn is_row(rows: &mut impl BufRead, row_bytes: u64) -> bool {
    let mut filter = [0];
    rows.read_exact(&mut filter).is_ok() && filter[0] <= LAST_FILTER && passed_over(rows, row_bytes)
}

fn passed_over(rows: &mut impl BufRead, mut left: u64) -> bool {
    while left > 0 {
        let Ok(there @ 1..) = rows.fill_buf().map(<[u8]>::len) else { return false };
        let taken = there.min(usize::try_from(left).unwrap_or(usize::MAX));
        rows.consume(taken);
        left -= taken as u64;
    }
    true
}

/// The parts of a stream, one after the other.
struct Parts<'a> {
    now: &'a [u8],
    then: std::slice::Iter<'a, &'a [u8]>,
}

impl Read for Parts<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Parts<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.now.is_empty() {
            match self.then.next() {
                Some(next) => self.now = next,
                None => break,
            }
        }
        Ok(self.now)
    }

    fn consume(&mut self, bytes: usize) {
        self.now = self.now.get(bytes..).unwrap_or_default();
    }
}
