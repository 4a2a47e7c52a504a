//! The admin API of one node: its address, its token, and what its answers mean.

use super::{GarageError, wire};
use crate::domain::json::{self, Limits};
use reqwest::{Client, Method, StatusCode, Url, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::timeout;

/// Longest time until a connection stands.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Longest time for an answer. A new layout is computed, and written to a quorum, before it is answered.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);
/// Longest time for an answer about the node itself, or about what it remembers of others.
const STATUS_TIMEOUT: Duration = Duration::from_secs(3);
/// Largest answer that is read.
const MAX_ANSWER_BYTES: usize = 4 << 20;
/// At most this much of Garage's own words is repeated.
const MAX_WORDS_CHARS: usize = 300;

/// One node.
pub struct AdminApi {
    http: Client,
    url: Url,
    token: SecretString,
}

impl std::fmt::Debug for AdminApi {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AdminApi").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

impl AdminApi {
    pub fn new(url: Url, token: SecretString) -> Result<Self, GarageError> {
        let http = Client::builder()
            .user_agent(concat!("guichet/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .no_proxy();
        let http = http.build().map_err(|source| GarageError::Unreachable { node: authority(&url), source })?;
        Ok(Self { http, url, token })
    }

    /// Host and port, to tell nodes apart that do not say their id.
    pub fn authority(&self) -> String {
        authority(&self.url)
    }

    pub async fn status(&self) -> Result<wire::Status, GarageError> {
        self.ask(Method::GET, "GetClusterStatus", &[], None, STATUS_TIMEOUT).await
    }

    pub async fn health(&self) -> Result<wire::Health, GarageError> {
        self.ask(Method::GET, "GetClusterHealth", &[], None, STATUS_TIMEOUT).await
    }

    /// Its id.
    pub async fn id(&self) -> Result<String, GarageError> {
        let answers: wire::Answers<wire::NodeInfo> =
            self.ask(Method::GET, "GetNodeInfo", &[("node", "self")], None, STATUS_TIMEOUT).await?;
        self.only(answers, "GetNodeInfo").map(|(_, info)| info.node_id)
    }

    /// Its id, and its background work.
    pub async fn workers(&self) -> Result<(String, Vec<wire::Worker>), GarageError> {
        const WHAT: &str = "ListWorkers";
        self.ask(Method::POST, WHAT, &[("node", "self")], Some(json!({})), STATUS_TIMEOUT)
            .await
            .and_then(|answers| self.only(answers, WHAT))
    }

    /// The answer of the node itself, out of a list for several.
    fn only<T>(&self, answers: wire::Answers<T>, what: &'static str) -> Result<(String, T), GarageError> {
        let node = self.authority();
        if let Some(words) = answers.error.into_values().next() {
            return Err(GarageError::Answered { node, what, code: "an error".into(), words: short(&words) });
        }
        answers.success.into_iter().next().ok_or(GarageError::Unreadable { node, what })
    }

    pub async fn repair(&self, kind: &Value) -> Result<(), GarageError> {
        const WHAT: &str = "LaunchRepairOperation";
        let answers: wire::Answers<Value> =
            self.order(WHAT, &[("node", "self")], json!({ "repairType": kind })).await?;
        self.only(answers, WHAT).map(drop)
    }

    /// Has it try again what it could not fetch.
    pub async fn retry(&self) -> Result<(), GarageError> {
        const WHAT: &str = "RetryBlockResync";
        let answers: wire::Answers<Value> = self.order(WHAT, &[("node", "self")], json!({ "all": true })).await?;
        self.only(answers, WHAT).map(drop)
    }

    /// Reads something.
    pub async fn read<T: DeserializeOwned>(
        &self,
        what: &'static str,
        query: &[(&str, &str)],
    ) -> Result<T, GarageError> {
        self.ask(Method::GET, what, query, None, ANSWER_TIMEOUT).await
    }

    /// The same; none when Garage knows of no such thing.
    pub async fn find<T: DeserializeOwned>(
        &self,
        what: &'static str,
        query: &[(&str, &str)],
    ) -> Result<Option<T>, GarageError> {
        match self.read(what, query).await {
            Ok(found) => Ok(Some(found)),
            Err(GarageError::Answered { code, .. }) if code.starts_with("NoSuch") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Changes something.
    pub async fn order<T: DeserializeOwned>(
        &self,
        what: &'static str,
        query: &[(&str, &str)],
        body: Value,
    ) -> Result<T, GarageError> {
        self.ask(Method::POST, what, query, Some(body), ANSWER_TIMEOUT).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        what: &'static str,
        query: &[(&str, &str)],
        body: Option<Value>,
        longest: Duration,
    ) -> Result<T, GarageError> {
        let node = || self.authority();
        let mut url = self.url.clone();
        url.set_path(&format!("/v2/{what}"));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut request = self.http.request(method, url).bearer_auth(self.token.expose_secret());
        if let Some(body) = body {
            request = request.json(&body);
        }
        let broken = |source: reqwest::Error| GarageError::Unreachable { node: node(), source: source.without_url() };
        let work = async {
            let mut answer = request.send().await.map_err(broken)?;
            let mut bytes = Vec::new();
            while let Some(chunk) = answer.chunk().await.map_err(broken)? {
                if bytes.len() + chunk.len() > MAX_ANSWER_BYTES {
                    return Err(GarageError::Unreadable { node: node(), what });
                }
                bytes.extend_from_slice(&chunk);
            }
            Ok((answer.status(), bytes))
        };
        let (status, bytes) = timeout(longest, work).await.map_err(|_| GarageError::Slow { node: node(), what })??;
        if !status.is_success() {
            return Err(self.refusal(what, status, &bytes));
        }
        json::from_slice(&bytes, Limits::bytes(MAX_ANSWER_BYTES))
            .map_err(|_| GarageError::Unreadable { node: node(), what })
    }

    fn refusal(&self, what: &'static str, status: StatusCode, bytes: &[u8]) -> GarageError {
        let node = self.authority();
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            return GarageError::Refused { node };
        }
        let said: Option<wire::Refusal> = json::from_slice(bytes, Limits::bytes(MAX_ANSWER_BYTES)).ok();
        let (code, words) =
            said.map_or_else(|| (status.as_u16().to_string(), String::new()), |it| (it.code, it.message));
        GarageError::Answered { node, what, code, words: short(&words) }
    }
}

fn authority(url: &Url) -> String {
    url.authority().to_owned()
}

fn short(words: &str) -> String {
    words.chars().take(MAX_WORDS_CHARS).collect()
}
