//! Why an upload cannot go on.

use crate::{
    app::AppError,
    blob::{BlobError, partial::PartialError},
    domain::media::FileRefusal,
    store::StoreError,
};
use std::io;

/// Why an upload cannot go on like this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UploadFault {
    /// The part does not begin where the last one ended.
    #[error("the part begins at {provided}, and {expected} bytes have arrived")]
    Offset {
        /// Bytes that have arrived.
        expected: u64,
        /// Where the part begins.
        provided: u64,
    },
    /// The file is whole and attached, and this part is not its last one once more.
    #[error("the upload is complete, with {bytes} bytes")]
    Complete {
        /// Bytes of the file.
        bytes: u64,
    },
    /// The lengths that were declared contradict each other or what came.
    #[error("the lengths contradict each other")]
    Length,
    /// A later request goes on with this upload.
    #[error("a later request took over")]
    Superseded,
    /// What was sent before is still being recorded.
    #[error("what was sent before is still being recorded")]
    Busy,
    /// The account has too many under way.
    #[error("too many uploads are under way")]
    TooMany,
    /// There is no room for what follows; what has arrived is kept.
    #[error("there is no room for the rest")]
    Full,
}

impl From<PartialError> for AppError {
    fn from(error: PartialError) -> Self {
        match error {
            PartialError::Superseded => UploadFault::Superseded.into(),
            PartialError::Busy => UploadFault::Busy.into(),
            PartialError::Gone => Self::NotFound,
            PartialError::TooLarge(limit) => Self::File(FileRefusal::TooLarge(limit)),
            PartialError::BrokenOff => Self::BrokenOff,
            PartialError::Disk(error) => Self::Disk(error),
            PartialError::Store(error) => error.into(),
        }
    }
}

/// What has arrived of an upload stays when there is no room for more: that nothing was written would be untrue.
pub(in crate::app) fn kept_without_room(error: AppError) -> AppError {
    let full = match &error {
        AppError::Disk(error) => error.kind() == io::ErrorKind::StorageFull,
        AppError::Store(error) => matches!(error, StoreError::Full(_)),
        AppError::Attachment(error) => matches!(error, BlobError::Full(_)),
        _ => false,
    };
    if !full {
        return error;
    }
    tracing::error!(error = &error as &dyn std::error::Error, "upload.full");
    UploadFault::Full.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_room_in_the_midst_of_an_upload_is_told_as_what_it_is() {
        let kept = |error: AppError| kept_without_room(error);
        let full = kept(AppError::Disk(io::ErrorKind::StorageFull.into()));
        assert!(matches!(full, AppError::Upload(UploadFault::Full)), "{full:?}");
        let full = kept(AppError::Store(StoreError::Full(sqlx::Error::RowNotFound)));
        assert!(matches!(full, AppError::Upload(UploadFault::Full)), "{full:?}");
        let other = kept(AppError::Disk(io::ErrorKind::PermissionDenied.into()));
        assert!(matches!(other, AppError::Disk(_)), "{other:?}");
        assert!(matches!(kept(AppError::BrokenOff), AppError::BrokenOff));
    }
}
