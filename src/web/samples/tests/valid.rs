//! The HTML of every page is valid and has the head that its readers need. `html-validate`, which `scripts/setup
//! --with-node` installs, reads all samples at once; `tests/html/htmlvalidate.json` has its rules.

use super::{SamplePage, call, hyper_open_x, pages};
use crate::{
    domain::{call::Call, publisher::Publisher, text::Lang},
    web::samples::pages_of,
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Pages whose content is the publisher's.
const LEGAL: [&str; 3] = ["legal", "privacy", "accessibility"];

fn validator() -> PathBuf {
    let program = std::env::var_os("GUICHET_HTML_VALIDATE").map_or_else(
        || {
            let cache = std::env::var_os("GUICHET_CACHE").map(PathBuf::from);
            let cache = cache.unwrap_or_else(|| std::env::home_dir().unwrap().join(".cache/guichet"));
            cache.join("html-validate-9.7.1/node_modules/.bin/html-validate")
        },
        PathBuf::from,
    );
    assert!(program.exists(), "{} is missing: run scripts/setup --with-node", program.display());
    program
}

#[test]
fn every_page_is_valid_html() {
    let folder = tempfile::tempdir().unwrap();
    for file in ["calls/hyper-open-x.toml", "tests/fixtures/calls/petit-pas.toml"] {
        let call = call(file);
        for lang in &Lang::ALL {
            for SamplePage { reader, name, html } in pages(&call, lang) {
                fs::write(folder.path().join(format!("{}.{reader}.{name}.{lang}.html", call.id)), html).unwrap();
            }
        }
    }
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/html/htmlvalidate.json");
    let mut command = Command::new(validator());
    let told = command.arg("--config").arg(rules).args(["--formatter", "text"]).arg(folder.path()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(told.status.success(), "{}{}", text(&told.stdout), text(&told.stderr));
}

/// What stands between a text and the next quote.
fn quoted<'a>(html: &'a str, before: &str) -> Option<&'a str> {
    html.split_once(before)?.1.split('"').next()
}

#[test]
fn public_pages_have_a_head_for_search_engines_and_others_are_not_for_them() {
    let call = hyper_open_x();
    for lang in &Lang::ALL {
        for SamplePage { reader, name, html } in pages(&call, lang) {
            let hidden = html.contains("<meta name=\"robots\" content=\"noindex\">");
            assert_eq!(hidden, reader != "public", "{reader} {name}");
            assert!(quoted(&html, "<title>").is_some_and(|title| !title.starts_with(' ')), "{name}");
            if reader != "public" {
                continue;
            }
            let description = quoted(&html, "<meta name=\"description\" content=\"").unwrap();
            assert!(description.chars().count() > 30, "{name}: {description}");
            let canonical = quoted(&html, "<link rel=\"canonical\" href=\"").unwrap();
            let alternate =
                |tag: &str| quoted(&html, &format!("<link rel=\"alternate\" hreflang=\"{tag}\" href=\"")).unwrap();
            assert_eq!(canonical, alternate(lang.tag()), "{name}");
            for tag in ["fr", "en", "x-default"] {
                assert!(alternate(tag).starts_with("https://guichet.example"), "{name}: {}", alternate(tag));
            }
        }
    }
}

/// The samples that say what the publisher left out.
fn incomplete(call: &Call, publisher: &Publisher) -> Vec<String> {
    let pages = Lang::ALL.iter().flat_map(|lang| pages_of(call, lang, publisher));
    let open = |html: &str| html.contains("non renseigné") || html.contains("not given");
    pages.filter(|page| LEGAL.contains(&page.name.as_str()) && open(&page.html)).map(|page| page.name).collect()
}

#[test]
fn legal_pages_have_no_placeholder_with_the_data_of_a_production() {
    for call in [hyper_open_x(), call("tests/fixtures/calls/petit-pas.toml")] {
        assert_eq!(incomplete(&call, &Publisher::complete()), Vec::<String>::new());
        assert_eq!(incomplete(&call, &Publisher::invented()), Vec::<String>::new());
        assert_eq!(incomplete(&call, &Publisher::default()), [LEGAL, LEGAL].concat(), "and without they say so");
    }
}
