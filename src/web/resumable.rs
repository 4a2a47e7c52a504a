//! Uploads in parts as they look in HTTP, for pages and programs alike: *Resumable Uploads for HTTP*
//! (draft-ietf-httpbis-resumable-upload, interop version 8).
//!
//! No `104` is sent: the server's library cannot, and the draft leaves it open. So an upload begins without content or with
//! a first part, and its address stands in the answer.

pub mod fields;

use super::{error::Failure, extract::has_media_type};
use crate::app::{
    App, AppError,
    dossier::upload::{Append, Appended, UPLOAD_KEPT, UploadFault, UploadState},
};
use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Response as HttpResponse, StatusCode, header},
    response::{IntoResponse, Response},
};

/// Whether the file ends with this request; in an answer, whether it is the one of the whole file.
pub const COMPLETE: HeaderName = HeaderName::from_static("upload-complete");
/// Bytes that have arrived.
pub const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
/// Length of the whole.
pub const LENGTH: HeaderName = HeaderName::from_static("upload-length");
/// What is allowed.
pub const LIMIT: HeaderName = HeaderName::from_static("upload-limit");
/// Media type of a part.
pub const PARTIAL_UPLOAD_TYPE: &str = "application/partial-upload";

/// What a request says of an upload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    /// Whether the file ends with it.
    pub complete: Option<bool>,
    /// Where the part begins.
    pub offset: Option<u64>,
    /// Length of the whole.
    pub length: Option<u64>,
    /// Length of the part.
    pub part_bytes: Option<u64>,
}

impl Fields {
    /// Reads the headers; one that cannot be read is as if it were not there, as the draft wants it.
    pub fn of(headers: &HeaderMap) -> Self {
        let one = |name: HeaderName| {
            let mut values = headers.get_all(name).iter();
            match (values.next(), values.next()) {
                (Some(value), None) => value.to_str().ok(),
                _ => None,
            }
        };
        Self {
            complete: one(COMPLETE).and_then(fields::boolean),
            offset: one(OFFSET).and_then(fields::integer),
            length: one(LENGTH).and_then(fields::integer),
            part_bytes: one(header::CONTENT_LENGTH).and_then(|length| length.parse().ok()),
        }
    }

    /// Reads the headers of a request that begins, be it with the whole file: it stands at the start, and is as long as it
    /// says where that is told twice.
    ///
    /// # Errors
    /// [`UploadFault::Length`]; `Failure::FirstOffset`.
    pub fn creation(headers: &HeaderMap) -> Result<Self, Failure> {
        let fields = Self::of(headers);
        let whole = if fields.complete == Some(false) { None } else { fields.part_bytes };
        if let (Some(length), Some(bytes)) = (fields.length, whole)
            && length != bytes
        {
            return Err(AppError::from(UploadFault::Length).into());
        }
        match fields.offset {
            None | Some(0) => Ok(fields),
            Some(offset) => Err(Failure::FirstOffset(offset)),
        }
    }

    /// The first part of an upload that begins.
    pub fn first(&self) -> Append {
        Append { offset: 0, last: false, length: self.length, part_bytes: self.part_bytes }
    }

    /// A further part.
    ///
    /// # Errors
    /// `Failure::PartialKind` when the body is something else; `Failure::UploadFields` when it does not say where it
    /// belongs.
    pub fn part(headers: &HeaderMap) -> Result<Append, Failure> {
        if !has_media_type(headers, PARTIAL_UPLOAD_TYPE) {
            return Err(Failure::PartialKind);
        }
        match Self::of(headers) {
            Self { complete: Some(last), offset: Some(offset), length, part_bytes } => {
                Ok(Append { offset, last, length, part_bytes })
            }
            _ => Err(Failure::UploadFields),
        }
    }
}

/// What an upload may be, and how long it stands.
pub fn limit(max_bytes: u64) -> HeaderValue {
    let text = format!("max-size={max_bytes}, max-age={}", UPLOAD_KEPT.as_secs());
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("min-size=0"))
}

fn flag(complete: bool) -> HeaderValue {
    HeaderValue::from_static(if complete { "?1" } else { "?0" })
}

/// How an upload stands, without a body.
pub fn state(status: StatusCode, state: &UploadState) -> Response {
    let mut response: Response = HttpResponse::new(Body::empty());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(OFFSET, state.offset.into());
    headers.insert(COMPLETE, flag(state.complete));
    headers.insert(LIMIT, limit(state.max_bytes));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(length) = state.length {
        headers.insert(LENGTH, length.into());
    }
    response
}

