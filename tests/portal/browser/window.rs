//! A browser window of one's own, and what stories do in it.

use crate::harness::{
    Installation,
    actor::{self, Actor},
};
use fantoccini::{Client, ClientBuilder, Locator, wd::Capabilities};
use serde_json::{Value as Json, json};
use std::{
    net::{SocketAddr, TcpListener},
    process::{Child, Command, Stdio},
    time::Duration,
};

/// A day as typed into a native date input of a browser in its default language, American English.
pub fn date_keys(day: jiff::civil::Date) -> String {
    format!("{:02}{:02}{:04}", day.month(), day.day(), day.year())
}

/// A window, its driver and its profile; all end with it.
pub struct Window {
    pub client: Client,
    /// The portal that it visits.
    portal: String,
    address: String,
    driver: Child,
    _profile: tempfile::TempDir,
}

/// Whether the page's script runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Script {
    On,
    Off,
}

fn capabilities(profile: &std::path::Path, script: Script, over: Option<SocketAddr>) -> Capabilities {
    let mut prefs = json!({ "intl.accept_languages": "fr" });
    if script == Script::Off {
        prefs["profile.managed_default_content_settings.javascript"] = json!(2);
    }
    // Without script the driver cannot scroll either, so the window is as high as the pages.
    let height = if script == Script::Off { 6000 } else { 900 };
    let mut options = json!({
        "args": [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
            "--ignore-certificate-errors", "--force-prefers-reduced-motion", format!("--window-size=1280,{height}"), format!("--user-data-dir={}", profile.display()),
        ],
        "prefs": prefs,
    });
    if let Some(line) = over {
        let rule = format!("--host-resolver-rules=MAP localhost {line}");
        options["args"].as_array_mut().unwrap().push(json!(rule));
    }
    let all = json!({ "acceptInsecureCerts": true, "goog:chromeOptions": options });
    all.as_object().unwrap().clone()
}

impl Window {
    pub async fn open(script: Script) -> Self {
        Self::open_by(script, None, Installation::shared()).await
    }

    /// The same, which reaches the installation by another address.
    pub async fn open_over(script: Script, address: SocketAddr) -> Self {
        Self::open_by(script, Some(address), Installation::shared()).await
    }

    /// A window at another installation than the shared one.
    pub async fn open_at(script: Script, at: &Installation) -> Self {
        Self::open_by(script, None, at).await
    }

    async fn open_by(script: Script, over: Option<SocketAddr>, at: &Installation) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is installed (scripts/setup --with-browser)");
        let address = format!("http://127.0.0.1:{port}");
        let wanted = capabilities(profile.path(), script, over);
        let mut client = None;
        let end = std::time::Instant::now() + Duration::from_secs(40);
        while client.is_none() {
            assert!(std::time::Instant::now() < end, "no browser session");
            client = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
                .capabilities(wanted.clone())
                .connect(&address)
                .await
                .ok();
        }
        Self { client: client.unwrap(), portal: at.url.clone(), address, driver, _profile: profile }
    }

    pub async fn go(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.portal)).await.unwrap();
    }

    /// Takes over the session of an actor who signed in by other means, through the browser's own protocol: WebDriver's
    /// cookies must name a domain, which a `__Host-` cookie may not have.
    pub async fn become_actor(&self, actor: &Actor) {
        let (name, value) = actor.cookie().unwrap().split_once('=').unwrap();
        let params = json!({
            "name": name, "value": value, "url": self.portal, "path": "/", "secure": true, "httpOnly": true,
        });
        self.command("Network.setCookie", params).await;
    }

    /// A command of the browser's own protocol, and what it answers.
    pub async fn command(&self, command: &str, params: Json) -> Json {
        let session = self.client.session_id().await.unwrap().unwrap();
        let done = reqwest::Client::new()
            .post(format!("{}/session/{session}/goog/cdp/execute", self.address))
            .json(&json!({ "cmd": command, "params": params }))
            .send()
            .await
            .unwrap();
        let (status, text) = (done.status(), done.text().await.unwrap());
        assert!(status.is_success(), "{command}: {text}");
        serde_json::from_str::<Json>(&text).unwrap()["value"].clone()
    }

    /// Gives the browser a passkey device of its own, which verifies its user and agrees to everything.
    pub async fn add_passkey_device(&self) {
        let session = self.client.session_id().await.unwrap().unwrap();
        let device = json!({
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": true, "hasUserVerification": true,
            "isUserConsenting": true, "isUserVerified": true,
        });
        let done = reqwest::Client::new()
            .post(format!("{}/session/{session}/webauthn/authenticator", self.address))
            .json(&device)
            .send()
            .await
            .unwrap();
        assert!(done.status().is_success(), "{}", done.text().await.unwrap());
    }

    /// Clicks; again while the page is just being replaced by the next one.
    pub async fn click(&self, css: &str) {
        let end = std::time::Instant::now() + Duration::from_secs(20);
        while let Err(error) = self.find(css).await.click().await {
            let passing = error.is_stale_element_reference() || error.to_string().contains("click intercepted");
            assert!(passing && std::time::Instant::now() < end, "{css}: {error}");
        }
    }

    pub async fn find(&self, css: &str) -> fantoccini::elements::Element {
        let end = std::time::Instant::now() + Duration::from_secs(20);
        loop {
            // While a page gives way to the next one, every kind of error may come.
            match self.client.find(Locator::Css(css)).await {
                Ok(element) => return element,
                Err(_) if std::time::Instant::now() < end => {}
                Err(error) => {
                    let page = self.client.find(Locator::Css("main")).await.unwrap().text().await.unwrap();
                    panic!("{css}: {error} at {}:\n{page}", self.path().await)
                }
            }
        }
    }

    /// Waits until the text of an element holds words.
    pub async fn wait_text(&self, css: &str, words: &str) -> String {
        let end = std::time::Instant::now() + Duration::from_secs(20);
        loop {
            let text = match self.client.find(Locator::Css(css)).await {
                Ok(element) => element.text().await.unwrap_or_default(),
                Err(_) => String::new(),
            };
            if text.contains(words) {
                return text;
            }
            assert!(std::time::Instant::now() < end, "“{words}” never came into {css}: {text}");
        }
    }

    pub async fn run(&self, script: &str, arguments: Vec<Json>) -> Json {
        self.client.execute(script, arguments).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    pub async fn path(&self) -> String {
        self.client.current_url().await.unwrap().path().to_owned()
    }

    pub async fn close(mut self) {
        self.client.clone().close().await.unwrap();
        self.driver.kill().unwrap();
        self.driver.wait().unwrap();
    }

    /// Signs in as a person would: address, mailbox, link, button.
    pub async fn sign_in(&self, email: &str) {
        self.go("/sign-in").await;
        self.find("input[name=email]").await.send_keys(email).await.unwrap();
        self.click("main form button[type=submit], main form button:not([type])").await;
        let mut reader = Actor::anon();
        let link = actor::mail_link(&mut reader, email).await;
        self.client.goto(&link).await.unwrap();
        self.click("main form button").await;
        self.find("main h1").await;
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // Errors would mean that it is gone already, which is what is wanted.
        drop(self.driver.kill());
        drop(self.driver.wait());
    }
}
