//! Rules of a call and the checks that the evaluation knows.

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
    /// Where it is applied when no check below does it: by the form, an officer, the calendar …
    #[serde(default)]
    pub applied_by: Option<Text>,
    /// Interpretation under which it is applied.
    #[serde(default)]
    pub interpretation: Option<String>,
    /// Checks; a rule may have several.
    #[serde(default)]
    pub checks: Vec<RuleCheck>,
}

/// One check of a rule.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleCheck {
    /// What failing it does to the deposit.
    pub severity: Severity,
    /// What is wrong and what to do. `{name}` stands for a value of the check.
    pub message: Text,
    /// Also part of the public simulator.
    #[serde(default)]
    pub simulator: bool,
    /// The check.
    pub check: Check,
}

/// Checks that the evaluation knows. Paths are `section.field`; a check whose fields are empty is silent, since the
/// form already asks for them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Check {
    /// The base reaches the funding's minimum. Values: `base`, `minimum`, `missing`.
    MinBase,
    /// The day is not after the deposit. Values: `date`.
    NotAfterDeposit {
        /// Path of a date.
        field: String,
    },
    /// The field holds this answer. Values: `answer`.
    Equals {
        /// Path.
        field: String,
        /// The answer expected.
        is: String,
    },
    /// The field holds one of these answers. Values: `answer`.
    OneOf {
        /// Path.
        field: String,
        /// The answers expected.
        is: Vec<String>,
    },
    /// At least so many choices or rows.
    AtLeast {
        /// Path of a `choices` or `table` field.
        field: String,
        /// How many.
        count: usize,
    },
    /// At least one of the bricks chosen is open in the round; a round that lists none has them all. Values: `open`.
    BrickOpen {
        /// Path of a `choices` field.
        field: String,
    },
    /// At least one of these fields is answered.
    AnyOf {
        /// Paths.
        fields: Vec<String>,
    },
    /// No cell of the column holds this answer. Values: `rows`.
    NoCell {
        /// The column.
        at: TableColumn,
        /// The forbidden answer.
        is: String,
    },
    /// Every SIREN of the column equals the applicant's. Values: `row`.
    SameSiren {
        /// The column.
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
        /// Category id.
        cost: String,
        /// Share in millionths.
        target_ppm: Rate,
    },
    /// If the category reaches a share of the base, the field must explain it (FIN-3). Values: `share`, `target`.
    ShareExplained {
        /// Category id.
        cost: String,
        /// Share in millionths.
        target_ppm: Rate,
        /// Path of the explanation.
        field: String,
    },
    /// The financing plan covers the base exactly. Values: `financed`, `base`.
    FinancingBalanced,
    /// The aid asked does not exceed what the call gives. Values: `asked`, `aid`.
    AidAsked {
        /// Path of a money field.
        field: String,
    },
    /// A number is at least this. Values: `value`, `minimum`.
    AtLeastValue {
        /// Path of a number.
        field: String,
        /// Least value.
        value: i64,
    },
    /// A day is at most so many months before the deposit. Values: `date`, `months`.
    NotOlderThan {
        /// Path of a date.
        field: String,
        /// Months.
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

/// Where the figures about the company stand in the form.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompanyFields {
    /// Path of the applicant's SIRET.
    pub siret: String,
    /// Path of the company's name.
    pub name: String,
    /// Path of the project's title.
    pub project: String,
    /// Figures of the SME test, if the call has one.
    #[serde(default)]
    pub sme: Option<SmeFields>,
    /// Figures of the difficulty test, if the call has one.
    #[serde(default)]
    pub difficulty: Option<DifficultyFields>,
    /// Aid already received, if the call counts it.
    #[serde(default)]
    pub de_minimis: Option<DeMinimisFields>,
}

/// Where the figures of the SME test stand.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmeFields {
    /// Full-time equivalents of the two last closed years, the latest first (hundredths).
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

/// Where the figures of the difficulty test stand; amounts in cents.
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
    /// Yes/no: rescue or restructuring aid under way.
    pub rescue: String,
    /// Debts of the two last years, the latest first; like the next three, counted for non-SMEs only.
    pub debts: [String; 2],
    /// Own capital.
    pub equity: [String; 2],
    /// EBITDA.
    pub ebitda: [String; 2],
    /// Interest.
    pub interest: [String; 2],
}

/// Where the aid already received stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeMinimisFields {
    /// Table of aid.
    pub table: String,
    /// Column of the day of grant.
    pub date: String,
    /// Column of the gross grant equivalent.
    pub amount: String,
}
