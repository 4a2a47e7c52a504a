//! Two versions of one answer: told the same with the script and without, and seen whole in a narrow window.

use super::{
    accessibility::{axe, violations_here},
    window::{Script, Window},
};
use crate::harness::{Actor, installation::wait_for_async, sample};
use reqwest::Method;
use serde_json::{Value as Json, json};

const MONTHS: &str = "[name=\"budget.persons[0].months\"]";

fn staff(months: &str) -> Json {
    json!([{ "profile": "Dev", "months": months, "monthly_cost": "1000" }])
}

/// The same row as both makers tell it: the columns in the order of the call.
fn told(months: &str) -> String {
    format!("Profil\u{a0}: Dev · Mois\u{a0}: {months} · Coût mensuel chargé\u{a0}: 1000")
}

/// Changes the row in another window of the same person.
async fn elsewhere(ada: &mut Actor, id: &str, was: &str, months: &str) {
    let change = json!({ "path": "budget.persons", "was": staff(was), "value": staff(months) });
    let saved = ada.json(Method::POST, &format!("/dossiers/{id}/fields"), &json!({ "changes": [change] })).await;
    assert_eq!(saved.expect(200).json()["conflicts"], json!([]));
}

async fn texts(window: &Window, css: &str) -> Json {
    window
        .run("return [...document.querySelectorAll(arguments[0])].map(one => one.textContent)", vec![css.into()])
        .await
}

/// Who stored the other version, in words.
async fn origin(window: &Window, css: &str) -> String {
    window.wait_text(css, "(par vous, dans une autre fenêtre").await;
    texts(window, css).await[0].as_str().unwrap().to_owned()
}

/// Whether what was found is whole between the top of the window and the bar that saves.
async fn seen(window: &Window, css: &str) -> bool {
    let script = "const box = document.querySelector(arguments[0]).getBoundingClientRect(); \
                  const bar = document.querySelector('.savebar').getBoundingClientRect(); \
                  return box.top >= 0 && box.bottom <= bar.top + 1";
    window.run(script, vec![css.into()]).await == true
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conflict_is_told_alike_by_script_and_server_and_no_bar_lies_over_it() {
    let axe = axe();
    let mut ada = Actor::applicant().await;
    let id = sample::draft(&mut ada, "demonstration", &json!({ "budget": { "persons": staff("1") } })).await;
    let window = Window::open(Script::On).await;
    window.client.set_window_size(320, 1100).await.unwrap();
    window.become_actor(&ada).await;
    window.go(&format!("/dossiers/{id}/edit/budget")).await;
    elsewhere(&mut ada, &id, "1", "2").await;
    let field = window.find(MONTHS).await;
    field.clear().await.unwrap();
    field.send_keys("3").await.unwrap();
    window.wait_text(".conflict dd", "3 · Coût").await;
    assert_eq!(texts(&window, ".conflict dd").await, json!([told("3"), told("2")]));
    let names = ["Votre version, sur cette page", "La version enregistrée"];
    let saved = format!("{} {}", names[1], origin(&window, ".conflict .origin").await);
    assert_eq!(texts(&window, ".conflict dt").await, json!([names[0], saved]));

    window.run("scrollTo(0, 0)", vec![]).await;
    window.click("[data-save-state] a").await;
    wait_for_async("the box to be seen whole", async || seen(&window, ".conflict").await).await;
    for choice in ["mine", "theirs"] {
        let button = format!(".conflict [data-choice={choice}]");
        window.run("document.querySelector(arguments[0]).focus()", vec![button.clone().into()]).await;
        assert!(seen(&window, &button).await, "{choice}");
    }
    let mut found = violations_here(&window, &axe, "with the script").await;
    window.click(".conflict [data-choice=theirs]").await;
    window.wait_text("[data-save-state]", "nregistré à").await;
    assert_eq!(window.find(MONTHS).await.prop("value").await.unwrap().as_deref(), Some("2"));

    // As a browser without script sends it.
    elsewhere(&mut ada, &id, "2", "4").await;
    let send = "document.querySelector(arguments[0]).value = '5'; document.getElementById('editor').submit()";
    window.run(send, vec![MONTHS.into()]).await;
    window.find("#conflicts").await;
    assert_eq!(texts(&window, ".clash .prose").await, json!([told("5"), told("4")]));
    let saved = format!("{} {}", names[1], origin(&window, ".clash .origin").await);
    assert_eq!(texts(&window, ".clash strong").await, json!([names[0], saved]));
    found.extend(violations_here(&window, &axe, "without the script").await);
    window.close().await;
    assert!(found.is_empty(), "{}", found.join("\n"));
}
