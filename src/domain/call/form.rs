//! The form of a call: sections, fields, columns.

use super::Autocomplete;
use crate::domain::text::{Text, clean::TextKind};
use serde::{Deserialize, Serialize};

/// A section of the form, one page of the editor.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Slug: first half of every path.
    pub id: String,
    /// Letter shown before the title.
    pub letter: String,
    pub title: Text,
    /// What is asked and why.
    pub intro: Text,
    /// Fields in order.
    pub fields: Vec<Field>,
}

/// One question of the form.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Slug: second half of the path.
    pub id: String,
    /// What kind of answer.
    pub kind: FieldKind,
    /// Question.
    pub label: Text,
    /// Help under the question.
    #[serde(default)]
    pub help: Option<Text>,
    /// Rule that asks for it; findings about the field carry it.
    #[serde(default)]
    pub rule: Option<String>,
    /// Interpretation shown beside it.
    #[serde(default)]
    pub interpretation: Option<String>,
    /// Blocks the deposit while empty.
    #[serde(default)]
    pub required: bool,
    /// What the public register of companies has for it, where the portal can ask the register.
    #[serde(default)]
    pub register: Option<RegisterValue>,
    /// The answer with which the form begins, of a scalar.
    #[serde(default)]
    pub offered: Option<String>,
    /// What a browser may fill in, of a field about the person or company who applies.
    #[serde(default)]
    pub autocomplete: Option<Autocomplete>,
    /// Asked only when this holds.
    #[serde(default)]
    pub when: Option<Condition>,
    /// Least number of code points after NFC.
    #[serde(default)]
    pub min_chars: Option<usize>,
    /// Most code points after NFC.
    #[serde(default)]
    pub max_chars: Option<usize>,
    /// Least value of a number (integer as is, hundredths and money in their hundredth).
    #[serde(default)]
    pub min: Option<i64>,
    /// Most of a number.
    #[serde(default)]
    pub max: Option<i64>,
    /// Choices of `choice` and `choices`.
    #[serde(default)]
    pub options: Vec<Choice>,
    /// Columns of a `table`.
    #[serde(default)]
    pub columns: Vec<Column>,
    /// Rows that a grid has exactly, one for each choice; the choice's id stands in the column `row`.
    #[serde(default)]
    pub fixed_rows: Vec<Choice>,
    /// Least rows of a required table.
    #[serde(default)]
    pub min_rows: Option<usize>,
    /// Most rows of a table (default 50).
    #[serde(default)]
    pub max_rows: Option<usize>,
    /// Asked by the public simulator.
    #[serde(default)]
    pub simulator: bool,
}

impl Field {
    /// Most rows of its table: what comes after them is counted, and not evaluated.
    pub fn most_rows(&self) -> usize {
        self.max_rows.unwrap_or(50)
    }
}

/// A column of a table.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Slug.
    pub id: String,
    /// What kind of cell; never `table`, `choices` or `declaration`.
    pub kind: FieldKind,
    /// Head.
    pub label: Text,
    /// A row with anything in it must fill this cell.
    #[serde(default)]
    pub required: bool,
    /// Choices of a `choice` cell.
    #[serde(default)]
    pub options: Vec<Choice>,
    /// Most code points.
    #[serde(default)]
    pub max_chars: Option<usize>,
    /// Least value of a number, as for fields.
    #[serde(default)]
    pub min: Option<i64>,
    /// Most of a number.
    #[serde(default)]
    pub max: Option<i64>,
}

/// One possible answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// Slug that is stored.
    pub id: String,
    /// What is shown.
    pub label: Text,
}

/// Kinds of answers. All scalars are kept as typed; the evaluation parses them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// One line.
    Text,
    /// Several lines.
    LongText,
    /// Company number, 9 digits with Luhn key.
    Siren,
    /// Establishment number, 14 digits.
    Siret,
    /// Activity code.
    Naf,
    /// Calendar day.
    Date,
    /// Euros and cents.
    Money,
    /// Whole number.
    Integer,
    /// Number with at most two decimals (months, full-time equivalents, per cent).
    Hundredths,
    /// One of the options.
    Choice,
    /// Any of the options.
    Choices,
    YesNo,
    /// A statement to tick; required means it must be ticked.
    Declaration,
    /// E-mail address.
    Email,
    /// Web address.
    Url,
    /// Telephone number.
    Phone,
    /// Country; its normal form is the ISO 3166-1 alpha-2 code.
    Country,
    /// Rows of cells.
    Table,
}

impl FieldKind {
    /// What a text of this kind keeps of what was typed.
    pub fn text_kind(self) -> TextKind {
        match self {
            Self::LongText => TextKind::Prose,
            Self::Text | Self::Choices | Self::Declaration | Self::Table => TextKind::Line,
            Self::Siren | Self::Siret | Self::Naf | Self::Choice | Self::YesNo | Self::Country => TextKind::Identifier,
            Self::Date => TextKind::Date,
            Self::Money | Self::Integer | Self::Hundredths => TextKind::Number,
            Self::Email => TextKind::Email,
            Self::Url => TextKind::Url,
            Self::Phone => TextKind::Phone,
        }
    }

    /// Whether it is counted with.
    #[must_use]
    pub fn is_number(self) -> bool {
        matches!(self, Self::Money | Self::Integer | Self::Hundredths)
    }
}

/// A value of the public register of companies that a field may be filled in from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegisterValue {
    LegalName,
    /// Short name of the legal form, such as SAS.
    LegalForm,
    /// Main activity of the company.
    Naf,
    /// Street and postcode of the establishment with the SIRET.
    Address,
    /// Town of that establishment.
    City,
    /// Street and postcode of the registered office.
    HeadOfficeAddress,
    /// Town of the registered office.
    HeadOfficeCity,
    /// Day on which the company was created.
    CreatedOn,
    /// Day of the registration in the RCS.
    RegisteredOn,
}

impl RegisterValue {
    /// Whether a field of a kind can take it.
    #[must_use]
    pub fn fits(self, kind: FieldKind) -> bool {
        match self {
            Self::Naf => matches!(kind, FieldKind::Naf | FieldKind::Text),
            Self::CreatedOn | Self::RegisteredOn => kind == FieldKind::Date,
            _ => matches!(kind, FieldKind::Text | FieldKind::LongText),
        }
    }
}

/// A condition on another answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Path of the other field.
    pub field: String,
    /// Holds when the answer is one of these (or contains one, for `choices`); empty: holds when anything is answered.
    #[serde(default)]
    pub is: Vec<String>,
}
