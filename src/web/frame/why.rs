//! "Pourquoi ?": the rules and interpretations behind a question or a finding, in words. Codes stand inside, where
//! officers find them and the keyboard does not stop at each.

use crate::domain::{
    call::{Call, Interpretation, Rule},
    text::Lang,
};
use askama::Template;

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
}

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
        }
    }

    fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.interpretations.is_empty()
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
