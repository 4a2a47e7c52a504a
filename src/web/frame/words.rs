//! Words that applicants may not know, explained where they stand: beside the question that uses them, and for the rest of
//! a page in one box, at the first place that its template marks. The frame marks the end of every page of applicants.

use crate::domain::{
    call::{Call, Term, WordText},
    text::Lang,
};
use askama::Template;
use std::collections::BTreeSet;

/// Where a page explains the words that it uses and that nothing else on it explains.
const PLACE: &str = "<!--words-->";
/// What marks the explanation of a word.
const TERM: &str = "data-term=\"";

/// Words with their meanings, in a closed box; nothing when there are none.
#[derive(Debug, Template)]
#[template(path = "frame/words.html")]
pub struct Words<'a> {
    lang: &'a Lang,
    terms: Vec<&'a Term>,
    /// The box is about the whole page.
    page: bool,
    /// Readers always see the box: what counts as explained on the page.
    shown: bool,
}

impl askama::filters::HtmlSafe for Words<'_> {}

impl<'a> Words<'a> {
    /// The words that these texts use.
    pub fn of<'t>(call: &'a Call, lang: &'a Lang, texts: impl IntoIterator<Item = &'t str>) -> Self {
        Self { lang, terms: call.terms_in(&WordText::new(texts), lang), page: false, shown: true }
    }

    /// For a box inside what a script may hide.
    pub fn conditional(self) -> Self {
        Self { shown: false, ..self }
    }

    /// Leaves out the words that were explained further up, and remembers the others.
    pub fn leave_out(&mut self, explained: &mut BTreeSet<&'a str>) {
        self.terms.retain(|term| !explained.contains(term.id.as_str()));
        if self.shown {
            explained.extend(self.terms.iter().map(|term| term.id.as_str()));
        }
    }

    fn list(&self) -> String {
        self.terms.iter().map(|term| term.word(self.lang)).collect::<Vec<_>>().join(", ")
    }
}

/// The words of a rendered page that are explained nowhere on it, and those of their own explanations.
fn unexplained<'a>(page: &str, call: &'a Call, lang: &Lang) -> Vec<&'a Term> {
    let content = content_of(page);
    let texts = WordText::new(texts_of(content));
    let explanations = content.match_indices(TERM).map(|(at, _)| &content[at + TERM.len()..]);
    let there: BTreeSet<&str> = explanations.filter_map(|rest| Some(rest.split_once('"')?.0)).collect();
    let explained = |term: &Term| there.contains(term.id.as_str());
    let mut terms: Vec<&Term> = call.terms_in(&texts, lang).into_iter().filter(|term| !explained(term)).collect();
    let mut next = 0;
    while let Some(term) = terms.get(next).copied() {
        let known: BTreeSet<&str> = terms.iter().map(|term| term.id.as_str()).collect();
        let meaning = WordText::new([term.meaning.get(lang)]);
        let more = call.terms_in(&meaning, lang).into_iter();
        terms.extend(more.filter(|other| !known.contains(other.id.as_str()) && !explained(other)));
        next += 1;
    }
    terms
}

/// Fills the place for words of a rendered page; a page without one stays as it is.
///
/// # Errors
/// When the box cannot be rendered.
pub fn explain(page: String, call: &Call, lang: &Lang) -> Result<String, askama::Error> {
    if !page.contains(PLACE) {
        return Ok(page);
    }
    let words = Words { lang, terms: unexplained(&page, call, lang), page: true, shown: true }.render()?;
    Ok(page.replacen(PLACE, &words, 1).replace(PLACE, ""))
}

/// What stands between the frame of a page and its end.
fn content_of(page: &str) -> &str {
    let main = page.find("<main").map_or(page, |at| &page[at..]);
    main.find("</main>").map_or(main, |end| &main[..end])
}

/// The texts between tags.
fn texts_of(html: &str) -> impl Iterator<Item = &str> {
    html.split('<').map(|part| part.split_once('>').map_or("", |(_, text)| text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::call::load;
    use std::sync::LazyLock;

    static CALL: LazyLock<Call> = LazyLock::new(|| {
        let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/calls/hyper-open-x.toml"));
        load("hyper-open-x.toml", text).unwrap()
    });

    #[test]
    fn a_page_explains_what_it_uses_once() {
        let page = "<header>brique</header><main id=\"content\" title=\"relève\"><h1>TRL</h1><!--words--><p>Un \
                    <strong>verrou</strong>.</p><div data-term=\"trl\"></div><!--words--></main>";
        let explained = explain(page.into(), &CALL, &Lang::Fr).unwrap();
        assert!(explained.contains("data-term=\"lock\""), "{explained}");
        assert_eq!(explained.matches("data-term=\"trl\"").count(), 1, "that is explained already: {explained}");
        for outside in ["brick", "round"] {
            assert!(
                !explained.contains(&format!("data-term=\"{outside}\"")),
                "{outside} is not in the text: {explained}"
            );
        }
        assert!(!explained.contains(PLACE));
        assert!(unexplained(&explained, &CALL, &Lang::Fr).is_empty());
    }

    #[test]
    fn what_explains_a_word_is_explained_too() {
        let explained = explain("<main>En difficulté.<!--words--></main>".into(), &CALL, &Lang::Fr).unwrap();
        for term in ["difficulty", "sme", "proceedings"] {
            assert!(explained.contains(&format!("data-term=\"{term}\"")), "{term}: {explained}");
        }
    }

    #[test]
    fn a_page_without_a_place_stays_as_it_is() {
        let page = "<main><p>Un verrou.</p></main>";
        assert_eq!(explain(page.into(), &CALL, &Lang::Fr).unwrap(), page);
        let nothing = explain("<main><!--words--><p>Bonjour.</p></main>".into(), &CALL, &Lang::Fr).unwrap();
        assert_eq!(nothing, "<main><p>Bonjour.</p></main>");
    }

    #[test]
    fn a_question_explains_only_what_no_question_above_explains() {
        let mut explained = BTreeSet::new();
        let mut hidden = Words::of(&CALL, &Lang::Fr, ["UTA"]).conditional();
        let mut first = Words::of(&CALL, &Lang::Fr, ["UTA", "exercice clos"]);
        let mut second = Words::of(&CALL, &Lang::Fr, ["UTA"]);
        hidden.leave_out(&mut explained);
        first.leave_out(&mut explained);
        second.leave_out(&mut explained);
        assert!(hidden.render().unwrap().contains("<dt>UTA</dt>"));
        assert!(!hidden.render().unwrap().contains("data-term"), "nobody may see it");
        assert!(first.render().unwrap().contains("data-term=\"uta\""));
        assert_eq!(second.render().unwrap(), "");
    }
}
