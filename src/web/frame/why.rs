//! "Pourquoi ?": the rules and interpretations behind a question or a finding, in words. Codes stand inside, where
//! officers find them and the keyboard does not stop at each.

use crate::domain::{
    call::{Call, Interpretation, Rule},
    text::Lang,
};
use askama::Template;
use std::collections::BTreeSet;

/// A closed box that opens on the reasons; nothing when there are none.
#[derive(Debug, Template)]
#[template(path = "frame/why.html")]
pub struct Why<'a> {
    lang: &'a Lang,
    /// What the reasons are about, for those who hear the page.
    about: String,
    /// Address of the call's pages.
    base: String,
    rules: Vec<&'a Rule>,
    interpretations: Vec<&'a Interpretation>,
    /// Reasons that another box of the page tells.
    told_above: Vec<Reason<'a>>,
    /// Other boxes of the page lead to this one.
    target: bool,
}

/// A rule or an interpretation by its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reason<'a> {
    Rule(&'a str),
    Interpretation(&'a str),
}

/// The reasons that the boxes of a page have told so far.
#[derive(Debug, Default)]
pub struct ToldReasons<'a>(BTreeSet<Reason<'a>>);

impl askama::filters::HtmlSafe for Why<'_> {}

impl<'a> Why<'a> {
    /// `base` is the address of the call's pages. Ids that the call does not know, and interpretations that are not public,
    /// are left out; each id is shown once.
    pub fn new<'i>(
        call: &'a Call,
        lang: &'a Lang,
        base: String,
        about: &str,
        rules: impl IntoIterator<Item = &'i str>,
        interpretations: impl IntoIterator<Item = &'i str>,
    ) -> Self {
        let public = |id: &str| call.interpretations.iter().find(|x| x.id == id && x.public);
        Self {
            lang,
            about: about.to_owned(),
            base,
            rules: distinct(rules).into_iter().filter_map(|id| call.rule(id)).collect(),
            interpretations: distinct(interpretations).into_iter().filter_map(public).collect(),
            told_above: Vec::new(),
            target: false,
        }
    }

    /// Leaves each reason to the first box of the page that gives it. `shown`: readers always see this box, so that others
    /// can lead to it.
    pub fn leave_out(&mut self, told: &mut ToldReasons<'a>, shown: bool) {
        let rules = self.rules.iter().map(|rule| Reason::Rule(&rule.id));
        let all: Vec<Reason<'a>> =
            rules.chain(self.interpretations.iter().map(|one| Reason::Interpretation(&one.id))).collect();
        self.told_above = all.iter().copied().filter(|reason| told.0.contains(reason)).collect();
        self.rules.retain(|rule| !told.0.contains(&Reason::Rule(&rule.id)));
        self.interpretations.retain(|one| !told.0.contains(&Reason::Interpretation(&one.id)));
        self.target = shown;
        if shown {
            told.0.extend(all);
        }
    }

    fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.interpretations.is_empty()
    }
}

impl Reason<'_> {
    /// Id of the line that tells it.
    fn anchor(&self) -> String {
        match self {
            Self::Rule(id) => format!("why-rule-{id}"),
            Self::Interpretation(id) => format!("why-interpretation-{id}"),
        }
    }

    fn name(&self, lang: &Lang) -> String {
        match self {
            Self::Rule(id) => format!("{} {id}", lang.tr("règle", "rule")),
            Self::Interpretation(id) => format!("{} {id}", lang.tr("interprétation", "interpretation")),
        }
    }
}

fn distinct<'i>(ids: impl IntoIterator<Item = &'i str>) -> Vec<&'i str> {
    let mut found: Vec<&str> = Vec::new();
    for id in ids {
        if !found.contains(&id) {
            found.push(id);
        }
    }
    found
}
