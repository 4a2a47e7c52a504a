//! Passkeys in a real browser, with the device that WebDriver gives it.

use super::window::{Script, Window};
use crate::harness::Actor;

const CREATE: &str = "form[data-passkey=create]:not([hidden])";
const GET: &str = "form[data-passkey=get]:not([hidden])";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_passkey_is_made_signs_in_and_confirms() {
    let window = Window::open(Script::On).await;
    window.add_passkey_device().await;
    let email = format!("{}@exemple.fr", uuid::Uuid::now_v7().simple());
    window.sign_in(&email).await;
    window.go("/account/passkeys").await;
    window.find(&format!("{CREATE} [name=name]")).await.send_keys("Essai").await.unwrap();
    window.click(&format!("{CREATE} button")).await;
    window.wait_text(".passkeys", "Pas encore utilisée").await;
    window.wait_text(".notice", "Clé d’accès ajoutée").await;

    // The same device makes no second one for the same person.
    window.click(&format!("{CREATE} button")).await;
    window.wait_text("[data-passkey-state]", "a déjà une clé d’accès").await;

    window.click("form.account button").await;
    window.find("a.account-link").await;
    window.go("/sign-in?next=/account/passkeys").await;
    window.click(&format!("{GET} button")).await;
    window.wait_text(".passkeys", "Utilisée pour la dernière fois").await;
    window.wait_text("form.account", &email).await;

    window.go("/en/account/confirm?next=/dossiers").await;
    window.click(&format!("{GET} button")).await;
    window.wait_text("main h1", "My applications").await;

    // Removed on the portal, it is still on the device, and no longer worth anything.
    window.go("/account/passkeys").await;
    window.click(".passkey-change summary").await;
    window.click(".passkey-change .dangerous").await;
    window.wait_text(".notice", "Clé d’accès supprimée").await;
    window.click("form.account button").await;
    window.find("a.account-link").await;
    window.go("/sign-in").await;
    window.click(&format!("{GET} button")).await;
    window.wait_text("[data-passkey-state]", "ne reconnaît pas cette clé").await;
    window.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_script_the_pages_say_what_is_needed() {
    let ada = Actor::applicant().await;
    let window = Window::open(Script::Off).await;
    window.go("/sign-in").await;
    assert!(!window.find("form[data-passkey]").await.is_displayed().await.unwrap());
    window.become_actor(&ada).await;
    window.go("/account/passkeys").await;
    window.wait_text("[data-passkey-without]", "JavaScript").await;
    assert!(!window.find("form[data-passkey]").await.is_displayed().await.unwrap());
    window.close().await;
}
