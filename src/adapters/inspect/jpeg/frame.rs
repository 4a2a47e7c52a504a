//! What a JPEG says of its pixels, and the least that they take.

use super::{super::MAX_PIXELS, big16};

/// Pixels of a side of a block.
const BLOCK_SIDE: u64 = 8;
/// Most parts of a colour that a frame of a scanner or a camera has.
const MAX_COMPONENTS: usize = 4;

/// The size of a picture, and how it is coded.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    width: u64,
    height: u64,
    /// How often each part of the colour is sampled, across and down.
    sampled: [(u64, u64); MAX_COMPONENTS],
    /// The least bits of a block, where its coding has such a bound.
    least_bits: u64,
}

impl Frame {
    /// Reads the segment of a frame; none without a width or a colour.
    pub fn of(marker: u8, segment: &[u8]) -> Option<Self> {
        let (height, width) = (big16(segment, 1)?.into(), big16(segment, 3)?.into());
        let mut components = segment.get(6..6 + 3 * usize::from(*segment.get(5)?))?.chunks_exact(3);
        let mut sampled = [(0, 0); MAX_COMPONENTS];
        for (place, component) in sampled.iter_mut().zip(&mut components) {
            let factors = *component.get(1)?;
            *place = (u64::from(factors >> 4), u64::from(factors & 15));
            ((1..=4).contains(&place.0) && (1..=4).contains(&place.1)).then_some(())?;
        }
        // One code for the mean of a block and one for its end, of a bit at least; in progressive pictures many blocks
        // may share the latter. The other codings go below a bit, or know no blocks.
        let least_bits = match marker {
            0xc0 | 0xc1 => 2,
            0xc2 => 1,
            _ => 0,
        };
        (width > 0 && sampled[0].0 > 0 && components.next().is_none()).then_some(Self {
            width,
            height,
            sampled,
            least_bits,
        })
    }

    /// Whether so many bytes of scans may hold it, and a reader can show it; `lines` is its height when that was told
    /// later.
    pub fn fits(&self, lines: Option<u16>, scanned: u64) -> bool {
        let height = if self.height > 0 { self.height } else { lines.map_or(0, u64::from) };
        let pixels = self.width * height;
        (1..=MAX_PIXELS).contains(&pixels) && scanned > 0 && self.blocks(height) * self.least_bits <= 8 * scanned
    }

    fn blocks(&self, height: u64) -> u64 {
        let most = |side: fn(&(u64, u64)) -> u64| self.sampled.iter().map(side).max().unwrap_or(1).max(1);
        let (across, down) = (most(|sampled| sampled.0), most(|sampled| sampled.1));
        let blocks = |side: u64, sampled: u64, most: u64| (side * sampled).div_ceil(most).div_ceil(BLOCK_SIDE);
        self.sampled.iter().map(|of| blocks(self.width, of.0, across) * blocks(height, of.1, down)).sum()
    }
}
