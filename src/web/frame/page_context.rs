//! What every page shows around its content, and the helper functions that templates call on it.

use super::{show, why::Why};
use crate::{
    domain::{
        calendar::{Round, RoundState, short_instant, show_day, show_deadline, show_instant, show_second},
        call::{Call, Check, FaqEntry, Interpretation, Rule},
        finding::Finding,
        money::{Cents, Rate},
        piece::AttachedPiece,
        publisher::Publisher,
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
    pub publisher: &'a Publisher,
    /// `https://host` under which the user uses the portal, as configured; never what the request says.
    pub origin: &'a str,
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

impl<'a> LocalizedUrl<'a> {
    /// The address in this language of the page at a path.
    pub fn new(lang: Lang, path: &'a str) -> Self {
        Self { lang, path }
    }
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

/// A discreet link to a rule or an interpretation, for officers and the registers.
#[derive(Debug, Template)]
#[template(path = "frame/reference.html")]
pub struct Reference<'a> {
    s: &'a PageContext<'a>,
    rule: Option<&'a Rule>,
    interpretation: Option<&'a Interpretation>,
}

impl askama::filters::HtmlSafe for Reference<'_> {}

/// What search engines read of a public page. Pages without it are not for them.
#[derive(Debug, Template)]
#[template(path = "frame/public_head.html")]
pub struct PublicHead<'a> {
    description: &'a str,
    /// A demonstration must not be found in the place of a portal.
    hidden: bool,
    /// Address of the page, without its query.
    canonical: String,
    french: String,
    english: String,
}

impl askama::filters::HtmlSafe for PublicHead<'_> {}

/// A number without its decimals when they are zero.
fn without_zero_cents(shown: &str, lang: Lang) -> String {
    match lang {
        Lang::Fr => shown.replace(",00\u{a0}", "\u{a0}"),
        Lang::En => match shown.strip_suffix(".00%") {
            Some(number) => format!("{number}%"),
            None => shown.strip_suffix(".00").unwrap_or(shown).to_owned(),
        },
    }
}

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
    /// The rounds in the order in which applicants look for them.
    pub fn rounds(&self) -> Vec<&'a Round> {
        self.call.rounds_by_relevance(self.now)
    }
    /// The name of a brick of the call.
    pub fn brick_name<'t>(&self, slug: &'t str) -> &'t str
    where
        'a: 't,
    {
        self.call.brick(slug).map_or(slug, |brick| brick.name.as_str())
    }
    /// An address in the page's language.
    pub fn url<'p>(&self, path: &'p str) -> LocalizedUrl<'p> {
        LocalizedUrl { lang: *self.lang, path }
    }
    /// The same page in the language with this tag.
    pub fn url_in(&self, tag: &str) -> LocalizedUrl<'a> {
        LocalizedUrl { lang: tag.parse().unwrap_or_default(), path: self.path }
    }
    /// The head of a public page, with its description in the page's language.
    pub fn public_head<'d>(&self, description: &'d str) -> PublicHead<'d> {
        let home = format!("/calls/{}", self.call.id);
        let path = match self.path.split('?').next().unwrap_or_default() {
            // Both addresses show the call, which has one.
            path if path == "/" || path == home => {
                if self.several_calls {
                    home.as_str()
                } else {
                    "/"
                }
            }
            path => path,
        };
        let address = |lang| format!("{}{}", self.origin, LocalizedUrl { lang, path });
        PublicHead {
            description,
            hidden: self.demonstration,
            canonical: address(*self.lang),
            french: address(Lang::Fr),
            english: address(Lang::En),
        }
    }
    /// What the publisher tells, or that it does not.
    pub fn told<'t>(&self, value: &'t Option<String>) -> &'t str {
        value.as_deref().unwrap_or(self.tr("non renseigné", "not given"))
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
        short_instant(*at, &self.zone(), *self.lang)
    }
    /// An instant in UTC, to the second.
    pub fn utc(&self, at: &Timestamp) -> String {
        show_second(*at, &TimeZone::UTC).get(self.lang).to_owned()
    }
    /// An instant for the attribute `datetime`: HTML takes milliseconds at most.
    pub fn datetime(&self, at: &Timestamp) -> String {
        format!("{at:.0}")
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
    /// The reasons behind what `about` says: rules and interpretations by their ids.
    pub fn why(&self, about: &str, rules: impl AsRef<[String]>, interpretations: impl AsRef<[String]>) -> Why<'_> {
        let rules = rules.as_ref().iter().map(String::as_str);
        let interpretations = interpretations.as_ref().iter().map(String::as_str);
        Why::new(self.call, self.lang, self.call_url(""), about, rules, interpretations)
    }
    /// The same, of rules alone.
    pub fn why_rules(&self, about: &str, rules: impl AsRef<[String]>) -> Why<'_> {
        self.why(about, rules, Vec::new())
    }
    /// The same, of interpretations alone.
    pub fn why_interpretations(&self, about: &str, ids: impl AsRef<[String]>) -> Why<'_> {
        self.why(about, Vec::new(), ids)
    }
    /// The reasons behind a finding.
    pub fn why_finding(&self, finding: &Finding) -> Why<'_> {
        let rules = [finding.rule.as_str()];
        Why::new(self.call, self.lang, self.call_url(""), "", rules, finding.interpretation.as_deref())
    }
    /// The reasons behind a requested piece, a brick, or anything else with at most one rule.
    pub fn why_one(&self, about: &str, rule: &str, interpretation: &Option<String>) -> Why<'_> {
        Why::new(self.call, self.lang, self.call_url(""), about, [rule], interpretation.as_deref())
    }
    /// The reasons behind a kind of check: the interpretation under which it is made, if there is one.
    fn why_check(&self, about: &str, kind: impl Fn(&Check) -> bool) -> Why<'_> {
        let rule = self.call.rules.iter().find(|rule| rule.checks.iter().any(|one| kind(&one.check)));
        let interpretation = rule.and_then(|rule| rule.interpretation.as_deref());
        Why::new(self.call, self.lang, self.call_url(""), about, [], interpretation)
    }
    /// Why the company is, or is not, an SME.
    pub fn why_sme(&self) -> Why<'_> {
        self.why_check(self.tr("PME", "SME"), |check| matches!(check, Check::Sme))
    }
    /// Why expenses start to count on that day.
    pub fn why_expenses(&self, about: &str) -> Why<'_> {
        self.why_check(about, |check| matches!(check, Check::AfterDeposit { .. }))
    }
    /// An amount with its cents.
    pub fn cents(&self, amount: &Cents) -> show::Money {
        show::Money(*amount, *self.lang)
    }
    /// An amount for a headline: without cents when they are zero.
    pub fn euros(&self, amount: &Cents) -> String {
        without_zero_cents(&amount.show(*self.lang), *self.lang)
    }
    /// A rate for a headline: `80 %`.
    pub fn rate(&self, rate: &Rate) -> String {
        without_zero_cents(&rate.show(*self.lang), *self.lang)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_headline_has_no_cents_that_are_zero() {
        for (cents, fr, en) in
            [(10_000_000, "100\u{202f}000\u{a0}€", "€100,000"), (12_500_050, "125\u{202f}000,50\u{a0}€", "€125,000.50")]
        {
            let amount = Cents(cents).text();
            assert_eq!(without_zero_cents(&amount.fr, Lang::Fr), fr);
            assert_eq!(without_zero_cents(&amount.en, Lang::En), en);
        }
        let rate = Rate(800_000).text();
        assert_eq!(without_zero_cents(&rate.fr, Lang::Fr), "80\u{a0}%");
        assert_eq!(without_zero_cents(&rate.en, Lang::En), "80%");
    }
}
