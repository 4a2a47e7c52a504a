//! The editor as one sees it: what is missing is not red, totals and names stay in view, counters count.

use super::window::{Script, Window};
use crate::harness::{Actor, installation::wait_for_async, sample};
use serde_json::{Value as Json, json};

/// The number of elements that match.
async fn count(window: &Window, css: &str) -> u64 {
    window.run("return document.querySelectorAll(arguments[0]).length", vec![css.into()]).await.as_u64().unwrap()
}

const RED: &str = "[aria-invalid=true], .field-error[data-severity=blocking]";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b12_a_first_save_turns_nothing_red_that_is_only_empty() {
    let mut ada = Actor::applicant().await;
    let id = sample::draft(&mut ada, "demonstration", &json!({ "project": { "title": "x" } })).await;
    let window = Window::open(Script::On).await;
    window.become_actor(&ada).await;
    window.go(&format!("/dossiers/{id}/edit/applicant")).await;
    let missing = count(&window, ".field-error[data-severity=reminder]").await;
    assert!(missing > 5 && count(&window, RED).await == 0, "{missing} reminders");
    window.find("[name=\"applicant.siret\"]").await.send_keys("123").await.unwrap();
    window.find("[name=\"applicant.name\"]").await.send_keys("Guindeau").await.unwrap();
    window.wait_text("[data-save-state]", "nregistré à").await;
    wait_for_async("the wrong number to be red", async || count(&window, RED).await > 0).await;
    let red =
        window.run("return [...document.querySelectorAll('[aria-invalid=true]')].map(node => node.name)", vec![]).await;
    assert_eq!(red, json!(["applicant.siret"]), "what is empty is missing, and no error");
    let server = {
        window.go(&format!("/dossiers/{id}/edit/applicant")).await;
        count(&window, RED).await
    };
    assert_eq!(server, 2, "the server says the same: one control, one note");
    window.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b14_totals_stay_in_view_and_are_blamed_themselves() {
    let mut ada = Actor::applicant().await;
    let budget = json!({ "budget": { "persons": [{ "profile": "Dev", "months": "1", "monthly_cost": "1000" }] } });
    let id = sample::draft(&mut ada, "demonstration", &budget).await;
    let window = Window::open(Script::On).await;
    window.become_actor(&ada).await;
    for width in [1280, 320] {
        window.client.set_window_size(width, 700).await.unwrap();
        window.go(&format!("/dossiers/{id}/edit/budget")).await;
        window
            .run("document.querySelector(arguments[0]).focus()", vec!["[name=\"budget.persons[0].months\"]".into()])
            .await;
        let seen = window
            .run(
                "const bar = document.querySelector('.save-totals').getBoundingClientRect(); \
                 const focused = document.activeElement.getBoundingClientRect(); \
                 const save = document.querySelector('.savebar').getBoundingClientRect(); \
                 return { shown: bar.top >= 0 && bar.bottom <= innerHeight, free: focused.bottom <= save.top, \
                          share: save.height / innerHeight }",
                vec![],
            )
            .await;
        assert_eq!((&seen["shown"], &seen["free"]), (&json!(true), &json!(true)), "{width}: {seen}");
        assert!(seen["share"].as_f64().unwrap() < 0.45, "{width}: the bar leaves room to write: {seen}");
        let units = window
            .run(
                "return [...document.querySelectorAll('.control-money')].every(control => { \
                 const [input, unit] = [...control.children].map(node => node.getBoundingClientRect()); \
                 return unit.top < input.bottom && unit.bottom > input.top; })",
                vec![],
            )
            .await;
        assert_eq!(units, json!(true), "{width}: a currency stays beside its number");
    }
    assert_eq!(count(&window, "[name=\"budget.persons[0].profile\"][aria-invalid]").await, 0);
    window.wait_text("[data-path=\"budget.persons\"] .row-add + .field-error", "125").await;
    window.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_320_pixels_parts_have_names_and_the_deposit_is_near_the_top() {
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    for script in [Script::On, Script::Off] {
        let window = Window::open(script).await;
        window.become_actor(&ada).await;
        // Without script the driver cannot scroll, so the window is as high as the page.
        let height = if script == Script::On { 800 } else { 6000 };
        window.client.set_window_size(320, height).await.unwrap();
        window.go(&format!("/dossiers/{id}/edit/project")).await;
        assert!(window.find(".section-menu summary").await.text().await.unwrap().contains("Le projet"));
        window.click(".section-menu summary").await;
        let all = window.find(".section-menu ol").await.text().await.unwrap();
        for name in ["Votre entreprise", "Taille de l’entreprise", "Aides de minimis", "Pièces & dépôt"] {
            assert!(all.contains(name), "{name} is not in {all}");
        }
        window.click(&format!(".banner a[href=\"/dossiers/{id}#deposit\"]")).await;
        window.find("#deposit").await;
        if script == Script::On {
            let top = window
                .run("return document.querySelector('.banner-act a').getBoundingClientRect().top + scrollY", vec![])
                .await;
            assert!(top.as_f64().unwrap() < 700.0, "the way to the deposit stands at {top}");
        }
        window.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_counter_says_what_is_left_and_speaks_only_near_the_limit() {
    let mut ada = Actor::applicant().await;
    let id = sample::draft(&mut ada, "demonstration", &json!({ "project": { "title": "x" } })).await;
    let window = Window::open(Script::On).await;
    window.become_actor(&ada).await;
    window.go(&format!("/dossiers/{id}/edit/project")).await;
    let title = "[name=\"project.title\"]";
    let counter = "[data-path=\"project.title\"] [data-counter]";
    window.find(title).await.send_keys("yz").await.unwrap();
    window.wait_text(counter, "Encore 117 caractères").await;
    let spoken = async || window.run("return document.body.lastElementChild.textContent", vec![]).await;
    assert_eq!(spoken().await, Json::from(""), "far from the limit nothing is said");
    window.find(title).await.send_keys(&"a".repeat(115)).await.unwrap();
    window.wait_text(counter, "Encore 2 caractères").await;
    wait_for_async("it to be said", async || spoken().await == "Encore 2 caractères").await;
    window.find(title).await.send_keys("abc").await.unwrap();
    window.wait_text(counter, "1 caractère de trop").await;
    assert_eq!(
        window.find(title).await.prop("value").await.unwrap().unwrap().chars().count(),
        121,
        "nothing is cut off"
    );
    window.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b13_the_date_is_asked_for_before_a_file_is_sent() {
    let mut ada = Actor::applicant().await;
    let id = sample::draft(&mut ada, "demonstration", &json!({ "project": { "title": "x" } })).await;
    let window = Window::open(Script::On).await;
    window.become_actor(&ada).await;
    window.go(&format!("/dossiers/{id}")).await;
    let form = "form[data-upload][action$=\"/pieces/P7\"]";
    let file = crate::harness::installation::source("docs/samples/hyper-open-x/P7-kbis.pdf");
    window.find(&format!("{form} input[type=file]")).await.send_keys(file.to_str().unwrap()).await.unwrap();
    window.click(&format!("{form} button")).await;
    window.wait_text(&format!("{form} [data-upload-state]"), "Indiquez d’abord la date").await;
    assert_eq!(window.run("return document.activeElement.name", vec![]).await, "issued");
    window.click(&format!("{form} [data-upload-act=undated]")).await;
    window.find(&format!("form[action=\"/dossiers/{id}/pieces/P7/date\"]")).await;
    window.wait_text("#piece-P7 .piece-head", "Date à donner").await;
    window.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reason_that_was_told_above_opens_where_it_stands() {
    let mut ada = Actor::applicant().await;
    let id = sample::draft(&mut ada, "demonstration", &json!({ "project": { "title": "x" } })).await;
    let window = Window::open(Script::On).await;
    window.become_actor(&ada).await;
    window.go(&format!("/dossiers/{id}/edit/sme")).await;
    // The driver takes what lies under the bar of the page for visible, and does not scroll to it.
    window.run("document.querySelector('.why-above a').scrollIntoView({ block: 'center' })", vec![]).await;
    window.click(".why-above a").await;
    let opened = "const told = document.querySelector('.why li' + location.hash); return location.hash !== '' && told.closest('details').open";
    wait_for_async("the box to be open", async || window.run(opened, vec![]).await == true).await;
    window.close().await;
}
