//! What each page says first, in both languages: a change of words shows as a difference in `samples/texts`, one file for
//! each group of readers. `GUICHET_WRITE_DOCS=1 cargo test --lib samples::tests::texts` writes them.

use super::{SamplePage, hyper_open_x, pages, words};
use crate::domain::text::Lang;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    path::Path,
};

/// Most characters of one sentence; an alert may hold a whole list.
const MAX_CHARS: usize = 200;

/// A sentence that a reader sees first, and what it is.
struct Sentence {
    kind: &'static str,
    text: String,
}

/// What an element is to its reader, by the tag that opens it.
fn kind_of(tag: &str) -> Option<&'static str> {
    let name = tag.split([' ', '>']).next()?;
    let has = |attribute: &str| tag.contains(attribute);
    Some(match name {
        "title" | "h1" | "h2" | "button" => {
            return ["title", "h1", "h2", "button"].into_iter().find(|one| *one == name);
        }
        "a" if has("class=\"button") => "button",
        _ if has("role=\"alert\"") => "alert",
        _ if has("class=\"banner-state\"") || has("class=\"dossier-state") || has("class=\"save-deposit") => "status",
        _ if has("class=\"notice") || (has("role=\"status\"") && has("class=\"summary")) => "notice",
        "p" if has("class=\"lead\"") => "lead",
        _ => return None,
    })
}

/// What stands between the tag that opens an element and the one that closes it.
fn inner<'a>(html: &'a str, name: &str) -> &'a str {
    let (bare, open, close) = (format!("<{name}>"), format!("<{name} "), format!("</{name}>"));
    let (mut depth, mut at) = (1, 0);
    while let Some(end) = html[at..].find(&close) {
        let before = &html[at..at + end];
        depth += before.matches(&bare).count() + before.matches(&open).count();
        depth -= 1;
        if depth == 0 {
            return &html[..at + end];
        }
        at += end + close.len();
    }
    html
}

/// The sentences of a page; those of its frame are left out.
fn sentences(html: &str) -> Vec<Sentence> {
    let content = html.split("<main").nth(1).and_then(|main| main.split("</main>").next()).unwrap_or_default();
    let head = html.find("<title>").map_or("", |at| &html[at..html.find("</title>").unwrap_or(at)]);
    let mut found = Vec::new();
    for part in [format!("{head}</title>").as_str(), content] {
        for (at, _) in part.match_indices('<') {
            let Some(length) = part[at..].find('>') else { continue };
            let tag = &part[at + 1..at + length];
            let Some(kind) = kind_of(tag) else { continue };
            let name = tag.split(' ').next().unwrap_or_default();
            let text: String = words(inner(&part[at + length + 1..], name)).chars().take(MAX_CHARS).collect();
            found.push(Sentence { kind, text });
        }
    }
    found
}

/// A page in both languages, each sentence once.
fn lines(french: &SamplePage, english: &SamplePage) -> String {
    let mut text = format!("\n{}\n", french.name);
    let (fr, en) = (sentences(&french.html), sentences(&english.html));
    let kinds = |all: &[Sentence]| all.iter().map(|one| one.kind).collect::<Vec<_>>().join(" ");
    assert_eq!(kinds(&fr), kinds(&en), "{}: both languages say the same", french.name);
    let mut seen = BTreeSet::new();
    for (fr, en) in fr.iter().zip(&en).filter(|(fr, en)| !fr.text.is_empty() || !en.text.is_empty()) {
        if !seen.insert((fr.kind, &fr.text, &en.text)) {
            continue;
        }
        writeln!(text, "  {:<7} {}", fr.kind, fr.text).unwrap();
        if en.text != fr.text {
            writeln!(text, "  {:<7} {}", "", en.text).unwrap();
        }
    }
    text
}

#[test]
fn pages_say_what_is_written_down() {
    let call = hyper_open_x();
    let mut files: BTreeMap<&str, String> = BTreeMap::new();
    for (french, english) in pages(&call, &Lang::Fr).iter().zip(&pages(&call, &Lang::En)) {
        assert_eq!(french.name, english.name);
        let file = files.entry(french.reader).or_insert_with(|| {
            String::from(
                "What the pages say first, in French and in English. Written by a test: GUICHET_WRITE_DOCS=1.\n",
            )
        });
        file.push_str(&lines(french, english));
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web/samples/texts");
    let mut faults = Vec::new();
    for (reader, now) in files {
        let path = folder.join(format!("{reader}.txt"));
        if std::env::var_os("GUICHET_WRITE_DOCS").is_some() {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&path, &now).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap_or_default();
        let differs = now.lines().filter(|line| !kept.lines().any(|other| other == *line)).take(10);
        if kept != now {
            faults.push(format!("{}:\n{}", path.display(), differs.collect::<Vec<_>>().join("\n")));
        }
    }
    assert!(faults.is_empty(), "Other texts; GUICHET_WRITE_DOCS=1 writes them.\n{}", faults.join("\n"));
}

#[test]
fn sentences_are_found_in_the_markup() {
    let html = "<title>A – B</title><header><h1>no</h1></header><main id=\"content\"><h1>One <b>two</b></h1>\n\
                <section class=\"summary\" role=\"alert\"><h2>Bad</h2>\n<section><p>why</p></section> &#38;c</section>\
                <p class=\"lead\">First.</p><a class=\"button primary\" href=\"/\">Go</a><button>Go</button></main>";
    let found: Vec<String> = sentences(html).into_iter().map(|one| format!("{}: {}", one.kind, one.text)).collect();
    assert_eq!(
        found,
        ["title: A – B", "h1: One two", "alert: Bad why &c", "h2: Bad", "lead: First.", "button: Go", "button: Go"]
    );
}
