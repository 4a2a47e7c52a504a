//! A part of a file, and what becomes of it.

use super::{UploadFault, UploadState};
use crate::app::Attached;

/// A part that comes.
#[derive(Clone, Copy, Debug)]
pub struct Append {
    /// Where it begins.
    pub offset: u64,
    /// Whether the file ends with it.
    pub last: bool,
    /// Length of the whole, where it is told.
    pub length: Option<u64>,
    /// Length of the part, where it is told.
    pub part_bytes: Option<u64>,
}

impl Append {
    /// The length of the whole that follows from what is said of this part.
    pub(super) fn whole(&self, known: Option<u64>) -> Result<Option<u64>, UploadFault> {
        let ends = self.part_bytes.filter(|_| self.last).map(|bytes| self.offset.saturating_add(bytes));
        let mut told = [known, self.length, ends].into_iter().flatten();
        let first = told.next();
        if told.all(|other| Some(other) == first) { Ok(first) } else { Err(UploadFault::Length) }
    }
}

/// What became of a part.
#[derive(Clone, Debug)]
pub enum Appended {
    /// It is kept, and more has to come.
    More(UploadState),
    /// It was the last: the piece is attached.
    Attached(Box<Attached>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_that_are_told_twice_have_to_agree() {
        let append = |offset, last, length, part_bytes| Append { offset, last, length, part_bytes };
        let cases = [
            (append(0, false, None, Some(5)), None, Ok(None)),
            (append(0, false, Some(9), Some(5)), None, Ok(Some(9))),
            (append(4, true, None, Some(5)), None, Ok(Some(9))),
            (append(4, true, None, Some(5)), Some(9), Ok(Some(9))),
            (append(4, true, None, Some(5)), Some(8), Err(UploadFault::Length)),
            (append(4, true, Some(8), Some(5)), None, Err(UploadFault::Length)),
            (append(4, false, Some(8), Some(5)), Some(9), Err(UploadFault::Length)),
            (append(4, true, None, None), Some(9), Ok(Some(9))),
            (append(u64::MAX, true, None, Some(5)), None, Ok(Some(u64::MAX))),
        ];
        for (append, known, told) in cases {
            assert_eq!(append.whole(known), told, "{append:?} {known:?}");
        }
    }
}
