//! What the errors of an S3 store mean for us.

use super::super::BlobError;
use object_store::{
    Error,
    client::{HttpError, HttpErrorKind},
};

/// What stores say when they, or the quota of a bucket, are full: S3, Ceph and MinIO by a code; Garage passes on what its
/// nodes say, or refuses by its quota.
const FULL: [&str; 6] =
    ["code: 507", "QuotaExceeded", "quota is reached", "No space left", "StorageFull", "InsufficientStorage"];
/// Refusals that concern the bytes of one request, or its time, and not our right to make it.
const PASSING: [&str; 3] = ["InvalidDigest", "BadDigest", "RequestTimeout"];

/// The meaning of an error.
pub(super) fn fault(error: Error) -> BlobError {
    let (text, kind) = (error.to_string(), http_kind(&error));
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if says(&FULL) {
        return BlobError::Full(Box::new(error));
    }
    if says(&["NoSuchBucket"]) {
        return BlobError::Refused(Box::new(error));
    }
    match error {
        Error::NotFound { path, .. } => BlobError::Missing(path),
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => BlobError::Refused(Box::new(error)),
        _ if kind == Some(HttpErrorKind::Timeout) => BlobError::Slow(Box::new(error)),
        _ if says(&["status code: 4"]) && !says(&PASSING) => BlobError::Refused(Box::new(error)),
        _ => BlobError::Away(Box::new(error)),
    }
}

/// How a request failed on its way, if it did.
fn http_kind(error: &Error) -> Option<HttpErrorKind> {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<HttpError>() {
            return Some(error.kind());
        }
        cause = error.source();
    }
    None
}

/// Success if there is nothing (any more).
pub(super) fn ignore_missing(done: object_store::Result<()>) -> Result<(), BlobError> {
    match done.map_err(fault) {
        Err(BlobError::Missing(_)) => Ok(()),
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stores_say_is_told_as_what_it_is() {
        let said = |text: &str| fault(Error::Generic { store: "S3", source: text.into() });
        let status = "Server returned non-2xx status code:";
        let garage = "Internal error: Could not reach quorum of 2. 1 of 3 request succeeded, others returned errors";
        for full in [
            "507 Insufficient Storage: ".to_owned(),
            "403 Forbidden: Bucket size quota is reached, maximum total size".to_owned(),
            format!("503 Service Unavailable: {garage}: [\"IO error: No space left on device (os error 28)\"]"),
        ] {
            assert!(matches!(said(&format!("{status} {full}")), BlobError::Full(_)), "{full}");
        }
        let away = said(&format!("{status} 503 Service Unavailable: {garage}"));
        assert!(matches!(away, BlobError::Away(_)), "{away:?}");
        assert!(matches!(said(&format!("{status} 400 Bad Request: InvalidDigest")), BlobError::Away(_)));
        assert!(matches!(said(&format!("{status} 400 Bad Request: unexpected scope")), BlobError::Refused(_)));
        let missing = |text: &str| Error::NotFound { path: "sha256/00".into(), source: text.into() };
        assert!(matches!(fault(missing("404: NoSuchKey")), BlobError::Missing(_)));
        assert!(matches!(fault(missing("404: NoSuchBucket")), BlobError::Refused(_)));
        let denied = Error::PermissionDenied { path: String::new(), source: "403: AccessDenied".into() };
        assert!(matches!(fault(denied), BlobError::Refused(_)));
        let late = HttpError::new(HttpErrorKind::Timeout, std::io::Error::from(std::io::ErrorKind::TimedOut));
        assert!(matches!(fault(Error::Generic { store: "S3", source: Box::new(late) }), BlobError::Slow(_)));
    }
}
