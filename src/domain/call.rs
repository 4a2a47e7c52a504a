//! A call for projects as data: everything that distinguishes one call from another.
//!
//! [`load()`] reads it from a TOML file. Every figure carries the id of its rule, and every reading of a contradictory
//! text is an [`Interpretation`]. No other part of the program contains a figure of a call. Ids such as
//! ELI-1 and X-8 in the comments are those of `calls/hyper-open-x.toml`.

mod agenda;
mod autocomplete;
mod faq;
mod form;
mod glossary;
mod load;
mod rules;
pub mod schema;

pub use agenda::DepositPeriod;
pub use autocomplete::Autocomplete;
pub use form::{Choice, Column, Condition, Field, FieldKind, RegisterValue, Section};
use glossary::WordIndex;
pub use glossary::{Term, WordText};
pub use load::{LoadError, load, load_rounds};
pub use rules::{Check, CompanyFields, DifficultyFields, Rule, RuleCheck};

use crate::domain::{
    calendar::{self, Round, RoundId},
    money::{Cents, Rate},
    text::Text,
};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::sync::OnceLock;

/// A call for projects.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Slug, never changed, because it is used in URLs, receipts and the database.
    pub id: String,
    /// Version of this definition; a deposit is bound to the version under which it was made (FIN-11).
    pub version: String,
    /// IANA time zone of the call's dates.
    pub zone: String,
    /// Additional host names of the call, lower case; it is always served under the portal's own.
    #[serde(default)]
    pub hosts: Vec<String>,
    pub title: Text,
    /// One sentence for the header of the home page.
    pub tagline: Text,
    /// What the call is for, in a few sentences.
    pub summary: Text,
    /// What a winner receives, one line each.
    pub benefits: Vec<Text>,
    /// The organisation that runs the call and answers questions (DEP-4).
    pub contact: Contact,
    /// The authorities that grant, pay and sign.
    pub parties: Parties,
    /// The funding rules of the call.
    pub funding: Funding,
    /// Which fields of the form identify the applicant.
    pub company: CompanyFields,
    /// Limits of uploaded files.
    pub files: FileLimits,
    /// Rounds (relèves), in calendar order.
    pub rounds: Vec<Round>,
    /// The form, section by section.
    pub sections: Vec<Section>,
    /// The pieces of the dossier.
    pub pieces: Vec<Piece>,
    /// The rules, each with its id and how it is checked.
    pub rules: Vec<Rule>,
    pub criteria: Vec<Criterion>,
    /// Technological bricks that a project may use.
    pub bricks: Vec<Brick>,
    /// Questions and answers.
    pub faq: Vec<FaqEntry>,
    /// Communication duties of the winners.
    pub duties: Vec<Duty>,
    /// How contradictions and gaps in the text are interpreted.
    pub interpretations: Vec<Interpretation>,
    /// How long deposited dossiers are kept, and by which law; the operator answers where it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<Text>,
    /// Words that applicants may not know. Loading adds those of the portal's own pages.
    #[serde(default)]
    pub glossary: Vec<Term>,
    /// The words of the glossary, made when they are first looked for. The glossary does not change after loading.
    #[serde(skip)]
    word_index: OnceLock<WordIndex>,
}

impl Call {
    /// The time zone of the call's dates; loading has checked that it exists.
    pub fn time_zone(&self) -> TimeZone {
        TimeZone::get(&self.zone).unwrap_or(TimeZone::UTC)
    }
    /// The common name of that zone's time.
    pub fn zone_name(&self) -> Text {
        calendar::zone_name(&self.zone)
    }
    pub fn round(&self, id: &RoundId) -> Option<&Round> {
        self.rounds.iter().find(|round| round.id == *id)
    }
    #[must_use]
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }
    #[must_use]
    pub fn section(&self, id: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.id == id)
    }
    pub fn piece(&self, code: &str) -> Option<&Piece> {
        self.pieces.iter().find(|piece| piece.code == code)
    }
    #[must_use]
    pub fn brick(&self, slug: &str) -> Option<&Brick> {
        self.bricks.iter().find(|brick| brick.slug == slug)
    }
    /// The names of bricks, from their slugs separated by spaces. A slug that the call no longer has stays as it is.
    #[must_use]
    pub fn brick_names(&self, slugs: &str) -> String {
        let name = |slug| self.brick(slug).map_or(slug, |brick| brick.name.as_str());
        slugs.split_whitespace().map(name).collect::<Vec<_>>().join(", ")
    }
    /// The field at `section.field`.
    pub fn field(&self, path: &str) -> Option<&Field> {
        let (section, field) = path.split_once('.')?;
        self.section(section)?.fields.iter().find(|candidate| candidate.id == field)
    }
    /// Whether any field may be filled in from the public register of companies.
    #[must_use]
    pub fn takes_register_values(&self) -> bool {
        self.sections.iter().any(|section| section.fields.iter().any(|field| field.register.is_some()))
    }
    /// Pieces that are uploaded files, as opposed to sections of the form.
    pub fn attached_pieces(&self) -> impl Iterator<Item = &Piece> {
        self.pieces.iter().filter(|piece| piece.sections.is_empty())
    }
}

