//! The only XLSX writer: one sheet with a heading, typed cells and a filter.
//!
//! A text is always a text cell, whatever it looks like. Rows go to an unnamed temporary file as they are written, so
//! that memory does not grow with them.

use crate::domain::{
    csv::{Cell, decimal_of_millionths},
    money::Cents,
    text::Lang,
};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError};
use std::borrow::Cow;

/// Most UTF-16 code units of a text that a spreadsheet keeps in one cell.
const MAX_CELL_UTF16: usize = 32_767;
/// Smallest amount that a cell cannot hold exactly: spreadsheets keep 15 digits of a number.
const MIN_INEXACT_CENTS: u64 = 1_000_000_000_000_000;
/// The paper size A4, in the numbering of the format.
const PAPER_A4: u8 = 9;
/// Stands for a character that XML cannot contain.
const REPLACEMENT: char = '\u{fffd}';

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Heading.
    pub label: String,
    /// Width, in characters.
    pub width: u8,
}

/// What a spreadsheet says about itself.
#[derive(Clone, Copy, Debug)]
pub struct Heading<'a> {
    /// Language of the reader.
    pub lang: Lang,
    /// Title of the document.
    pub title: &'a str,
    /// Name of the sheet: at most 31 characters, none of `[]:*?/\`.
    pub sheet: &'a str,
    /// When it was made.
    pub made_at: Timestamp,
    pub columns: &'a [Column],
}

/// A spreadsheet being written, row by row.
pub struct Spreadsheet {
    book: Workbook,
    formats: Formats,
    columns: u16,
    /// The next row.
    row: u32,
}

/// How each type of cell is shown.
struct Formats {
    text: Format,
    integer: Format,
    money: Format,
    time: Format,
}

impl Formats {
    fn new(lang: Lang) -> Self {
        // The codes of number formats are those of English; the numbers in brackets are Windows' ids of languages, by
        // which a spreadsheet tells the language of the document.
        let (money, time) = match lang {
            Lang::Fr => ("#,##0.00 [$€-40C]", "[$-40C]dd/mm/yyyy hh:mm:ss"),
            Lang::En => ("#,##0.00 [$€-809]", "[$-809]dd/mm/yyyy hh:mm:ss"),
        };
        let top = || Format::new().set_align(FormatAlign::Top);
        Self {
            // `@` keeps a text one when it is edited.
            text: top().set_num_format("@"),
            integer: top().set_num_format("0"),
            money: top().set_num_format(money),
            time: top().set_num_format(time),
        }
    }
}

impl Spreadsheet {
    /// Begins a spreadsheet with its heading, which stays in view.
    ///
    /// # Errors
    /// When the temporary file cannot be made, or the name of the sheet is none.
    pub fn new(heading: &Heading<'_>) -> Result<Self, XlsxError> {
        let mut book = Workbook::new();
        book.set_properties(
            &DocProperties::new()
                .set_title(heading.title)
                .set_custom_property("Language", heading.lang.tag())
                .set_creation_datetime(&date_time(heading.made_at.to_zoned_datetime(TimeZone::UTC).datetime())?),
        );
        let columns = u16::try_from(heading.columns.len()).unwrap_or(u16::MAX);
        let sheet = book.add_worksheet_with_constant_memory()?;
        sheet.set_name(heading.sheet)?.set_freeze_panes(1, 0)?.set_repeat_rows(0, 0)?;
        sheet.set_landscape().set_paper_size(PAPER_A4).set_print_fit_to_pages(1, 0);
        let bold = Format::new().set_bold().set_text_wrap().set_align(FormatAlign::Top);
        for (index, column) in (0..).zip(heading.columns) {
            sheet.set_column_width(index, column.width)?;
            sheet.write_string_with_format(0, index, text(&column.label), &bold)?;
        }
        Ok(Self { book, formats: Formats::new(heading.lang), columns, row: 1 })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// Beyond the last row of a spreadsheet, or when the temporary file cannot be written.
    pub fn row<'a>(&mut self, cells: impl IntoIterator<Item = Cell<'a>>) -> Result<(), XlsxError> {
        let sheet = self.book.worksheet_from_index(0)?;
        for (column, cell) in (0..).zip(cells) {
            write_cell(sheet, &self.formats, (self.row, column), &cell)?;
        }
        self.row += 1;
        Ok(())
    }

    /// The whole file.
    ///
    /// # Errors
    /// When the temporary file cannot be read back.
    pub fn finish(mut self) -> Result<Vec<u8>, XlsxError> {
        if let Some(last) = self.columns.checked_sub(1) {
            self.book.worksheet_from_index(0)?.autofilter(0, 0, self.row - 1, last)?;
        }
        self.book.save_to_buffer()
    }
}

