//! One native control.

use crate::{
    domain::{
        answers::day,
        call::{Autocomplete, Choice, Column, Field, FieldKind},
        country,
        document::Value,
        text::Lang,
    },
    web::frame::PageContext,
};
use askama::Template;

/// The countries that applicants choose most, and overseas France; any other may be typed.
const COUNTRIES: [&str; 39] = [
    "FR", "GP", "MQ", "GF", "RE", "YT", "DE", "AT", "BE", "BG", "CA", "CH", "CN", "CY", "CZ", "DK", "EE", "ES", "FI",
    "GB", "GR", "HR", "HU", "IE", "IN", "IT", "JP", "LT", "LU", "LV", "MA", "MT", "NL", "NO", "PL", "PT", "SE", "TN",
    "US",
];

/// One native control; the field or the cell provides its label and surroundings.
#[derive(Template)]
#[template(path = "frame/field/input.html")]
pub struct Input<'a> {
    pub s: &'a PageContext<'a>,
    pub name: String,
    pub id: String,
    kind: FieldKind,
    text: &'a str,
    chosen: &'a [String],
    ticked: bool,
    options: &'a [Choice],
    pub described: String,
    pub invalid: bool,
    /// Inside a table: a select instead of radio buttons.
    compact: bool,
    /// Most characters, for the script that counts them.
    most: Option<usize>,
    /// Least characters.
    least: Option<usize>,
    /// What a browser may fill in.
    autocomplete: Option<&'a str>,
}

impl askama::filters::HtmlSafe for Input<'_> {}

impl<'a> Input<'a> {
    pub fn field(s: &'a PageContext<'a>, path: &str, field: &'a Field, value: Option<&'a Value>) -> Self {
        let (mut text, mut chosen, mut ticked): (&str, &[String], bool) = ("", &[], false);
        match value {
            Some(Value::Text(found)) => text = found,
            Some(Value::Choices(found)) => chosen = found,
            Some(Value::Flag(found)) => ticked = *found,
            Some(Value::Rows(_)) | None => {}
        }
        Self {
            s,
            name: path.to_owned(),
            id: super::id(path),
            kind: field.kind,
            text,
            chosen,
            ticked,
            options: &field.options,
            described: String::new(),
            invalid: false,
            compact: field.kind == FieldKind::Choice && field.options.len() > 6,
            most: field.max_chars,
            least: field.min_chars,
            autocomplete: field.autocomplete.as_ref().map(Autocomplete::as_str),
        }
    }

    pub fn cell(s: &'a PageContext<'a>, name: String, column: &'a Column, text: &'a str) -> Self {
        Self {
            s,
            id: super::id(&name),
            name,
            kind: column.kind,
            text,
            chosen: &[],
            ticked: false,
            options: &column.options,
            described: String::new(),
            invalid: false,
            compact: true,
            most: column.max_chars,
            least: None,
            autocomplete: None,
        }
    }

    /// The names of countries in the page's language, for the `datalist` of inputs.
    pub fn countries(lang: &Lang) -> impl Iterator<Item = &'static str> {
        COUNTRIES.iter().filter_map(|code| country::by_code(code)).map(|country| country.name(lang))
    }

    /// Id of the first control, to which messages refer.
    pub fn first_id(&self) -> String {
        match (self.kind, self.compact, self.options.first()) {
            (FieldKind::YesNo, false, _) => format!("{}-yes", self.id),
            (FieldKind::Choices, _, Some(first)) | (FieldKind::Choice, false, Some(first)) => {
                format!("{}-{}", self.id, first.id)
            }
            _ => self.id.clone(),
        }
    }

    fn checked(&self, option: &Choice) -> bool {
        self.chosen.contains(&option.id) || self.text == option.id
    }

    fn answered(&self, answer: &str) -> bool {
        self.text == answer
    }

    /// An answer that is none of the options: it is shown, never dropped.
    fn stray(&self) -> bool {
        !self.text.is_empty() && !self.options.iter().any(|option| option.id == self.text)
    }

    /// Height of a text area, in rows.
    fn rows(&self) -> usize {
        let room = self.most.unwrap_or(1000) / 250;
        if self.compact { room.clamp(2, 4) } else { room.clamp(3, 12) }
    }

    fn input_type(&self) -> &'static str {
        match self.kind {
            // A date picker cannot show an invalid date, so it is shown as text and not lost.
            FieldKind::Date if self.text.trim().is_empty() || day(self.text).is_ok() => "date",
            FieldKind::Email => "email",
            FieldKind::Url => "url",
            FieldKind::Phone => "tel",
            _ => "text",
        }
    }

    fn value(&self) -> String {
        match self.kind {
            FieldKind::Date => day(self.text).map_or_else(|_| self.text.to_owned(), |day| day.to_string()),
            _ => self.text.to_owned(),
        }
    }

    fn mode(&self) -> Option<&'static str> {
        match self.kind {
            FieldKind::Money | FieldKind::Hundredths => Some("decimal"),
            FieldKind::Integer | FieldKind::Siren | FieldKind::Siret => Some("numeric"),
            _ => None,
        }
    }

    fn class(&self) -> &'static str {
        match self.kind {
            FieldKind::Money => "money",
            FieldKind::Integer | FieldKind::Hundredths => "number",
            FieldKind::Date => "date",
            FieldKind::Siren | FieldKind::Siret | FieldKind::Naf | FieldKind::Phone => "code",
            FieldKind::Country => "country",
            _ => "line",
        }
    }

    fn plain(&self) -> bool {
        matches!(
            self.kind,
            FieldKind::Siren
                | FieldKind::Siret
                | FieldKind::Naf
                | FieldKind::Money
                | FieldKind::Integer
                | FieldKind::Hundredths
                | FieldKind::Country
        )
    }

    fn is(&self, kind: &str) -> bool {
        super::kind_name(self.kind) == kind
    }
}
