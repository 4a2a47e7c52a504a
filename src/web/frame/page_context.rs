//! What every page shows around its content, and the helper functions that templates call on it.

use super::show;
use crate::{
    domain::{
        calendar::{
            Round, RoundState, show_day, show_deadline, show_instant, show_second, show_short_instant, to_whole_second,
        },
        call::{Call, Check, FaqEntry, Interpretation, Rule},
        money::{Cents, Rate},
        piece::AttachedPiece,
        text::Lang,
    },
    web::embedded,
};
use askama::Template;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use std::fmt;

/// What the layout of a page needs: language, user, call, time. Templates call it `s`.
#[derive(Clone, Copy, Debug)]
pub struct PageContext<'a> {
    /// Language of the page.
    pub lang: &'a Lang,
    /// Path without the language prefix, with its query.
    pub path: &'a str,
    /// The user, if signed in.
    pub viewer: Option<Viewer<'a>>,
    /// CSRF token of every form.
    pub csrf: &'a str,
    /// This is a demonstration: nothing is binding.
    pub demonstration: bool,
    pub call: &'a Call,
    pub now: Timestamp,
    /// The portal has other calls too.
    pub several_calls: bool,
}

/// The signed-in user.
#[derive(Clone, Copy, Debug)]
pub struct Viewer<'a> {
    pub email: &'a str,
    /// May see the deposits.
    pub officer: bool,
    /// Has dossiers to evaluate.
    pub evaluates: bool,
}

/// The address of a page in a language: with the prefix `/en`, or without.
#[derive(Clone, Copy, Debug)]
pub struct LocalizedUrl<'a> {
    lang: Lang,
    path: &'a str,
}

impl fmt::Display for LocalizedUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.lang == Lang::En {
            f.write_str("/en")?;
            if let Some(rest) = self.path.strip_prefix('/').filter(|rest| rest.is_empty() || rest.starts_with('?')) {
                return f.write_str(rest);
            }
        }
        f.write_str(self.path)
    }
}

/// A discreet link to a rule or an interpretation.
#[derive(Debug, Template)]
#[template(path = "frame/reference.html")]
pub struct Reference<'a> {
    s: &'a PageContext<'a>,
    rule: Option<&'a Rule>,
    interpretation: Option<&'a Interpretation>,
}

impl askama::filters::HtmlSafe for Reference<'_> {}

