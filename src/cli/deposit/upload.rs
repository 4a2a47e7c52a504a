//! A piece on its way, in parts that the portal keeps: a line that is cut costs what was on it and no more (Resumable
//! Uploads for HTTP, draft-ietf-httpbis-resumable-upload, interop version 8).
//!
//! What ends it is silence and a lack of progress, never how long it takes.

use super::{
    client::{PortalClient, read},
    files::PieceOnDisk,
};
use crate::domain::ids::DossierId;
use anyhow::{Context, bail};
use bytes::Bytes;
use futures_util::TryStreamExt;
use indicatif::ProgressBar;
use reqwest::{
    RequestBuilder, Response, StatusCode, Url,
    header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, LOCATION},
};
use serde::Deserialize;
use std::{
    io::{Seek, SeekFrom},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::time::{Instant, sleep};
use tokio_util::io::ReaderStream;

/// Longest time without a byte, while some are left to send.
const SEND_SILENCE_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest wait for the answer, once all are sent.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(90);
/// Pauses before each further try that follows one which brought nothing forward, in seconds.
const PAUSES_S: [u64; 8] = [1, 2, 4, 8, 15, 30, 30, 30];
/// How often the progress is looked at.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(500);

/// The answer to the last part.
#[derive(Deserialize)]
struct Attached {
    sha256: String,
}

/// What became of a try.
enum UploadOutcome {
    /// The portal has checked the whole file, or refuses to go on.
    Answered(Response),
    /// The portal waits for the parts.
    Begun(Url),
    /// So many bytes have arrived.
    Reached(u64),
    /// The line or the portal failed; how many bytes have arrived has to be asked.
    Lost(anyhow::Error),
    /// The portal knows nothing of this upload.
    Unknown,
}

/// A piece on its way.
struct PieceUpload<'a> {
    portal: &'a PortalClient,
    piece: &'a PieceOnDisk,
    creation: Url,
    progress: ProgressBar,
    /// Where its parts go, once it has begun.
    place: Option<Url>,
    /// Bytes that have arrived, where that is known.
    offset: Option<u64>,
    /// How often in a row the portal did not know of an upload that it had begun.
    forgotten: usize,
}

impl PortalClient {
    /// Attaches a piece, streamed from the disk.
    ///
    /// # Errors
    /// When the portal does not take the file; when it is unavailable for long, or the file changes
    /// on the way.
    pub async fn attach(&self, dossier: DossierId, piece: &PieceOnDisk) -> anyhow::Result<()> {
        let mut creation = self.address(&["dossiers", &dossier.to_string(), "pieces", &piece.code])?;
        creation.query_pairs_mut().append_pair("name", &piece.name);
        if let Some(issued) = piece.issued {
            creation.query_pairs_mut().append_pair("issued", &issued.to_string());
        }
        // Drawn on a terminal only.
        let progress = ProgressBar::new(piece.bytes).with_message(piece.name.clone());
        let mut upload =
            PieceUpload { portal: self, piece, creation, progress, place: None, offset: None, forgotten: 0 };
        let answer = upload.run().await;
        upload.progress.finish_and_clear();
        let attached: Attached = read(self.checked(answer?, &piece.path.display().to_string()).await?).await?;
        if attached.sha256 != piece.sha256 {
            bail!("{} has changed while it was sent; run again", piece.path.display());
        }
        Ok(())
    }
}

