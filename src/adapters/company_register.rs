//! The public register of companies, at an endpoint with the shape of the State’s *Recherche d’entreprises*
//! (`GET /search?q=<SIRET>`, open, without key).
//!
//! The operator chooses the endpoint. It may be away, slow, or answer anything: time and size are bounded, redirections are
//! not followed, and an answer is parsed into a [`CompanyRecord`] or is an error.

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a stand-in server is a task that ends with its test")]
mod tests;
mod wire;

pub use crate::config::CompanyRegisterConfig;

use crate::domain::{
    company_register::CompanyRecord,
    json::{self, Limits},
    text::shorten,
};
use reqwest::{
    Client, StatusCode, Url,
    header::{HeaderMap, RETRY_AFTER},
    redirect,
};
use std::time::Duration;
use tokio::time::timeout;

/// Longest time until a connection stands.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Longest time for a whole answer: somebody waits for the page meanwhile.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(4);
/// Largest answer that is read. Those about large companies, with all their managers, stay well below it.
const MAX_ANSWER_BYTES: usize = 512 << 10;
/// At most this many characters of the place of a fault are repeated: it has names of the answer in it.
const MAX_PATH_CHARS: usize = 100;
/// Pause after a refusal that does not say how long.
const DEFAULT_PAUSE: Duration = Duration::from_secs(10);
/// Longest pause that the register may ask for.
const MAX_PAUSE: Duration = Duration::from_secs(600);

/// Why the register has said nothing about a company. No text of these contains the number that was asked for.
#[derive(Debug, thiserror::Error)]
pub enum CompanyRegisterError {
    /// The section contradicts itself.
    #[error("{0}")]
    Settings(String),
    /// The client cannot be made.
    #[error("cannot prepare the way to the company register")]
    Client(#[source] reqwest::Error),
    /// No connection, or the exchange broke off.
    #[error("cannot reach the company register")]
    Unreachable(#[source] reqwest::Error),
    /// No whole answer within the time.
    #[error("the company register does not answer in time")]
    Slow,
    /// It is asked too much, and wants to be left alone for a while.
    #[error("the company register is asked too much; it wants a pause of {} s", .retry_after.as_secs())]
    Busy { retry_after: Duration },
    /// It says that it failed.
    #[error("the company register answers {0}")]
    Failed(StatusCode),
    /// Something that is no answer of the register.
    #[error("the company register's answer cannot be understood: {0}")]
    Unreadable(String),
}

/// A client of the register.
pub struct CompanyRegister {
    http: Client,
    search: Url,
    lookup_timeout: Duration,
}

impl std::fmt::Debug for CompanyRegister {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CompanyRegister").field("search", &self.search.as_str()).finish_non_exhaustive()
    }
}

impl CompanyRegister {
    /// Prepares the client; nothing is sent yet. `public_url` tells the register who asks.
    pub fn new(config: &CompanyRegisterConfig, public_url: &str) -> Result<Self, CompanyRegisterError> {
        let mut search = config.address().map_err(CompanyRegisterError::Settings)?;
        let no_base = || CompanyRegisterError::Settings("company_register.url cannot have a path".into());
        search.path_segments_mut().map_err(|()| no_base())?.pop_if_empty().push("search");
        let http = Client::builder()
            .user_agent(format!("guichet/{} (+{public_url})", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .no_proxy();
        let http = http.build().map_err(CompanyRegisterError::Client)?;
        Ok(Self { http, search, lookup_timeout: LOOKUP_TIMEOUT })
    }

    /// Asks about an establishment, by its SIRET in normal form. None when the register shows none with this number: it
    /// does not exist, or its data are not public.
    pub async fn look_up(&self, siret: &str) -> Result<Option<CompanyRecord>, CompanyRegisterError> {
        let mut url = self.search.clone();
        url.query_pairs_mut().extend_pairs([("q", siret), ("page", "1"), ("per_page", "1")]);
        let bytes = timeout(self.lookup_timeout, self.read(url)).await.map_err(|_| CompanyRegisterError::Slow)??;
        let answer: wire::Answer = json::from_slice(&bytes, Limits::bytes(MAX_ANSWER_BYTES)).map_err(|error| {
            CompanyRegisterError::Unreadable(format!("at {:?}", shorten(&error.path, MAX_PATH_CHARS)))
        })?;
        Ok(answer.record_of(siret))
    }

    async fn read(&self, url: Url) -> Result<Vec<u8>, CompanyRegisterError> {
        // The address has the number in it.
        let broken = |error: reqwest::Error| {
            if error.is_timeout() {
                CompanyRegisterError::Slow
            } else {
                CompanyRegisterError::Unreachable(error.without_url())
            }
        };
        let mut answer = self.http.get(url).send().await.map_err(broken)?;
        let status = answer.status();
        if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            return Err(CompanyRegisterError::Busy { retry_after: pause(answer.headers()) });
        }
        if status.is_server_error() {
            return Err(CompanyRegisterError::Failed(status));
        }
        if status != StatusCode::OK {
            return Err(CompanyRegisterError::Unreadable(format!("status {status}")));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(broken)? {
            if bytes.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(CompanyRegisterError::Unreadable(format!("more than {MAX_ANSWER_BYTES} bytes")));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }
}

/// The pause that a refusal asks for, in seconds; a date instead of seconds counts as none.
fn pause(headers: &HeaderMap) -> Duration {
    let seconds = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    seconds.map_or(DEFAULT_PAUSE, Duration::from_secs).min(MAX_PAUSE)
}
