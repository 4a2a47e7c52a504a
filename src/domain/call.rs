//! A call for projects as data: everything that distinguishes one call from another.
//!
//! Read from a TOML file by [`load`]; every figure carries the id of the rule it comes from, and every reading of a
//! contradictory text is an [`Interpretation`]. Nothing else in the program knows a figure of a call.

mod form;
mod load;
mod rules;
pub mod schema;

pub use form::{Choice, Column, Condition, Field, FieldKind, Section};
pub use load::{LoadError, load, load_rounds};
pub use rules::{Check, CompanyFields, DeMinimisFields, DifficultyFields, Rule, RuleCheck, SmeFields};

use crate::domain::{
    calendar::{Round, RoundId},
    money::{Cents, Rate},
    text::Text,
};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// A call for projects.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Slug, stable for ever: it stands in addresses, receipts and the database.
    pub id: String,
    /// Version of this definition; a deposit is bound to the version it was made under (FIN-11).
    pub version: String,
    /// IANA zone in which the dates of the call are meant.
    pub zone: String,
    /// Host names of the call's own, lower case; the portal's is there anyway.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Name of the call.
    pub title: Text,
    /// One sentence for the head of the home page.
    pub tagline: Text,
    /// What the call is for, in a few sentences.
    pub summary: Text,
    /// What a winner gets, one line each.
    pub benefits: Vec<Text>,
    /// Who runs the call and answers (DEP-4).
    pub contact: Contact,
    /// Who grants, pays and signs.
    pub parties: Parties,
    /// The money of the call.
    pub funding: Funding,
    /// Where the form says who applies.
    pub company: CompanyFields,
    /// Limits of uploaded files.
    pub files: FileLimits,
    /// Relèves, in calendar order.
    pub rounds: Vec<Round>,
    /// The form, section by section.
    pub sections: Vec<Section>,
    /// The pieces of the dossier.
    pub pieces: Vec<Piece>,
    /// The rules, each with its id and how it is checked.
    pub rules: Vec<Rule>,
    /// Selection criteria.
    pub criteria: Vec<Criterion>,
    /// Technological bricks that a project may use.
    pub bricks: Vec<Brick>,
    /// Questions and answers.
    pub faq: Vec<FaqEntry>,
    /// Duties of communication of the winners.
    pub duties: Vec<Duty>,
    /// How contradictions and gaps of the text are read.
    pub interpretations: Vec<Interpretation>,
}

impl Call {
    /// The zone in which the dates of the call are meant; loading has checked that it exists.
    #[must_use]
    pub fn time_zone(&self) -> TimeZone {
        TimeZone::get(&self.zone).unwrap_or(TimeZone::UTC)
    }
    /// What people call the time of that zone.
    #[must_use]
    pub fn zone_name(&self) -> Text {
        let city = self.zone.rsplit('/').next().unwrap_or(&self.zone).replace('_', " ");
        match city.as_str() {
            "Reunion" => Text::new("heure de La Réunion", "Réunion time"),
            city => Text::new(format!("heure de {city}"), format!("{city} time")),
        }
    }
    /// The round with this id.
    #[must_use]
    pub fn round(&self, id: &RoundId) -> Option<&Round> {
        self.rounds.iter().find(|round| round.id == *id)
    }
    /// The rule with this id.
    #[must_use]
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }
    /// The section with this id.
    #[must_use]
    pub fn section(&self, id: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.id == id)
    }
    /// The piece with this code.
    #[must_use]
    pub fn piece(&self, code: &str) -> Option<&Piece> {
        self.pieces.iter().find(|piece| piece.code == code)
    }
    /// The brick with this slug.
    #[must_use]
    pub fn brick(&self, slug: &str) -> Option<&Brick> {
        self.bricks.iter().find(|brick| brick.slug == slug)
    }
    /// The field at `section.field`.
    #[must_use]
    pub fn field(&self, path: &str) -> Option<&Field> {
        let (section, field) = path.split_once('.')?;
        self.section(section)?.fields.iter().find(|candidate| candidate.id == field)
    }
    /// Pieces that are uploaded files, as opposed to sections of the form.
    pub fn uploads(&self) -> impl Iterator<Item = &Piece> {
        self.pieces.iter().filter(|piece| piece.sections.is_empty())
    }
}

/// Whom to ask.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// Organisation that runs the call.
    pub operator: String,
    /// Address for questions.
    pub email: String,
    /// Site of the programme.
    pub website: String,
}

/// Who does what with the money.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parties {
    /// Authority that grants the aid.
    pub grantor: String,
    /// Signatory of the convention.
    pub signatory: String,
    /// Who pays.
    pub payer: String,
    /// Legal basis of the aid.
    pub regime: Text,
}

/// Costs, rates and limits.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Funding {
    /// Share of the base that is granted, in millionths (FIN-7).
    pub rate_ppm: Rate,
    /// Most that one project gets, in cents (FIN-7).
    pub cap_cents: Cents,
    /// Least eligible base, in cents (ELI-1).
    pub min_base_cents: Cents,
    /// Most that is paid in advance, as a share of the aid (PAY-1).
    pub advance_ppm: Rate,
    /// Months that a project lasts (CAL-5).
    pub duration_months: u32,
    /// Cost categories, in the order shown; a flat one follows the one it is computed from.
    pub costs: Vec<Cost>,
    /// Where the applicant's financing plan stands: a table and its amount column.
    pub financing: Option<TableColumn>,
    /// Window and ceiling of aid under the de minimis regulation, if it applies (FIN-9).
    pub de_minimis: Option<DeMinimis>,
}

