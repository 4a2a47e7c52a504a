//! What the pages are made from, beside the domain's own types.

use crate::app::Share;
use crate::domain::{
    calendar::Round,
    dossier::{Dossier, status::DepositStatus},
    evaluation::Evaluation,
    ids::DossierId,
    money::Cents,
    piece::Upload,
    receipt::Receipt,
    text::Text,
};
use serde::{Deserialize, Serialize};

/// One dossier in the applicant's list.
#[derive(Clone, Debug)]
pub struct DossierCard {
    pub id: DossierId,
    /// Title of the project, empty while it has none.
    pub title: String,
    /// Name of the company, empty while it has none.
    pub company: String,
    /// Name of the round, in the reader's language.
    pub round: String,
    /// Whether it is deposited.
    pub status: DepositStatus,
    /// Last change, as shown.
    pub changed_at: String,
    /// How many blocking findings the draft has, when they were counted.
    pub missing: Option<usize>,
    /// Id of the act that its forms would do.
    pub attempt: String,
}

/// A dossier of somebody else of which the reader was given a part.
#[derive(Clone, Debug)]
pub struct GivenCard {
    pub id: DossierId,
    /// Title of the project, empty while it has none.
    pub title: String,
    /// Name of the round, in the reader's language.
    pub round: String,
    /// Whether it is deposited.
    pub status: DepositStatus,
    /// The last instant, as shown.
    pub until: String,
}

/// A dossier and what surrounds it.
#[derive(Clone, Copy, Debug)]
pub struct DossierPage<'a> {
    pub dossier: &'a Dossier,
    pub round: &'a Round,
    /// The draft, judged now.
    pub evaluation: &'a Evaluation,
    pub uploads: &'a [Upload],
    /// What the reader was given.
    pub share: &'a Share,
    /// Title of the project, empty while it has none.
    pub title: &'a str,
    /// Deposited versions, the latest first.
    pub versions: &'a [VersionRow],
    /// Id of the act that the forms of the page would do.
    pub attempt: &'a str,
    /// A deposit was just refused: the page opens on what is missing.
    pub refused: bool,
    /// A piece that was just refused: its code and why.
    pub upload_problem: Option<(&'a str, &'a Text)>,
    /// What was just done.
    pub notice: Option<&'a Text>,
}

/// One deposited version.
#[derive(Clone, Debug)]
pub struct VersionRow {
    /// Version, from 1.
    pub version: u32,
    pub receipt: String,
    /// Instant, as shown.
    pub at: String,
    /// It is the one that stands.
    pub current: bool,
}

/// The officer's list of a round.
#[derive(Clone, Copy, Debug)]
pub struct RoundList<'a> {
    pub round: &'a Round,
    /// All rounds of the call.
    pub rounds: &'a [Round],
    /// This page of the list.
    pub rows: &'a [RoundRow],
    /// How many drafts were begun and never deposited.
    pub drafts: u64,
    /// How many deposits match.
    pub total: u64,
    /// Filters and order.
    pub query: &'a RoundQuery,
    /// This page, from 1.
    pub page: u32,
    /// How many pages there are.
    pub pages: u32,
}

/// One deposit in the officer's list.
#[derive(Clone, Debug)]
pub struct RoundRow {
    pub dossier: DossierId,
    pub receipt: String,
    pub company: String,
    pub siren: String,
    pub title: String,
    /// Names of its bricks.
    pub bricks: String,
    /// Eligible base.
    pub base: Cents,
    pub aid: Cents,
    pub version: u32,
    /// Instant of the deposit, as shown.
    pub deposited_at: String,
    /// How many warnings it carries.
    pub warnings: u32,
    /// It was found admissible.
    pub admitted: bool,
    /// One of its experts has to be replaced.
    pub replace: bool,
}

/// Filters and order of the officer's list, as they stand in its address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RoundQuery {
    /// Words to find.
    pub q: String,
    /// Slug of a brick.
    pub brick: String,
    /// `yes`: only deposits with warnings.
    pub warnings: String,
    /// `deposited`, `company`, `title`, `base` or `aid`.
    pub sort: String,
    /// `yes`: the other way round.
    pub desc: String,
    /// Page, from 1; 0 is the first as well.
    pub page: u32,
}

impl RoundQuery {
    /// The query string of a link that changes one thing, with its `?`; anything but `page` goes back to page 1.
    #[must_use]
    pub fn with(&self, key: &str, value: &str) -> String {
        let page = if key == "page" { value.to_owned() } else { String::new() };
        let pick = |name: &str, current: &str| if name == key { value.to_owned() } else { current.to_owned() };
        let pairs = [
            ("q", pick("q", &self.q)),
            ("brick", pick("brick", &self.brick)),
            ("warnings", pick("warnings", &self.warnings)),
            ("sort", pick("sort", &self.sort)),
            ("desc", pick("desc", &self.desc)),
            ("page", if page == "1" || page == "0" { String::new() } else { page }),
        ];
        let mut text = String::new();
        for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
            text.push(if text.is_empty() { '?' } else { '&' });
            text.push_str(name);
            text.push('=');
            super::show::encode(value, &mut text);
        }
        if text.is_empty() { "?".into() } else { text }
    }
}

/// A deposit as an officer reads it.
#[derive(Clone, Copy, Debug)]
pub struct OfficerDossier<'a> {
    /// The receipt with everything that was deposited.
    pub receipt: &'a Receipt,
    pub round: &'a Round,
    /// Every version, the latest first.
    pub versions: &'a [VersionRow],
    /// The deposited answers, judged at the instant of the deposit.
    pub evaluation: &'a Evaluation,
    /// Its examination, for those who conduct it.
    pub desk: Option<&'a super::DeskPage<'a>>,
    /// The reader is an expert or of the jury.
    pub evaluates: bool,
    /// What was just done.
    pub notice: Option<&'a Text>,
}

/// One mail of the demonstration's mailbox.
#[derive(Clone, Debug)]
pub struct MailRow {
    /// Id in the mailbox.
    pub id: String,
    pub to: String,
    pub subject: String,
    /// Instant, as shown.
    pub at: String,
    pub body: String,
}
