//! Users and programs: each has its own cookies, language and clock.

use super::{Installation, installation::wait_for_async};
use reqwest::{Method, StatusCode, header};
use serde_json::Value as Json;

/// A user of the portal.
pub struct Actor {
    pub at: &'static Installation,
    client: reqwest::Client,
    cookie: Option<String>,
    /// The cookie by which a browser that asked for a link is recognized.
    asked: Option<String>,
    token: Option<String>,
    clock: Option<String>,
    ahead: Option<jiff::SignedDuration>,
    fault: Option<&'static str>,
    csrf: String,
}

/// The portal's response.
pub struct Answer {
    pub status: StatusCode,
    pub headers: header::HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn location(&self) -> &str {
        self.headers.get(header::LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub fn json(&self) -> Json {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON ({}): {}", self.status, self.body))
    }

    /// The value of a hidden input.
    pub fn hidden(&self, name: &str) -> String {
        let marker = format!("name=\"{name}\" value=\"");
        let from =
            self.body.find(&marker).unwrap_or_else(|| panic!("no hidden {name} in {}", self.body)) + marker.len();
        let to = self.body[from..].find('"').unwrap();
        unescape(&self.body[from..from + to])
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body.chars().take(2000).collect::<String>());
        self
    }
}

fn unescape(text: &str) -> String {
    text.replace("&quot;", "\"")
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&lt;", "<")
        .replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&gt;", ">")
        .replace("&#38;", "&")
        .replace("&amp;", "&")
}

/// A client that trusts the installation's certification authority.
pub fn client(at: &Installation) -> reqwest::Client {
    let _first = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(&at.ca).unwrap()])
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

impl Actor {
    /// An anonymous user.
    pub fn anon() -> Self {
        Self::at(Installation::shared())
    }

    pub fn at(at: &'static Installation) -> Self {
        Self {
            at,
            client: client(at),
            cookie: None,
            asked: None,
            token: None,
            clock: None,
            ahead: None,
            fault: None,
            csrf: String::new(),
        }
    }

    /// An applicant with a unique address, signed in through the mailbox.
    pub async fn applicant() -> Self {
        let mut actor = Self::anon();
        actor.sign_in(&format!("{}@exemple.fr", uuid::Uuid::now_v7().simple())).await;
        actor
    }

    /// An applicant whose clock shows another time (RFC 3339), usually in another year.
    pub async fn applicant_when(clock: &str) -> Self {
        let mut actor = Self::at(Installation::of_another_year());
        actor.when(clock);
        actor.sign_in(&format!("{}@exemple.fr", uuid::Uuid::now_v7().simple())).await;
        actor
    }

    /// The demonstration's officer, signed in once for all tests.
    pub async fn officer() -> Self {
        static SESSION: tokio::sync::OnceCell<String> = tokio::sync::OnceCell::const_new();
        let session = SESSION.get_or_init(async || {
            let mut actor = Self::anon();
            actor.sign_in("instruction@exemple.fr").await;
            actor.cookie.unwrap()
        });
        Self::with_cookie(session.await)
    }

    /// A program with one of the tokens of `access.json`.
    pub fn program(token: &str) -> Self {
        let mut actor = Self::anon();
        actor.token = Some(actor.at.token(token));
        actor
    }

    pub fn bearing(token: &str) -> Self {
        let mut actor = Self::anon();
        actor.token = Some(token.to_owned());
        actor
    }

    /// Sets the token to use.
    pub fn bear(&mut self, token: &str) {
        self.token = Some(token.to_owned());
    }

    /// A user with the cookie of a browser session.
    pub fn with_cookie(cookie: &str) -> Self {
        let mut actor = Self::anon();
        actor.cookie = Some(cookie.to_owned());
        actor
    }

    /// Takes over the session of another user's window with its form token, or the token of a program.
    pub fn take_session(&mut self, other: &Self) {
        self.cookie.clone_from(&other.cookie);
        self.token.clone_from(&other.token);
        self.csrf.clone_from(&other.csrf);
        self.clock.clone_from(&other.clock);
    }

    /// The same user in another window, or the same program with its own connections.
    pub fn another_window(&self) -> Self {
        let mut other = Self::at(self.at);
        other.take_session(self);
        other
    }

    /// Waits until every process refuses this actor: each caches a session for two seconds, and each new connection
    /// goes to the next process.
    pub async fn refused_everywhere(&self, path: &str) {
        let mut in_a_row = 0;
        wait_for_async("every process to refuse", async || {
            let refused = self.another_window().get(path).await.status != 200;
            in_a_row = if refused { in_a_row + 1 } else { 0 };
            in_a_row >= 8
        })
        .await;
    }

    /// Ends the session, and begins another one.
    pub async fn sign_out_and_in(&mut self, email: &str) {
        self.get("/account").await.expect(200);
        self.post("/sign-out", &[]).await.expect(303);
        self.cookie = None;
        self.sign_in(email).await;
    }

    /// Moves this actor's clock.
    pub fn when(&mut self, clock: &str) {
        self.clock = Some(clock.to_owned());
    }

    /// Gives this actor a running clock, which shows one instant (RFC 3339) when the system clock shows another.
    pub fn when_running(&mut self, shows: &str, at: jiff::Timestamp) {
        self.clock = None;
        self.ahead = Some(shows.parse::<jiff::Timestamp>().unwrap().duration_since(at));
    }

    pub fn faulty(&mut self, fault: Option<&'static str>) {
        self.fault = fault;
    }

