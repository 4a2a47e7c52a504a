//! People who must have a passkey: how they come to one, what they cannot do without, and what becomes of a lost one.

use super::{add, confirm, refused, sign_in, told};
use crate::harness::{
    Actor, Installation,
    actor::{mail_link, mails_to},
    authenticator::Authenticator,
    installation::{guichet, wait_for_async},
    sample,
};
use std::process::Command;

const OFFICER: &str = "instruction@exemple.fr";

/// Where the button of a fresh link leads.
async fn by_link(actor: &mut Actor) -> String {
    let known = links(actor).await;
    actor.post("/sign-in", &[("email", OFFICER), ("next", "/dossiers")]).await.expect(200);
    wait_for_async("a letter with a fresh link", async || links(actor).await > known).await;
    let link = mail_link(actor, OFFICER).await;
    let path = link.strip_prefix(&actor.at.url).unwrap().to_owned();
    actor.get(&path).await.expect(200);
    actor.post(&path, &[("next", "/dossiers")]).await.expect(303).location().to_owned()
}

async fn links(actor: &mut Actor) -> usize {
    let mails = mails_to(actor, OFFICER).await;
    mails.iter().filter(|mail| mail["body"].as_str().unwrap().contains("/sign-in/")).count()
}

fn admin(at: &Installation, args: &[&str]) -> String {
    let output = Command::new(guichet())
        .args(["admin", "passkey"])
        .args(args)
        .arg("--config")
        .arg(at.folder.join("guichet-1.toml"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn staff_are_led_to_a_passkey_and_do_nothing_to_it_without() {
    let at = Installation::start_with(None, &["--passkeys", "required"]).for_this_test();
    let mut officer = Actor::at(at);
    let led = by_link(&mut officer).await;
    assert!(led.starts_with("/account/passkeys?next=/calls/"), "{led}");
    let page = officer.get(&led).await.expect(200).body;
    assert!(page.contains("Votre fonction demande une clé d’accès"), "{page}");
    let mut first = Authenticator::new(&at.url);
    add(&mut officer, &mut first, "Première").await.expect(200);

    // The last one stays.
    let page = officer.get("/account/passkeys").await.expect(200).body;
    let key = super::listed(&page);
    officer.post(&format!("{key}/remove"), &[]).await.expect(409);

    // By mail alone, nothing changes.
    let mut mailbox = Actor::at(at);
    let led = by_link(&mut mailbox).await;
    assert!(led.starts_with("/account/confirm?next=/calls/"), "{led}");
    mailbox.get("/account/passkeys").await.expect(200);
    let begin = mailbox.json(reqwest::Method::POST, "/account/passkeys/begin", &serde_json::json!({})).await;
    refused(&begin, 403, "confirmation_needed");
    let led = mailbox.post(&format!("{key}/remove"), &[]).await.expect(303).location().to_owned();
    assert!(led.starts_with("/account/confirm?next="), "{led}");

    let round = "/calls/hyper-open-x/rounds/demonstration/dossiers";
    let led = mailbox.get(round).await.expect(303).location().to_owned();
    assert_eq!(led, format!("/account/confirm?next={round}"), "led to the passkey, not turned away");

    // What the passkey would not open either does not exist: no draft shows by the way to it.
    let mut ada = Actor::at(at);
    ada.sign_in("ada@exemple.fr").await;
    let draft = sample::complete(&mut ada, "demonstration", sample::today()).await;
    for id in [draft, uuid::Uuid::now_v7().to_string()] {
        for page in ["", "/preview", "/guests", "/withdraw", "/edit/project", "/pieces/P7"] {
            mailbox.get(&format!("/dossiers/{id}{page}")).await.expect(404);
        }
    }

    // With the passkey, it does.
    confirm(&mut mailbox, &mut first).await.expect(200);
    mailbox.get(round).await.expect(200);
    let mut second = Authenticator::new(&at.url);
    add(&mut mailbox, &mut second, "Seconde").await.expect(200);
    mailbox.get("/account/passkeys").await.expect(200);
    mailbox.post(&format!("{key}/remove"), &[]).await.expect(303);
    refused(&sign_in(&mut Actor::at(at), &mut first).await, 422, "passkey_refused");
    let mut by_passkey = Actor::at(at);
    let landed = sign_in(&mut by_passkey, &mut second).await.expect(200).json()["redirect"].clone();
    assert!(landed.as_str().unwrap().starts_with("/calls/"), "{landed}");

    // Lost: the operator removes it, and the way begins anew.
    assert!(admin(at, &["list", OFFICER]).contains("Seconde"));
    assert!(admin(at, &["remove", OFFICER, "--all"]).contains("is removed"));
    told(&mut Actor::at(at), OFFICER, "Une clé d’accès a été supprimée").await;
    wait_for_async("its sessions to end", async || by_passkey.get("/account/passkeys").await.status == 303).await;
    let led = by_link(&mut Actor::at(at)).await;
    assert!(led.starts_with("/account/passkeys?next=/calls/"), "{led}");
}
