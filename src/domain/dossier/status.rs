//! Whether a dossier is deposited. This module is the only source of the answer, for every page, program and printed
//! sheet.
//!
//! The answer depends only on the dossier, its round and the current time. Every view uses the phrases made here and
//! offers what [`DepositStatus::possible_actions`] allows, because a second wording elsewhere would diverge one day.

mod texts;

pub use texts::{Phrase, PhraseKind, plain, receipt_sentence};

use super::{Deposit, Dossier, State};
use crate::domain::{
    calendar::{Round, RoundId, RoundState, Window},
    call::Call,
    slugs::slugs,
    text::Text,
};
use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;

slugs! {
    /// An action that is still possible with a dossier at an instant, as far as the dossier and its round decide.
    #[derive(PartialOrd, Ord, Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum PossibleAction {
        /// Change the draft; saving does not deposit it.
        Edit = "edit",
        /// Deposit when no deposit is current.
        Deposit = "deposit",
        /// Deposit the changes in place of the current deposit.
        Replace = "replace",
        /// Withdraw the current deposit.
        Withdraw = "withdraw",
        /// Carry the draft over to another round of the call.
        CarryOver = "carry_over",
    }
}

/// The tone of the status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Everything is deposited.
    Success,
    /// Something is not deposited.
    Warning,
    /// Something is not deposited, and no longer can be.
    Missed,
}

/// An open round to which a draft may be carried over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    pub id: RoundId,
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
    /// The status of a dossier in a round of a call.
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
    pub fn state(&self) -> State {
        self.state
    }

    pub fn round(&self) -> RoundState {
        self.round
    }

    /// Its revision: the entity tag.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The number of the current receipt.
    pub fn receipt(&self) -> Option<&str> {
        self.deposit.as_ref().map(|deposit| deposit.receipt.as_str())
    }

    /// The actions that are still possible.
    #[must_use]
    pub fn possible_actions(&self) -> Vec<PossibleAction> {
        // A draft can be edited at any time; the sentence says that it has no effect after the closing.
        let mut actions = vec![PossibleAction::Edit];
        if self.round == RoundState::Open {
            actions.extend(match self.state {
                State::Draft | State::Withdrawn => Some(PossibleAction::Deposit),
                State::Changed => Some(PossibleAction::Replace),
                State::Deposited => None,
            });
        }
        if self.deposit.is_some() {
            actions.push(PossibleAction::Withdraw);
        }
        if self.closed_with_undeposited_changes() && !self.open.is_empty() {
            actions.push(PossibleAction::CarryOver);
        }
        actions
    }

    /// Whether one action is still possible.
    #[must_use]
    pub fn allows(&self, step: PossibleAction) -> bool {
        self.possible_actions().contains(&step)
    }

    /// Whether the draft, or changes of it, may be deposited now.
    #[must_use]
    pub fn depositable(&self) -> bool {
        self.allows(PossibleAction::Deposit) || self.allows(PossibleAction::Replace)
    }

    /// The open rounds to which the draft may be carried over.
    #[must_use]
    pub fn destinations(&self) -> &[Destination] {
        if self.closed_with_undeposited_changes() { &self.open } else { &[] }
    }

    /// The round closed before everything was deposited.
    fn closed_with_undeposited_changes(&self) -> bool {
        self.round == RoundState::Closed && self.state != State::Deposited
    }

    /// Whether to show what the draft still misses: not when it can no longer be deposited, nor when it is what was
    /// sealed, which was complete.
    #[must_use]
    pub fn counts_missing(&self) -> bool {
        self.round != RoundState::Closed && self.state != State::Deposited
    }

    /// Whether to show the draft's completeness: the draft is still to be deposited, or it is exactly what was sealed,
    /// evaluated at the time of the deposit.
    #[must_use]
    pub fn shows_progress(&self) -> bool {
        self.round != RoundState::Closed || self.state == State::Deposited
    }

    /// The instant at which the draft is evaluated. While it equals what was sealed, that is the time of the deposit,
    /// because rules that depend on today's date would report faults in what was correct.
    pub fn evaluated_at(&self) -> Timestamp {
        match &self.deposit {
            Some(deposit) if self.state == State::Deposited => deposit.at,
            _ => self.now,
        }
    }

    /// The tone of the status.
    pub fn tone(&self) -> Tone {
        match self.state {
            State::Deposited => Tone::Success,
            _ if self.round == RoundState::Closed => Tone::Missed,
            _ => Tone::Warning,
        }
    }

    /// The state as a CSS class.
    pub fn class(&self) -> &'static str {
        match (self.state, self.tone()) {
            (State::Deposited, _) => "deposited",
            (State::Changed, _) => "changed",
            (State::Withdrawn, _) => "withdrawn",
            (State::Draft, Tone::Missed) => "over",
            (State::Draft, _) => "draft",
        }
    }

    /// Identifies everything that the sentence depends on: a page with another tag shows another state.
    pub fn version_tag(&self) -> String {
        let round = match self.round {
            RoundState::Announced => "announced",
            RoundState::Upcoming => "upcoming",
            RoundState::Open => "open",
            RoundState::Closed => "closed",
        };
        format!("{}/{}/{}/{round}", self.revision, self.class(), self.receipt().unwrap_or("-"))
    }

    /// The next instant at which the status changes by itself.
    pub fn next_change(&self) -> Option<Timestamp> {
        let window = self.window?;
        [window.opens, window.closes].into_iter().find(|at| *at > self.now)
    }

    /// Milliseconds until that change.
    pub fn changes_in(&self) -> Option<i64> {
        self.next_change().map(|at| at.as_millisecond().saturating_sub(self.now.as_millisecond()).saturating_add(1))
    }
}

#[cfg(test)]
mod tests;
