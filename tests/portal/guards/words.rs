//! What people read is written as it is printed: in French the apostrophe of an elision is ’, not '.

use crate::harness::installation::source;
use std::path::{Path, PathBuf};

/// What is elided before a vowel. No English word ends so: `it's` and `the portal's` have a letter before.
const ELIDED: [&str; 17] = [
    "l", "d", "n", "s", "c", "j", "m", "t", "qu", "jusqu", "lorsqu", "puisqu", "quoiqu", "quelqu", "presqu", "entr",
    "aujourd",
];

/// Lines that have the other apostrophe for a reason: as people type it without accents.
const TYPED: [&str; 1] = ["Cote d'Ivoire"];

/// The elisions of a text that have a straight apostrophe.
fn straight(text: &str) -> Vec<&str> {
    let elision = |(at, _): (usize, &str)| {
        let (before, after) = (&text[..at], &text[at + 1..]);
        let begin = before.char_indices().rev().take_while(|(_, c)| c.is_alphabetic()).last()?.0;
        let word = before[begin..].to_lowercase();
        let goes_on = after.starts_with(|c: char| c.is_alphabetic() || c == '{');
        let end = at + 1 + after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
        (goes_on && ELIDED.contains(&word.as_str())).then(|| &text[begin..end])
    };
    text.match_indices('\'').filter_map(elision).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && name != "tests" && name != "node_modules" {
            found.extend(files(&path));
        } else if ["rs", "html", "js", "toml"].iter().any(|kind| path.extension().is_some_and(|found| found == *kind))
            && name != "tests.rs"
        {
            found.push(path);
        }
    }
    found
}

#[test]
fn french_has_its_own_apostrophe() {
    let mut faults = Vec::new();
    for path in ["src", "calls"].iter().flat_map(|folder| files(&source(folder))) {
        let text = std::fs::read_to_string(&path).unwrap();
        let shown = text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
        for (number, line) in shown.filter(|(_, line)| !TYPED.iter().any(|typed| line.contains(typed))) {
            faults.extend(straight(line).iter().map(|words| format!("{}:{}: {words}", path.display(), number + 1)));
        }
    }
    assert!(faults.is_empty(), "{}\nWrite ’ instead of '.", faults.join("\n"));
}

/// Words for one thing that pages name by another one; docs/lexicon.md has the word.
const OTHER_WORDS: [(&str, &str); 2] = [("récépissé", "reçu"), ("accusé de dépôt", "reçu")];

#[test]
fn one_thing_has_one_word() {
    let mut faults = Vec::new();
    for path in ["src", "calls"].iter().flat_map(|folder| files(&source(folder))) {
        let text = std::fs::read_to_string(&path).unwrap().to_lowercase();
        for (other, word) in OTHER_WORDS.iter().filter(|(other, _)| text.contains(other)) {
            faults.push(format!("{}: “{other}” instead of “{word}”", path.display()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn code_and_english_are_not_taken_for_french() {
    for text in ["l'appel", "ce qu'il faut", "(D'abord)", "jusqu'au {until}", "d'{name}", "aujourd'hui", "s'y"] {
        assert_eq!(straight(text).len(), 1, "{text}");
    }
    for text in ["l’appel", "it's the portal's", "don't", "&'a str", "b'a'", "where id = 'x'", "'l'", "users' rights"]
    {
        assert!(straight(text).is_empty(), "{text}");
    }
}
