//! What belongs to a page, by name: the handlers of its route in the folder of its reader, a template in both languages, a
//! sample, a link to it and a story that visits it. docs/architecture.md, "Adding a page", is the list to follow.

use super::{
    architecture::files,
    paths::{absolute, code, paths},
};
use crate::{flows::access::concrete, harness::installation::source};
use guichet::testing::web::router::routes;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// Words of templates that are the same in both languages.
const NAMES: [&str; 3] = ["Guichet", "SHA", "UTC"];

/// A route as the table writes it.
struct Row {
    path: String,
    reads: bool,
    /// The file of the handlers, below `src`.
    file: String,
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// The files of a folder with this extension.
fn with_extension(folder: &str, extension: &str) -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    walk(&source(folder), &mut found);
    found.retain(|path| path.extension().is_some_and(|found| found == extension));
    found
}

/// The file that holds a function, named by its path in the router.
fn file_of(imports: &[Vec<String>], function: &str) -> Option<String> {
    let names: Vec<&str> = function.split("::").collect();
    let (first, rest) = names.split_first()?;
    let import = imports.iter().find(|path| path.last().is_some_and(|last| last == first))?;
    let whole: Vec<String> = import.iter().cloned().chain(rest.iter().map(|name| (*name).to_owned())).collect();
    let mut candidates = (1..whole.len()).rev().map(|length| format!("{}.rs", whole[..length].join("/")));
    candidates.find(|file| source("src").join(file).exists())
}

/// The rows of the table whose handlers are pages.
fn rows() -> Vec<Row> {
    let router = code(&text(&source("src/web/router.rs")));
    let module = ["web", "router"].map(str::to_owned);
    let imports: Vec<Vec<String>> = paths(&router)
        .iter()
        // `use pages::{…}` inside the function names a sibling.
        .map(|path| if path[0] == "pages" { absolute(&module[..1], path) } else { absolute(&module, path) })
        .map(|path| path.into_iter().filter(|name| name != "self").collect())
        .collect();
    let mut rows = Vec::new();
    for (at, _) in router.match_indices("route(") {
        let arguments = router[at + "route(".len()..].trim_start();
        if !arguments.starts_with('"') || router[..at].ends_with(['.', '_']) {
            continue;
        }
        let mut quoted = arguments.split('"');
        let (methods, path) = (quoted.nth(1).unwrap(), quoted.nth(1).unwrap());
        let handlers = &quoted.next().unwrap()[1..];
        let function: String = handlers
            .split('(')
            .nth(1)
            .unwrap()
            .chars()
            .take_while(|c| c.is_alphanumeric() || matches!(c, '_' | ':'))
            .collect();
        let Some(file) = file_of(&imports, &function) else { panic!("{path}: no file has {function}") };
        if file.starts_with("web/pages/") {
            rows.push(Row { path: path.to_owned(), reads: methods.contains("GET"), file });
        }
    }
    rows
}

/// The templates that a file of Rust names.
fn templates(file: &str) -> Vec<String> {
    let text = text(&source("src").join(file));
    let named = text.match_indices(".html\"").map(|(at, _)| {
        let from = text[..at].rfind('"').unwrap() + 1;
        format!("{}.html", &text[from..at])
    });
    named.filter(|name| source("src/web").join(name).exists()).collect()
}

/// What a test has to say to visit a route, or a page to lead to it: the last part of its path that is always the same.
fn mark(path: &str) -> String {
    let mut parts = path.split('/').filter(|part| !part.is_empty() && !part.starts_with('{'));
    // A page names its export without the extension.
    format!("/{}", parts.next_back().and_then(|part| part.split('.').next()).unwrap_or_default())
}

#[test]
fn every_page_has_what_belongs_to_it() {
    let rows = rows();
    assert!(rows.len() > 50, "only {} routes were found", rows.len());
    let samples: String = files(&source("src/web/samples")).iter().map(|path| text(path)).collect();
    let stories: String = ["tests/portal/flows", "tests/portal/browser"]
        .iter()
        .flat_map(|folder| files(&source(folder)))
        .filter(|path| !path.ends_with("flows/access.rs"))
        .map(|path| text(&path))
        .collect();
    let leading: Vec<(PathBuf, String)> = with_extension("src/web", "html")
        .into_iter()
        .chain(with_extension("src/web/assets", "js"))
        .chain(files(&source("src")).into_iter().filter(|path| !path.ends_with("web/router.rs")))
        .map(|path| (path.clone(), text(&path)))
        .collect();
    let mut faults = BTreeSet::new();
    for row in &rows {
        let mark = mark(&row.path);
        let mut own: Vec<PathBuf> = templates(&row.file).iter().map(|name| source("src/web").join(name)).collect();
        own.push(source("src").join(&row.file));
        let pages: Vec<&PathBuf> = own.iter().filter(|path| text(path).starts_with("{% extends \"")).collect();
        if !stories.contains(&mark) {
            faults.insert(format!("{}: no story in tests/portal/flows visits {mark}", row.path));
        }
        if row.reads
            && !pages.is_empty()
            && !leading.iter().any(|(path, text)| !own.contains(path) && text.contains(&mark))
        {
            faults.insert(format!("{}: nothing leads to {mark}", row.path));
        }
        if row.reads && !pages.is_empty() && !drawn(&row.file).iter().any(|name| has_word(&samples, name)) {
            faults.insert(format!("{}: no sample of {} in src/web/samples", row.path, row.file));
        }
    }
    for route in routes() {
        assert!(!concrete(route.path, "id", "receipt", "upload").contains('{'), "{}", route.path);
    }
    assert!(
        faults.is_empty(),
        "{}\nSee docs/architecture.md, “Adding a page”.",
        faults.into_iter().collect::<Vec<_>>().join("\n")
    );
}

