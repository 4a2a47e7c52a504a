//! The page that narrows a token: without a network, as the command does, and telling what is wrong.

mod block;
mod faults;

use super::window::{Script, Window, date_keys};
use crate::{
    flows::{delegation::in_days, interop::own_token},
    harness::{Actor, installation::wait_for_async, sample},
};
use fantoccini::key::Key;
use reqwest::Method;
use serde_json::{Value as Json, json};

impl Window {
    /// Puts text into a field at once, as pasting does.
    async fn paste(&self, field: &str, text: &str) {
        let script = "const field = document.getElementById(arguments[0]); field.value = arguments[1]; \
                      field.dispatchEvent(new Event('input', { bubbles: true }))";
        self.run(script, vec![field.into(), text.into()]).await;
    }

    /// Ticks exactly these choices.
    async fn tick(&self, words: &[&str]) {
        let script = "for (const box of document.querySelectorAll('input[type=checkbox]')) \
                      box.checked = arguments[0].includes(box.value)";
        self.run(script, vec![json!(words)]).await;
    }

    async fn value(&self, field: &str) -> String {
        let value = self.run("return document.getElementById(arguments[0]).value", vec![field.into()]).await;
        value.as_str().unwrap().to_owned()
    }

    /// Presses the button and returns the narrower token.
    async fn narrowed(&self) -> String {
        self.click("form button.act").await;
        wait_for_async("the narrower token", async || {
            !self.value("made").await.is_empty() && self.shows("#result").await
        })
        .await;
        self.value("made").await
    }

    async fn shows(&self, css: &str) -> bool {
        let script = "return document.querySelector(arguments[0]).checkVisibility()";
        self.run(script, vec![css.into()]).await == true
    }

    /// Cuts the network off, or brings it back.
    async fn offline(&self, offline: bool) {
        self.command("Network.enable", json!({})).await;
        let conditions = json!({ "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
        self.command("Network.emulateNetworkConditions", conditions).await;
    }
}

/// What the portal answers when a script attaches a piece.
async fn put(script: &mut Actor, id: &str, code: &str) -> u16 {
    let path = format!("/api/v1/dossiers/{id}/pieces/{code}?issued={}&name=p.pdf", sample::today());
    let request = script.request(Method::PUT, &path).body(sample::piece("P9-regularite-fiscale.pdf"));
    script.send(request).await.unwrap().status.as_u16()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_keyboard_and_without_network_a_token_is_narrowed_and_its_owner_revokes_it_alone() {
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let elsewhere = sample::draft(&mut ada, "demonstration", &json!({})).await;
    let token = own_token(&mut ada, &["draft:write", "draft:read"]).await;
    let window = Window::open(Script::On).await;
    window.become_actor(&ada).await;
    window.go("/account").await;
    window.tab_to("a[href$=\"/account/narrow.html\"]").await;
    window.press(&Key::Enter.to_string()).await;
    window.find("#token").await;
    window.offline(true).await;

    window.paste("token", &token).await;
    window.wait_text("#said-blocks", "remplir les brouillons et joindre des pièces (draft:write)").await;
    window.tab_to("#dossier").await;
    window.press(&format!("{}/dossiers/{id}", ada.at.url)).await;
    window.tab_to("input[value=\"piece:P9\"]").await;
    window.press(" ").await;
    window.tab_to("#until").await;
    window.press(&date_keys(in_days(1).parse().unwrap())).await;
    window.tab_to("form button.act").await;
    window.press(&Key::Enter.to_string()).await;
    let says = window.wait_text("#result-says", "Jusqu’au").await;
    assert!(says.contains("Attestation de régularité fiscale (piece:P9)") && says.contains(&id), "{says}");
    let narrow = window.value("made").await;
    // Narrowed again, to what it could do already.
    window.paste("token", &narrow).await;
    window.wait_text("#said-blocks", "Ajouté par un détenteur (1)").await;
    window.tick(&["draft:write"]).await;
    window.paste("dossier", "").await;
    window.paste("until", "").await;
    let again = window.narrowed().await;
    let asked = window.run("return performance.getEntriesByType('resource').map(entry => entry.name)", vec![]).await;
    assert_eq!(asked, json!([]), "the page has asked for something");
    window.offline(false).await;
    let refused = window
        .client
        .execute_async("const done = arguments[0]; fetch('/').then(() => done('sent'), () => done('refused'))", vec![])
        .await
        .unwrap();
    assert_eq!(refused, "refused", "the page may connect to nothing, even if it wanted to");
    window.close().await;

    let mut script = Actor::bearing(&narrow);
    assert_eq!(put(&mut script, &id, "P9").await, 200);
    assert_eq!(put(&mut script, &id, "P8").await, 404);
    assert_eq!(put(&mut script, &elsewhere, "P9").await, 404);
    let mut twice = Actor::bearing(&again);
    assert_eq!(put(&mut twice, &id, "P9").await, 200);
    assert_eq!(put(&mut twice, &id, "P8").await, 404);
    let mut late = Actor::bearing(&narrow);
    late.when(&format!("{}T12:00:00Z", in_days(2)));
    assert_eq!(put(&mut late, &id, "P9").await, 401);

    let page = ada.get("/account").await.expect(200).body;
    let cards: Vec<&str> = page.split("card narrowed").skip(1).collect();
    assert_eq!(cards.len(), 2, "both narrowed tokens are listed");
    let last = cards.iter().find(|card| card.contains("draft:write")).unwrap();
    let revoke = last.split("action=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    ada.post(&revoke, &[]).await.expect(303);
    wait_for_async("the revoked one to be refused", async || put(&mut twice, &id, "P9").await == 401).await;
    assert_eq!(put(&mut script, &id, "P9").await, 200, "the one that it was made from stays");
    let mut whole = Actor::bearing(&token);
    whole.get(&format!("/api/v1/dossiers/{id}/document")).await.expect(200);
}

#[tokio::test]
async fn the_page_may_run_its_own_scripts_and_connect_to_nothing() {
    let page = Actor::anon().get("/en/account/narrow.html").await.expect(200);
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    for words in ["default-src 'none'", "connect-src 'none'", "form-action 'none'", "frame-ancestors 'none'"] {
        assert!(policy.contains(words), "{policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains("'self'"), "{policy}");
    let inside = policy.strip_suffix("; frame-ancestors 'none'").unwrap();
    assert!(page.body.contains(&format!("content=\"{inside}\"")), "the saved file is held to the same");
    assert!(page.body.contains("<html lang=\"en\">") && !page.body.contains("src="), "one file");
    let choices = page.body.split("id=\"choices\">").nth(1).unwrap().split("</script>").next().unwrap();
    let choices: Json = serde_json::from_str(choices).unwrap();
    assert!(choices["pieces"].as_array().unwrap().iter().any(|piece| piece["word"] == "piece:P9"), "{choices}");
    // Pieces of pages are no assets: they would come without the page's own policy.
    Actor::anon().get("/assets/offline%2Fnarrow.html").await.expect(404);
}
