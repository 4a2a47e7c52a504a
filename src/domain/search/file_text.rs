//! The text of a file as it is searched.

use crate::domain::text::clean::{TextKind, clean};

/// What a program has read in a file, without what nobody sees, and with the words whole that it had divided at the ends of
/// lines; empty when nothing can be seen.
#[must_use]
pub fn readable_text(text: &str) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let line = line.trim_end();
        let goes_on = lines.peek().is_some_and(|next| next.trim_start().starts_with(char::is_lowercase));
        let divided =
            line.strip_suffix(['-', '\u{ad}', '\u{2010}']).filter(|begun| begun.ends_with(char::is_alphabetic));
        match divided {
            Some(begun) if goes_on => whole.push_str(begun),
            _ => {
                whole.push_str(line);
                whole.push('\n');
            }
        }
    }
    clean(TextKind::Prose, &whole).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::readable_text;

    #[test]
    fn divided_words_are_whole_again() {
        let read = "Une entre-\nprise, Saint-\nMalo, peer-to-\n 2 pairs ; le dé\u{ad}\npôt \u{200b}\n\n";
        assert_eq!(readable_text(read), "Une entreprise, Saint-\nMalo, peer-to-\n 2 pairs ; le dépôt");
        assert_eq!(readable_text("\u{c}\n \n"), "");
    }
}
