//! What is found by what, and what is not.

mod properties;

use super::{
    MAX_DEPOSIT_TOKENS, MAX_FILE_TOKENS, Passage, Scope, SearchQuery, TooManyWords, best_extract, index_tokens,
    query::MAX_WORDS,
};
use crate::domain::{calendar::RoundId, text::Text};
use std::collections::BTreeSet;

pub(super) fn scope() -> Scope {
    Scope::of_round("hyper-open-x", &RoundId("2024".into()))
}

/// Whether a row with these tokens is a result of an expression, as MariaDB defines it: every term is there, of a group
/// one of its tokens.
pub(super) fn matches(tokens: &str, expression: &str) -> bool {
    let tokens: BTreeSet<&str> = tokens.split(' ').collect();
    let mut rest = expression;
    while let Some(term) = rest.strip_prefix('+') {
        let (any, after) = match term.strip_prefix('(') {
            Some(group) => group.split_once(')').unwrap(),
            None => term.split_at(term.find(' ').unwrap_or(term.len())),
        };
        if !any.split(' ').any(|token| tokens.contains(token)) {
            return false;
        }
        rest = after.trim_start_matches(' ');
    }
    assert!(rest.is_empty(), "{expression}");
    true
}

/// Whether a text is found by a query.
pub(super) fn finds(query: &str, text: &str) -> bool {
    let query = SearchQuery::parse(query).unwrap().unwrap();
    let expression = query.boolean_expression(&scope()).unwrap();
    matches(&index_tokens(&scope(), [text], []), &expression)
}

#[test]
fn words_are_found_in_their_other_forms() {
    for (query, text) in [
        ("coeur", "Au Cœur de la ville"),
        ("CŒUR", "un coeur"),
        ("cœurs", "le cœur"),
        ("entreprise", "des entreprises"),
        ("entreprises", "une Entreprise"),
        ("réseaux", "un réseau"),
        ("reseau", "les réseaux"),
        ("energie", "Énergies renouvelables"),
        ("e\u{301}nergie", "l’énergie"),
        ("énergie", "energies"),
        ("déployer", "le déploiement"),
        ("deploiement", "déployer"),
        ("numerique", "les jumeaux numériques"),
        ("innovante", "innovation"),
        ("network", "networks"),
        ("companies", "the company’s plan"),
        ("connecting", "connected"),
        ("l'aide", "d’aide"),
        ("IA", "une IA générative"),
        ("ia", "l’IA"),
        ("ai", "AI for all"),
        ("C++", "écrit en C++."),
        ("c#", "du C# et du Rust"),
        (".NET", "sous .NET"),
        ("net", "sous .NET"),
        ("who", "who is about"),
        ("la", "la ville"),
        ("5G", "la 5G"),
        ("Sozu", "Sōzu aiguille"),
        ("ﬁn", "fin"),
        ("наука", "Наука и жизнь"),
    ] {
        assert!(finds(query, text), "{query:?} in {text:?}");
    }
}

#[test]
fn every_word_counts_and_other_words_are_not_found() {
    let text = "Une maintenance industrielle sans interruption, de l’atelier au centre de données, en C et en F#";
    assert!(finds("maintenance industrielle interruption atelier centre données", text));
    assert!(!finds("maintenance industrielle interruption atelier centre cheval", text), "the sixth counts");
    for query in ["C++", "maint", "tenance", "atelier -centre cheval", "\"atelier maintenance\" cheval", "sécurité"] {
        assert!(!finds(query, text), "{query:?}");
    }
    // What operators do elsewhere, they do not do here.
    for query in
        ["+atelier -centre", "atelier*", "(atelier", "\"centre atelier\"", "~atelier", "<atelier >centre", "@2 atelier"]
    {
        let words = query.replace("@2", "");
        assert_eq!(finds(query, text), finds(&words, text) && !query.contains("@2"), "{query:?}");
    }
}

#[test]
fn numbers_of_companies_are_found_however_they_are_grouped() {
    for text in
        ["732 829 320 00074", "73282932000074", "732\u{202f}829\u{202f}320\u{a0}00074", "SIRET 732.829.320.00074"]
    {
        for query in
            ["73282932000074", "732 829 320 00074", "732829320", "732 829 320", "732-829-320", "siret 732829320"]
        {
            let text = format!("SIRET : {text} (Lyon)");
            assert!(finds(query, &text), "{query:?} in {text:?}");
        }
        assert!(!finds("732829321", text) && !finds("732 829 320 00066", text), "{text}");
    }
    assert!(finds("2025 732829320", "en 2025 732 829 320"));
}

