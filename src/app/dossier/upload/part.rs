//! A part of a file, and what becomes of it.

use crate::app::dossier::upload::{UploadFault, UploadState};
use crate::app::{AppError, AttachOutcome};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};

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
    Attached(Box<AttachOutcome>),
}

/// The answer to the last part once more, for whoever lost it and sends nothing new: a finished upload takes no further byte.
///
/// # Errors
/// [`UploadFault::Complete`]; [`UploadFault::Length`]; [`AppError::BrokenOff`].
pub(super) async fn repeated<E>(
    done: AttachOutcome,
    append: Append,
    body: impl Stream<Item = Result<Bytes, E>>,
) -> Result<Appended, AppError> {
    let bytes = done.piece.bytes;
    let at_end = append.last && append.offset == bytes && append.part_bytes.is_none_or(|part| part == 0);
    if !at_end || !is_empty(body).await? {
        return Err(UploadFault::Complete { bytes }.into());
    }
    if append.length.is_some_and(|length| length != bytes) {
        return Err(UploadFault::Length.into());
    }
    Ok(Appended::Attached(Box::new(done)))
}

async fn is_empty<E>(body: impl Stream<Item = Result<Bytes, E>>) -> Result<bool, AppError> {
    let mut body = std::pin::pin!(body);
    while let Some(next) = body.next().await {
        if !next.map_err(|_| AppError::BrokenOff)?.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::piece::AttachedPiece;
    use std::io;

    #[tokio::test]
    async fn a_finished_upload_answers_an_empty_last_part_and_takes_nothing() {
        let upload = AttachedPiece {
            code: "P9".into(),
            sha256: "0".repeat(64),
            name: "p.pdf".into(),
            media: "application/pdf".into(),
            bytes: 9,
            issued: None,
            inspection: None,
        };
        let done = AttachOutcome { piece: upload, same_as: None, revision: 3 };
        let append = |offset, last, length, part_bytes| Append { offset, last, length, part_bytes };
        let complete = Err(UploadFault::Complete { bytes: 9 });
        for (append, body, told) in [
            (append(9, true, None, Some(0)), &[][..], Ok(3)),
            (append(9, true, Some(9), None), &[""], Ok(3)),
            (append(9, true, None, Some(1)), &["x"], complete),
            (append(9, true, None, None), &["", "x"], complete),
            (append(9, false, None, Some(0)), &[], complete),
            (append(9, false, None, Some(1)), &["x"], complete),
            (append(10, true, None, Some(0)), &[], complete),
            (append(0, true, None, Some(9)), &["%PDF-1.7\n"], complete),
            (append(9, true, Some(8), Some(0)), &[], Err(UploadFault::Length)),
        ] {
            let parts: Vec<_> =
                body.iter().map(|part| Ok::<_, io::Error>(Bytes::from_static(part.as_bytes()))).collect();
            let found = match repeated(done.clone(), append, futures_util::stream::iter(parts)).await {
                Ok(Appended::Attached(attached)) => Ok(attached.revision),
                Err(AppError::Upload(fault)) => Err(fault),
                other => panic!("{append:?}: {other:?}"),
            };
            assert_eq!(found, told, "{append:?} {body:?}");
        }
    }

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
