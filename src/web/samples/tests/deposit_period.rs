//! The home page says until when one may deposit, at any time.

use super::{hyper_open_x, words};
use crate::{
    domain::{
        calendar::{Round, RoundId, Window},
        call::Call,
        publisher::Publisher,
        text::{Lang, Text},
    },
    web::{frame::PageContext, pages::public::call::HomePage},
};
use askama::Template;
use jiff::Timestamp;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn home(call: &Call, lang: &Lang, now: &str) -> String {
    let s = PageContext {
        lang,
        path: "/",
        viewer: None,
        csrf: "csrf",
        demonstration: false,
        call,
        publisher: &Publisher::default(),
        origin: "https://guichet.example",
        now: at(now),
        several_calls: false,
    };
    HomePage::new(&s).render().unwrap()
}

/// The sentence at the head of the page.
fn sentence(call: &Call, lang: &Lang, now: &str) -> String {
    let page = home(call, lang, now);
    let hero = page.split("class=\"hero\"").nth(1).unwrap();
    let period = hero.split("<p class=\"period").nth(1).unwrap().split("</p>").next().unwrap();
    words(&format!("<p class=\"period{period}"))
}

/// The call with one round more, open from the first of November to the end of the year.
fn with_winter(call: &Call) -> Call {
    let mut call = call.clone();
    let window = Window { opens: at("2026-10-31T23:00:00Z"), closes: at("2026-12-31T23:00:00Z") };
    call.rounds.push(Round {
        id: RoundId("winter".into()),
        title: Text::new("Relève d’hiver", "Winter round"),
        window: Some(window),
        ..call.rounds[0].clone()
    });
    call
}

#[test]
fn an_open_round_says_its_closing_and_the_days_left() {
    let call = with_winter(&hyper_open_x());
    let fr = sentence(&call, &Lang::Fr, "2026-11-30T10:00:00Z");
    assert!(fr.starts_with("Ouverte Vous pouvez déposer jusqu’au") && fr.contains("2026"), "{fr}");
    assert!(
        fr.contains("heure de Paris") && fr.contains("il reste 31 jours") && fr.ends_with("Relève d’hiver"),
        "{fr}"
    );
    let en = sentence(&call, &Lang::En, "2026-11-30T10:00:00Z");
    assert!(en.contains("You may deposit until") && en.contains("31 days left"), "{en}");
    for (now, fr, en) in [
        ("2026-12-30T10:00:00Z", "il reste un jour", "one day left"),
        ("2026-12-30T23:00:00Z", "c’est le dernier jour", "this is the last day"),
        ("2026-12-31T22:59:59Z", "c’est le dernier jour", "this is the last day"),
    ] {
        assert!(sentence(&call, &Lang::Fr, now).contains(fr), "{now}: {fr}");
        assert!(sentence(&call, &Lang::En, now).contains(en), "{now}: {en}");
    }
}

#[test]
fn a_round_to_come_says_when_it_opens() {
    let call = with_winter(&hyper_open_x());
    let before = sentence(&call, &Lang::Fr, "2026-10-30T10:00:00Z");
    assert!(before.starts_with("À venir") && before.contains("Les dépôts ne sont pas encore ouverts"), "{before}");
    assert!(before.contains("(dans 2 jours)") && before.contains("et closent le"), "{before}");
    assert!(sentence(&call, &Lang::Fr, "2026-10-31T10:00:00Z").contains("(demain)"));
    assert!(sentence(&call, &Lang::En, "2026-10-31T10:00:00Z").contains("(tomorrow)"));
}

#[test]
fn between_rounds_the_page_says_what_comes_next() {
    let call = hyper_open_x();
    let fr = sentence(&call, &Lang::Fr, "2026-11-30T10:00:00Z");
    assert!(fr.contains("Aucun dépôt n’est possible en ce moment.") && fr.contains("close depuis le"), "{fr}");
    assert!(fr.contains("Seconde relève\u{a0}: annoncée, sans date encore."), "{fr}");
    let mut ended = call.clone();
    ended.rounds.retain(|round| round.window.is_some());
    let fr = sentence(&ended, &Lang::Fr, "2026-11-30T10:00:00Z");
    assert!(
        fr.contains("Les dépôts sont clos depuis le") && fr.contains("Aucune autre relève n’est annoncée."),
        "{fr}"
    );
    ended.rounds.clear();
    assert_eq!(sentence(&ended, &Lang::En, "2026-11-30T10:00:00Z"), "No round is announced.");
}

#[test]
fn the_open_round_comes_first_in_the_calendar_with_its_bricks_by_name() {
    let page = home(&with_winter(&hyper_open_x()), &Lang::Fr, "2026-11-30T10:00:00Z");
    let rounds: Vec<&str> = page.split("<li class=\"card round ").skip(1).collect();
    let titles: Vec<&str> =
        rounds.iter().map(|card| card.split("<h3>").nth(1).unwrap().split("</h3>").next().unwrap()).collect();
    assert_eq!(titles, ["Relève d’hiver", "Seconde relève", "Première relève, 2024"]);
    assert!(rounds[0].contains("Sōzu, Biscuit, Replication Manager (Repman)"), "{}", rounds[0]);
}