#[test]
fn a_number_of_a_receipt_is_looked_up_in_the_deposit() {
    let query = SearchQuery::parse(" 2024\u{2011}000123  vigie").unwrap().unwrap();
    assert_eq!(query.receipts(), ["2024-000123"]);
    assert!(matches(&index_tokens(&scope(), ["VIGIE"], []), &query.boolean_expression(&scope()).unwrap()));
    for text in ["2024-07-31", "2024 000123", "24-000123", "2024-000a23"] {
        assert!(SearchQuery::parse(text).unwrap().unwrap().receipts().is_empty(), "{text}");
    }
    assert!(SearchQuery::parse("2024-000123").unwrap().unwrap().boolean_expression(&scope()).is_none());
}

#[test]
fn a_query_has_as_many_words_as_the_database_bears() {
    let words = |count: usize| (0..count).map(|number| format!("mot{number}")).collect::<Vec<_>>().join(" ");
    assert!(SearchQuery::parse(&words(MAX_WORDS)).is_ok());
    assert_eq!(SearchQuery::parse(&words(MAX_WORDS + 1)), Err(TooManyWords));
    assert!(SearchQuery::parse(&"encore ".repeat(500)).is_ok(), "a word counts once");
    assert_eq!(SearchQuery::parse(" \u{200b} "), Ok(None));
    assert!(SearchQuery::parse("++ * 😀").unwrap().unwrap().is_empty());
}

#[test]
fn another_round_has_other_tokens() {
    let other = Scope::of_round("hyper-open-x", &RoundId("2025".into()));
    let query = SearchQuery::parse("atelier").unwrap().unwrap();
    assert!(!matches(&index_tokens(&scope(), ["atelier"], []), &query.boolean_expression(&other).unwrap()));
}

#[test]
fn an_extract_is_of_the_passage_with_most_of_the_words() {
    let label = |label: &str| Text::new(label, label);
    let long = "Un mot. ".repeat(40);
    let passages = [
        Passage { label: label("Titre"), text: "Des ateliers".into() },
        Passage { label: label("Résumé"), text: format!("{long}Au cœur des\nateliers, le carnet. {long}") },
    ];
    let query = SearchQuery::parse("atelier coeur").unwrap().unwrap();
    let extract = best_extract(&passages, &query).unwrap();
    assert_eq!(extract.label, label("Résumé"));
    let found: Vec<&str> = extract.parts.iter().filter(|part| part.found).map(|part| part.text.as_str()).collect();
    assert_eq!(found, ["cœur", "ateliers"]);
    let whole: String = extract.parts.iter().map(|part| part.text.as_str()).collect();
    assert!(
        whole.starts_with("… ") && whole.contains("Au cœur des ateliers, le carnet. Un mot.") && whole.ends_with('…')
    );
    assert!(whole.chars().count() < 200, "{whole}");
    let other = SearchQuery::parse("cheval 2024-000001").unwrap().unwrap();
    assert!(best_extract(&passages, &other).is_none());
}

#[test]
fn files_leave_room_for_answers_and_for_each_other() {
    // Numbers have one form each.
    let numbers = |first: usize, count: usize| {
        (first..first + count).map(|number| format!("{number:08}")).collect::<Vec<_>>().join(" ")
    };
    let count = |tokens: &str| tokens.split(' ').count();
    let (one, other) = (numbers(0, MAX_FILE_TOKENS + 5), numbers(1_000_000, 5));
    let tokens = index_tokens(&scope(), ["Cœur"], [one.as_str(), other.as_str()]);
    let has = |tokens: &str, form: &str| tokens.split(' ').any(|token| token == format!("{}{form}", scope().prefix()));
    assert!(has(&tokens, "coeur") && has(&tokens, "00000000") && has(&tokens, "01000004"), "each file has its share");
    assert!(!has(&tokens, &format!("{MAX_FILE_TOKENS:08}")), "and no more");

    let files: Vec<String> = (0..5).map(|file| numbers(file * 1_000_000, MAX_FILE_TOKENS)).collect();
    let tokens = index_tokens(&scope(), ["Cœur"], files.iter().map(String::as_str));
    assert_eq!(count(&tokens), MAX_DEPOSIT_TOKENS);
    assert!(has(&tokens, "coeur"), "answers come first");
    let answers = numbers(0, MAX_DEPOSIT_TOKENS + 5);
    assert_eq!(count(&index_tokens(&scope(), [answers.as_str()], [other.as_str()])), MAX_DEPOSIT_TOKENS);
}
