//! A page that was left and comes back, or stays open, says whether the dossier is deposited now.

use super::window::{Script, Window};
use crate::{
    flows::deposit_status::change,
    harness::{Actor, sample},
};
use serde_json::json;

const BANNER: &str = ".banner-state";
const DEPOSIT: &str = "form[action$=\"/deposits\"] button";

async fn back(window: &Window) {
    window.client.back().await.unwrap();
}

/// Marks this very page: what comes back with the mark came from the browser's cache and not from the server.
async fn mark(window: &Window) {
    window.run("window.guichetOfBefore = true", vec![]).await;
}

async fn kept(window: &Window) -> bool {
    window.run("return window.guichetOfBefore === true", vec![]).await == json!(true)
}

async fn hidden(window: &Window, css: &str) -> bool {
    let script = "return [...document.querySelectorAll(arguments[0])].every(node => !node.checkVisibility())";
    window.run(script, vec![json!(css)]).await == json!(true)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn back_from_the_receipt_the_page_says_deposited_and_back_from_a_withdrawal_withdrawn() {
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let window = Window::open(Script::On).await;
    window.become_actor(&ada).await;
    window.go(&format!("/dossiers/{id}")).await;
    window.wait_text(BANNER, "BROUILLON NON DÉPOSÉ").await;
    mark(&window).await;
    window.click(DEPOSIT).await;
    window.find("a[href$=\".json\"]").await;
    let receipt = window.path().await;
    let number = receipt.rsplit('/').next().unwrap().to_owned();
    back(&window).await;
    let banner = window.wait_text(BANNER, "DÉPOSÉ le").await;
    assert!(banner.contains(&number) && !banner.contains("NON"), "{banner}");
    let cached = kept(&window).await;
    if cached {
        // The page is the one of before: it says so, and its old button is gone.
        window.wait_text("[data-status-outdated]", "date d’avant").await;
        assert!(hidden(&window, DEPOSIT).await, "nothing is left to deposit");
    }

    window.go(&format!("/dossiers/{id}")).await;
    window.wait_text(BANNER, "DÉPOSÉ le").await;
    mark(&window).await;
    window.click("a[href$=\"/withdraw\"]").await;
    window.click(".dangerous").await;
    window.wait_text(BANNER, "DÉPÔT RETIRÉ").await;
    back(&window).await;
    back(&window).await;
    window.wait_text(BANNER, "DÉPÔT RETIRÉ").await;

    // The receipt, too, no longer says that it stands.
    window.go(&receipt).await;
    window.wait_text("[data-receipt-outdated]", "n’est plus en vigueur").await;
    window.close().await;
    // This browser keeps pages, so what is tested here is the page's own doing.
    assert!(cached, "the browser kept no page: the test above shows nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_stays_open_learns_what_was_done_elsewhere_and_its_old_button_reloads() {
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let window = Window::open(Script::On).await;
    window.become_actor(&ada).await;
    let path = format!("/dossiers/{id}");
    window.go(&path).await;
    mark(&window).await;
    // Another tab changes the draft, without a word to this one.
    change(&mut ada, &id, "project.acronym", "AILLEURS").await;
    window.run("dispatchEvent(new Event('focus'))", vec![]).await;
    window.wait_text("[data-status-outdated]", "date d’avant").await;
    window.click(DEPOSIT).await;
    let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while kept(&window).await {
        assert!(std::time::Instant::now() < end, "the old page's button leads to the page of now");
    }
    assert_eq!(window.path().await, path, "and deposits nothing");
    window.wait_text(BANNER, "BROUILLON NON DÉPOSÉ").await;
    assert!(hidden(&window, "[data-status-outdated]").await);

    // Another tab deposits.
    let number = sample::deposit(&mut ada, &id).await;
    window.run("dispatchEvent(new Event('focus'))", vec![]).await;
    window.wait_text(BANNER, &number).await;
    assert!(hidden(&window, DEPOSIT).await);

    // Cut off, the page says that it cannot know; reached again, it knows.
    let offline = json!({ "offline": true, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
    window.command("Network.enable", json!({})).await;
    window.command("Network.emulateNetworkConditions", offline).await;
    window.run("dispatchEvent(new Event('focus'))", vec![]).await;
    window.wait_text("[data-status-unknown]", "ne répond pas").await;
    let online = json!({ "offline": false, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
    window.command("Network.emulateNetworkConditions", online).await;
    window.run("dispatchEvent(new Event('online'))", vec![]).await;
    let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !hidden(&window, "[data-status-unknown]").await {
        assert!(std::time::Instant::now() < end, "the page is reached again");
    }
    window.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_learns_it_too() {
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let window = Window::open(Script::On).await;
    window.become_actor(&ada).await;
    window.go("/dossiers").await;
    window.wait_text("[data-live-list]", "BROUILLON NON DÉPOSÉ").await;
    mark(&window).await;
    let number = sample::deposit(&mut ada, &id).await;
    window.run("dispatchEvent(new Event('focus'))", vec![]).await;
    window.wait_text("[data-live-list]", &number).await;
    assert!(kept(&window).await, "without leaving the page");
    window.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn autosave_after_a_deposit_says_that_the_changes_are_not_deposited_in_view_in_mid_form() {
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let number = sample::deposit(&mut ada, &id).await;
    let window = Window::open(Script::On).await;
    window.become_actor(&ada).await;
    for width in [1280, 320] {
        window.client.set_window_size(width, 700).await.unwrap();
        window.go(&format!("/dossiers/{id}/edit/project")).await;
        let field = window.find("[name=\"project.response\"]").await;
        field.send_keys(" Une phrase de plus.").await.unwrap();
        window.wait_text("[data-save-state]", "nregistré à").await;
        let brief = window.wait_text("[data-status=brief]", "Vos modifications ne sont pas déposées").await;
        assert!(brief.contains(&number), "{brief}");
        let banner = window.wait_text(BANNER, "vos modifications depuis ne sont pas déposées").await;
        assert!(banner.contains(&number), "{banner}");
        assert!(window.find(".banner").await.attr("class").await.unwrap().unwrap().contains("banner-changed"));
        assert!(hidden(&window, "[data-status-outdated]").await, "the page's own saves do not make it old");
        let script = "const box = document.querySelector('[data-status=brief]').getBoundingClientRect();
                      return box.top >= 0 && box.bottom <= innerHeight && scrollY > 100;";
        assert_eq!(window.run(script, vec![]).await, json!(true), "in view at {width} pixels, far down the form");
    }
    window.close().await;
}
