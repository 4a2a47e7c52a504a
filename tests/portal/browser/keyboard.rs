//! By keyboard alone: tabs, spaces and returns, no pointer.

use super::window::{Script, Window};
use crate::harness::{Actor, installation::wait_for_async, sample};
use fantoccini::{Locator, key::Key};

impl Window {
    /// Sends keys to whatever has the focus.
    pub async fn press(&self, keys: &str) {
        self.client.active_element().await.unwrap().send_keys(keys).await.unwrap();
    }

    /// Tabs until an element has the focus.
    pub async fn tab_to(&self, css: &str) {
        for _ in 0..300 {
            let here = self.run("return document.activeElement.matches(arguments[0])", vec![css.into()]).await;
            if here == true {
                return;
            }
            self.press(&Key::Tab.to_string()).await;
        }
        panic!("the keyboard never reaches {css}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deposit_by_keyboard_alone() {
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let window = Window::open(Script::On).await;
    window.become_actor(&ada).await;
    window.go("/dossiers").await;
    window.press(&Key::Tab.to_string()).await;
    let skip = window.client.active_element().await.unwrap();
    assert!(
        skip.attr("href").await.unwrap().unwrap_or_default().starts_with('#'),
        "the first stop skips to the content"
    );
    window.tab_to(&format!("a[href^=\"/dossiers/{id}\"]")).await;
    window.press(&Key::Enter.to_string()).await;
    window.client.wait().for_element(Locator::Css("form[action$=\"/deposits\"]")).await.unwrap();
    window.tab_to("a[href$=\"/edit/project\"]").await;
    window.press(&Key::Enter.to_string()).await;
    window.client.wait().for_element(Locator::Css("[name=\"project.acronym\"]")).await.unwrap();
    window.tab_to("[name=\"project.acronym\"]").await;
    window.press("CLAVIER").await;
    let section = format!("/dossiers/{id}/edit/project");
    wait_for_async("the acronym to be saved", async || ada.get(&section).await.body.contains("CLAVIER")).await;
    window.tab_to(&format!("a[href=\"/dossiers/{id}\"]")).await;
    window.press(&Key::Enter.to_string()).await;
    window.client.wait().for_element(Locator::Css("form[action$=\"/deposits\"] button")).await.unwrap();
    window.tab_to("form[action$=\"/deposits\"] button").await;
    window.press(&Key::Enter.to_string()).await;
    window.client.wait().for_element(Locator::Css("a[href$=\".json\"]")).await.unwrap();
    assert!(window.path().await.starts_with("/receipts/"));
    let receipt = ada.get(&format!("{}.json", window.path().await)).await.expect(200).json();
    assert_eq!(receipt["manifest"]["answers"]["project"]["acronym"], "CLAVIER", "a stop on a field selects it");
    window.close().await;
}
