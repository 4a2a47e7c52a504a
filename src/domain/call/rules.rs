//! The rules of a call, and the checks that the evaluation supports. Ids such as CAL-5 are those of
//! `calls/hyper-open-x.toml`.

use super::TableColumn;
use crate::domain::{finding::Severity, money::Rate, text::Text};
use serde::{Deserialize, Serialize};

/// A rule of the call.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Id in the rule register, such as `ELI-1`.
    pub id: String,
    /// Article of the call.
    pub source: String,
    /// The rule in one sentence.
    pub title: Text,
    /// Where it is applied when none of the checks below does it: by the form, an officer, the calendar …
    #[serde(default)]
    pub applied_by: Option<Text>,
    /// The interpretation under which it is applied.
    #[serde(default)]
    pub interpretation: Option<String>,
    /// Checks; a rule may have several.
    #[serde(default)]
    pub checks: Vec<RuleCheck>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleCheck {
    /// What its failure does to the deposit.
    pub severity: Severity,
    /// What is wrong and what to do. `{name}` is replaced with a value of the check.
    pub message: Text,
    /// Also used in the public simulator.
    #[serde(default)]
    pub simulator: bool,
    pub check: Check,
}

/// The checks that the evaluation supports. Paths are `section.field`. A check whose fields are empty reports nothing,
/// because the form already asks for them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Check {
    /// The base reaches the required minimum. Values: `base`, `minimum`, `missing`.
    MinBase,
    /// The day is not after the deposit. Values: `date`.
    NotAfterDeposit {
        /// Path of a date.
        field: String,
    },
    /// The field has this answer. Values: `answer`.
    Equals {
        field: String,
        /// The expected answer.
        is: String,
    },
    /// The field has one of these answers. Values: `answer`.
    OneOf {
        field: String,
        /// The expected answers.
        is: Vec<String>,
    },
    /// At least this many choices or rows.
    AtLeast {
        /// Path of a `choices` or `table` field.
        field: String,
        /// The minimum.
        count: usize,
    },
    /// At least one of the chosen bricks is open in the round; a round that lists none has them all. Values: `open`.
    BrickOpen {
        /// Path of a `choices` field.
        field: String,
    },
    /// At least one of these fields is answered.
    AnyOf {
        /// Paths of the fields.
        fields: Vec<String>,
    },
    /// No cell of the column has this answer. Values: `rows`.
    NoCell {
        at: TableColumn,
        /// The forbidden answer.
        is: String,
    },
    /// Every SIREN of the column equals the applicant's. Values: `row`.
    SameSiren {
        /// The column to compare.
        at: TableColumn,
    },
    /// The day is after the day of the deposit, in the call's zone. Values: `date`, `earliest`.
    AfterDeposit {
        /// Path of a date.
        field: String,
    },
    /// `end` is `start` plus the funding's duration, less a day (CAL-5). Values: `expected`.
    Duration {
        /// Path of the first day.
        start: String,
        /// Path of the last day.
        end: String,
    },
    /// A cost category stays strictly below a share of the base (FIN-3). Values: `share`, `target`.
    ShareBelow {
        cost: String,
        /// Share in millionths.
        target_ppm: Rate,
    },
    /// If the category reaches a share of the base, the field must explain it (FIN-3). Values: `share`, `target`.
    ShareExplained {
        cost: String,
        /// Share in millionths.
        target_ppm: Rate,
        /// Path of the explanation.
        field: String,
    },
    /// The financing plan covers the base exactly. Values: `financed`, `base`.
    FinancingBalanced,
    /// The requested aid does not exceed what the call grants. Values: `asked`, `aid`.
    AidAsked {
        /// Path of a money field.
        field: String,
    },
    /// A number is at least this. Values: `value`, `minimum`.
    AtLeastValue {
        /// Path of a number.
        field: String,
        /// Minimum value.
        value: i64,
    },
    /// A day is at most this many months before the deposit. Values: `date`, `months`.
    NotOlderThan {
        /// Path of a date.
        field: String,
        months: u32,
    },
    /// The company is an SME under Recommendation 2003/361/EC. Values: `staff`, `turnover`, `balance`.
    Sme,
    /// The two readings of the SME definition agree.
    SmeReadingsAgree,
    /// The company is not in difficulty (Regulation (EU) 651/2014, article 2(18)). Values: `losses`, `half`.
    NotInDifficulty,
    /// De minimis headroom covers the aid (FIN-9). Values: `counted`, `headroom`, `aid`.
    DeMinimisHeadroom,
    /// No other dossier of the same company is deposited in the round (ELI-4). Values: `count`.
    OnlyDossier,
    /// The deposit falls inside the round (CAL-1, DEP-2). Values: `opens`, `closes`.
    RoundOpen,
}

/// The form fields with data about the company.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompanyFields {
    /// Path of the applicant's SIRET.
    pub siret: String,
    /// Path of the company's name.
    pub name: String,
    /// Path of the project's title.
    pub project: String,
    /// Fields of the SME test, if the call has one.
    #[serde(default)]
    pub sme: Option<SmeFields>,
    /// Fields of the difficulty test, if the call has one.
    #[serde(default)]
    pub difficulty: Option<DifficultyFields>,
    /// Fields about aid already received, if the call counts it.
    #[serde(default)]
    pub de_minimis: Option<DeMinimisFields>,
}

/// Form fields of the SME test.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmeFields {
    /// Full-time equivalents of the two last closed years, latest first (hundredths).
    pub staff: [String; 2],
    /// Turnover (cents), same order.
    pub turnover: [String; 2],
    /// Balance-sheet total (cents), same order.
    pub balance: [String; 2],
    /// Table of linked and partner companies with the columns `kind` (`linked`, `partner`), `share` (per cent,
    /// hundredths), `staff`, `turnover`, `balance`.
    pub links: String,
    /// Share held by public bodies (per cent, hundredths).
    pub public_share: String,
}

/// Form fields of the difficulty test; amounts in cents.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DifficultyFields {
    /// Choice: `limited` or `unlimited` liability.
    pub family: String,
    /// Day of creation.
    pub created: String,
    /// Subscribed capital.
    pub capital: String,
    /// Issue premiums.
    pub premiums: String,
    /// Reserves, retained earnings, result and other own funds.
    pub own_funds: Vec<String>,
    /// Choice: `none` or a kind of collective proceedings.
    pub proceedings: String,
    /// Yes/no: rescue or restructuring aid in progress.
    pub rescue: String,
    /// Debts of the two last years, latest first; like the next three, used for non-SMEs only.
    pub debts: [String; 2],
    /// Own capital.
    pub equity: [String; 2],
    pub ebitda: [String; 2],
    pub interest: [String; 2],
}

/// Form fields about aid already received.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeMinimisFields {
    /// Table of aid.
    pub table: String,
    /// Column with the date of grant.
    pub date: String,
    /// Column with the gross grant equivalent.
    pub amount: String,
}