fn write_cell(
    sheet: &mut Worksheet,
    formats: &Formats,
    (row, column): (u32, u16),
    cell: &Cell<'_>,
) -> Result<(), XlsxError> {
    match cell {
        Cell::Text(content) => sheet.write_string_with_format(row, column, text(content), &formats.text)?,
        Cell::Integer(number) => match exact(&number.to_string(), number.unsigned_abs()) {
            Some(number) => sheet.write_number_with_format(row, column, number, &formats.integer)?,
            None => sheet.write_string_with_format(row, column, number.to_string(), &formats.text)?,
        },
        Cell::Money(Cents(cents)) => match exact(&Cents(*cents).decimal(), cents.unsigned_abs()) {
            Some(euros) => sheet.write_number_with_format(row, column, euros, &formats.money)?,
            None => sheet.write_string_with_format(row, column, Cents(*cents).decimal(), &formats.text)?,
        },
        // Quantities of usage are written as CSV only.
        Cell::Millionths(quantity) => {
            sheet.write_string_with_format(row, column, decimal_of_millionths(*quantity), &formats.text)?
        }
        Cell::Time(at) => match date_time(*at) {
            Ok(at) => sheet.write_datetime_with_format(row, column, at, &formats.time)?,
            // A spreadsheet knows no day before 1900.
            Err(_) => sheet.write_string_with_format(row, column, at.to_string(), &formats.text)?,
        },
        Cell::Empty => sheet.write_blank(row, column, &formats.text)?,
    };
    Ok(())
}

/// A decimal number as a cell holds it. Reading the digits gives the nearest binary number, which is written as the same
/// digits again; dividing cents by 100 would not always. `None` for more digits than a spreadsheet keeps.
fn exact(decimal: &str, digits: u64) -> Option<f64> {
    if digits < MIN_INEXACT_CENTS { decimal.parse().ok() } else { None }
}

fn date_time(at: DateTime) -> Result<ExcelDateTime, XlsxError> {
    let part = |number: i8| u8::try_from(number).unwrap_or(0);
    let year = u16::try_from(at.year()).unwrap_or(0);
    ExcelDateTime::from_ymd(year, part(at.month()), part(at.day()))?.and_hms(
        part(at.hour()).into(),
        part(at.minute()),
        part(at.second()),
    )
}

/// A text as a cell can hold it: without characters that XML cannot contain, and not longer than a spreadsheet keeps.
fn text(content: &str) -> Cow<'_, str> {
    let bad = |c: char| (c < ' ' && c != '\t' && c != '\n') || matches!(c, '\u{fffe}' | '\u{ffff}');
    let mut content = Cow::Borrowed(content);
    if content.contains(bad) {
        content = content.replace("\r\n", "\n").replace('\r', "\n").replace(bad, &REPLACEMENT.to_string()).into();
    }
    if content.encode_utf16().count() <= MAX_CELL_UTF16 {
        return content;
    }
    let mut length = 0;
    let kept = content.char_indices().find(|(_, c)| {
        length += c.len_utf16();
        length >= MAX_CELL_UTF16
    });
    let end = kept.map_or(content.len(), |(at, _)| at);
    format!("{}…", &content[..end]).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn amounts_are_the_digits_of_their_cents() {
        for (cents, written) in [
            (0, "0"),
            (1, "0.01"),
            (-5, "-0.05"),
            (10, "0.1"),
            (30, "0.3"),
            (12_500_050, "125000.5"),
            (833_333, "8333.33"),
            (999_999_999_999_999, "9999999999999.99"),
        ] {
            let euros = exact(&Cents(cents).decimal(), cents.unsigned_abs()).map(|euros| euros.to_string());
            assert_eq!(euros.as_deref(), Some(written));
        }
        let most = i64::MAX;
        assert_eq!(exact(&Cents(most).decimal(), most.unsigned_abs()), None);
    }

    #[test]
    fn a_text_fits_its_cell() {
        assert_eq!(text("=1+1\nÉté\t"), "=1+1\nÉté\t");
        assert_eq!(text("a\r\nb\rc\u{0}\u{1b}d\u{ffff}"), "a\nb\nc\u{fffd}\u{fffd}d\u{fffd}");
        let longest = "é".repeat(MAX_CELL_UTF16);
        assert_eq!(text(&longest), longest.as_str());
        let cut = text(&"é".repeat(MAX_CELL_UTF16 + 1)).into_owned();
        assert!(cut.ends_with("é…") && cut.encode_utf16().count() == MAX_CELL_UTF16);
        // A character of two units is not cut in half.
        let cut = text(&"🙂".repeat(MAX_CELL_UTF16)).into_owned();
        assert!(cut.ends_with("🙂…") && cut.encode_utf16().count() <= MAX_CELL_UTF16);
    }

    #[test]
    fn days_that_a_spreadsheet_does_not_know_are_texts() {
        assert!(date_time(date(2026, 11, 30).at(12, 30, 59, 0)).is_ok());
        assert!(date_time(date(1815, 12, 10).at(0, 0, 0, 0)).is_err());
    }
}
