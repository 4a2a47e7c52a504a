//! States × views: every view says the same about a deposit, and offers exactly the possible actions.
//! docs/deposit-status.md is the same as a table; regenerate it with `GUICHET_WRITE_DOCS=1`.

use super::{
    super::moments::{Moment, moments},
    call, hyper_open_x, words,
};
use crate::domain::{
    calendar::RoundState,
    call::Call,
    dossier::{
        State,
        status::{PossibleAction, plain},
    },
    text::Lang,
};
use jiff::Timestamp;
use std::{fmt::Write, fs, path::Path};

fn now() -> Timestamp {
    "2026-11-27T10:00:00Z".parse().unwrap()
}

fn offers(page: &str, what: &str) -> bool {
    page.contains(&format!("/{what}\""))
}

fn name(moment: &Moment) -> String {
    let elsewhere = if moment.elsewhere { ", another is open" } else { "" };
    format!("{:?}, round {:?}{elsewhere}", moment.state, moment.round)
}

/// The views that offer an action.
fn where_offered(moment: &Moment, what: &str) -> Vec<&'static str> {
    // A link to the confirmation page, or the form itself.
    let offered =
        |(name, page): &&(&'static str, String)| offers(page, what) && !(what == "withdraw" && *name == "list");
    moment.pages.iter().filter(offered).map(|(name, _)| *name).collect()
}

#[test]
fn every_view_says_the_same_at_every_moment() {
    for file in ["calls/hyper-open-x.toml", "tests/fixtures/calls/petit-pas.toml"] {
        let call = call(file);
        for lang in &Lang::ALL {
            let all = moments(&call, lang, now());
            assert_eq!(all.len(), 20, "{file}");
            for moment in &all {
                for (view, page) in &moment.pages {
                    check(moment, lang, view, page);
                }
            }
        }
    }
}

fn check(moment: &Moment, lang: &Lang, view: &str, page: &str) {
    let (status, text, of) = (&moment.status, words(page), format!("{} in {view} ({lang})", name(moment)));
    let sentence = plain(&status.sentence(), lang);
    assert!(text.contains(&sentence), "{of}: “{sentence}” is not in {text}");
    if view != "list" {
        assert!(page.contains(&format!("data-mark=\"{}\"", status.version_tag())), "{of}: the page knows its moment");
        assert!(
            page.contains("class=\"print-head\"") && text.matches(&sentence).count() >= 2,
            "{of}: on paper as well"
        );
        assert!(text.contains(status.as_of().get(lang)), "{of}: of which instant the paper is");
        assert!(text.contains(status.deadline().get(lang)), "{of}: until when");
    }
    if view == "editor" {
        assert!(text.contains(&plain(&status.brief(), lang)), "{of}: beside “saved”");
    }
    // No page mentions another state.
    let leads = [
        (State::Draft, ["BROUILLON NON DÉPOSÉ", "DRAFT NOT DEPOSITED"]),
        (State::Withdrawn, ["DÉPÔT RETIRÉ", "DEPOSIT WITHDRAWN"]),
        (State::Deposited, ["DÉPOSÉ le", "DEPOSITED on"]),
    ];
    for (state, leads) in leads {
        let own = moment.state == state || (moment.state, state) == (State::Changed, State::Deposited);
        assert_eq!(leads.iter().any(|lead| text.contains(lead)), own, "{of}: {leads:?} in {text}");
    }
    // After the closing, no page promises what cannot be done, or reports as missing what no longer matters.
    if moment.round == RoundState::Closed {
        let promises = [
            "jusqu’à la clôture",
            "until the round closes",
            "à compléter",
            "to fill in",
            "À remplacer",
            "To replace",
            "il manque",
            "Il manque",
            "missing.",
            "rien ne manque : il reste",
            "si vous déposez maintenant",
        ];
        for promise in promises {
            // The demonstration's frame and the form's own hints mention deposits in general.
            assert!(!text.contains(promise), "{of}: “{promise}” in {text}");
        }
    }
}

