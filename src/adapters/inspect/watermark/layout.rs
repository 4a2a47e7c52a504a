//! Where the mark stands on a page, in whole points and thousandths: the crate computes without floats.

use lopdf::Object;

/// Farthest a box may reach, in points.
const MAX_COORDINATE_POINTS: i64 = 1_000_000;

/// What a reader sees of a page: the visible box and by how many quarters it is turned clockwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PageBox {
    left: i64,
    bottom: i64,
    right: i64,
    top: i64,
    quarters: i64,
}

impl PageBox {
    /// From the page's boxes and rotation; `None` when nothing of it is visible.
    pub fn new(media: Option<[i64; 4]>, crop: Option<[i64; 4]>, rotation: Option<i64>) -> Option<Self> {
        let sorted = |[a, b, c, d]: [i64; 4]| {
            [a.min(c), b.min(d), a.max(c), b.max(d)].map(|n| n.clamp(-MAX_COORDINATE_POINTS, MAX_COORDINATE_POINTS))
        };
        // Readers fall back to the American format.
        let media = sorted(media.unwrap_or([0, 0, 612, 792]));
        let crop = crop.map_or(media, sorted);
        let quarters = rotation.filter(|degrees| degrees % 90 == 0).map_or(0, |degrees| (degrees / 90).rem_euclid(4));
        let view = Self {
            left: media[0].max(crop[0]),
            bottom: media[1].max(crop[1]),
            right: media[2].min(crop[2]),
            top: media[3].min(crop[3]),
            quarters,
        };
        (view.right > view.left && view.top > view.bottom).then_some(view)
    }

    /// Width and height as seen.
    fn size(&self) -> (i64, i64) {
        let (width, height) = (self.right - self.left, self.top - self.bottom);
        if self.quarters % 2 == 0 { (width, height) } else { (height, width) }
    }

    /// The matrix from what is seen, with its origin at the lower left, to the page.
    fn matrix(&self) -> String {
        let Self { left, bottom, right, top, .. } = self;
        match self.quarters {
            1 => format!("0 1 -1 0 {right} {bottom}"),
            2 => format!("-1 0 0 -1 {right} {top}"),
            3 => format!("0 -1 1 0 {left} {top}"),
            _ => format!("1 0 0 1 {left} {bottom}"),
        }
    }
}

/// The content stream that writes words along the bottom and across, after the page's own between `q` and `Q`.
pub fn sheet(view: &PageBox, words: &[u8], name: &str) -> Vec<u8> {
    let (width, height) = view.size();
    let short = width.min(height);
    // In thousandths of the size of the font.
    let length = words.iter().map(|byte| advance(*byte)).sum::<i64>().max(1);

    let margin = short * 1_000 / 40;
    let small = (short * 1_000 / 75).min((width * 1_000 - 2 * margin) * 1_000 / length).max(1);

    let diagonal = (width * width + height * height).isqrt().max(1);
    let large = (diagonal * 800_000 / length).min(short * 1_000 / 8).max(1);
    let (cos, sin) = (width * 1_000 / diagonal, height * 1_000 / diagonal);
    let (half, drop) = (large * length / 2_000_000, large * 35 / 100_000);
    let x = width * 500 - cos * half + sin * drop;
    let y = height * 500 - sin * half - cos * drop;

    let string = literal(words);
    let mut out = Vec::new();
    let matrix = view.matrix();
    out.extend_from_slice(
        format!("Q\nq\n/Artifact BMC\n{matrix} cm\nBT\n/{name} {} Tf 0.45 g\n", show(small)).as_bytes(),
    );
    out.extend_from_slice(format!("1 0 0 1 {} {} Tm\n", show(margin), show(margin / 2)).as_bytes());
    out.extend_from_slice(&string);
    out.extend_from_slice(format!(" Tj\n/{name} gs\n/{name} {} Tf 0.4 g\n", show(large)).as_bytes());
    let (c, s, minus) = (show(cos), show(sin), show(-sin));
    out.extend_from_slice(format!("{c} {s} {minus} {c} {} {} Tm\n", show(x), show(y)).as_bytes());
    out.extend_from_slice(&string);
    out.extend_from_slice(b" Tj\nET\nEMC\nQ\n");
    out
}

/// A number as whole points.
pub fn whole(object: &Object) -> Option<i64> {
    match object {
        Object::Integer(number) => Some(*number),
        Object::Real(number) => Some(*number as i64),
        _ => None,
    }
}

/// Thousandths as a decimal number.
fn show(thousandths: i64) -> String {
    let sign = if thousandths < 0 { "-" } else { "" };
    let size = thousandths.unsigned_abs();
    format!("{sign}{}.{:03}", size / 1_000, size % 1_000)
}

/// A string as it stands in a content stream.
fn literal(words: &[u8]) -> Vec<u8> {
    let mut out = vec![b'('];
    for byte in words {
        if matches!(byte, b'(' | b')' | b'\\') {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out.push(b')');
    out
}

/// What stands between 0x80 and 0x9F in WinAnsi; the rest is Latin-1.
const SPECIAL: [(char, u8); 27] = [
    ('€', 0x80),
    ('‚', 0x82),
    ('ƒ', 0x83),
    ('„', 0x84),
    ('…', 0x85),
    ('†', 0x86),
    ('‡', 0x87),
    ('ˆ', 0x88),
    ('‰', 0x89),
    ('Š', 0x8a),
    ('‹', 0x8b),
    ('Œ', 0x8c),
    ('Ž', 0x8e),
    ('‘', 0x91),
    ('’', 0x92),
    ('“', 0x93),
    ('”', 0x94),
    ('•', 0x95),
    ('–', 0x96),
    ('—', 0x97),
    ('˜', 0x98),
    ('™', 0x99),
    ('š', 0x9a),
    ('›', 0x9b),
    ('œ', 0x9c),
    ('ž', 0x9e),
    ('Ÿ', 0x9f),
];

/// Words in WinAnsi, with `?` for what it lacks.
pub fn encode(words: &str) -> Vec<u8> {
    let byte = |c: char| match u8::try_from(c) {
        Ok(byte @ (0x20..=0x7e | 0xa0..)) => byte,
        _ => SPECIAL.iter().find(|(special, _)| *special == c).map_or(b'?', |(_, byte)| *byte),
    };
    words.chars().map(byte).collect()
}

/// Widths of Helvetica from the space to the tilde, in thousandths of its size.
const WIDTHS: [i64; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
    722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
    556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
    260, 334, 584,
];

fn advance(byte: u8) -> i64 {
    byte.checked_sub(b' ').and_then(|at| WIDTHS.get(usize::from(at))).copied().unwrap_or(556)
}