/// A column of a table of the form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableColumn {
    /// Path of the table, `section.field`.
    pub table: String,
    /// Column id.
    pub column: String,
}

/// Ceiling over a rolling window (Regulation (EU) 2023/2831, article 3).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeMinimis {
    /// Ceiling in cents.
    pub ceiling_cents: Cents,
    /// Length of the window in months.
    pub window_months: u32,
}

/// One cost category.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cost {
    /// Slug.
    pub id: String,
    /// Name.
    pub title: Text,
    /// What may be counted.
    pub help: Text,
    /// Rule that allows it.
    pub rule: String,
    /// How the amount is computed.
    pub amount: CostAmount,
}

/// How the amount of a category is computed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum CostAmount {
    /// Sum over rows of a quantity (hundredths) times a unit cost (cents), each row rounded half up.
    Product {
        /// Path of the table.
        table: String,
        /// Column of the quantity.
        quantity: String,
        /// Column of the unit cost.
        unit: String,
    },
    /// Sum of a money column.
    Sum {
        /// Path of the table.
        table: String,
        /// Column of the amount.
        column: String,
    },
    /// A flat share of another category.
    Flat {
        /// The other category.
        of: String,
        /// Share in millionths.
        rate_ppm: Rate,
    },
}

/// Limits of uploads, shown before a file is chosen.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileLimits {
    /// Most bytes of one file.
    pub max_file_bytes: u64,
    /// Most bytes of all files of a dossier.
    pub max_dossier_bytes: u64,
}

/// One of the documents that make a complete dossier.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Piece {
    /// Code on the pages and in receipts, such as `P7`.
    pub code: String,
    /// Name.
    pub title: Text,
    /// What it is and where to get it.
    pub help: Text,
    /// Rule that asks for it.
    pub rule: String,
    /// Sections of the form that stand for it; empty when it is a file to upload.
    #[serde(default)]
    pub sections: Vec<String>,
    /// Asked only when this holds.
    #[serde(default)]
    pub when: Option<Condition>,
    /// False when it may be left out without a word.
    #[serde(default = "yes")]
    pub required: bool,
    /// The file must be younger than this many months at the deposit.
    #[serde(default)]
    pub fresh_months: Option<u32>,
    /// Accepted media types.
    #[serde(default)]
    pub media: Vec<String>,
    /// Text field in which a missing piece may be explained instead.
    #[serde(default)]
    pub exemption: Option<String>,
    /// Interpretation that bears on it.
    #[serde(default)]
    pub interpretation: Option<String>,
}

fn yes() -> bool {
    true
}

/// A selection criterion and its components (SEL-2).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// Slug.
    pub id: String,
    /// Name.
    pub title: Text,
    /// What is assessed.
    pub components: Vec<Component>,
}

/// A component of a criterion.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// Slug.
    pub id: String,
    /// Name.
    pub title: Text,
    /// What experts look at.
    pub details: Vec<Text>,
    /// Code of the piece that informs it.
    pub informed_by: String,
}

/// A technological brick.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Brick {
    /// Slug.
    pub slug: String,
    /// Name.
    pub name: String,
    /// Who contributes it.
    pub contributor: String,
    /// Kind of service.
    pub service: String,
    /// What it is, in a sentence or two.
    pub summary: Text,
    /// What a company can do with it.
    pub uses: Vec<Text>,
    /// What one needs.
    pub prerequisites: Vec<Text>,
    /// Licence.
    pub licence: Text,
    /// People that winners can count on (ACC-2).
    pub help: Text,
    /// Machines lent to winners (ACC-2).
    pub infrastructure: Text,
    /// Documentation and source.
    pub links: Vec<Link>,
    /// Interpretations that bear on its sheet.
    #[serde(default)]
    pub interpretations: Vec<String>,
}

/// A link with its label.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// What is found there.
    pub label: Text,
    /// Address.
    pub url: String,
}

/// A question and its answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaqEntry {
    /// Slug, anchor on the page.
    pub id: String,
    /// The question.
    pub question: Text,
    /// The answer.
    pub answer: Text,
    /// Rules that it explains.
    #[serde(default)]
    pub rules: Vec<String>,
}

/// A duty of communication (COM-1 …).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Duty {
    /// Rule id.
    pub id: String,
    /// What to do.
    pub text: Text,
    /// Kits and logos.
    #[serde(default)]
    pub links: Vec<Link>,
}

/// How a contradiction or a gap of the text is read: never silently.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interpretation {
    /// Id, `X-1` and so on.
    pub id: String,
    /// Subject in a few words.
    pub title: Text,
    /// The texts in conflict.
    pub conflict: Text,
    /// The rule that is applied.
    pub applied: Text,
    /// Articles of the call concerned.
    pub sources: Vec<String>,
    /// Who decided.
    pub decided_by: Text,
    /// False while it is a default awaiting a written decision of the call's operator.
    pub arbitrated: bool,
    /// Shown to everyone.
    pub public: bool,
}
