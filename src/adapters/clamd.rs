//! clamd, the virus scanner of ClamAV, which reads one file for each connection (`INSTREAM`, by `clamav-client`).
//!
//! The answers are read here, and to a limit: the client reads any amount, and takes any answer that contains `OK` for
//! a clean file. Only the two answers that clamd gives to a file that it has read to its end are verdicts.

use crate::{
    config::{ScanConfig, ScannerAddress},
    domain::scan::{MAX_SIGNATURE_CHARS, Verdict},
};
use clamav_client::tokio::{TransportProtocol, get_version, scan_stream};
use std::{io, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, Join, Take, join},
    net::{TcpStream, UnixStream},
    time::timeout,
};
use tokio_util::io::ReaderStream;

/// Timeout for a connection and for the version.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);
/// Longest answer, in bytes.
const MAX_ANSWER_BYTES: u64 = 1024;
/// Longest version, in bytes.
const MAX_VERSION_BYTES: usize = 200;
/// Size of the parts in which a file is sent.
const CHUNK_BYTES: usize = 64 * 1024;
/// What clamd calls a file that it has not read whole, with `AlertExceedsMax`.
const LIMITS_EXCEEDED: &str = "Heuristics.Limits.Exceeded";

/// Why the scanner gave no verdict.
#[derive(Debug, thiserror::Error)]
pub enum ClamdError {
    /// It cannot be reached, or the connection broke: a file above its `StreamMaxLength` does that too.
    #[error("the connection to the virus scanner failed")]
    Connection(#[from] io::Error),
    #[error("the virus scanner did not answer within {0} s")]
    Slow(u64),
    #[error("the virus scanner gave an answer that is none")]
    Unreadable,
    /// It has not read the file whole; its own words.
    #[error("the virus scanner did not read the whole file: {0}")]
    Incomplete(String),
}

/// A scanner.
#[derive(Clone, Debug)]
pub struct Clamd {
    address: ScannerAddress,
    scan_timeout: Duration,
}

impl Clamd {
    #[must_use]
    pub fn new(config: &ScanConfig) -> Self {
        let scan_timeout = Duration::from_secs(config.timeout_seconds.into());
        Self { address: config.clamd.clone(), scan_timeout }
    }

    /// How long the scan of one file may take.
    #[must_use]
    pub fn scan_timeout(&self) -> Duration {
        self.scan_timeout
    }

    /// Returns the version of the engine and of the signature base, as clamd writes them:
    /// `ClamAV 1.4.6/27800/Sun Nov 29 09:24:00 2026`.
    ///
    /// # Errors
    /// See [`ClamdError`].
    pub async fn version(&self) -> Result<String, ClamdError> {
        let answer = limited(ANSWER_TIMEOUT, get_version(Transport(&self.address))).await?;
        let text = whole(&answer).ok_or(ClamdError::Unreadable)?;
        if text.is_empty() || text.len() > MAX_VERSION_BYTES {
            Err(ClamdError::Unreadable)
        } else {
            Ok(text.to_owned())
        }
    }

    /// Sends a file to the scanner, in parts, and returns its verdict.
    ///
    /// # Errors
    /// See [`ClamdError`].
    pub async fn scan(&self, file: impl AsyncRead + Send + Unpin) -> Result<Verdict, ClamdError> {
        let parts = ReaderStream::with_capacity(file, CHUNK_BYTES);
        let answer = scan_stream(parts, Transport(&self.address), Some(CHUNK_BYTES));
        read_verdict(&limited(self.scan_timeout, answer).await?)
    }
}

async fn limited(limit: Duration, answer: impl Future<Output = io::Result<Vec<u8>>>) -> Result<Vec<u8>, ClamdError> {
    Ok(timeout(limit, answer).await.map_err(|_| ClamdError::Slow(limit.as_secs()))??)
}

/// Returns the text of an answer that ends as it has to, and has nothing but printable characters.
fn whole(answer: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(answer).ok()?.strip_suffix('\0')?;
    text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()).then_some(text)
}

