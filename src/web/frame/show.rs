//! Formatting: amounts, sizes, media types, percent-encoding.

use crate::domain::{money::Cents, piece::AttachedPiece, text::Lang};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::fmt::{self, Write as _};

/// An amount in the typography of a language, written without allocation, because lists contain hundreds of them.
#[derive(Clone, Copy, Debug)]
pub struct Money(pub Cents, pub Lang);

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cents = self.0.0.unsigned_abs();
        if self.0.0 < 0 {
            f.write_char('−')?;
        }
        f.write_str(self.1.tr("", "€"))?;
        let units = cents / 100;
        let mut groups = [0_u64; 7];
        let mut count = 0;
        let mut rest = units;
        while let Some(slot) = groups.get_mut(count) {
            *slot = rest % 1000;
            rest /= 1000;
            count += 1;
            if rest == 0 {
                break;
            }
        }
        for (index, group) in groups[..count].iter().rev().enumerate() {
            if index == 0 {
                write!(f, "{group}")?;
            } else {
                write!(f, "{}{group:03}", self.1.tr("\u{202f}", ","))?;
            }
        }
        write!(f, "{}{:02}{}", self.1.tr(",", "."), cents % 100, self.1.tr("\u{a0}€", ""))
    }
}

/// A size in readable units.
pub fn bytes(bytes: u64, lang: &Lang) -> String {
    let tenths = |unit: u64| (bytes * 10).div_ceil(unit);
    let show = |tenths: u64| match (tenths % 10, tenths / 10) {
        (0, whole) => whole.to_string(),
        (tenth, whole) => format!("{whole}{}{tenth}", lang.tr(",", ".")),
    };
    const BYTES_PER_KIB: u64 = 1024;
    match bytes {
        0..BYTES_PER_KIB => format!("{bytes}\u{a0}{}", lang.tr("octets", "bytes")),
        BYTES_PER_KIB..1_048_576 => format!("{}\u{a0}{}", bytes.div_ceil(BYTES_PER_KIB), lang.tr("Ko", "kB")),
        _ => format!("{}\u{a0}{}", show(tenths(1_048_576)), lang.tr("Mo", "MB")),
    }
}

/// Media types in readable form: `PDF, PNG, JPEG`.
pub fn media(types: &[String]) -> String {
    let names: Vec<String> =
        types.iter().map(|media| media.rsplit('/').next().unwrap_or(media).to_uppercase()).collect();
    names.join(", ")
}

/// A description of a file: `PDF, 3 pages, signé électroniquement`.
pub fn file(piece: &AttachedPiece, lang: &Lang) -> String {
    let mut said = vec![media(std::slice::from_ref(&piece.media))];
    if let Some(inspection) = piece.inspection {
        let pages = inspection.pages.map(|pages| format!("{pages}\u{a0}{}", if pages == 1 { "page" } else { "pages" }));
        said.extend(pages);
        let signed = inspection.signed.then(|| lang.tr("signé électroniquement", "signed electronically"));
        let closed = (!inspection.opened).then(|| {
            lang.tr(
                "accepté sans être ouvert par le portail\u{a0}: vérifiez qu’il se lit",
                "accepted without being opened by the portal: check that it can be read",
            )
        });
        said.extend(signed.into_iter().chain(closed).map(str::to_owned));
    }
    said.join(", ")
}

/// Characters that are not encoded in a query value (RFC 3986, unreserved).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Percent-encodes a query value.
pub fn encode(value: &str, into: &mut String) {
    into.extend(utf8_percent_encode(value, UNRESERVED));
}
