//! The data of the pages, in addition to the domain's own types.

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
    /// Title of the project, empty if it has none.
    pub title: String,
    /// Name of the company, empty if it has none.
    pub company: String,
    /// Name of the round, in the user's language.
    pub round: String,
    /// Whether it is deposited.
    pub status: DepositStatus,
    /// Last change, as shown.
    pub changed_at: String,
    /// The number of blocking findings in the draft, if it was computed.
    pub missing: Option<usize>,
    /// Attempt id of its forms.
    pub attempt: String,
}

/// A dossier of another user, of which parts are shared with this one.
#[derive(Clone, Debug)]
pub struct GivenCard {
    pub id: DossierId,
    /// Title of the project, empty if it has none.
    pub title: String,
    /// Name of the round, in the user's language.
    pub round: String,
    /// Whether it is deposited.
    pub status: DepositStatus,
    /// Expiry of the right, as shown.
    pub until: String,
}

/// A dossier with its context.
#[derive(Clone, Copy, Debug)]
pub struct DossierPage<'a> {
    pub dossier: &'a Dossier,
    pub round: &'a Round,
    /// The evaluation of the draft, at the current time.
    pub evaluation: &'a Evaluation,
    pub uploads: &'a [Upload],
    /// The parts shared with the user.
    pub share: &'a Share,
    /// Title of the project, empty if it has none.
    pub title: &'a str,
    /// Deposited versions, latest first.
    pub versions: &'a [VersionRow],
    /// Attempt id of the page's forms.
    pub attempt: &'a str,
    /// A deposit was just refused: the page starts with what is missing.
    pub refused: bool,
    /// A piece that was just refused: its code and the reason.
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
    /// Time of the deposit, as shown.
    pub at: String,
    /// It is the current version.
    pub current: bool,
}

/// The officer's list of a round.
#[derive(Clone, Copy, Debug)]
pub struct RoundList<'a> {
    pub round: &'a Round,
    /// All rounds of the call.
    pub rounds: &'a [Round],
    /// The rows of this page.
    pub rows: &'a [RoundRow],
    /// The number of drafts that were never deposited.
    pub drafts: u64,
    /// The number of matching deposits.
    pub total: u64,
    /// Filters and order.
    pub query: &'a RoundQuery,
    /// This page, from 1.
    pub page: u32,
    /// The number of pages.
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
    /// Time of the deposit, as shown.
    pub deposited_at: String,
    /// The number of its warnings.
    pub warnings: u32,
    /// It was found admissible.
    pub admitted: bool,
    /// One of its experts must be replaced.
    pub replace: bool,
}

/// Filters and order of the officer's list, as in the query string.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RoundQuery {
    /// Search terms.
    pub q: String,
    /// Slug of a brick.
    pub brick: String,
    /// `yes`: only deposits with warnings.
    pub warnings: String,
    /// `deposited`, `company`, `title`, `base` or `aid`.
    pub sort: String,
    /// `yes`: descending.
    pub desc: String,
    /// Page, from 1; 0 means the first page too.
    pub page: u32,
}

impl RoundQuery {
    /// The query string of a link that changes one parameter, with its `?`; any change except of `page` goes back to
    /// page 1.
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

/// A deposit as an officer sees it.
#[derive(Clone, Copy, Debug)]
pub struct OfficerDossier<'a> {
    /// The receipt with everything that was deposited.
    pub receipt: &'a Receipt,
    pub round: &'a Round,
    /// Every version, latest first.
    pub versions: &'a [VersionRow],
    /// The deposited answers, judged at the time of the deposit.
    pub evaluation: &'a Evaluation,
    /// The examination, for those who conduct it.
    pub desk: Option<&'a super::DeskPage<'a>>,
    /// The user is an expert or a member of the jury.
    pub evaluates: bool,
    /// What was just done.
    pub notice: Option<&'a Text>,
}

/// One mail in the demonstration's mailbox.
#[derive(Clone, Debug)]
pub struct MailRow {
    /// Id in the mailbox.
    pub id: String,
    pub to: String,
    pub subject: String,
    /// Time, as shown.
    pub at: String,
    pub body: String,
}
