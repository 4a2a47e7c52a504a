//! Signing in by an identity provider: a stand-in, which lies as it is told.

use crate::harness::{
    Actor, Answer, Installation,
    actor::encode,
    identity_provider::{CLIENT, IdentityProvider, SECRET},
};
use serde_json::{Value as Json, json};
use std::sync::OnceLock;

/// An installation with a stand-in for a provider.
fn installation() -> &'static Installation {
    static SHARED: OnceLock<Installation> = OnceLock::new();
    SHARED.get_or_init(|| {
        let provider = IdentityProvider::start();
        let folder = tempfile::tempdir().unwrap();
        let (secret, section) = (folder.path().join("secret"), folder.path().join("sign-in.toml"));
        std::fs::write(&secret, format!("{SECRET}\n")).unwrap();
        let text = format!(
            "[sign_in.oidc]\nname = \"Identité d’essai\"\nissuer = \"{}\"\nclient_id = \"{CLIENT}\"\n\
             client_secret_file = \"{}\"\nscopes = [\"email\"]\nacr_values = [\"eidas1\"]\n",
            provider.url(),
            secret.display()
        );
        std::fs::write(&section, text).unwrap();
        let at = Installation::start_with(None, &["--sign-in", section.to_str().unwrap()]);
        drop(folder.keep());
        at
    })
}

/// Leaves for the provider, is whom the stand-in is told, and gives the path to come back by.
async fn away(actor: &mut Actor, stand_in: &Json) -> String {
    let left = actor.get("/sign-in/oidc?next=/account").await.expect(303);
    let address = format!("{}&stand_in={}", left.location(), encode(&stand_in.to_string()));
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let agreed = client.get(address).send().await.unwrap();
    let back = agreed.headers()["location"].to_str().unwrap();
    back.strip_prefix(&actor.at.url).expect("the portal's own address").to_owned()
}

async fn come_back(actor: &mut Actor, stand_in: &Json) -> Answer {
    let path = away(actor, stand_in).await;
    actor.get(&path).await
}

fn address() -> String {
    format!("{}@exemple.fr", uuid::Uuid::now_v7().simple())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_verified_address_signs_in() {
    let mut ada = Actor::at(installation());
    assert!(ada.get("/sign-in?next=/dossiers").await.expect(200).body.contains("Identité d’essai"));
    let email = address();
    let back = come_back(&mut ada, &json!({ "id_token": { "email": email.to_uppercase() } })).await.expect(303);
    assert_eq!(back.location(), "/account");
    let page = ada.get("/account").await.expect(200).body;
    assert!(page.contains(&email) && page.contains("par un fournisseur d"), "{page}");

    // The same person by another way, and the address from the other place where providers keep it.
    let mut later = Actor::at(installation());
    let user_info = json!({ "user_info": { "sub": "42", "email": email, "email_verified": true } });
    come_back(&mut later, &user_info).await.expect(303);
    assert!(later.get("/account").await.expect(200).body.matches("par un fournisseur d").count() >= 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_hold_is_refused() {
    let email = address();
    let lies = [
        ("another nonce", json!({ "id_token": { "email": email, "nonce": "autre" } })),
        ("no nonce", json!({ "id_token": { "email": email, "nonce": null } })),
        ("another portal's", json!({ "id_token": { "email": email, "aud": "autre" } })),
        ("two portals'", json!({ "id_token": { "email": email, "aud": [CLIENT, "autre"] } })),
        ("another issuer", json!({ "id_token": { "email": email, "iss": "https://evil.example" } })),
        ("another key", json!({ "id_token": { "email": email }, "foreign_key": true })),
        ("expired", json!({ "id_token": { "email": email }, "late": 1 })),
        ("authenticated otherwise", json!({ "id_token": { "email": email, "acr": "eidas0" } })),
        ("unverified", json!({ "id_token": { "email": email, "email_verified": false } })),
        ("not said to be verified", json!({ "id_token": { "email": email, "email_verified": null } })),
        ("no address", json!({ "user_info": { "sub": "42" } })),
        ("somebody else's", json!({ "user_info": { "sub": "43", "email": email, "email_verified": true } })),
        ("not an address", json!({ "id_token": { "email": "ada" } })),
    ];
    for (name, lie) in lies {
        let mut eve = Actor::at(installation());
        let answer = come_back(&mut eve, &lie).await;
        assert_eq!(answer.status, 422, "{name}: {}", answer.body);
        assert!(eve.get("/account").await.expect(303).location().contains("/sign-in"), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_comes_back_once_in_time_and_in_the_same_browser() {
    let stand_in = json!({ "id_token": { "email": address() } });
    let mut ada = Actor::at(installation());
    let path = away(&mut ada, &stand_in).await;
    let kept = ada.cookie().unwrap().to_owned();
    let mut eve = Actor::at(installation());
    eve.get(&path).await.expect(410);
    // Eve's own browser has left too, and brings somebody else's return.
    away(&mut eve, &stand_in).await;
    let path = away(&mut ada, &stand_in).await;
    eve.get(&path).await.expect(410);

    let path = away(&mut ada, &stand_in).await;
    ada.get(&path).await.expect(303);
    let again = ada.request(reqwest::Method::GET, &path).header("cookie", kept).send().await.unwrap();
    assert_eq!(again.status(), 410);

    let mut slow = Actor::at(installation());
    slow.when("2026-02-03T10:00:00Z");
    let path = away(&mut slow, &stand_in).await;
    slow.when("2026-02-03T10:05:01Z");
    slow.get(&path).await.expect(410);

    let mut other = Actor::at(installation());
    away(&mut other, &stand_in).await;
    assert!(other.get("/sign-in/oidc/callback?error=access_denied").await.expect(303).location().contains("/sign-in"));
    other.get("/sign-in/oidc/callback?error=server_error").await.expect(422);
    other.get("/sign-in/oidc/callback?state=x&code=y").await.expect(410);
}