#[test]
fn every_view_offers_what_can_be_done_and_nothing_else() {
    let call = hyper_open_x();
    for moment in moments(&call, &Lang::Fr, now()) {
        let (status, of) = (&moment.status, name(&moment));
        let expected = |allowed: bool, views: &[&'static str]| if allowed { views.to_vec() } else { Vec::new() };
        assert_eq!(
            where_offered(&moment, "deposits"),
            expected(status.depositable(), &["overview", "preview"]),
            "{of}"
        );
        let withdrawal = expected(status.allows(PossibleAction::Withdraw), &["overview", "withdraw"]);
        assert_eq!(where_offered(&moment, "withdraw"), withdrawal, "{of}");
        let carried = expected(status.allows(PossibleAction::CarryOver), &["list", "overview"]);
        assert_eq!(where_offered(&moment, "carry-over"), carried, "{of}");
        let told: Vec<&str> =
            moment.script["may"].as_array().unwrap().iter().map(|step| step.as_str().unwrap()).collect();
        assert_eq!(
            told,
            status.possible_actions().iter().map(|step| step.slug()).collect::<Vec<_>>(),
            "{of}: what the script is told"
        );
        let said: String =
            moment.script["sentence"].as_array().unwrap().iter().map(|part| part["text"].as_str().unwrap()).collect();
        assert_eq!(said, plain(&status.sentence(), &Lang::Fr), "{of}");
        assert_eq!(moment.script["mark"], status.version_tag(), "{of}");
    }
}

#[test]
fn the_table_of_the_documentation_is_what_the_pages_say() {
    let call = hyper_open_x();
    let table = table(&call);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/deposit-status.md");
    if std::env::var_os("GUICHET_WRITE_DOCS").is_some() {
        fs::write(&path, &table).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == table, "docs/deposit-status.md is another one: GUICHET_WRITE_DOCS=1 writes this:\n{table}");
}

fn table(call: &Call) -> String {
    let mut out = String::from(
        "# Is it deposited?\n\n\
         What is said of a deposit at every moment, and what is offered. `domain::dossier::status` makes every sentence;\n\
         the banner, the save bar, the list, the review, the printed sheet, the page's script and the interface for\n\
         programs show it. This page is written by a test from the pages themselves\n\
         (`GUICHET_WRITE_DOCS=1 cargo test --lib deposit_status`), and held equal to them.\n\n\
         A draft can be written in at any time. A withdrawal is accepted at any time, and is final once the round has\n\
         closed. What was sealed is shown as judged at the instant of its deposit.\n",
    );
    let (french, english) = (moments(call, &Lang::Fr, now()), moments(call, &Lang::En, now()));
    for (fr, en) in french.iter().zip(&english) {
        let steps: Vec<&str> = fr.status.possible_actions().iter().map(|step| step.slug()).collect();
        let views = ["deposits", "withdraw", "carry-over"].map(|what| match where_offered(fr, what).as_slice() {
            [] => "–".to_owned(),
            views => views.join(", "),
        });
        let [deposit, withdraw, carry_over] = views;
        let line = |moment: &Moment, lang| {
            let status = &moment.status;
            let paper = status.print_label().map_or("–".to_owned(), |mark| mark.get(lang).to_owned());
            let further = status.carry_over_advice().map_or("–".to_owned(), |advice| advice.get(lang).to_owned());
            let advice = status.advice().get(lang).to_owned();
            [plain(&status.sentence(), lang), plain(&status.brief(), lang), advice, further, paper]
        };
        let (fr_line, en_line) = (line(fr, &Lang::Fr), line(en, &Lang::En));
        writeln!(out, "\n## {}\n\n| where | French | English |\n|---|---|---|", name(fr)).unwrap();
        let rows =
            ["banner, list, paper, programs", "save bar", "deposit card", "where it can go on", "across the paper"];
        for ((row, fr), en) in rows.iter().zip(&fr_line).zip(&en_line) {
            writeln!(out, "| {row} | {fr} | {en} |").unwrap();
        }
        writeln!(
            out,
            "\nMay: {}. Offered: deposit on {deposit}; withdraw on {withdraw}; carry over on {carry_over}.",
            steps.join(", ")
        )
        .unwrap();
    }
    out
}

/// The texts that say whether something is deposited are defined in one place.
#[test]
fn nothing_else_composes_the_sentence() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let owned = [
        "DÉPOSÉ", "NOT DEPOSITED", "pas déposé", "ne sont pas déposées", "not deposited", "RETIRÉ", "Déposé le \"",
        "dossier::State,",
    ];
    let mut files = vec![root.clone()];
    let mut faults = Vec::new();
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let relative = path.strip_prefix(&root).unwrap().display().to_string();
        let shown = ["web/frame/", "web/pages/", "web/samples/", "web/assets/"];
        let shown = shown.iter().any(|folder| relative.starts_with(folder));
        if !shown || relative.contains("/tests") || relative.contains("/texts/") || relative.contains("/offline/") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap_or_default();
        faults.extend(owned.iter().filter(|words| text.contains(**words)).map(|words| format!("{relative}: {words}")));
    }
    assert!(faults.is_empty(), "{}\nLet domain::dossier::status say it.", faults.join("\n"));
}