impl PieceUpload<'_> {
    /// Goes on until the portal has answered for the whole file.
    async fn run(&mut self) -> anyhow::Result<Response> {
        let (mut best, mut tries) = (None, 0);
        loop {
            let failure = match self.step().await? {
                UploadOutcome::Answered(answer) => return Ok(answer),
                UploadOutcome::Begun(place) => {
                    (self.place, self.offset) = (Some(place), Some(0));
                    continue;
                }
                UploadOutcome::Reached(offset) => {
                    self.offset = Some(offset);
                    if best.is_none_or(|best| offset > best) {
                        (best, tries) = (Some(offset), 0);
                        self.forgotten = 0;
                    }
                    continue;
                }
                UploadOutcome::Lost(error) => error,
                UploadOutcome::Unknown => {
                    self.place = None;
                    self.forgotten += 1;
                    anyhow::anyhow!("the portal does not know of this upload any more")
                }
            };
            self.offset = None;
            let Some(pause) = PAUSES_S.get(tries) else {
                return Err(failure).with_context(|| format!("{} does not get through", self.piece.path.display()));
            };
            tries += 1;
            sleep(Duration::from_secs(*pause)).await;
        }
    }

    async fn step(&self) -> anyhow::Result<UploadOutcome> {
        match (&self.place, self.offset) {
            // Machines that share no folder: each request may reach another one, and only a whole file needs one alone.
            (None, _) if self.forgotten >= MAX_FORGOTTEN => {
                self.send(self.portal.uploads.put(self.creation.clone()), 0).await
            }
            (None, _) => self.begin().await,
            (Some(place), None) => self.ask(place).await,
            (Some(place), Some(offset)) => self.append(place, offset).await,
        }
    }

    async fn begin(&self) -> anyhow::Result<UploadOutcome> {
        let request = self.portal.http.put(self.creation.clone()).header("upload-complete", "?0");
        let request = request.header("upload-length", self.piece.bytes).header(INTEROP.0, INTEROP.1);
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => return Ok(UploadOutcome::Lost(error.into())),
        };
        match answer.status() {
            StatusCode::CREATED => {}
            // It is the dossier that is not there.
            StatusCode::NOT_FOUND => return Ok(UploadOutcome::Answered(answer)),
            _ => return read_outcome(answer).await,
        }
        let place = answer.headers().get(LOCATION).and_then(|place| place.to_str().ok());
        let place = place.context("the portal does not say where the file goes")?;
        Ok(UploadOutcome::Begun(
            self.creation.join(place).context("the portal sends the file somewhere that cannot be")?,
        ))
    }

    async fn ask(&self, place: &Url) -> anyhow::Result<UploadOutcome> {
        // Not HEAD: what the portal has to say stands in the body.
        match self.portal.http.get(place.clone()).header(INTEROP.0, INTEROP.1).send().await {
            Ok(answer) if answer.status().is_success() => {
                let offset = offset(answer.headers()).context("the portal does not say how much has arrived")?;
                Ok(UploadOutcome::Reached(offset))
            }
            Ok(answer) => read_outcome(answer).await,
            Err(error) => Ok(UploadOutcome::Lost(error.into())),
        }
    }

    async fn append(&self, place: &Url, offset: u64) -> anyhow::Result<UploadOutcome> {
        let request = self.portal.uploads.patch(place.clone()).header("upload-offset", offset);
        self.send(request.header(CONTENT_TYPE, "application/partial-upload"), offset).await
    }

    /// Sends the file from an offset to its end.
    async fn send(&self, request: RequestBuilder, offset: u64) -> anyhow::Result<UploadOutcome> {
        let path = &self.piece.path;
        let unreadable = || format!("cannot read {}", path.display());
        let mut file = std::fs::File::open(path).with_context(unreadable)?;
        file.seek(SeekFrom::Start(offset)).with_context(unreadable)?;
        let left = self.piece.bytes.saturating_sub(offset);
        self.progress.set_position(offset);
        let (sent, bar) = (Arc::new(AtomicU64::new(0)), self.progress.clone());
        let counted = sent.clone();
        let stream = ReaderStream::new(tokio::fs::File::from_std(file)).inspect_ok(move |chunk: &Bytes| {
            counted.fetch_add(chunk.len() as u64, Ordering::Relaxed);
            bar.inc(chunk.len() as u64);
        });
        let request = request
            .header(INTEROP.0, INTEROP.1)
            .header(CONTENT_LENGTH, left)
            .header("upload-complete", "?1")
            .body(reqwest::Body::wrap_stream(stream));
        tokio::select! {
            answer = request.send() => match answer {
                Ok(answer) => read_outcome(answer).await,
                Err(error) => Ok(UploadOutcome::Lost(error.into())),
            },
            () = stalled(&sent, left) => Ok(UploadOutcome::Lost(anyhow::anyhow!("the line is silent"))),
        }
    }
}

/// After so many uploads that the portal did not know of any more, the file is sent whole.
const MAX_FORGOTTEN: usize = 2;
/// What has to be sent by clients as long as the draft is one.
const INTEROP: (&str, &str) = ("upload-draft-interop-version", "8");

