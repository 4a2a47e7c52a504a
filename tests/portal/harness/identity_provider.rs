//! A stand-in for an OpenID Connect provider on this machine: it agrees to every request at once, as the user that a
//! test chooses, and returns wrong data if a test asks for it.

use axum::{
    Form, Json, Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::Redirect,
    routing::{get, post},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use ring::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    net::TcpListener,
    sync::{Arc, Mutex},
};

/// The portal's client id.
pub const CLIENT: &str = "guichet";
pub const SECRET: &str = "le secret du portail";

/// It runs until the process ends.
#[derive(Clone)]
pub struct IdentityProvider(Arc<Inner>);

struct Inner {
    url: String,
    key: EcdsaKeyPair,
    /// A second signing key, which is not among the published ones.
    foreign: EcdsaKeyPair,
    /// By code, then by access token.
    asked: Mutex<HashMap<String, Asked>>,
}

#[derive(Clone)]
struct Asked {
    nonce: String,
    challenge: String,
    lies: Value,
}

fn key() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap()
}

impl IdentityProvider {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let provider = Self(Arc::new(Inner { url, key: key(), foreign: key(), asked: Mutex::default() }));
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(configuration))
            .route("/keys", get(keys))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .route("/userinfo", get(user_info))
            .with_state(provider.clone());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                axum::serve(listener, router).await.unwrap();
            });
        });
        provider
    }

    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// A signed token.
    fn sign(&self, claims: &Value, by: &EcdsaKeyPair) -> String {
        let part = |json: &Value| BASE64.encode(json.to_string());
        let signed = format!("{}.{}", part(&json!({ "alg": "ES256", "typ": "JWT", "kid": "one" })), part(claims));
        let signature = by.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", BASE64.encode(signature.as_ref()))
    }
}

async fn configuration(State(provider): State<IdentityProvider>) -> Json<Value> {
    let at = |path: &str| format!("{}{path}", provider.url());
    Json(json!({
        "issuer": provider.url(),
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "userinfo_endpoint": at("/userinfo"),
        "jwks_uri": at("/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
    }))
}

async fn keys(State(provider): State<IdentityProvider>) -> Json<Value> {
    let point = provider.0.key.public_key().as_ref();
    let (x, y) = (BASE64.encode(&point[1..33]), BASE64.encode(&point[33..65]));
    Json(json!({ "keys": [
        { "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "one", "x": x, "y": y },
    ] }))
}

/// Agrees; `stand_in` is what a test adds to the address.
async fn authorize(
    State(provider): State<IdentityProvider>,
    Query(asked): Query<HashMap<String, String>>,
) -> Result<Redirect, StatusCode> {
    let of = |name: &str| asked.get(name).cloned().ok_or(StatusCode::BAD_REQUEST);
    let right = of("client_id")? == CLIENT && of("response_type")? == "code" && of("code_challenge_method")? == "S256";
    if !right || !of("scope")?.split(' ').any(|scope| scope == "openid") {
        return Err(StatusCode::BAD_REQUEST);
    }
    let lies = serde_json::from_str(asked.get("stand_in").map_or("{}", String::as_str)).unwrap();
    let code = uuid::Uuid::now_v7().to_string();
    let kept = Asked { nonce: of("nonce")?, challenge: of("code_challenge")?, lies };
    provider.0.asked.lock().unwrap().insert(code.clone(), kept);
    Ok(Redirect::to(&format!("{}?code={code}&state={}", of("redirect_uri")?, of("state")?)))
}

async fn token(
    State(provider): State<IdentityProvider>,
    Form(asked): Form<HashMap<String, String>>,
) -> Result<Json<Value>, StatusCode> {
    let of = |name: &str| asked.get(name).map_or("", String::as_str);
    if of("client_id") != CLIENT || of("client_secret") != SECRET || of("grant_type") != "authorization_code" {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let kept = provider.0.asked.lock().unwrap().remove(of("code")).ok_or(StatusCode::BAD_REQUEST)?;
    if BASE64.encode(digest(&SHA256, of("code_verifier").as_bytes())) != kept.challenge {
        return Err(StatusCode::BAD_REQUEST);
    }
    let now = jiff::Timestamp::now().as_second();
    let mut claims = json!({
        "iss": provider.url(), "sub": "42", "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": kept.nonce,
        "acr": "eidas1", "email_verified": true,
    });
    let by = if kept.lies["foreign_key"] == true { &provider.0.foreign } else { &provider.0.key };
    for (name, value) in kept.lies["id_token"].as_object().into_iter().flatten() {
        claims[name] = value.clone();
    }
    if let Some(late) = kept.lies["late"].as_i64() {
        claims["iat"] = json!(now - late - 300);
        claims["exp"] = json!(now - late);
    }
    let id_token = provider.sign(&claims, by);
    let access = uuid::Uuid::now_v7().to_string();
    provider.0.asked.lock().unwrap().insert(access.clone(), kept);
    Ok(Json(json!({ "access_token": access, "token_type": "Bearer", "expires_in": 60, "id_token": id_token })))
}

async fn user_info(State(provider): State<IdentityProvider>, headers: HeaderMap) -> Result<Json<Value>, StatusCode> {
    let access = headers.get("authorization").and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let asked = provider.0.asked.lock().unwrap();
    let kept = access.and_then(|access| asked.get(access)).ok_or(StatusCode::UNAUTHORIZED)?;
    Ok(Json(kept.lies["user_info"].clone()))
}
