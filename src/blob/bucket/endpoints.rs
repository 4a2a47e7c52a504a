//! The way to an S3 store: its key, its endpoints, and how long they may take.

use super::Objects;
use crate::config::BucketUrl;
use hyper::{Uri, header::HOST, http::HeaderValue, http::uri::PathAndQuery};
use object_store::{
    BackoffConfig, ClientOptions, RetryConfig,
    aws::{AmazonS3Builder, Checksum},
    client::{HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService},
};
use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::Path,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

/// Timeout for connecting to the store.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Maximum time without an answer, or without data of an answer.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(20);
/// Time after which a request is not repeated any more.
const RETRY_WINDOW: Duration = Duration::from_secs(25);
/// Maximum number of repetitions of a request.
const MAX_RETRIES: usize = 5;
/// Delays between repetitions: the first, and the longest.
const RETRY_DELAYS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// The key of a bucket. No `Debug`: its secret is not to be printed.
pub struct Key {
    id: String,
    secret: String,
}

impl Key {
    /// Reads a file with the id and the secret, each on its own line.
    ///
    /// # Errors
    /// When it cannot be read, has other contents, or can be read by others.
    pub fn read(path: &Path) -> io::Result<Self> {
        let fault = |why: &str| io::Error::other(format!("{}: {why}", path.display()));
        let mode = fs::metadata(path).map_err(|error| fault(&error.to_string()))?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(fault("others may read this key: it has to have mode 0600"));
        }
        let text = fs::read_to_string(path)?;
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        match (lines.next(), lines.next(), lines.next()) {
            (Some(id), Some(secret), None) => Ok(Self { id: id.into(), secret: secret.into() }),
            _ => Err(fault("not the id and the secret of a key, each on its own line")),
        }
    }
}

/// Prepares a client; it connects when it is used.
///
/// # Errors
/// When the client cannot be made.
pub fn connect(url: &BucketUrl, key: &Key) -> io::Result<Arc<dyn Objects>> {
    let (init_backoff, max_backoff) = RETRY_DELAYS;
    let objects = AmazonS3Builder::new()
        .with_bucket_name(&url.bucket)
        .with_region(&url.region)
        .with_endpoint(url.endpoints.first().map(String::as_str).unwrap_or_default())
        .with_access_key_id(&key.id)
        .with_secret_access_key(&key.secret)
        .with_http_connector(Connector(url.endpoints.clone()))
        // The store compares it with the bytes that it has received.
        .with_checksum_algorithm(Checksum::SHA256)
        // Not every store has the request for many.
        .with_disable_bulk_delete(true)
        .with_retry(RetryConfig {
            backoff: BackoffConfig { init_backoff, max_backoff, ..BackoffConfig::default() },
            max_retries: MAX_RETRIES,
            retry_timeout: RETRY_WINDOW,
        })
        .build()
        .map_err(io::Error::other)?;
    Ok(Arc::new(objects))
}

/// Makes the client of the endpoints.
#[derive(Debug)]
struct Connector(Vec<String>);

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        let failed = |source| object_store::Error::Generic { store: "S3", source };
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(SILENCE_TIMEOUT)
            .build()
            .map_err(|error| failed(Box::new(error)))?;
        let parse = |url: &String| url.parse().map_err(|error| failed(Box::new(error)));
        let all = self.0.iter().map(parse).collect::<Result<_, _>>()?;
        Ok(HttpClient::new(Endpoints { client, all, current: AtomicUsize::new(0) }))
    }
}

/// The endpoints of one store. When one does not answer, or cannot serve, the next request goes to the next one; the
/// client repeats what failed.
#[derive(Debug)]
struct Endpoints {
    client: reqwest::Client,
    all: Vec<Uri>,
    current: AtomicUsize,
}

impl Endpoints {
    async fn send(&self, mut request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let turn = self.current.load(Ordering::Relaxed);
        if let Some(endpoint) = self.all.get(turn % self.all.len().max(1)) {
            direct(&mut request, endpoint).map_err(|error| HttpError::new(HttpErrorKind::Unknown, error))?;
        }
        let answer = self.client.call(request).await;
        if answer.as_ref().map_or(true, |answer| answer.status().is_server_error()) {
            // Requests that fail together turn only once.
            self.current.compare_exchange(turn, turn + 1, Ordering::Relaxed, Ordering::Relaxed).ok();
        }
        answer
    }
}

/// Directs a request to an endpoint. The host that its signature covers stays in its header.
fn direct(request: &mut HttpRequest, endpoint: &Uri) -> Result<(), hyper::http::Error> {
    if let Some(authority) = request.uri().authority() {
        let host = HeaderValue::from_str(authority.as_str())?;
        request.headers_mut().entry(HOST).or_insert(host);
    }
    let mut parts = request.uri().clone().into_parts();
    parts.scheme = endpoint.scheme().cloned();
    parts.authority = endpoint.authority().cloned();
    parts.path_and_query.get_or_insert(PathAndQuery::from_static("/"));
    *request.uri_mut() = Uri::from_parts(parts)?;
    Ok(())
}

impl HttpService for Endpoints {
    fn call<'service, 'answer>(
        &'service self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'answer>>
    where
        'service: 'answer,
        Self: 'answer,
    {
        Box::pin(self.send(request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "GK31\n secret \n").unwrap();
        let key = Key::read(file.path()).unwrap();
        assert_eq!((key.id.as_str(), key.secret.as_str()), ("GK31", "secret"));
        fs::write(file.path(), "GK31\n").unwrap();
        assert!(Key::read(file.path()).is_err());
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o644)).unwrap();
        assert!(Key::read(file.path()).err().unwrap().to_string().contains("0600"));
    }

    #[test]
    fn a_request_goes_elsewhere_under_the_host_that_was_signed() {
        let mut request = HttpRequest::new(Vec::new().into());
        *request.uri_mut() = "http://[::1]:3900/bucket/sha256/00?partNumber=1".parse().unwrap();
        direct(&mut request, &"https://b.example".parse().unwrap()).unwrap();
        assert_eq!(request.uri(), "https://b.example/bucket/sha256/00?partNumber=1");
        assert_eq!(request.headers()[HOST], "[::1]:3900");
    }
}
