//! On paper: every sheet says whether it shows what is deposited.

use super::window::{Script, Window};
use crate::{
    flows::deposit_status::change,
    harness::{Actor, sample},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use lopdf::Document;
use serde_json::json;

/// The words of every sheet that a page is printed on.
async fn sheets(window: &Window, path: &str) -> Vec<String> {
    window.go(path).await;
    window.find("main h1").await;
    let printed = window.command("Page.printToPDF", json!({ "printBackground": false })).await;
    let bytes = STANDARD.decode(printed["data"].as_str().unwrap()).unwrap();
    if let Some(folder) = std::env::var_os("GUICHET_SAMPLES") {
        let name = format!("{}.pdf", path.trim_matches('/').replace('/', "-"));
        std::fs::write(std::path::Path::new(&folder).join(name), &bytes).unwrap();
    }
    let document = Document::load_mem(&bytes).unwrap();
    let words = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    document.get_pages().keys().map(|number| words(document.extract_text(&[*number]).unwrap())).collect()
}

/// Every sheet holds all these words, and says which of how many it is.
fn each_says(sheets: &[String], expected: &[&str]) {
    assert!(sheets.len() > 1, "long enough to matter: {} sheets", sheets.len());
    for (index, sheet) in sheets.iter().enumerate() {
        // Where one word ends and the next begins, and which letters are drawn as one, is a matter of the typesetting.
        let dense = |text: &str| text.replace([' ', '\u{a0}'], "").replace('ﬀ', "ff").replace('ﬁ', "fi");
        for words in expected {
            assert!(dense(sheet).contains(&dense(words)), "sheet {}: “{words}” is not in {sheet}", index + 1);
        }
        let number = dense(&format!("page {} sur {}", index + 1, sheets.len()));
        assert!(dense(sheet).contains(&number), "{number} is not in {sheet}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_printed_sheet_says_what_it_shows() {
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let answers = sample::sample(sample::today()).answers;
    let [company, project] =
        [&answers["applicant"]["name"], &answers["project"]["title"]].map(|text| text.as_str().unwrap().to_owned());
    let window = Window::open(Script::On).await;
    window.become_actor(&ada).await;
    let draft = sheets(&window, &format!("/dossiers/{id}/preview")).await;
    each_says(&draft, &["BROUILLON NON DÉPOSÉ", &company, &project, &id, "État au"]);

    let number = sample::deposit(&mut ada, &id).await;
    for (path, state) in
        [(format!("/dossiers/{id}/preview"), "DÉPOSÉ le"), (format!("/receipts/{number}"), "Déposé le")]
    {
        let deposited = sheets(&window, &path).await;
        each_says(&deposited, &[state, &number, &company, &project, "heure de Paris"]);
        assert!(deposited.iter().all(|sheet| !sheet.contains("NON DÉPOSÉ")), "{path}: {deposited:?}");
    }

    change(&mut ada, &id, "project.acronym", "DEUX").await;
    let changed = sheets(&window, &format!("/dossiers/{id}/preview")).await;
    each_says(
        &changed,
        &["vos modifications depuis ne sont pas déposées", &number, &company, "MODIFICATIONS NON DÉPOSÉES"],
    );
    window.close().await;
}

/// What can be pressed or opened on a page as it is printed.
async fn pressed(window: &Window, path: &str) -> Vec<String> {
    window.go(path).await;
    window.find("main h1").await;
    let script = "return [...document.querySelectorAll('button, .button, form, nav, summary')]\
                  .filter(one => one.checkVisibility()).map(one => one.outerHTML.slice(0, 120))";
    let found = window.run(script, vec![]).await;
    found.as_array().unwrap().iter().map(|one| format!("{path}: {}", one.as_str().unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_paper_there_is_nothing_to_press_and_links_say_where_they_lead() {
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let window = Window::open(Script::On).await;
    window.become_actor(&ada).await;
    window.command("Emulation.setEmulatedMedia", json!({ "media": "print" })).await;
    let mut found = pressed(&window, &format!("/dossiers/{id}/preview")).await;
    let number = sample::deposit(&mut ada, &id).await;
    for path in [format!("/receipts/{number}"), format!("/dossiers/{id}"), "/calls/hyper-open-x/faq".to_owned()] {
        found.extend(pressed(&window, &path).await);
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    window.go("/calls/hyper-open-x/bricks/sozu").await;
    let script = "const link = document.querySelector('main a[href^=\"https\"]'); \
                  return [link.getAttribute('href'), getComputedStyle(link, '::after').content]";
    let said = window.run(script, vec![]).await;
    let (address, printed) = (said[0].as_str().unwrap(), said[1].as_str().unwrap());
    assert!(printed.contains(address), "{printed} does not say {address}");
    window.close().await;
}