    pub fn cookie(&self) -> Option<&str> {
        self.cookie.as_deref()
    }

    pub fn csrf(&self) -> &str {
        &self.csrf
    }

    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = if path.starts_with("https://") { path.to_owned() } else { format!("{}{path}", self.at.url) };
        let mut request = self.client.request(method, url);
        let cookies: Vec<&str> = [&self.cookie, &self.asked].into_iter().flatten().map(String::as_str).collect();
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(clock) = &self.clock {
            request = request.header("x-test-now", clock);
        }
        if let Some(ahead) = self.ahead {
            request = request.header("x-test-ahead", i64::try_from(ahead.as_micros()).unwrap());
        }
        if let Some(fault) = self.fault {
            request = request.header("x-test-fault", fault);
        }
        request
    }

    /// Sends a request; stores the cookie and the form token of the response.
    pub async fn send(&mut self, request: reqwest::RequestBuilder) -> Result<Answer, reqwest::Error> {
        let response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        for cookie in headers.get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            if pair.starts_with("__Host-guichet-asked=") {
                self.asked = Some(pair.to_owned());
                continue;
            }
            self.cookie = pair.split_once('=').filter(|(_, value)| !value.is_empty()).map(|_| pair.to_owned());
        }
        let body = String::from_utf8_lossy(&response.bytes().await?).into_owned();
        let answer = Answer { status, headers, body };
        if answer.body.contains("name=\"csrf\" value=\"") {
            self.csrf = answer.hidden("csrf");
        }
        Ok(answer)
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        let request = self.request(Method::GET, path);
        self.send(request).await.unwrap()
    }

    /// Posts a form with the form token of the last page, as a browser would.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = self.form(path, fields);
        self.send(request).await.unwrap()
    }

    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> reqwest::RequestBuilder {
        let mut pairs: Vec<(String, String)> = vec![("csrf".into(), self.csrf.clone())];
        pairs.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let body: Vec<String> =
            pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        self.request(Method::POST, path)
            .header(header::ORIGIN, &self.at.url)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body.join("&"))
    }

    pub async fn json(&mut self, method: Method, path: &str, body: &Json) -> Answer {
        self.try_json(method, path, body).await.unwrap()
    }

    /// The same, for connections that may be cut.
    pub async fn try_json(&mut self, method: Method, path: &str, body: &Json) -> reqwest::Result<Answer> {
        let request = self
            .request(method, path)
            .header(header::ORIGIN, &self.at.url)
            .header("x-csrf-token", &self.csrf)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json")
            .body(body.to_string());
        self.send(request).await
    }

    /// Uploads a piece with the page's form.
    pub async fn upload(&mut self, path: &str, name: &str, issued: &str, bytes: &[u8]) -> Answer {
        let boundary = "guichet-boundary";
        let mut body = Vec::new();
        for (field, value) in [("csrf", self.csrf.as_str()), ("issued", issued)] {
            body.extend_from_slice(
                format!("--{boundary}\r\ncontent-disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n")
                    .as_bytes(),
            );
        }
        body.extend_from_slice(
            format!("--{boundary}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\ncontent-type: application/octet-stream\r\n\r\n").as_bytes(),
        );
        body.extend_from_slice(bytes);
        body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        let request = self
            .request(Method::POST, path)
            .header(header::ORIGIN, &self.at.url)
            .header(header::ACCEPT, "text/html")
            .header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={boundary}"))
            .body(body);
        self.send(request).await.unwrap()
    }

    /// Asks for a link, finds it in the mailbox, opens it and presses its button.
    pub async fn sign_in(&mut self, email: &str) {
        let before = sign_in_links(self, email).await.len();
        self.post("/sign-in", &[("email", email), ("next", "/dossiers")]).await.expect(200);
        let link = new_link(self, email, before).await;
        let path = link.strip_prefix(&self.at.url).unwrap().to_owned();
        self.get(&path).await.expect(200);
        assert!(self.cookie.is_none(), "opening the link must not sign in");
        self.post(&path, &[("next", "/dossiers")]).await.expect(303);
        assert!(self.cookie.is_some(), "the button signs in");
        self.get("/dossiers").await.expect(200);
    }
}

/// The mails to an address, latest first.
pub async fn mails_to(actor: &mut Actor, email: &str) -> Vec<Json> {
    let request = actor.request(Method::GET, "/demo/mails").header(header::ACCEPT, "application/json");
    let mails = actor.send(request).await.unwrap().expect(200).json();
    mails.as_array().unwrap().iter().filter(|mail| mail["to"] == email).cloned().collect()
}

/// The sign-in links sent to an address, latest first.
pub async fn sign_in_links(actor: &mut Actor, email: &str) -> Vec<String> {
    let link = |mail: &Json| {
        let words = mail["body"].as_str()?.split_whitespace();
        words.map(str::to_owned).find(|word| word.contains("/sign-in/"))
    };
    mails_to(actor, email).await.iter().filter_map(link).collect()
}

/// Waits for a sign-in link.
pub async fn mail_link(actor: &mut Actor, email: &str) -> String {
    new_link(actor, email, 0).await
}

/// Waits for a sign-in link newer than the first `before` ones.
pub async fn new_link(actor: &mut Actor, email: &str, before: usize) -> String {
    let end = std::time::Instant::now() + std::time::Duration::from_secs(30);
    loop {
        let links = sign_in_links(actor, email).await;
        if links.len() > before {
            return links[0].clone();
        }
        assert!(std::time::Instant::now() < end, "no link came for {email}");
    }
}

pub fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
