//! Properties of queries and of the index, for any text.

use super::{finds, matches, scope};
use crate::domain::search::{Passage, SearchQuery, best_extract, index_tokens};
use proptest::prelude::*;

/// Whether an expression is a list of terms, each a token or a group of tokens: nothing else that MariaDB would read.
fn is_valid(expression: &str) -> bool {
    let prefix = scope().prefix().to_owned();
    let is_token = |token: &str| {
        token.strip_prefix(&prefix).is_some_and(|form| {
            (1..=60).contains(&form.len())
                && form.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        })
    };
    let mut rest = expression;
    loop {
        let Some(term) = rest.strip_prefix('+') else { return false };
        let after = match term.strip_prefix('(') {
            Some(group) => {
                let Some((group, after)) = group.split_once(')') else { return false };
                if group.split(' ').count() < 2 || !group.split(' ').all(is_token) {
                    return false;
                }
                after
            }
            None => {
                let (token, after) = term.split_at(term.find(' ').unwrap_or(term.len()));
                if !is_token(token) {
                    return false;
                }
                after
            }
        };
        match after.strip_prefix(' ') {
            Some(next) => rest = next,
            None => return after.is_empty(),
        }
    }
}

/// Any text, and texts of what operators and words are made of.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[-+~<>()*\"@ a-zA-Z0-9éèœŒ’'._#%\\\\]{0,60}",
        "([0-9]{1,5}[ .-]?){0,8}",
        "(\\PC{1,12} ?){0,20}",
    ]
}

proptest! {
    #[test]
    fn any_query_is_a_valid_expression(text in text()) {
        if let Ok(Some(query)) = SearchQuery::parse(&text)
            && let Some(expression) = query.boolean_expression(&scope())
        {
            prop_assert!(is_valid(&expression), "{expression}");
        }
    }

    #[test]
    fn tokens_are_what_the_database_takes_as_words(text in text()) {
        for token in index_tokens(&scope(), [text.as_str()], []).split(' ').filter(|token| !token.is_empty()) {
            prop_assert!(is_valid(&format!("+{token}")), "{token}");
        }
    }

    /// Whatever stands in a text finds it, in any case.
    #[test]
    fn a_text_is_found_by_its_own_words(words in prop::collection::vec("[a-zA-Zàâçéèêëîïôœùûü]{1,15}", 1..20), only in 0..20usize) {
        let text = words.join(" ");
        let one = &words[only % words.len()];
        prop_assert!(finds(one, &text));
        prop_assert!(finds(&one.to_uppercase(), &text));
        prop_assert!(finds(&text, &text));
    }

    /// A query with more words finds no more.
    #[test]
    fn each_further_word_narrows(text in "([a-zé]{1,4} ){0,20}", first in "[a-zé]{1,4}", second in "[a-zé]{1,4}") {
        let both = format!("{first} {second}");
        prop_assert_eq!(finds(&both, &text), finds(&first, &text) && finds(&second, &text));
    }

    #[test]
    fn an_extract_has_the_characters_of_its_passage(body in text(), query in text()) {
        let passage = Passage { label: Default::default(), text: body.clone() };
        if let Ok(Some(query)) = SearchQuery::parse(&query)
            && let Some(extract) = best_extract(&[passage], &query)
        {
            let flat = body.replace(['\n', '\t'], " ");
            for part in &extract.parts {
                let shown = part.text.trim_start_matches("… ").trim_end_matches('…');
                prop_assert!(flat.contains(shown), "{shown:?} of {flat:?}");
            }
            prop_assert!(extract.parts.iter().any(|part| part.found) || flat.chars().count() > 100);
        }
    }

    /// A row with tokens of another text is no result.
    #[test]
    fn words_that_a_text_does_not_have_do_not_find_it(text in "([a-m]{3,9} ){1,20}", word in "[n-z]{3,9}") {
        let query = SearchQuery::parse(&word).unwrap().unwrap();
        let expression = query.boolean_expression(&scope()).unwrap();
        prop_assert!(!matches(&index_tokens(&scope(), [text.as_str()], []), &expression));
    }
}
