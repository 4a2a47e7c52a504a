//! The only CSV writer.
//!
//! A spreadsheet treats a cell as a formula when it begins with `=`, `+`, `-` or `@`. Where a cell begins depends on
//! the separator with which the file is opened: `Dupont,=HYPERLINK(…)` is two cells with commas.

use super::{
    money::Cents,
    text::{Lang, clean::is_invisible},
};
use jiff::civil::DateTime;

/// The content of a cell.
#[derive(Clone, Debug)]
pub enum Cell<'a> {
    /// Text, whatever it looks like.
    Text(&'a str),
    /// A whole number.
    Integer(i64),
    /// An amount.
    Money(Cents),
    /// A quantity in millionths.
    Millionths(i128),
    /// An instant, as civil time in the zone that the heading of its column names.
    Time(DateTime),
    /// Nothing.
    Empty,
}

/// A table being written.
#[derive(Debug)]
pub struct Table {
    out: String,
    separator: char,
    point: &'static str,
}

/// The byte-order mark by which spreadsheets recognize UTF-8.
const BYTE_ORDER_MARK: char = '\u{feff}';

impl Table {
    /// A table for people: their language determines the separator and the decimal mark.
    #[must_use]
    pub fn new(lang: Lang) -> Self {
        let (separator, point) = match lang {
            Lang::Fr => (';', ","),
            Lang::En => (',', "."),
        };
        Self { out: String::from(BYTE_ORDER_MARK), separator, point }
    }

    /// A table for programs: commas and points, no byte-order mark.
    #[must_use]
    pub fn plain() -> Self {
        Self { out: String::new(), separator: ',', point: "." }
    }

    /// Adds a row.
    pub fn row<'a>(&mut self, cells: impl IntoIterator<Item = Cell<'a>>) {
        for (index, cell) in cells.into_iter().enumerate() {
            if index > 0 {
                self.out.push(self.separator);
            }
            match cell {
                Cell::Text(text) => self.text(text),
                Cell::Integer(number) => self.out.push_str(&number.to_string()),
                Cell::Money(amount) => self.out.push_str(&amount.decimal().replace('.', self.point)),
                Cell::Millionths(quantity) => {
                    self.out.push_str(&decimal_of_millionths(quantity).replace('.', self.point));
                }
                // The form that spreadsheets of both languages take for a date; it never begins a formula.
                Cell::Time(at) => self.text(&at.strftime("%d/%m/%Y %H:%M:%S").to_string()),
                Cell::Empty => {}
            }
        }
        self.out.push_str("\r\n");
    }

    /// Adds a row of text cells.
    pub fn texts<'a>(&mut self, texts: impl IntoIterator<Item = &'a str>) {
        self.row(texts.into_iter().map(Cell::Text));
    }

    /// Returns the whole table.
    pub fn finish(self) -> String {
        self.out
    }

    fn text(&mut self, text: &str) {
        self.out.push('"');
        self.out.push_str(&tame(text).replace('"', "\"\""));
        self.out.push('"');
    }
}

/// Formats millionths as a decimal number with six places.
#[must_use]
pub fn decimal_of_millionths(quantity: i128) -> String {
    let (sign, quantity) = (if quantity < 0 { "-" } else { "" }, quantity.unsigned_abs());
    format!("{sign}{}.{:06}", quantity / 1_000_000, quantity % 1_000_000)
}

/// A text in which nothing begins a formula, with any separator: an apostrophe is put before what would.
fn tame(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut begins = true;
    for c in text.chars() {
        if begins && matches!(c, '=' | '+' | '-' | '@' | '\u{ff1d}' | '\u{ff0b}' | '\u{ff0d}' | '\u{ff20}' | '\u{2212}')
        {
            out.push('\'');
        }
        out.push(c);
        let ends =
            matches!(c, ',' | ';' | '\t' | '|' | '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}');
        begins = ends || (begins && (c == '"' || c == '\u{ff02}' || c.is_whitespace() || is_invisible(c)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(text: &str, lang: Lang) -> String {
        let mut table = Table::new(lang);
        table.texts([text]);
        table.finish().trim_start_matches(BYTE_ORDER_MARK).trim_end().to_owned()
    }

    #[test]
    fn b10_the_language_decides_separator_and_decimals() {
        let rows = |lang| {
            let mut table = Table::new(lang);
            table.row([Cell::Text("Œuf \"bio\""), Cell::Integer(-3), Cell::Money(Cents(-12_550)), Cell::Empty]);
            table.finish()
        };
        assert_eq!(rows(Lang::Fr), "\u{feff}\"Œuf \"\"bio\"\"\";-3;-125,50;\r\n");
        assert_eq!(rows(Lang::En), "\u{feff}\"Œuf \"\"bio\"\"\",-3,-125.50,\r\n");
        let mut table = Table::new(Lang::Fr);
        table.row([Cell::Time(jiff::civil::date(2024, 7, 31).at(23, 59, 59, 999_999_000))]);
        assert_eq!(table.finish(), "\u{feff}\"31/07/2024 23:59:59\"\r\n");
    }

    #[test]
    fn b10_no_cell_becomes_a_formula() {
        for (text, written) in [
            ("Dupont,=HYPERLINK(\"http://x\")", "\"Dupont,'=HYPERLINK(\"\"http://x\"\")\""),
            ("Dupont;+1", "\"Dupont;'+1\""),
            ("a\n=1", "\"a\n'=1\""),
            ("a\u{b}@b", "\"a\u{b}'@b\""),
            ("a, \"=1", "\"a, \"\"'=1\""),
            ("=1", "\"'=1\""),
            (" \u{200b}=1", "\" \u{200b}'=1\""),
            ("\t-1", "\"\t'-1\""),
            ("＝1", "\"'＝1\""),
            ("＋1；－2", "\"'＋1；－2\""),
            ("＠x", "\"'＠x\""),
            ("Jean-Luc + Cie = 2", "\"Jean-Luc + Cie = 2\""),
        ] {
            assert_eq!(one(text, Lang::Fr), written, "{text:?}");
            assert_eq!(one(text, Lang::En), written, "{text:?}");
        }
    }

    /// The cells that a naive reader gets, with any separator and any treatment of quotes.
    fn cells(line: &str, separator: char) -> Vec<String> {
        line.split([separator, '\n', '\r'])
            .map(|cell| cell.trim_matches(|c: char| c == '"' || c.is_whitespace()).to_owned())
            .collect()
    }

    proptest! {
        #[test]
        fn no_reader_meets_a_formula(text in "[=+@,;\"a\n\t －＝-]{0,12}") {
            for separator in [',', ';', '\t'] {
                for cell in cells(&one(&text, Lang::Fr), separator) {
                    prop_assert!(!cell.starts_with(['=', '+', '-', '@', '＝', '－']), "{:?} in {:?}", cell, text);
                }
            }
        }
        #[test]
        fn a_cell_is_read_back(text in "\\PC{0,20}") {
            let written = one(&text, Lang::En);
            let inner = written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default().replace("\"\"", "\"");
            prop_assert_eq!(inner.replace('\'', ""), text.replace('\'', ""));
        }
    }
}
