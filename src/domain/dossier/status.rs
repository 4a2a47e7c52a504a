//! Is it deposited? The one place that answers, for every page, program and printed sheet.
//!
//! The answer depends on the dossier, on its round and on the instant, and on nothing else. Whatever speaks of it shows the
//! phrases made here and offers what [`DepositStatus::may`] allows: a second wording elsewhere would say something else one day.

mod words;

pub use words::{Phrase, PhraseKind, plain, sealed};

use super::{Deposit, Dossier, State};
use crate::domain::{
    calendar::{Round, RoundId, RoundState, Window},
    call::Call,
    text::Text,
};
use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;

/// What may still be done with a dossier at an instant, as far as the dossier and its round decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Change the draft; what is saved is not deposited.
    Edit,
    /// Deposit where nothing stands.
    Deposit,
    /// Deposit the changes in place of what stands.
    Replace,
    /// Withdraw what stands.
    Withdraw,
    /// Take the draft over to another round of the call.
    CarryOver,
}

impl Step {
    /// The word in pages and programs.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::Edit => "edit",
            Self::Deposit => "deposit",
            Self::Replace => "replace",
            Self::Withdraw => "withdraw",
            Self::CarryOver => "carry_over",
        }
    }
}

/// How good or bad the news is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Everything that was written is deposited.
    Good,
    /// Something is not deposited.
    Care,
    /// Something is not deposited, and cannot be any more.
    Over,
}

/// An open round that a draft may be carried over to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// Its id.
    pub id: RoundId,
    /// Its name.
    pub title: Text,
}

/// Whether a dossier is deposited, at an instant.
#[derive(Clone, Debug)]
pub struct DepositStatus {
    state: State,
    round: RoundState,
    window: Option<Window>,
    revision: u64,
    deposit: Option<Deposit>,
    withdrawn_at: Option<Timestamp>,
    now: Timestamp,
    open: Vec<Destination>,
    zone: TimeZone,
    zone_name: Text,
}

impl DepositStatus {
    /// The status of a dossier of a round of a call.
    #[must_use]
    pub fn of(call: &Call, round: &Round, dossier: &Dossier, now: Timestamp) -> Self {
        let open = call.rounds.iter().filter(|other| other.id != round.id && other.state(now) == RoundState::Open);
        Self {
            state: dossier.state(),
            round: round.state(now),
            window: round.window,
            revision: dossier.revision,
            deposit: dossier.deposit.clone(),
            withdrawn_at: dossier.withdrawn_at,
            now,
            open: open.map(|round| Destination { id: round.id.clone(), title: round.title.clone() }).collect(),
            zone: call.time_zone(),
            zone_name: call.zone_name(),
        }
    }

    /// The state of the dossier.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// The state of its round.
    #[must_use]
    pub fn round(&self) -> RoundState {
        self.round
    }

    /// Its revision: the entity tag.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The number of the receipt that stands.
    #[must_use]
    pub fn receipt(&self) -> Option<&str> {
        self.deposit.as_ref().map(|deposit| deposit.receipt.as_str())
    }

    /// What may still be done.
    #[must_use]
    pub fn may(&self) -> Vec<Step> {
        // A draft can be written in at any time; that it counts for nothing after the closing is for the sentence to say.
        let mut steps = vec![Step::Edit];
        if self.round == RoundState::Open {
            steps.extend(match self.state {
                State::Draft | State::Withdrawn => Some(Step::Deposit),
                State::Changed => Some(Step::Replace),
                State::Deposited => None,
            });
        }
        if self.deposit.is_some() {
            steps.push(Step::Withdraw);
        }
        if self.left_over() && !self.open.is_empty() {
            steps.push(Step::CarryOver);
        }
        steps
    }

    /// Whether one thing may still be done.
    #[must_use]
    pub fn allows(&self, step: Step) -> bool {
        self.may().contains(&step)
    }

    /// Whether the draft, or changes of it, may be deposited now.
    #[must_use]
    pub fn depositable(&self) -> bool {
        self.allows(Step::Deposit) || self.allows(Step::Replace)
    }

    /// The open rounds that the draft may be carried over to.
    #[must_use]
    pub fn destinations(&self) -> &[Destination] {
        if self.left_over() { &self.open } else { &[] }
    }

    /// The round has closed over something that was not deposited.
    fn left_over(&self) -> bool {
        self.round == RoundState::Closed && self.state != State::Deposited
    }

    /// Whether it helps to say what the draft still misses: once nothing of it can be deposited any more, it does not, and
    /// what was sealed lacked nothing.
    #[must_use]
    pub fn counts_missing(&self) -> bool {
        self.round != RoundState::Closed && self.state != State::Deposited
    }

    /// Whether what is shown of the draft's completeness is worth showing: the draft is still to be deposited, or it is
    /// exactly what was sealed, judged as of then.
    #[must_use]
    pub fn shows_progress(&self) -> bool {
        self.round != RoundState::Closed || self.state == State::Deposited
    }

    /// The instant at which the draft is judged: while it is what was sealed, that of the deposit, since rules that look at
    /// today's date would find fault with what was in order.
    #[must_use]
    pub fn judged_at(&self) -> Timestamp {
        match &self.deposit {
            Some(deposit) if self.state == State::Deposited => deposit.at,
            _ => self.now,
        }
    }

    /// How good or bad it is.
    #[must_use]
    pub fn tone(&self) -> Tone {
        match self.state {
            State::Deposited => Tone::Good,
            _ if self.round == RoundState::Closed => Tone::Over,
            _ => Tone::Care,
        }
    }

    /// The state as a class of the style sheet.
    #[must_use]
    pub fn class(&self) -> &'static str {
        match (self.state, self.tone()) {
            (State::Deposited, _) => "deposited",
            (State::Changed, _) => "changed",
            (State::Withdrawn, _) => "withdrawn",
            (State::Draft, Tone::Over) => "over",
            (State::Draft, _) => "draft",
        }
    }

    /// Names everything that the sentence depends on: a page with another mark is of another moment.
    #[must_use]
    pub fn mark(&self) -> String {
        let round = match self.round {
            RoundState::Announced => "announced",
            RoundState::Upcoming => "upcoming",
            RoundState::Open => "open",
            RoundState::Closed => "closed",
        };
        format!("{}/{}/{}/{round}", self.revision, self.class(), self.receipt().unwrap_or("-"))
    }

    /// The next instant at which the status changes by itself.
    #[must_use]
    pub fn next_change(&self) -> Option<Timestamp> {
        let window = self.window?;
        [window.opens, window.closes].into_iter().find(|at| *at > self.now)
    }

    /// Milliseconds until then.
    #[must_use]
    pub fn changes_in(&self) -> Option<i64> {
        self.next_change().map(|at| at.as_millisecond().saturating_sub(self.now.as_millisecond()).saturating_add(1))
    }
}

#[cfg(test)]
mod tests;
