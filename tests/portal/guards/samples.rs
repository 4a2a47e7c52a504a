//! Every page, rendered from samples in both languages: none can break unseen.

use crate::harness::installation::source;
use guichet::{
    domain::{call, text::Lang},
    web::view::samples,
};

#[test]
fn every_page_renders_in_both_languages() {
    for file in ["calls/hyper-open-x.toml", "tests/fixtures/calls/petit-pas.toml"] {
        let call = call::load(file, &std::fs::read_to_string(source(file)).unwrap()).unwrap();
        for lang in Lang::ALL {
            let pages = samples::pages(&call, &lang);
            assert!(pages.len() >= 20, "{file} in {lang}: only {} pages", pages.len());
            for (name, html) in pages {
                assert!(html.contains(&format!("<html lang=\"{lang}\"")), "{file} {name} {lang}");
                assert_eq!(html.matches("<h1").count(), 1, "{file} {name} {lang}: one h1");
                for inline in ["<style", " style=\"", " onclick=", " onload=", "javascript:"] {
                    assert!(!html.contains(inline), "{file} {name} {lang}: {inline} is against the CSP");
                }
            }
        }
    }
}