/// The answer to a request that began an upload.
pub fn begun(location: &str, upload: &UploadState) -> Result<Response, Failure> {
    let mut response = state(StatusCode::CREATED, upload);
    let location = HeaderValue::try_from(location).map_err(|_| Failure::BadRequest)?;
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

/// The answer to a part.
pub fn appended(
    done: Result<Appended, AppError>,
    whole: impl FnOnce(crate::app::AttachOutcome) -> Response,
) -> Response {
    match done {
        Ok(Appended::More(upload)) => state(StatusCode::NO_CONTENT, &upload),
        Ok(Appended::Attached(attached)) => last(whole(*attached)),
        // It is whole, and it is the file that is refused: going on would not help.
        Err(error @ AppError::File(_)) => last(Failure::App(error).into_response()),
        Err(error) => failed(error),
    }
}

/// An answer that is the one of the whole file.
pub fn last(mut response: Response) -> Response {
    response.headers_mut().insert(COMPLETE, flag(true));
    response
}

/// A failure of the upload itself, with what the client needs to go on.
pub fn failed(error: AppError) -> Response {
    let (offset, complete) = match &error {
        AppError::Upload(UploadFault::Offset { expected, .. }) => (Some(*expected), false),
        AppError::Upload(UploadFault::Complete { bytes }) => (Some(*bytes), true),
        _ => (None, false),
    };
    let mut response = Failure::App(error).into_response();
    response.headers_mut().insert(COMPLETE, flag(complete));
    if let Some(offset) = offset {
        response.headers_mut().insert(OFFSET, offset.into());
    }
    response
}

/// What a call allows, for whoever asks before an upload.
pub fn options(max_bytes: u64) -> Response {
    let fixed = [(LIMIT, limit(max_bytes)), (header::ALLOW, HeaderValue::from_static("OPTIONS, PUT"))];
    (StatusCode::NO_CONTENT, fixed).into_response()
}

/// Most bytes of a file of any call.
pub fn largest_file(app: &App) -> u64 {
    app.calls.iter().map(|call| call.files.max_file_bytes).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn what_begins_stands_at_the_start_and_is_as_long_as_it_says() {
        let creation = |pairs: &[(&'static str, &'static str)]| Fields::creation(&headers(pairs));
        for sound in [
            &[("upload-complete", "?1"), ("content-length", "7"), ("upload-length", "7"), ("upload-offset", "0")][..],
            &[("upload-complete", "?0"), ("content-length", "7"), ("upload-length", "9")],
            // How long it is shows when all of it has come.
            &[("upload-complete", "?1"), ("upload-length", "9")],
            &[("content-length", "7")],
        ] {
            assert!(creation(sound).is_ok(), "{sound:?}");
        }
        for complete in ["?0", "?1"] {
            let later = creation(&[("upload-complete", complete), ("content-length", "7"), ("upload-offset", "77")]);
            assert!(matches!(later, Err(Failure::FirstOffset(77))), "{later:?}");
        }
        for longer in [&[("upload-complete", "?1")][..], &[("upload-complete", "?1"), ("upload-offset", "77")], &[]] {
            let told = [longer, &[("content-length", "7"), ("upload-length", "9")]].concat();
            let refused = creation(&told);
            assert!(matches!(refused, Err(Failure::App(AppError::Upload(UploadFault::Length)))), "{refused:?}");
        }
    }

    #[test]
    fn a_part_says_what_it_is() {
        let sound = [
            ("content-type", PARTIAL_UPLOAD_TYPE),
            ("upload-offset", "5"),
            ("upload-complete", "?1"),
            ("content-length", "7"),
        ];
        let append = Fields::part(&headers(&sound)).unwrap();
        assert_eq!((append.offset, append.last, append.length, append.part_bytes), (5, true, None, Some(7)));
        for missing in 1..3 {
            let mut some = sound.to_vec();
            some.remove(missing);
            assert!(matches!(Fields::part(&headers(&some)), Err(Failure::UploadFields)), "{missing}");
        }
        assert!(matches!(Fields::part(&headers(&sound[1..])), Err(Failure::PartialKind)));
        let mut twice = headers(&sound);
        twice.append(OFFSET, HeaderValue::from_static("5"));
        assert!(matches!(Fields::part(&twice), Err(Failure::UploadFields)));
    }
}
