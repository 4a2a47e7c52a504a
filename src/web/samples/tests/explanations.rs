//! What applicants may not know is explained where it stands: words, and the reasons behind questions and findings.

use super::{SamplePage, call, pages};
use crate::domain::{call::WordText, text::Lang};
use std::collections::BTreeSet;

/// The content of a page between its tags.
fn content(html: &str) -> &str {
    html.split("<main").nth(1).unwrap().split("</main>").next().unwrap()
}

fn texts(html: &str) -> impl Iterator<Item = &str> {
    html.split('<').map(|part| part.split_once('>').map_or("", |(_, text)| text))
}

/// The pages that applicants read, in every call and language.
fn of_applicants() -> Vec<(String, Lang, SamplePage)> {
    let files = ["calls/hyper-open-x.toml", "tests/fixtures/calls/petit-pas.toml"];
    let all = files.iter().flat_map(|file| {
        let call = call(file);
        Lang::ALL.into_iter().flat_map(move |lang| {
            let read = |page: &SamplePage| ["public", "applicant", "account", "frame"].contains(&page.reader);
            let pages = pages(&call, &lang).into_iter().filter(read);
            pages.map(move |page| ((*file).to_owned(), lang, page)).collect::<Vec<_>>()
        })
    });
    all.collect()
}

#[test]
fn every_word_of_the_glossary_is_explained_on_the_page_that_uses_it() {
    for (file, lang, SamplePage { name, html, .. }) in of_applicants() {
        let (call, content) = (call(&file), content(&html));
        let used = call.terms_in(&WordText::new(texts(content)), &lang);
        for term in used {
            let explained = content.contains(&format!("data-term=\"{}\"", term.id));
            assert!(explained, "{file}, {name} ({lang}): “{}” is not explained", term.word(&lang));
        }
        assert!(!html.contains("<!--words-->"), "{name}");
    }
}

#[test]
fn the_words_of_a_question_are_explained_in_it() {
    let all = of_applicants();
    let page = |name: &str| {
        let found = all.iter().find(|(file, lang, page)| {
            file.contains("hyper") && *lang == Lang::Fr && page.reader == "applicant" && page.name == name
        });
        &found.unwrap().2.html
    };
    let field = |html: &'_ str, path: &str| {
        let begins = html.split(&format!("id=\"field-{path}\"")).nth(1).unwrap().to_owned();
        begins.split("<div class=\"field ").next().unwrap().to_owned()
    };
    for (editor, path, term) in [
        ("editor-2", "project.lock", "lock"),
        ("editor-2", "project.trl_start", "trl"),
        ("editor-3", "sme.staff_n", "uta"),
        ("editor-8", "deminimis.single_undertaking", "single-undertaking"),
    ] {
        assert!(field(page(editor), path).contains(&format!("data-term=\"{term}\"")), "{path}: {term}");
    }
    assert!(
        !field(page("editor-2"), "project.trl_end").contains("data-term=\"trl\""),
        "the question above explains it"
    );
    assert!(
        page("editor-4").split("id=\"editor\"").next().unwrap().contains("data-term=\"base\""),
        "by its introduction"
    );
}

#[test]
fn a_question_or_a_finding_gives_its_reasons_once_and_codes_stand_inside() {
    for (file, lang, SamplePage { name, html, reader }) in of_applicants() {
        for field in html.split("<div class=\"field ").skip(1) {
            let field = field.split("<div class=\"field ").next().unwrap().split("</form>").next().unwrap();
            let field = field.split("<section").next().unwrap();
            assert!(field.matches("class=\"why\"").count() <= 1, "{file}, {name} ({lang}): {field}");
        }
        // The registers list the codes; nothing else makes the keyboard stop at one.
        let register = ["rules", "interpretations"].contains(&name.as_str());
        let outside: String = html
            .split("<details class=\"why\"")
            .enumerate()
            .map(|(number, part)| match number {
                0 => part,
                _ => part.split_once("</details>").map_or("", |(_, after)| after),
            })
            .collect();
        let code = ["class=\"ref\"", "ref-reading"].iter().any(|mark| outside.contains(mark));
        assert!(register || !code, "{file}, {reader} {name} ({lang})");
    }
}

/// The ids or the targets of links that begin with `why-`.
fn marks<'h>(html: &'h str, before: &'static str) -> impl Iterator<Item = &'h str> {
    html.split(before).skip(1).map(|rest| rest.split('"').next().unwrap()).filter(|mark| mark.starts_with("why-"))
}

#[test]
fn a_page_of_questions_tells_a_reason_once_and_leads_to_it_from_the_others() {
    let mut led = 0;
    for (file, lang, SamplePage { name, html, .. }) in of_applicants() {
        let told: Vec<&str> = marks(&html, " id=\"").collect();
        let distinct: BTreeSet<&str> = told.iter().copied().collect();
        assert_eq!(told.len(), distinct.len(), "{file}, {name} ({lang}): {told:?}");
        for target in marks(&html, " href=\"#") {
            assert!(distinct.contains(target), "{file}, {name} ({lang}): {target}");
            led += 1;
        }
    }
    assert!(led > 0);
    let all = of_applicants();
    let hyper = all.iter().filter(|(file, lang, _)| file.contains("hyper") && *lang == Lang::Fr);
    let page = |name: &str| &hyper.clone().find(|(.., page)| page.name == name).unwrap().2.html;
    let call = call("calls/hyper-open-x.toml");
    let title = &call.rule("ELI-2").unwrap().title.fr;
    let asked = call.section("sme").unwrap().fields.iter().filter(|field| field.rule.as_deref() == Some("ELI-2"));
    assert!(asked.count() > 1);
    assert_eq!(page("editor-empty-3").matches(title.as_str()).count(), 1, "the whole section is about one rule");
}

#[test]
fn applicants_see_bricks_by_their_names() {
    let call = call("calls/hyper-open-x.toml");
    for (file, lang, SamplePage { name, html, .. }) in of_applicants() {
        let content = content(&html);
        for brick in call.bricks.iter().filter(|brick| brick.slug != brick.name) {
            let shown = texts(content).any(|text| text.split([' ', ',', '\n']).any(|word| word == brick.slug));
            assert!(!shown, "{file}, {name} ({lang}): {} instead of {}", brick.slug, brick.name);
        }
    }
}
