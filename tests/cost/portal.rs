//! A portal in this process, on a database server of its own, without anything in front of it.

use crate::source;
use axum::{
    Router,
    body::{Body, Bytes},
    extract::Request,
    http::{Method, header, request::Builder},
};
use guichet::testing::{
    app::{App, service::search::index_all},
    auth::SessionToken,
    config::Config,
    domain::{
        access::{Amr, Role},
        ids::SessionId,
    },
    store::{
        embedded::Embedded,
        session::{Opening, open},
    },
    web::service,
};
use http_body_util::BodyExt;
use jiff::{SignedDuration, Timestamp};
use std::path::Path;
use tempfile::TempDir;
use tower::ServiceExt;
use uuid::Uuid;

/// The instant of every request, in the round of 2024. It has all its digits, so that a text of it is always as long.
const NOW: Timestamp = Timestamp::constant(1_722_421_230, 123_457_000);
/// How long sessions and tokens last.
const LIFETIME: SignedDuration = SignedDuration::from_hours(8);

/// The portal.
pub struct Portal {
    app: App,
    router: Router,
    server: Embedded,
    _folder: TempDir,
}

/// Who asks.
#[derive(Clone)]
pub enum Person {
    Nobody,
    /// The cookie of a browser.
    Browser(String),
    /// The token of a program.
    Program(String),
}

impl Portal {
    pub async fn start() -> Self {
        rustls::crypto::ring::default_provider().install_default().unwrap();
        let folder = tempfile::Builder::new().prefix("guichet-cost-").tempdir().unwrap();
        let server = Embedded::start(&folder.path().join("database")).await.unwrap();
        let app = App::open(config(folder.path(), &server)).unwrap();
        app.store.migrate().await.unwrap();
        app.register_roots().await.unwrap();
        Self { router: service(app.clone()), app, server, _folder: folder }
    }

    /// Has the search find every deposit.
    pub async fn index(&self) {
        index_all(&self.app).await.unwrap();
    }

    pub async fn stop(self) {
        self.app.store.close().await;
        self.server.stop().await.unwrap();
    }

    /// Somebody who signed in with a passkey.
    pub async fn sign_in(&self, email: &str, role: Role) -> Person {
        let account = self.app.appoint_as(email, role).await.unwrap();
        let (id, ends) = (SessionId(Uuid::now_v7()), NOW + LIFETIME);
        let opening = Opening { id, account: account.id, amr: Amr::Passkey, agent: "Mozilla/5.0", now: NOW, ends };
        open(&mut self.app.store.write().await.unwrap(), &opening).await.unwrap();
        let token = SessionToken { session: id, account: account.id, roles: &account.roles, amr: Amr::Passkey, ends };
        Person::Browser(format!("__Host-guichet={}", token.mint(&self.app.keys, NOW).unwrap()))
    }

    /// The program of an applicant.
    pub async fn program(&self, email: &str) -> Person {
        let account = self.app.appoint_as(email, Role::Applicant).await.unwrap();
        let actions = account.roles.issued_actions();
        let token = self.app.make_token(None, &account, Uuid::now_v7(), "coût", actions, (NOW, NOW + LIFETIME));
        Person::Program(token.await.unwrap().token)
    }

    /// Asks the router, and reads the answer as it comes. `what` names the request when it is refused.
    pub async fn ask(&self, request: Request, what: &str) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let mut body = response.into_body();
        while let Some(frame) = body.frame().await {
            let frame = frame.unwrap();
            assert!(status.is_success(), "{what}: {status} {}", text(frame.data_ref()));
        }
        assert!(status.is_success(), "{what}: {status}");
    }

    /// Asks the router, and returns the whole answer.
    pub async fn read(&self, request: Request, what: &str) -> Bytes {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert!(status.is_success(), "{what}: {status} {}", text(Some(&body)));
        body
    }
}

/// A request at the instant.
pub fn request(person: &Person, method: Method, path: &str) -> Builder {
    let builder = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "portail.example")
        .header("x-test-now", NOW.to_string());
    match person {
        Person::Nobody => builder,
        Person::Browser(cookie) => builder.header(header::COOKIE, cookie),
        Person::Program(token) => builder.header(header::AUTHORIZATION, format!("Bearer {token}")),
    }
}

/// A request without a body.
pub fn get(person: &Person, path: &str) -> Request {
    request(person, Method::GET, path).body(Body::empty()).unwrap()
}

/// A request with JSON.
pub fn post(person: &Person, path: &str, body: &serde_json::Value) -> Request {
    request(person, Method::POST, path)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()))
        .unwrap()
}

/// The day of the instant.
pub fn today() -> jiff::civil::Date {
    NOW.in_tz("Europe/Paris").unwrap().date()
}

fn text(bytes: Option<&Bytes>) -> String {
    String::from_utf8_lossy(bytes.map_or(&[][..], |bytes| &bytes[..])).into_owned()
}

fn config(folder: &Path, server: &Embedded) -> Config {
    let (call, socket, user) = (source("calls/hyper-open-x.toml"), server.socket(), server.user());
    // With one connection, each request takes the same one, and none is opened while it is counted.
    let text = format!(
        "[portal]\npublic_url = 'https://portail.example'\nlisten = '127.0.0.1:1'\nops_listen = '127.0.0.1:2'\n\
         data_dir = {folder:?}\ncalls = [{call:?}]\ndemonstration = true\ntest_hooks = true\n\
         [database]\nsocket = {socket:?}\nname = 'guichet'\nuser = '{user}'\nmax_connections = 1\n\
         [mail]\ntransport = 'folder'\nfrom = 'guichet@exemple.fr'\nfolder = {folder:?}\n"
    );
    let file = folder.join("guichet.toml");
    std::fs::write(&file, text).unwrap();
    Config::read(&file).unwrap()
}