/// What a sample can draw of a file: its structs and functions.
fn drawn(file: &str) -> Vec<String> {
    let text = text(&source("src").join(file));
    let lines = text.lines().filter_map(|line| line.strip_prefix("pub struct ").or(line.strip_prefix("pub fn ")));
    let named = lines.map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>());
    // Structs that a macro makes are named by the templates: `home.html` by `HomePage`.
    let made = templates(file).into_iter().map(|name| {
        let stem = Path::new(&name).file_stem().unwrap().to_str().unwrap().to_owned();
        stem.split('_').map(|part| format!("{}{}", part[..1].to_uppercase(), &part[1..])).collect::<String>() + "Page"
    });
    named.chain(made).collect()
}

fn has_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|found| found == word)
}

#[test]
fn every_template_is_of_use() {
    let named: String = with_extension("src/web", "html")
        .into_iter()
        .chain(files(&source("src/web")))
        .map(|path| text(&path))
        .collect();
    for folder in ["src/web/pages", "src/web/frame"] {
        for path in with_extension(folder, "html") {
            let name = path.strip_prefix(source("src/web")).unwrap().to_str().unwrap().to_owned();
            assert!(named.contains(&format!("\"{name}\"")), "{name} is named by nothing");
        }
    }
}

/// The text of a template that readers see in both languages alike.
fn unchanged(template: &str) -> String {
    let (mut text, mut rest) = (String::new(), template);
    let mut branches: Vec<bool> = Vec::new();
    while let Some(at) = rest.find('{') {
        if !branches.contains(&true) {
            text.push_str(&rest[..at]);
        }
        let close = match rest.as_bytes().get(at + 1) {
            Some(b'%') => "%}",
            Some(b'{') => "}}",
            Some(b'#') => "#}",
            _ => "",
        };
        let end = if close.is_empty() { at + 1 } else { at + rest[at..].find(close).unwrap() + close.len() };
        if close == "%}" {
            let inside = rest[at + 2..end - 2].trim_matches(['-', '~', '+']).trim();
            match inside.split(' ').next().unwrap_or_default() {
                "if" | "for" | "match" | "block" | "macro" => branches.push(inside.contains("s.fr()")),
                "else" if inside.contains("s.fr()") => {
                    branches.last_mut().into_iter().for_each(|branch| *branch = true)
                }
                word if word.starts_with("end") => drop(branches.pop()),
                _ => {}
            }
        }
        rest = &rest[end..];
    }
    text.push_str(rest);
    text
}

/// The words of a text outside its markup and its code.
fn words(text: &str) -> Vec<String> {
    let mut bare = String::new();
    for (number, part) in text.split("<code>").enumerate() {
        let part = if number == 0 { part } else { part.split_once("</code>").map_or("", |(_, after)| after) };
        for (number, part) in part.split('<').enumerate() {
            bare.push(' ');
            bare.push_str(if number == 0 { part } else { part.split_once('>').map_or("", |(_, after)| after) });
        }
    }
    let words = bare.split(|c: char| !c.is_alphabetic()).filter(|word| word.chars().count() > 2);
    words.map(str::to_owned).collect()
}

#[test]
fn every_sentence_of_a_page_has_both_languages() {
    let mut faults = Vec::new();
    for path in with_extension("src/web/pages", "html").into_iter().chain(with_extension("src/web/frame", "html")) {
        // Its macros write attributes.
        if path.ends_with("frame/form.html") {
            continue;
        }
        let found = words(&unchanged(&text(&path)));
        let found: Vec<&String> = found.iter().filter(|word| !NAMES.contains(&word.as_str())).collect();
        if !found.is_empty() {
            faults.push(format!("{}: {found:?}", path.display()));
        }
    }
    assert!(faults.is_empty(), "{}\nWrite s.tr(\"…\", \"…\").", faults.join("\n"));
}

#[test]
fn a_sentence_in_one_language_is_found() {
    let template = "<p title=\"x\">{{ s.tr(\"Bonjour\", \"Hello\") }} {% if s.fr() %}Il manque{% else %}Missing{% endif %}\
                    {% for one in all %}Encore{% endfor %} <code>guichet token</code></p>";
    assert_eq!(words(&unchanged(template)), ["Encore"]);
}
