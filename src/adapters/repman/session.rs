//! Asking replication-manager as one user: the address, the token, and what its answers mean.

use super::{RepmanError, wire};
use reqwest::{Client, Method, StatusCode, Url, header::ACCEPT};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::{
    fs,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::Mutex, time::timeout_at};

/// Largest answer that is read.
const MAX_ANSWER_BYTES: usize = 16 << 20;
/// How long a user that was locked out stays so.
const LOCKOUT: Duration = Duration::from_secs(180);
/// Pause after a refused login. The third one within three minutes locks the user out, for everyone who uses it.
const AFTER_REFUSAL: Duration = Duration::from_secs(95);

/// The way to one replication-manager.
pub struct Line {
    pub http: Client,
    pub url: Url,
    pub cluster: String,
}

/// An answer, whatever its status.
pub struct RawAnswer {
    pub status: StatusCode,
    pub body: Vec<u8>,
}

/// One user's way in.
pub struct Session {
    line: Arc<Line>,
    user: String,
    password_file: PathBuf,
    standing: Mutex<LoginState>,
}

#[derive(Default)]
struct LoginState {
    token: Option<SecretString>,
    refused: Option<Lockout>,
}

struct Lockout {
    until: Instant,
    /// The password that was wrong: another one may be tried at once. `None` when the user is locked out.
    password: Option<SecretString>,
}

impl Line {
    /// An address below that of the interface.
    fn address(&self, parts: &[&str]) -> Result<Url, RepmanError> {
        let mut url = self.url.clone();
        let fault = || RepmanError::Settings(vec!["repman.url cannot have a path".into()]);
        url.path_segments_mut().map_err(|()| fault())?.pop_if_empty().push("api").extend(parts);
        Ok(url)
    }

    /// The way to something of our cluster.
    pub fn of_cluster<'a>(&'a self, parts: &[&'a str]) -> Vec<&'a str> {
        [&["clusters", self.cluster.as_str()], parts].concat()
    }

    /// Asks without being anybody.
    pub async fn ask(&self, parts: &[&str], patience: Duration) -> Result<RawAnswer, RepmanError> {
        self.exchange(self.http.get(self.address(parts)?), parts, Instant::now() + patience).await
    }

    async fn exchange(
        &self,
        request: reqwest::RequestBuilder,
        parts: &[&str],
        end: Instant,
    ) -> Result<RawAnswer, RepmanError> {
        // A path has names, never a secret; reqwest's own words would repeat the address.
        let broken = |source: reqwest::Error| RepmanError::Unreachable { source: source.without_url() };
        let work = async {
            let mut answer = request.send().await.map_err(broken)?;
            let mut body = Vec::new();
            while let Some(chunk) = answer.chunk().await.map_err(broken)? {
                if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                    return Err(RepmanError::Unreadable { what: parts.join("/") });
                }
                body.extend_from_slice(&chunk);
            }
            Ok(RawAnswer { status: answer.status(), body })
        };
        timeout_at(end.into(), work).await.map_err(|_| RepmanError::Slow { what: parts.join("/") })?
    }
}

impl RawAnswer {
    /// The body as words. replication-manager names no type that could be relied on.
    pub fn words(&self) -> String {
        String::from_utf8_lossy(&self.body).trim().to_owned()
    }

    /// The body of a good answer as JSON; what else it is, as an error.
    fn checked(self, parts: &[&str]) -> Result<Self, RepmanError> {
        let what = || parts.join("/");
        if self.status.is_success() {
            return Ok(self);
        }
        let words = self.words();
        Err(match (self.status.as_u16(), words.as_str()) {
            (401, _) => RepmanError::Refused,
            (403, _) => RepmanError::Forbidden { what: what() },
            (429, _) => RepmanError::LockedOut { seconds: LOCKOUT.as_secs() },
            (_, "No cluster" | "Cluster Not Found") => RepmanError::UnknownCluster,
            (_, text) if text.starts_with("No cluster found") => RepmanError::UnknownCluster,
            (status, _) => RepmanError::Answered { what: what(), status, words: words.chars().take(200).collect() },
        })
    }
}

impl Session {
    pub fn new(line: Arc<Line>, user: &str, password_file: PathBuf) -> Self {
        Self { line, user: user.to_owned(), password_file, standing: Mutex::default() }
    }

    /// Reads something of the cluster.
    pub async fn read(&self, parts: &[&str], patience: Duration) -> Result<Value, RepmanError> {
        let parts = self.line.of_cluster(parts);
        let answer = self.call(Method::GET, &parts, &[], patience).await?;
        serde_json::from_slice(&answer.body).map_err(|_| RepmanError::Unreadable { what: parts.join("/") })
    }