fn read_verdict(answer: &[u8]) -> Result<Verdict, ClamdError> {
    let text = whole(answer).ok_or(ClamdError::Unreadable)?;
    if text == "stream: OK" {
        return Ok(Verdict::Clean);
    }
    let found = text.strip_prefix("stream: ").and_then(|rest| rest.strip_suffix(" FOUND"));
    match found {
        Some(name) if name.starts_with(LIMITS_EXCEEDED) => Err(ClamdError::Incomplete(name.to_owned())),
        Some(name) if !name.is_empty() => {
            Ok(Verdict::Infected { signature: name.chars().take(MAX_SIGNATURE_CHARS).collect() })
        }
        _ if text.ends_with(" ERROR") => Err(ClamdError::Incomplete(text.to_owned())),
        _ => Err(ClamdError::Unreadable),
    }
}

/// Opens a connection for each command. What it reads ends after the longest answer.
struct Transport<'a>(&'a ScannerAddress);

type Reading = Take<Box<dyn AsyncRead + Send + Unpin>>;
type Writing = Box<dyn AsyncWrite + Send + Unpin>;

impl TransportProtocol for Transport<'_> {
    type Stream = Join<Reading, Writing>;

    async fn connect(&self) -> io::Result<Self::Stream> {
        let connected = timeout(ANSWER_TIMEOUT, open(self.0)).await;
        let (reading, writing) = connected.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        // One more byte than the longest answer: an answer that goes on is not taken for a whole one.
        Ok(join(reading.take(MAX_ANSWER_BYTES + 1), writing))
    }
}

async fn open(address: &ScannerAddress) -> io::Result<(Box<dyn AsyncRead + Send + Unpin>, Writing)> {
    Ok(match address {
        ScannerAddress::Unix(path) => {
            let (reading, writing) = UnixStream::connect(path).await?.into_split();
            (Box::new(reading), Box::new(writing))
        }
        ScannerAddress::Tcp(host) => {
            let (reading, writing) = TcpStream::connect(host).await?.into_split();
            (Box::new(reading), Box::new(writing))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_two_answers_are_verdicts() {
        assert_eq!(read_verdict(b"stream: OK\0").unwrap(), Verdict::Clean);
        let signature = "Test.Guichet.UNOFFICIAL".to_owned();
        assert_eq!(read_verdict(b"stream: Test.Guichet.UNOFFICIAL FOUND\0").unwrap(), Verdict::Infected { signature });
        let long = format!("stream: {} FOUND\0", "x".repeat(500));
        let found = read_verdict(long.as_bytes()).unwrap();
        assert!(matches!(found, Verdict::Infected { signature } if signature.len() == MAX_SIGNATURE_CHARS));
    }

    #[test]
    fn no_other_answer_is_a_clean_file() {
        for answer in [
            &b""[..],
            b"\0",
            b"OK\0",
            b"stream: OK",
            b"stream: OK\n",
            b"stream: OK\0stream: OK\0",
            b"stream: OK\0\0",
            b"stream:OK\0",
            b"stream: OK \0",
            b" stream: OK\0",
            b"stream: ok\0",
            b"stream: FOUND\0",
            b"stream:  FOUND\0",
            b"1: stream: OK\0",
            b"PONG\0",
            b"UNKNOWN COMMAND\0",
            b"stream: \xff FOUND\0",
            b"stream: OK\x1b[2K\0",
        ] {
            assert!(matches!(read_verdict(answer), Err(ClamdError::Unreadable)), "{answer:?}");
        }
        for answer in [
            &b"INSTREAM size limit exceeded. ERROR\0"[..],
            b"stream: Can't allocate memory ERROR\0",
            b"stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND\0",
        ] {
            assert!(matches!(read_verdict(answer), Err(ClamdError::Incomplete(_))), "{answer:?}");
        }
    }
}
