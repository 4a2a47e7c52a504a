//! axe-core on every page: no violation.

use super::window::{Script, Window};
use crate::{
    flows::{
        delegation::{give, in_days, invitations::store, someone},
        experts, passkey,
    },
    harness::{Actor, Installation, authenticator::Authenticator, sample},
};
use serde_json::Value as Json;

pub fn axe() -> String {
    let path = std::env::var("GUICHET_AXE").unwrap_or_else(|_| {
        let home = std::env::var("HOME").unwrap();
        format!("{home}/.cache/guichet/axe-0.1.8/axe.min.js")
    });
    std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("{path} is missing: run scripts/setup --with-browser"))
}

/// The violations of a page.
pub async fn violations(window: &Window, axe: &str, path: &str) -> Vec<String> {
    window.go(path).await;
    violations_here(window, axe, path).await
}

/// The violations of a page as it stands.
pub async fn violations_here(window: &Window, axe: &str, path: &str) -> Vec<String> {
    // The page's policy forbids foreign scripts; the driver's own evaluation is not the page's.
    window.client.execute(axe, vec![]).await.unwrap();
    let found = window
        .client
        .execute_async(
            "const done = arguments[arguments.length - 1]; \
             axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']})\
             .then(result => done(result.violations.map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.html).join(' | '))))\
             .catch(error => done(['axe failed: ' + error]));",
            vec![],
        )
        .await
        .unwrap();
    let wide = window.run("return document.documentElement.scrollWidth > window.innerWidth + 1", vec![]).await;
    let mut all: Vec<String> =
        found.as_array().unwrap().iter().map(|violation| format!("{path}: {}", violation.as_str().unwrap())).collect();
    if wide == Json::Bool(true) {
        all.push(format!("{path}: wider than the window"));
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_page_has_a_violation_at_any_width_in_any_language() {
    let axe = axe();
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let number = sample::deposit(&mut ada, &id).await;
    let empty = sample::draft(&mut ada, "demonstration", &serde_json::json!({ "project": { "title": "x" } })).await;
    let public = [
        "/",
        "/calls/hyper-open-x/bricks",
        "/calls/hyper-open-x/bricks/sozu",
        "/calls/hyper-open-x/faq",
        "/calls/hyper-open-x/rules",
        "/calls/hyper-open-x/criteria",
        "/calls/hyper-open-x/interpretations",
        "/calls/hyper-open-x/simulator",
        "/legal",
        "/privacy",
        "/accessibility",
        "/vulnerabilities",
        "/site-map",
        "/verify",
        "/account/narrow.html",
        "/sign-in",
        "/demo/mails",
        "/nothing",
    ];
    let mut device = Authenticator::new(&ada.at.url);
    passkey::add(&mut ada, &mut device, "Ordinateur").await.expect(200);
    give(&mut ada, &id, &someone(), &[("part.section:budget", "write"), ("part.piece:P9", "read")]).await;
    let long = "attestation-de-regularite-fiscale-de-la-societe-anonyme-atelier-du-nord-2026.pdf";
    let file = sample::piece("P9-regularite-fiscale.pdf");
    let attached = format!("/dossiers/{empty}/pieces/P9");
    ada.upload(&attached, long, &sample::today().to_string(), &file).await.expect(303);
    let mut own: Vec<String> = [
        "/dossiers".to_owned(),
        "/account/passkeys".to_owned(),
        "/account/confirm?next=/dossiers".to_owned(),
        "/en/account/passkeys?done=added&next=/dossiers".to_owned(),
        format!("/dossiers/{id}"),
        format!("/dossiers/{empty}"),
        format!("/dossiers/{id}/preview"),
        format!("/dossiers/{id}/withdraw"),
        format!("/dossiers/{id}/delete"),
        format!("/dossiers/{empty}/delete"),
        format!("/dossiers/{id}/guests"),
        format!("/dossiers/{id}/rights"),
        "/account".to_owned(),
        "/account/rights".to_owned(),
        "/account/close".to_owned(),
        format!("/receipts/{number}"),
    ]
    .into();
    let sections = ["applicant", "project", "sme", "budget", "impact", "aid", "health", "deminimis", "attachments"];
    own.extend(sections.map(|section| format!("/dossiers/{id}/edit/{section}")));
    own.push(format!("/dossiers/{empty}/edit/budget"));
    let officer_pages = [
        "/calls/hyper-open-x/rounds/demonstration/dossiers".to_owned(),
        format!("/calls/hyper-open-x/rounds/demonstration/dossiers/{id}"),
    ];

    let mut expert = experts::of_demonstration(&id).await;
    let undeclared = ["/reviews".to_owned(), "/en/reviews".to_owned(), format!("/reviews/{id}/interest")];
    let declared = [format!("/reviews/{id}"), format!("/en/reviews/{id}/interest")];

    let mut found = Vec::new();
    let window = Window::open(Script::On).await;
    for path in public {
        for prefix in ["", "/en"] {
            found.extend(violations(&window, &axe, &format!("{prefix}{path}")).await);
        }
    }
    window.become_actor(&ada).await;
    for path in &own {
        found.extend(violations(&window, &axe, path).await);
    }
    window.client.set_window_size(320, 800).await.unwrap();
    for path in own.iter().map(String::as_str).chain(public) {
        found.extend(violations(&window, &axe, path).await);
    }
    let officer = Actor::officer().await;
    window.become_actor(&officer).await;
    found.extend(violations(&window, &axe, "/account/passkeys").await);
    found.extend(violations(&window, &axe, "/account/confirm").await);
    for width in [320, 1280] {
        window.client.set_window_size(width, 800).await.unwrap();
        for path in officer_pages.iter().chain(&declared[1..]) {
            found.extend(violations(&window, &axe, path).await);
        }
    }
    window.become_actor(&expert).await;
    for width in [1280, 320] {
        window.client.set_window_size(width, 800).await.unwrap();
        for path in &undeclared {
            found.extend(violations(&window, &axe, path).await);
        }
    }
    experts::declare_none(&mut expert, &id).await;
    window.become_actor(&expert).await;
    for width in [320, 1280] {
        window.client.set_window_size(width, 800).await.unwrap();
        for path in &declared {
            found.extend(violations(&window, &axe, path).await);
        }
    }
    window.close().await;
    assert!(found.is_empty(), "{} violations:\n{}", found.len(), found.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_page_of_the_operator_has_a_violation() {
    let axe = axe();
    let at = Installation::shared();
    let (mut operator, email) = (Actor::at(at), someone());
    at.command(&["access", "give", &email, "--role", "operator", "--until", &in_days(7)]).await;
    operator.sign_in(&email).await;
    let failing = format!("une-adresse-qui-est-bien-longue-{}", someone());
    let store = store();
    let mut db = store.write().await.unwrap();
    sqlx::query(
        "insert into failing_address (email, kind, status, letter_id, failed_at)
         values (?, 'permanent', '5.1.1', ?, utc_timestamp(6))",
    )
    .bind(&failing)
    .bind(uuid::Uuid::now_v7())
    .execute(&mut *db)
    .await
    .unwrap();
    drop(db);
    assert!(operator.get("/mails").await.expect(200).body.contains(&failing));
    let window = Window::open(Script::On).await;
    window.become_actor(&operator).await;
    let mut found = Vec::new();
    for width in [1280, 320] {
        window.client.set_window_size(width, 800).await.unwrap();
        for path in ["/mails", "/en/mails", "/emergency", "/orders", "/account/rights"] {
            operator.get(path).await.expect(200);
            found.extend(violations(&window, &axe, path).await);
        }
    }
    window.close().await;
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_verdict_of_the_simulator_has_no_violation() {
    let axe = axe();
    let ada = Actor::applicant().await;
    let window = Window::open(Script::On).await;
    window.become_actor(&ada).await;
    let mut found = Vec::new();
    for width in [1280, 320] {
        window.client.set_window_size(width, 800).await.unwrap();
        window.go("/calls/hyper-open-x/simulator").await;
        window.find("[name=\"budget.persons[0].months\"]").await.send_keys("12").await.unwrap();
        window.find("[name=\"budget.persons[0].monthly_cost\"]").await.send_keys("environ 8 000").await.unwrap();
        window.click("main .buttons button.primary").await;
        window.find("[formaction$=\"/simulations\"]").await;
        found.extend(violations_here(&window, &axe, &format!("the verdict at {width}")).await);
    }
    window.close().await;
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_officers_list_is_of_use_in_a_narrow_window() {
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let number = sample::deposit(&mut ada, &id).await;
    let window = Window::open(Script::On).await;
    window.client.set_window_size(320, 800).await.unwrap();
    window.become_actor(&Actor::officer().await).await;
    window.go(&format!("/calls/hyper-open-x/rounds/demonstration/dossiers?q={number}")).await;
    let list = "const list = document.querySelector('.scroll')";
    let fits = window.run(&format!("{list}; return list.scrollWidth <= list.clientWidth + 1"), vec![]).await;
    assert_eq!(fits, Json::Bool(true), "nothing is beyond the edge");
    let named = window
        .run(
            &format!(
                "{list}; return [...list.querySelectorAll('tbody td')].every(cell => \
                 getComputedStyle(cell, '::before').content.includes(cell.dataset.label))"
            ),
            vec![],
        )
        .await;
    assert_eq!(named, Json::Bool(true), "each value has its name");
    for sorted in ["ascending", "descending"] {
        window.click(".deposits .h-aid a").await;
        window.find(&format!(".deposits .h-aid[aria-sort=\"{sorted}\"]")).await;
    }
    window.close().await;
}
