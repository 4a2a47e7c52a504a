//! Its responses, with the statuses, types and texts of the real one.

use super::{
    super::{ACTOR, CLUSTER},
    world::{Fault, World},
};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

type Shared = Arc<Mutex<World>>;

pub fn router(world: Shared) -> Router {
    Router::new().fallback(answer).with_state(world)
}

/// A response declared as plain text, whatever its body is.
fn plain(status: u16, words: impl Into<Body>) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    (StatusCode::from_u16(status).unwrap(), kind, words.into()).into_response()
}

async fn answer(State(world): State<Shared>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let fault = world.lock().unwrap().fault;
    if fault == Some(Fault::Silent) {
        std::future::pending::<()>().await;
    }
    let parts: Vec<&str> = uri.path().trim_start_matches('/').split('/').collect();
    let known = parts.get(2).is_some_and(|cluster| *cluster == CLUSTER);
    let mut world = world.lock().unwrap();
    match (method.as_str(), parts.as_slice()) {
        _ if fault == Some(Fault::Redirects) => {
            (StatusCode::FOUND, [(header::LOCATION, "https://127.0.0.1:1/")]).into_response()
        }
        ("GET", ["api", "status"]) => {
            let alive = if fault == Some(Fault::Starting) { "starting" } else { "running" };
            plain(200, format!("{{\"alive\": \"{alive}\"}}"))
        }
        ("POST", ["api", "login"]) => log_in(&mut world, &body),
        ("GET", ["api", "clusters", cluster, "status"]) if !known => plain(400, format!("No cluster found:{cluster}")),
        ("GET", ["api", "clusters", _, "status"]) => {
            let alive = if world.master_failed() { "errors" } else { "running" };
            plain(200, format!("{{\"alive\": \"{alive}\"}}"))
        }
        ("GET", ["api", "clusters", _, "servers", id, "is-master"]) if known => {
            plain(200, if world.is_master(id) { "200 -Valid Master!" } else { "503 -Not a Valid Master!" })
        }
        (method, ["api", "clusters", _, rest @ ..]) => match who(&world, &headers) {
            None => plain(401, "Unauthorised access to this resource: crypto/rsa: verification error"),
            Some(_) if !known => plain(500, "No cluster\n"),
            Some(user) => protected(&mut world, method, rest, &user, uri.query().unwrap_or_default()),
        },
        _ => plain(404, "404 page not found"),
    }
}

/// After three attempts, the user is locked out, whoever made them; a successful one sets the count to one.
fn log_in(world: &mut World, body: &[u8]) -> Response {
    world.logins += 1;
    let Ok(asked) = serde_json::from_slice::<Value>(body) else { return plain(403, "Error in request") };
    let (user, password) = (asked["username"].as_str().unwrap(), asked["password"].as_str().unwrap());
    let tries = world.tries.entry(user.to_owned()).or_default();
    if *tries == 3 {
        return plain(429, "");
    }
    *tries += 1;
    if world.fault == Some(Fault::Starting) || world.users.get(user).is_none_or(|right| right != password) {
        return plain(403, "Invalid credentials");
    }
    world.tries.insert(user.to_owned(), 1);
    let claims = json!({"CustomUserInfo": {"Name": user, "Role": "Member", "Password": password}}).to_string();
    let token = format!("e30.{}.generation{}", BASE64_URL_SAFE_NO_PAD.encode(claims), world.generation);
    match world.fault {
        Some(Fault::BareToken) => plain(200, token),
        Some(Fault::Nonsense) => plain(200, "<html>"),
        _ => plain(200, json!({ "token": token }).to_string()),
    }
}

/// The user of a valid token, with the password that was used.
fn who(world: &World, headers: &HeaderMap) -> Option<(String, String)> {
    let token = headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?;
    let [_, claims, signature] = token.split('.').collect::<Vec<_>>().try_into().ok()?;
    let claims: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
    let word = |key: &str| claims["CustomUserInfo"][key].as_str().unwrap().to_owned();
    (signature == format!("generation{}", world.generation)).then(|| (word("Name"), word("Password")))
}

fn protected(world: &mut World, method: &str, rest: &[&str], user: &(String, String), query: &str) -> Response {
    let fault = world.fault;
    let json = |value: Value| plain(200, value.to_string());
    // The topology is shown for every token; elsewhere the password in it is checked again.
    let granted = world.users.get(&user.0) == Some(&user.1) && (rest.is_empty() || user.0 == ACTOR.0);
    match (method, rest) {
        ("GET", ["topology", ..]) if fault == Some(Fault::Nonsense) => json(json!({"servers": "many"})),
        ("GET", ["topology", "alerts" | "crashes"] | []) if fault == Some(Fault::Gaps) => plain(500, "Encoding error"),
        ("GET", ["topology", "servers"]) => json(world.servers()),
        ("GET", ["topology", "master"]) => json(world.master()),
        ("GET", ["topology", "logs"]) => json(world.logs()),
        // Crashes are forgotten once the old leader is back.
        ("GET", ["topology", "crashes"]) => json(Value::Null),
        ("GET", ["topology", "alerts"]) => {
            json(json!({"errors": null, "warnings": [{"number": "WARN0060", "desc": "No semisync", "from": "TOPO"}]}))
        }
        _ if !granted => plain(403, "No valid ACL\n"),
        ("GET", []) => ([(header::CONTENT_TYPE, "application/json")], world.cluster().to_string()).into_response(),
        (_, ["actions", "switchover"]) if world.master_failed() => plain(400, "Master failed\n"),
        (_, ["actions", "switchover"]) => {
            world.switch_over(query.strip_prefix("prefmaster=").unwrap_or_default().replace("%3A", ":").as_str());
            if matches!(fault, Some(Fault::BreaksOff | Fault::BreaksOffIdle)) { cut() } else { plain(200, "") }
        }
        (_, ["servers", id, "actions", "backup-logical"]) => {
            world.back_up(id);
            plain(200, "")
        }
        _ => plain(404, "404 page not found"),
    }
}

/// A truncated response.
fn cut() -> Response {
    let stream = futures_util::stream::iter([Ok(Bytes::from("2")), Err(std::io::Error::other("cut"))]);
    plain(200, Body::from_stream(stream))
}