    /// Orders something of the cluster. That it was heard does not mean that it is done.
    pub async fn order(
        &self,
        parts: &[&str],
        form: &[(&str, &str)],
        patience: Duration,
    ) -> Result<RawAnswer, RepmanError> {
        self.call(Method::POST, &self.line.of_cluster(parts), form, patience).await
    }

    /// Asks, and once more with a new token if this one is dead. All of them die when replication-manager restarts (401),
    /// and one dies with the password that it holds (403).
    async fn call(
        &self,
        method: Method,
        parts: &[&str],
        form: &[(&str, &str)],
        patience: Duration,
    ) -> Result<RawAnswer, RepmanError> {
        let end = Instant::now() + patience;
        let mut url = self.line.address(parts)?;
        if !form.is_empty() {
            url.query_pairs_mut().extend_pairs(form);
        }
        let ask = async |token: &SecretString| {
            let request = self.line.http.request(method.clone(), url.clone()).bearer_auth(token.expose_secret());
            self.line.exchange(request, parts, end).await
        };
        let (token, fresh) = self.token(None, end).await?;
        let mut answer = ask(&token).await?;
        if !fresh && matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            answer = ask(&self.token(Some(&token), end).await?.0).await?;
        }
        answer.checked(parts)
    }

    /// A token other than the dead one, and whether it is new. It holds the password in clear text: it is treated as one.
    async fn token(&self, dead: Option<&SecretString>, end: Instant) -> Result<(SecretString, bool), RepmanError> {
        let mut standing = self.standing.lock().await;
        match &standing.token {
            Some(token) if dead.is_none_or(|dead| dead.expose_secret() != token.expose_secret()) => {
                return Ok((token.clone(), false));
            }
            _ => standing.token = None,
        }
        let password = fs::read_to_string(&self.password_file)
            .map_err(|source| RepmanError::File { path: self.password_file.clone(), source })?;
        let password = SecretString::from(password.trim_end_matches(['\r', '\n']));
        if let Some(refused) = standing.refused.take_if(|refused| refused.until > Instant::now()) {
            let seconds = (refused.until - Instant::now()).as_secs() + 1;
            let again =
                refused.password.as_ref().is_some_and(|wrong| wrong.expose_secret() != password.expose_secret());
            if !again {
                let locked = refused.password.is_none();
                standing.refused = Some(refused);
                return Err(if locked { RepmanError::LockedOut { seconds } } else { RepmanError::Refused });
            }
        }
        match self.log_in(&password, end).await {
            Ok(token) => {
                (standing.token, standing.refused) = (Some(token.clone()), None);
                Ok((token, true))
            }
            Err(error) => {
                let refused = |pause, password| Some(Lockout { until: Instant::now() + pause, password });
                standing.refused = match error {
                    RepmanError::Refused => refused(AFTER_REFUSAL, Some(password)),
                    RepmanError::LockedOut { .. } => refused(LOCKOUT, None),
                    _ => None,
                };
                Err(error)
            }
        }
    }

    async fn log_in(&self, password: &SecretString, end: Instant) -> Result<SecretString, RepmanError> {
        // While it starts it knows no user yet, and would count a right password as a wrong one.
        let patience = end.saturating_duration_since(Instant::now());
        let status = self.line.ask(&["status"], patience).await?.checked(&["status"])?;
        if !alive(&status.body) {
            return Err(RepmanError::Starting);
        }
        let body = serde_json::json!({ "username": self.user, "password": password.expose_secret() });
        let request = self.line.http.post(self.line.address(&["login"])?).header(ACCEPT, "application/json");
        let answer = self.line.exchange(request.json(&body), &["login"], end).await?;
        match answer.status.as_u16() {
            200 => {}
            401 | 403 => return Err(RepmanError::Refused),
            429 => return Err(RepmanError::LockedOut { seconds: LOCKOUT.as_secs() }),
            status => return Err(RepmanError::Answered { what: "login".into(), status, words: String::new() }),
        }
        let words = answer.words();
        let token = match serde_json::from_slice::<Value>(&answer.body) {
            Ok(object) => wire::text(&object, "token"),
            Err(_) => Some(words),
        };
        let fits = |token: &String| token.split('.').count() == 3 && token.bytes().all(|byte| byte.is_ascii_graphic());
        token.filter(fits).map(SecretString::from).ok_or_else(|| RepmanError::Unreadable { what: "login".into() })
    }
}

/// Whether an answer about its own state says that it runs.
pub fn alive(body: &[u8]) -> bool {
    serde_json::from_slice::<Value>(body).is_ok_and(|object| wire::text(&object, "alive").as_deref() == Some("running"))
}