impl<'a> PageContext<'a> {
    /// Chooses between the French and the English text.
    pub fn tr<'t>(&self, fr: &'t str, en: &'t str) -> &'t str {
        self.lang.tr(fr, en)
    }
    /// The title of a project, which may have none yet.
    pub fn titled<'t>(&self, title: &'t str) -> &'t str {
        if title.is_empty() { self.tr("Projet sans titre", "Untitled project") } else { title }
    }
    /// The title of a piece of the call.
    pub fn piece_title(&self, code: &str) -> &'a str {
        self.call.piece(code).map_or("", |piece| piece.title.get(self.lang))
    }
    /// An address in the page's language.
    pub fn url<'p>(&self, path: &'p str) -> LocalizedUrl<'p> {
        LocalizedUrl { lang: *self.lang, path }
    }
    /// The same page in the language with this tag.
    pub fn url_in(&self, tag: &str) -> LocalizedUrl<'a> {
        LocalizedUrl { lang: tag.parse().unwrap_or_default(), path: self.path }
    }
    /// True on French pages: for sentences whose word order differs.
    pub fn fr(&self) -> bool {
        *self.lang == Lang::Fr
    }
    /// An address below the call.
    pub fn call_url(&self, rest: &str) -> String {
        format!("{}/{}{rest}", self.url("/calls"), self.call.id)
    }
    /// The home page of the call.
    pub fn home(&self) -> String {
        if self.several_calls { self.call_url("") } else { self.url("/").to_string() }
    }
    /// The round whose deposits an officer sees first: the latest one with dates.
    pub fn officer_round(&self) -> Option<&'a Round> {
        self.officer()
            .then(|| self.call.rounds.iter().rev().find(|round| round.window.is_some()))?
            .or(self.call.rounds.first())
    }
    /// True when the user may see the deposits.
    pub fn officer(&self) -> bool {
        self.viewer.is_some_and(|viewer| viewer.officer)
    }
    /// True when the user has dossiers to evaluate.
    pub fn evaluates(&self) -> bool {
        self.viewer.is_some_and(|viewer| viewer.evaluates)
    }
    /// The address of an asset, which changes with its content.
    pub fn asset(&self, name: &str) -> String {
        format!("/assets/{}/{name}", embedded::version())
    }
    /// `page` when the page is at or below this path, for `aria-current` in the navigation.
    pub fn here(&self, path: &str) -> bool {
        let bare = self.path.split('?').next().unwrap_or_default();
        let below = bare.strip_prefix(&format!("/calls/{}", self.call.id)).unwrap_or(bare);
        below == path || (path.len() > 1 && below.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')))
    }
    /// The time zone of the call.
    pub fn zone(&self) -> TimeZone {
        self.call.time_zone()
    }
    /// The common name of the zone's time.
    pub fn zone_name(&self) -> String {
        self.call.zone_name().get(self.lang).to_owned()
    }
    /// An instant in the call's zone.
    pub fn instant(&self, at: &Timestamp) -> String {
        show_instant(*at, &self.zone()).get(self.lang).to_owned()
    }
    /// An instant in the call's zone, for tables and lists.
    pub fn short(&self, at: &Timestamp) -> String {
        show_short_instant(*at, &self.zone()).get(self.lang).to_owned()
    }
    /// An instant in UTC, to the second.
    pub fn utc(&self, at: &Timestamp) -> String {
        show_second(*at, &TimeZone::UTC).get(self.lang).to_owned()
    }
    /// An instant for the attribute `datetime`.
    pub fn machine(&self, at: &Timestamp) -> Timestamp {
        to_whole_second(*at)
    }
    pub fn day(&self, day: &Date) -> String {
        show_day(*day).get(self.lang).to_owned()
    }
    /// True while deposits are accepted.
    pub fn open(&self, round: &Round) -> bool {
        round.state(self.now) == RoundState::Open
    }
    /// The state of a round in words.
    pub fn state_label(&self, round: &Round) -> &'static str {
        match round.state(self.now) {
            RoundState::Announced => self.lang.tr("Annoncée", "Announced"),
            RoundState::Upcoming => self.lang.tr("À venir", "Upcoming"),
            RoundState::Open => self.lang.tr("Ouverte", "Open"),
            RoundState::Closed => self.lang.tr("Close", "Closed"),
        }
    }
    /// The state of a round as a CSS class.
    pub fn state_class(&self, round: &Round) -> &'static str {
        match round.state(self.now) {
            RoundState::Announced => "announced",
            RoundState::Upcoming => "upcoming",
            RoundState::Open => "open",
            RoundState::Closed => "closed",
        }
    }
    /// The first instant of a round.
    pub fn opens(&self, round: &Round) -> Option<String> {
        round.window.map(|window| self.instant(&window.opens))
    }
    /// The last minute of a round.
    pub fn deadline(&self, round: &Round) -> Option<String> {
        round.window.map(|window| show_deadline(window.closes, &self.zone()).get(self.lang).to_owned())
    }
    /// The answer to a frequent question, as of now.
    pub fn faq_answer(&self, entry: &FaqEntry) -> String {
        self.call.faq_answer(entry, self.now).get(self.lang).to_owned()
    }
    /// A link to a rule; empty when the register has no such id.
    pub fn rule_ref(&self, id: &str) -> Reference<'_> {
        Reference { s: self, rule: self.call.rule(id), interpretation: None }
    }
    /// A link to a public interpretation.
    pub fn reading_ref(&self, id: &str) -> Reference<'_> {
        let interpretation =
            self.call.interpretations.iter().find(|interpretation| interpretation.id == id && interpretation.public);
        Reference { s: self, rule: None, interpretation }
    }
    /// The interpretation that a kind of check refers to, if there is one.
    fn interpretation_under(&self, kind: impl Fn(&Check) -> bool) -> Reference<'_> {
        let rule = self.call.rules.iter().find(|rule| rule.checks.iter().any(|one| kind(&one.check)));
        self.reading_ref(rule.and_then(|rule| rule.interpretation.as_deref()).unwrap_or_default())
    }
    /// The interpretation of the SME definition.
    pub fn sme_reading(&self) -> Reference<'_> {
        self.interpretation_under(|check| matches!(check, Check::Sme))
    }
    /// The interpretation of when expenses start to count.
    pub fn expenses_reading(&self) -> Reference<'_> {
        self.interpretation_under(|check| matches!(check, Check::AfterDeposit { .. }))
    }
    /// An amount with its cents.
    pub fn cents(&self, amount: &Cents) -> show::Money {
        show::Money(*amount)
    }
    /// An amount for a headline: without cents when they are zero.
    pub fn euros(&self, amount: &Cents) -> String {
        amount.show().replace(",00\u{a0}", "\u{a0}")
    }
    /// A rate for a headline: `80 %`.
    pub fn rate(&self, rate: &Rate) -> String {
        rate.show().replace(",00\u{a0}", "\u{a0}")
    }
    /// A description of a file.
    pub fn file(&self, piece: &AttachedPiece) -> String {
        show::file(piece, self.lang)
    }
    /// The size of a file.
    pub fn bytes(&self, bytes: &u64) -> String {
        show::bytes(*bytes, self.lang)
    }
}
