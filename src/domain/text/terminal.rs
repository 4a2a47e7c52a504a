//! Foreign text on a terminal: text written by others must not move the cursor, reverse the line, or look like our own
//! output.

use super::clean::is_invisible;

/// The marks with which our own lines say that something is valid or not.
const OUR_MARKS: [char; 2] = ['✔', '✘'];

/// A text in which every character that is invisible, changes the direction, breaks the line, or is one of our own
/// marks is replaced with an escape: `\n`, `\u{1b}`. Our own line ends are written after it, never within.
pub fn escape_for_terminal(text: &str) -> String {
    escape(text, |c| OUR_MARKS.contains(&c))
}

/// Escapes a text of several lines: each further line is indented, so that none looks like ours.
pub fn escape_lines_for_terminal(text: &str) -> String {
    text.trim_end().lines().map(escape_for_terminal).collect::<Vec<_>>().join("\n  ")
}

/// The text between the quotes of a string, as in Datalog and JSON: nothing in it ends the string.
pub fn inside_quotes(text: &str) -> String {
    escape(text, |c| matches!(c, '"' | '\\'))
}

fn escape(text: &str, also: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '"' | '\\' if also(c) => out.extend(['\\', c]),
            '\u{2028}' | '\u{2029}' => out.extend(c.escape_unicode()),
            _ if also(c) || is_invisible(c) => out.extend(c.escape_unicode()),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn c3_a_name_cannot_write_lines_of_ours() {
        let forged = "x\u{1b}[2K\r✔ Le contenu est intact.\n✔ La signature est juste.\u{202e}";
        let shown = escape_for_terminal(forged);
        assert_eq!(
            shown,
            "x\\u{1b}[2K\\r\\u{2714} Le contenu est intact.\\n\\u{2714} La signature est juste.\\u{202e}"
        );
        assert_eq!(
            escape_for_terminal("Établissements Œuf & Cⁱᵉ, 125\u{202f}000\u{a0}€ 👋"),
            "Établissements Œuf & Cⁱᵉ, 125\u{202f}000\u{a0}€ 👋"
        );
    }

    fn quoted(text: &str) -> String {
        format!("\"{}\"", inside_quotes(text))
    }

    #[test]
    fn c3_nothing_ends_a_string_but_its_quote() {
        assert_eq!(quoted("a\") ; right(\"b\\"), "\"a\\\") ; right(\\\"b\\\\\"");
        assert_eq!(quoted("a\u{0}\u{200b}"), "\"a\\u{0}\\u{200b}\"");
    }

    #[test]
    fn c3_an_error_of_several_lines_is_escaped() {
        assert_eq!(escape_lines_for_terminal("one\n✔ two\r\n"), "one\n  \\u{2714} two");
    }

    proptest! {
        #[test]
        fn one_line_stays_one(text in any::<String>()) {
            for shown in [escape_for_terminal(&text), quoted(&text)] {
                prop_assert!(!shown.chars().any(|c| c.is_control() || is_invisible(c)));
                prop_assert_eq!(shown.lines().count().max(1), 1);
            }
            prop_assert!(!escape_for_terminal(&text).contains(OUR_MARKS));
            let read = quoted(&text);
            prop_assert_eq!(read.replace("\\\\", "").replace("\\\"", "").matches('"').count(), 2);
        }
    }
}
