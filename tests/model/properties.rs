//! What holds in every state, and what happens in some.

use crate::{
    rules::Protocol,
    state::{Batch, CLOSING, Outcome, Receipt, State, Transaction, receipts},
};
use stateright::Property;

pub const NONE_LOST: &str = "no acknowledged deposit is lost";
pub const NONE_DOUBLED: &str = "no attempt is deposited twice";
pub const ONE_RECEIPT: &str = "an attempt has one receipt";
pub const CHAIN_WHOLE: &str = "the chain is whole";
pub const NEVER_BACK: &str = "the chain never goes back in time";
pub const IN_ORDER: &str = "receipts of a batch are in the order of their instants";
pub const NOT_NEWER: &str = "nothing is sealed newer than its instant";
pub const CLOSING_HELD: &str = "the closing is held against the reception";

pub const TOGETHER: &str = "two deposits of one batch are acknowledged";
pub const TWO_PROCESSES: &str = "deposits of two processes wait for the head";
pub const FOUND: &str = "a commit of unknown outcome is found on the next leader";
pub const FOUND_CONFIRMED: &str = "what is only found there is confirmed before it is told";
pub const NOT_FOUND: &str = "a commit of unknown outcome is gone, and made again on the next leader";
pub const RETIRED: &str = "a retired leader is awake, and a commit waits on it";
pub const UNCONFIRMED: &str = "a server acknowledges what nobody has confirmed";
pub const CLOSED: &str = "one of a batch is refused after the closing, the other is acknowledged";
pub const CONFLICT: &str = "one of a batch is a conflict, the other is acknowledged";

/// All properties.
pub fn all() -> Vec<Property<Protocol>> {
    let mut all = held();
    all.extend(reached());
    all
}

/// What holds in every state.
fn held() -> Vec<Property<Protocol>> {
    vec![
        Property::always(NONE_LOST, |_, state: &State| {
            let kept = &state.server(state.leader).log;
            state.told.iter().flatten().all(|told| receipts(kept).any(|receipt| receipt == told))
        }),
        Property::always(NONE_DOUBLED, |_, state: &State| logs(state).all(has_no_attempt_twice)),
        Property::always(ONE_RECEIPT, |_, state: &State| !state.contradicted),
        Property::always(CHAIN_WHOLE, |_, state: &State| logs(state).all(is_whole)),
        Property::always(NEVER_BACK, |_, state: &State| {
            logs(state).all(|log| receipts(log).is_sorted_by_key(|receipt| receipt.sealed_at))
        }),
        Property::always(IN_ORDER, |_, state: &State| {
            let is_in_order = |one: &Transaction| one.receipts().is_sorted_by_key(|receipt| receipt.received_at);
            logs(state).flatten().all(is_in_order)
        }),
        Property::always(NOT_NEWER, |_, state: &State| logs(state).all(seals_nothing_newer)),
        Property::always(CLOSING_HELD, |_, state: &State| {
            logs(state).flat_map(receipts).all(|receipt| receipt.received_at < CLOSING)
                && state.batches().all(refuses_only_late)
        }),
    ]
}

/// What happens in some state: the interesting ones are among those that were explored.
fn reached() -> Vec<Property<Protocol>> {
    vec![
        Property::sometimes(TOGETHER, |_, state: &State| {
            let has_two = |transaction: &Transaction| transaction.receipts().len() == 2;
            state.told.iter().all(Option::is_some) && state.server(state.leader).log.iter().any(has_two)
        }),
        Property::sometimes(TWO_PROCESSES, |_, state: &State| {
            state.batches().filter(|batch| batch.outcomes.contains(&Outcome::Prepared)).count() == 2
        }),
        Property::sometimes(FOUND, |_, state: &State| {
            state.leader != 0 && state.batches().any(|batch| finds(state, batch))
        }),
        Property::sometimes(FOUND_CONFIRMED, |_, state: &State| {
            state.leader != 0 && state.batches().any(|batch| finds(state, batch) && is_confirmed(state, batch))
        }),
        Property::sometimes(NOT_FOUND, |_, state: &State| {
            state.told.iter().flatten().any(|told| {
                let is_another = |receipt: &Receipt| receipt.attempt == told.attempt && receipt != told;
                logs(state).flat_map(receipts).any(is_another)
            })
        }),
        Property::sometimes(RETIRED, |_, state: &State| {
            let retired = state.servers.iter().filter(|server| server.is_up() && server.takes_writes);
            retired.clone().count() == 2 && retired.clone().any(|server| server.length() > server.acknowledged)
        }),
        Property::sometimes(UNCONFIRMED, |_, state: &State| {
            state.servers.iter().any(|server| server.takes_writes && server.acknowledged > server.received)
        }),
        Property::sometimes(CLOSED, |_, state: &State| {
            state.batches().any(|batch| is_told_beside(state, batch, Outcome::Closed))
        }),
        Property::sometimes(CONFLICT, |_, state: &State| {
            state.batches().any(|batch| is_told_beside(state, batch, Outcome::Conflict))
        }),
    ]
}

fn logs(state: &State) -> impl Iterator<Item = &[Transaction]> {
    state.servers.iter().map(|server| server.log.as_slice())
}

fn has_no_attempt_twice(log: &[Transaction]) -> bool {
    receipts(log).all(|receipt| receipts(log).filter(|other| other.attempt == receipt.attempt).count() == 1)
}

/// Every statement has the next number, and names the one before it.
fn is_whole(log: &[Transaction]) -> bool {
    let mut previous: Option<&Receipt> = None;
    receipts(log).all(|receipt| {
        let before = previous.replace(receipt);
        receipt.sequence == before.map_or(0, |before| before.sequence) + 1
            && receipt.previous == before.map(|before| before.attempt)
    })
}

/// No draft was changed, before it was sealed, after its request was complete; and no seal is before that.
fn seals_nothing_newer(log: &[Transaction]) -> bool {
    log.iter().enumerate().all(|(position, transaction)| {
        transaction.receipts().iter().all(|receipt| {
            let mut earlier = log[..position].iter();
            receipt.sealed_at >= receipt.received_at
                && !earlier.any(|other| other.changed_after(receipt.attempt, receipt.received_at))
        })
    })
}

fn refuses_only_late(batch: &Batch) -> bool {
    let mut decided = batch.requests.iter().zip(&batch.outcomes);
    decided.all(|(request, outcome)| *outcome != Outcome::Closed || request.received_at >= CLOSING)
}

/// A batch has found a receipt that nobody was told.
fn finds(state: &State, batch: &Batch) -> bool {
    batch.server == state.leader
        && batch.outcomes.iter().any(
            |outcome| matches!(outcome, Outcome::Found(receipt) if state.told[usize::from(receipt.attempt)].is_none()),
        )
}

/// A batch that has sealed one of its deposits, and its commit is confirmed, has this outcome for another one.
fn is_told_beside(state: &State, batch: &Batch, outcome: Outcome) -> bool {
    batch.outcomes.contains(&outcome)
        && batch.outcomes.iter().any(|outcome| matches!(outcome, Outcome::Sealed(_)))
        && is_confirmed(state, batch)
}

/// A batch has written something, and the server has acknowledged it.
fn is_confirmed(state: &State, batch: &Batch) -> bool {
    batch.committed.is_some_and(|length| length > 0 && state.server(batch.server).acknowledged >= length)
}