fn offset(headers: &HeaderMap) -> Option<u64> {
    headers.get("upload-offset")?.to_str().ok()?.parse().ok()
}

/// Ends once nothing moves any more.
async fn stalled(sent: &AtomicU64, left: u64) {
    let (mut last, mut since) = (0, Instant::now());
    loop {
        sleep(PROGRESS_INTERVAL).await;
        let now = sent.load(Ordering::Relaxed);
        if now != last {
            (last, since) = (now, Instant::now());
        }
        if since.elapsed() > if now < left { SEND_SILENCE_TIMEOUT } else { ANSWER_TIMEOUT } {
            return;
        }
    }
}

/// What an answer means for an upload.
async fn read_outcome(answer: Response) -> anyhow::Result<UploadOutcome> {
    let status = answer.status();
    let whole = answer.headers().get("upload-complete").is_some_and(|complete| complete == "?1");
    let passing = matches!(
        status,
        StatusCode::CONFLICT | StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS | StatusCode::BAD_REQUEST
    );
    Ok(match status {
        _ if whole && status != StatusCode::CONFLICT => UploadOutcome::Answered(answer),
        StatusCode::NOT_FOUND => UploadOutcome::Unknown,
        _ if passing || status.is_server_error() => {
            let said = answer.text().await.unwrap_or_default();
            let said = serde_json::from_str::<Said>(&said).map(|said| said.detail).unwrap_or_default();
            UploadOutcome::Lost(anyhow::anyhow!("the portal answers {status} {said}"))
        }
        _ => UploadOutcome::Answered(answer),
    })
}

/// What the portal says of a failure.
#[derive(Deserialize)]
struct Said {
    detail: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cli::deposit::address::PortalAddress, domain::text::Lang};
    use axum::{body::to_bytes, extract::Request, response::IntoResponse};
    use std::sync::{Mutex, PoisonError};

    /// Machines that share no folder and are asked in turns: none knows of the upload that another has begun.
    #[tokio::test]
    async fn a_file_goes_whole_where_no_request_finds_its_upload_again() {
        rustls::crypto::ring::default_provider().install_default().ok();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let asked = seen.clone();
        let machines = axum::Router::new().fallback(move |request: Request| {
            let asked = asked.clone();
            async move {
                let (parts, body) = request.into_parts();
                let complete = parts.headers.get("upload-complete").map_or("", |value| value.to_str().unwrap());
                let bytes = to_bytes(body, usize::MAX).await.unwrap();
                asked.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{} {complete}", parts.method));
                match (parts.method.as_str(), complete) {
                    ("PUT", "?0") => (reqwest::StatusCode::CREATED, [("location", "/parts/1")]).into_response(),
                    ("PUT", "?1") => {
                        let sha256 = hex::encode(ring::digest::digest(&ring::digest::SHA256, &bytes));
                        let body = axum::Json(serde_json::json!({ "sha256": sha256 }));
                        ([("upload-complete", "?1")], body).into_response()
                    }
                    _ => reqwest::StatusCode::NOT_FOUND.into_response(),
                }
            }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(async move { axum::serve(listener, machines).await });

        let folder = tempfile::tempdir().unwrap();
        let (token, path) = (folder.path().join("token"), folder.path().join("kbis.pdf"));
        std::fs::write(&token, "a token").unwrap();
        std::fs::write(&path, b"%PDF-1.7").unwrap();
        let sha256 = hex::encode(ring::digest::digest(&ring::digest::SHA256, b"%PDF-1.7"));
        let piece = PieceOnDisk { code: "P7".into(), path, name: "kbis.pdf".into(), sha256, bytes: 8, issued: None };
        let address = PortalAddress::parse(&url, Lang::Fr).unwrap();
        let portal = PortalClient::new(&address, &token, None, None, Lang::Fr).unwrap();
        portal.attach(DossierId(uuid::Uuid::now_v7()), &piece).await.unwrap();
        let seen = seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        assert_eq!(seen, ["PUT ?0", "PATCH ?1", "PUT ?0", "PATCH ?1", "PUT ?1"]);
        serving.abort();
    }
}
