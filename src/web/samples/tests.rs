//! Every page renders in both languages, for any call.

mod deposit_period;
mod deposit_status;
mod explanations;
mod texts;
mod valid;

use super::{SamplePage, pages};
use crate::domain::{
    call::{Call, load},
    money::Cents,
    text::Lang,
};
use crate::web::{frame::show, pages::examiner::round::query::RoundQuery};
use std::{fs, path::Path};

fn call(file: &str) -> Call {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    load(file, &text).unwrap()
}

fn hyper_open_x() -> Call {
    call("calls/hyper-open-x.toml")
}

/// The text of a page, without its markup.
fn words(html: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            c if !inside => text.push(c),
            _ => {}
        }
    }
    text.replace("&#39;", "'")
        .replace("&#34;", "\"")
        .replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#38;", "&")
        .split([' ', '\n'])
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn renders_every_page() {
    for file in ["calls/hyper-open-x.toml", "tests/fixtures/calls/petit-pas.toml"] {
        let call = call(file);
        for lang in &Lang::ALL {
            let pages = pages(&call, lang);
            assert!(pages.len() > 30, "{file}: {} pages", pages.len());
            for SamplePage { name, html: page, .. } in pages {
                assert!(
                    page.contains(&format!("<html lang=\"{lang}\">")) && page.contains("</html>"),
                    "{file} {name}: {page}"
                );
                assert_eq!(page.matches("<h1").count(), 1, "{file} {name}");
                for inline in ["<style", " style=", " onclick=", " onload=", "javascript:"] {
                    assert!(!page.contains(inline), "{file} {name} {lang}: {inline} is against the CSP");
                }
                if let Some(folder) = std::env::var_os("GUICHET_SAMPLES") {
                    let folder = Path::new(&folder).join(&call.id);
                    fs::create_dir_all(&folder).unwrap();
                    fs::write(folder.join(format!("{name}.{lang}.html")), page).unwrap();
                }
            }
        }
    }
}

/// Nobody lacks nought items, a plural needs no bracket, and an amount is written as its reader writes it.
#[test]
fn numbers_are_said_as_people_say_them() {
    for file in ["calls/hyper-open-x.toml", "tests/fixtures/calls/petit-pas.toml"] {
        let call = call(file);
        for lang in &Lang::ALL {
            for SamplePage { name, html, .. } in pages(&call, lang) {
                let text = words(&html);
                for odd in ["manque 0 ", " 0 items", " 0 élément", " 1 éléments", " 1 items", "(s) ", " 1 points"] {
                    assert!(!text.contains(odd), "{file} {name} {lang}: “{odd}”");
                }
                let foreign = match lang {
                    // Behind an amount in French, the number of another cell may follow at once.
                    Lang::Fr => text.match_indices('€').any(|(at, _)| {
                        !text[..at].ends_with('\u{a0}') && text[at..].chars().nth(1).is_some_and(|c| c.is_ascii_digit())
                    }),
                    Lang::En => text.contains("\u{a0}€"),
                };
                assert!(!foreign, "{file} {name} {lang}: an amount of the other language");
            }
        }
    }
}

/// A control that can be too long says its limit to everybody, and counts for those who run the script.
#[test]
fn limits_are_told_with_and_without_script() {
    let call = hyper_open_x();
    for SamplePage { name, html, .. } in pages(&call, &Lang::Fr) {
        for (at, _) in html.match_indices(" data-max-chars=\"") {
            let from = html[..at].rfind('<').unwrap();
            let tag = &html[from..at + html[at..].find('>').unwrap()];
            assert!(!tag.contains(" maxlength="), "{name}: nothing typed is cut off: {tag}");
            let control = tag.split(" name=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
            if !control.contains('[') {
                let limits = format!("m-{control}");
                assert!(tag.contains(&limits) && html.contains(&format!("id=\"{limits}\"")), "{name}: {tag}");
            }
        }
    }
}

#[test]
fn fields_about_the_applicant_say_what_a_browser_may_fill_in() {
    let call = hyper_open_x();
    let pages = pages(&call, &Lang::Fr);
    let first = pages.iter().find(|page| page.name == "editor-empty-1").unwrap();
    for token in ["organization", "address-level2", "url", "section-representative tel", "section-contact email"] {
        assert!(first.html.contains(&format!(" autocomplete=\"{token}\"")), "{token}");
    }
}

#[test]
fn amounts_are_written_as_the_domain_writes_them() {
    for cents in [0, 5, -5, 99, 100, 99_999, 100_000, 12_500_050, -123_456_789, i64::MAX, 100_000_000_000] {
        for lang in Lang::ALL {
            assert_eq!(show::Money(Cents(cents), lang).to_string(), Cents(cents).show(lang));
        }
    }
}

#[test]
fn lengths_are_written_as_people_read_them() {
    let fr = |bytes| show::bytes(bytes, &Lang::Fr);
    assert_eq!(fr(0), "0\u{a0}octets");
    assert_eq!(fr(26_214_400), "25\u{a0}Mo");
    assert_eq!(fr(1_234_567), "1,2\u{a0}Mo");
    assert_eq!(show::bytes(2048, &Lang::En), "2\u{a0}kB");
}

#[test]
fn a_link_keeps_the_filters_and_goes_back_to_the_first_page() {
    let query = RoundQuery { q: "à & b".into(), page: 3, ..RoundQuery::default() };
    assert_eq!(query.with("sort", "aid"), "?q=%C3%A0%20%26%20b&sort=aid");
    assert_eq!(query.with("page", "4"), "?q=%C3%A0%20%26%20b&page=4");
    assert_eq!(RoundQuery::default().with("page", "1"), "?");
    let query = RoundQuery { admissible: "yes".into(), conflict: "expert".into(), page: 2, ..RoundQuery::default() };
    assert_eq!(query.with("given", "a+b@x.fr"), "?admissible=yes&given=a%2Bb%40x.fr&conflict=expert");
    assert!(query.filters() && !RoundQuery { sort: "aid".into(), ..RoundQuery::default() }.filters());
    assert_eq!(RoundQuery { given: "no".into(), ..RoundQuery::default() }.expert(), None);
}