/// The contact for questions.
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

/// The parties to the funding.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parties {
    /// Authority that grants the aid.
    pub grantor: String,
    /// Signatory of the agreement.
    pub signatory: String,
    /// The paying authority.
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
    /// Maximum aid for one project, in cents (FIN-7).
    pub cap_cents: Cents,
    /// Minimum eligible base, in cents (ELI-1).
    pub min_base_cents: Cents,
    /// Maximum advance payment, as a share of the aid (PAY-1).
    pub advance_ppm: Rate,
    /// Duration of a project in months (CAL-5).
    pub duration_months: u32,
    /// Cost categories, in display order; a flat one follows the one it is computed from.
    pub costs: Vec<Cost>,
    /// The applicant's financing plan: a table and its amount column.
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
    pub column: String,
}

/// Ceiling over a rolling window (Regulation (EU) 2023/2831, article 3).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeMinimis {
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
    pub title: Text,
    /// What may be counted.
    pub help: Text,
    /// The rule that allows it.
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
    /// A fixed share of another category.
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
    /// Maximum size of one file, in bytes.
    pub max_file_bytes: u64,
    /// Maximum size of all files of a dossier, in bytes.
    pub max_dossier_bytes: u64,
}

/// One of the documents that make a complete dossier.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Piece {
    /// Code on the pages and in receipts, such as `P7`.
    pub code: String,
    pub title: Text,
    /// What it is and where to get it.
    pub help: Text,
    /// The rule that requires it.
    pub rule: String,
    /// Sections of the form that make up the piece; empty when it is a file to upload.
    #[serde(default)]
    pub sections: Vec<String>,
    /// Required only when this condition holds.
    #[serde(default)]
    pub when: Option<Condition>,
    /// False when it may be left out without an explanation.
    #[serde(default = "yes")]
    pub required: bool,
    /// The file must have been issued less than this many months before the deposit.
    #[serde(default)]
    pub fresh_months: Option<u32>,
    /// Accepted media types.
    #[serde(default)]
    pub media: Vec<String>,
    /// Text field in which a missing piece may be explained instead.
    #[serde(default)]
    pub exemption: Option<String>,
    /// The interpretation that concerns it.
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
    pub title: Text,
    /// What experts look at.
    pub details: Vec<Text>,
    /// Code of the piece with the relevant information.
    pub informed_by: String,
}

/// A technological brick.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Brick {
    pub slug: String,
    pub name: String,
    /// Who provides it.
    pub contributor: String,
    /// Kind of service.
    pub service: String,
    /// What it is, in a sentence or two.
    pub summary: Text,
    /// What a company can do with it.
    pub uses: Vec<Text>,
    pub prerequisites: Vec<Text>,
    pub licence: Text,
    /// People available to winners (ACC-2).
    pub help: Text,
    /// Machines lent to winners (ACC-2).
    pub infrastructure: Text,
    /// Documentation and source.
    pub links: Vec<Link>,
    /// Interpretations that concern it.
    #[serde(default)]
    pub interpretations: Vec<String>,
}

/// A link with its label.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Link text.
    pub label: Text,
    pub url: String,
}

/// A question and its answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaqEntry {
    /// Slug, used as the anchor on the page.
    pub id: String,
    pub question: Text,
    /// Its dates are placeholders ([`Call::faq_answer`]).
    pub answer: Text,
    /// The rules that it explains.
    #[serde(default)]
    pub rules: Vec<String>,
}

/// A duty of communication (COM-1 …).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Duty {
    pub id: String,
    /// What to do.
    pub text: Text,
    /// Kits and logos.
    #[serde(default)]
    pub links: Vec<Link>,
}

/// How a contradiction or a gap in the text is interpreted; never silently.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interpretation {
    /// Id, `X-1` and so on.
    pub id: String,
    /// Subject in a few words.
    pub title: Text,
    pub conflict: Text,
    /// The rule that is applied.
    pub applied: Text,
    /// The articles of the call concerned.
    pub sources: Vec<String>,
    pub decided_by: Text,
    /// False for a default that awaits a written decision of the call's operator.
    pub arbitrated: bool,
    pub public: bool,
}
