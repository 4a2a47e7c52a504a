//! Words of a text, as they stand in it.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Most bytes of a form: with its scope it stays below the longest token of the index (84).
const MAX_FORM_BYTES: usize = 60;
/// Most signs behind a name.
const MAX_SIGNS: usize = 2;

/// What French puts before an apostrophe in place of a word: it is not looked for.
const ELISIONS: [&str; 14] =
    ["l", "d", "j", "m", "t", "s", "n", "c", "qu", "jusqu", "lorsqu", "puisqu", "quoiqu", "presqu"];

/// A word of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word<'a> {
    /// Letters, digits and their marks.
    pub text: &'a str,
    /// Where it begins, in bytes.
    pub start: usize,
    /// A dot stands before it that ends no sentence: `.NET`.
    dotted: bool,
    /// Signs directly behind it: `C++`, `C#`.
    signs: &'a str,
}

impl Word<'_> {
    /// Where it ends, in bytes.
    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Whether it is a number.
    pub fn is_number(&self) -> bool {
        self.text.bytes().all(|byte| byte.is_ascii_digit())
    }

    /// The form of a name with its signs, if it has some. No form of a word looks like it, because `_` is in no word.
    pub fn name_with_signs(&self) -> Option<String> {
        if !self.dotted && self.signs.is_empty() {
            return None;
        }
        let mut name = String::from(if self.dotted { "_d" } else { "" });
        name.push_str(&fold(self.text));
        for sign in self.signs.chars() {
            name.push_str(if sign == '+' { "_p" } else { "_h" });
        }
        Some(shortened(name))
    }
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || (!c.is_ascii() && is_combining_mark(c))
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{2018}' | '\u{2bc}' | '\u{b4}')
}

fn is_sign(c: char) -> bool {
    matches!(c, '+' | '#')
}

/// The words of a text, in its order.
pub(super) fn words(text: &str) -> Vec<Word<'_>> {
    let mut found: Vec<Word<'_>> = Vec::new();
    let mut at = 0;
    while let Some(begin) = text[at..].find(is_of_word) {
        let start = at + begin;
        let end = text[start..].find(|c| !is_of_word(c)).map_or(text.len(), |length| start + length);
        at = end;
        let word = &text[start..end];
        let mut before = text[..start].chars().rev();
        let mut after = text[end..].chars();
        let (before, further_before) = (before.next(), before.next());
        if after.next().is_some_and(is_apostrophe) && after.next().is_some_and(is_of_word) && is_elision(word) {
            continue;
        }
        // The English genitive.
        if matches!(word, "s" | "S") && before.is_some_and(is_apostrophe) && further_before.is_some_and(is_of_word) {
            continue;
        }
        let dotted = before == Some('.')
            && word.starts_with(char::is_alphabetic)
            && !further_before.is_some_and(|c| is_of_word(c) || c == '.');
        found.push(Word { text: word, start, dotted, signs: signs(&text[end..]) });
    }
    found
}

/// The signs at the beginning of what follows a word, if nothing is joined to another word by them.
fn signs(rest: &str) -> &str {
    let length = rest.find(|c| !is_sign(c)).unwrap_or(rest.len());
    let joins = rest[length..].starts_with(is_of_word);
    if length > MAX_SIGNS || joins { "" } else { &rest[..length] }
}

fn is_elision(word: &str) -> bool {
    ELISIONS.iter().any(|elision| elision.eq_ignore_ascii_case(word))
}

/// A word in small letters without accents; what is not written in Latin letters is spelled by its bytes.
pub(super) fn fold(word: &str) -> String {
    let mut folded = String::with_capacity(word.len());
    if word.is_ascii() {
        folded.push_str(word);
        folded.make_ascii_lowercase();
        return shortened(folded);
    }
    for c in word.nfkd().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric()) {
        match c {
            'œ' => folded.push_str("oe"),
            'æ' => folded.push_str("ae"),
            'ß' => folded.push_str("ss"),
            'þ' => folded.push_str("th"),
            'ø' => folded.push('o'),
            'đ' | 'ð' => folded.push('d'),
            'ł' => folded.push('l'),
            'ħ' => folded.push('h'),
            'ı' => folded.push('i'),
            c => folded.push(c),
        }
    }
    if !folded.bytes().all(|byte| byte.is_ascii_alphanumeric()) || folded.is_empty() {
        folded = format!("_u{}", hex::encode(&folded));
    }
    shortened(folded)
}

/// Both a text and a query are cut at the same place, so that what is longer than the index can hold is found.
fn shortened(mut form: String) -> String {
    form.truncate(MAX_FORM_BYTES);
    form
}

#[cfg(test)]
mod tests {
    use super::{fold, words};

    fn texts(text: &str) -> Vec<&str> {
        words(text).iter().map(|word| word.text).collect()
    }

    #[test]
    fn words_end_where_no_letter_nor_digit_is() {
        assert_eq!(texts("L’aide à l\u{27}innovation, jusqu’à 50 %"), ["aide", "à", "innovation", "à", "50"]);
        assert_eq!(
            texts("aujourd’hui; the company’s H2020 peer-to-peer"),
            ["aujourd", "hui", "the", "company", "H2020", "peer", "to", "peer"]
        );
        assert_eq!(texts("e\u{301}nergie"), ["e\u{301}nergie"], "an accent of its own belongs to its letter");
        assert!(texts("+-*~<>()\"@ … 😀").is_empty());
        assert_eq!(texts("l’ l'"), ["l", "l"], "nothing follows");
    }

    #[test]
    fn names_keep_their_signs() {
        let names = |text: &str| words(text).iter().filter_map(|word| word.name_with_signs()).collect::<Vec<_>>();
        assert_eq!(names("C++, c# et .NET; R+D"), ["c_p_p", "c_h", "_dnet"]);
        assert!(names("example.net … fin...suite R+D +projet a+++").is_empty());
    }

    #[test]
    fn letters_lose_what_readers_leave_out_when_they_type() {
        for (word, folded) in [
            ("Cœur", "coeur"),
            ("ÉNERGIE", "energie"),
            ("e\u{301}te\u{301}", "ete"),
            ("Straße", "strasse"),
            ("Łódź", "lodz"),
            ("ﬁn", "fin"),
            ("ＡＩ", "ai"),
            ("Sōzu", "sozu"),
        ] {
            assert_eq!(fold(word), folded);
        }
        assert!(fold("наука").starts_with("_ud0bd") && fold("\u{301}") == "_u");
        assert_eq!(fold(&"a".repeat(500)), fold(&"a".repeat(400)));
    }
}
