//! The protocol of deposits, explored by stateright in every order of its steps.
//!
//! **Who takes part.** Two clients, each with a dossier and one attempt, whose requests arrive again and again, at either
//! process: a retry, a copy and a late message are the same to the portal, and one that is lost never arrives. Two portal
//! processes that seal what is ready together; one has a clock that is a tick behind. Three database servers: a leader
//! that waits for a replica before it acknowledges a commit (semi-synchronous, `AFTER_SYNC`), and two replicas. Somebody
//! who promotes a replica when the leader does not answer.
//!
//! **What goes wrong.** A process crashes at any time. Its connection breaks at any time, also between a commit and its
//! answer; then it runs the batch again, on any server that takes writes. Confirmations of replicas are late, or never come,
//! and a server gives up waiting for them. A server crashes and comes back, or freezes and wakes up with its old view, when
//! another one leads already. The closing passes meanwhile, and a draft is changed.
//!
//! **What is left out.** Rights, pieces and the rules of the call; the journal, which is written like the chain; a second
//! version of a dossier.
//!
//! **What it depends on.** Every replica stops following the old leader before the next one is chosen: otherwise a frozen
//! leader that wakes up in between has its commits confirmed by a replica that will give them up.
//!
//! **How much.** Each of [`WORLDS`] is explored completely: 5.4 million states together, where states that differ only in
//! the numbers of servers count once. `cargo test --test model -- --nocapture` prints how many each has. Then
//! protections are left out ([`CONTROLS`]), and the property that they carry has to break.

mod names;
mod process;
mod properties;
mod protocol;
mod rules;
mod server;
mod state;

use properties::{
    CHAIN_WHOLE, CLOSED, CLOSING_HELD, CONFLICT, FOUND, FOUND_CONFIRMED, IN_ORDER, NEVER_BACK, NONE_DOUBLED, NONE_LOST,
    NOT_FOUND, NOT_NEWER, ONE_RECEIPT, RETIRED, TOGETHER, TWO_PROCESSES, UNCONFIRMED,
};
use rules::{Bounds, Protection, Protocol};
use state::State;
use stateright::{Checker, Expectation, HasDiscoveries, Model};
use std::{fmt::Write, time::Instant};

const THREADS: usize = 2;

/// What is explored, and what has to happen there. Where `finds` is 0, a batch that only finds receipts ends with its
/// process: two clients, faults and instants together would otherwise be too many states.
const WORLDS: [(&str, Bounds, &[&str]); 9] = [
    (
        "a server breaks, and a client tries again",
        Bounds { arrivals: [2, 1], changes: 0, finds: 1, faults: 1, timeouts: 0, last_tick: 0 },
        &[TOGETHER, TWO_PROCESSES, FOUND, FOUND_CONFIRMED, NOT_FOUND, RETIRED],
    ),
    (
        "a server breaks, and one gives up waiting",
        Bounds { arrivals: [1, 1], changes: 0, finds: 1, faults: 1, timeouts: 1, last_tick: 0 },
        &[TOGETHER, TWO_PROCESSES, FOUND, FOUND_CONFIRMED, NOT_FOUND, RETIRED, UNCONFIRMED],
    ),
    (
        "a server breaks, and another one after it",
        Bounds { arrivals: [1, 1], changes: 0, finds: 1, faults: 2, timeouts: 0, last_tick: 0 },
        &[TOGETHER, TWO_PROCESSES, FOUND, FOUND_CONFIRMED, NOT_FOUND, RETIRED],
    ),
    (
        "the round closes, and each client tries again",
        Bounds { arrivals: [2, 1], changes: 0, finds: 1, faults: 0, timeouts: 0, last_tick: 2 },
        &[TOGETHER, TWO_PROCESSES, CLOSED],
    ),
    (
        "the round closes, and a server breaks",
        Bounds { arrivals: [1, 1], changes: 0, finds: 0, faults: 1, timeouts: 0, last_tick: 2 },
        &[TOGETHER, TWO_PROCESSES, FOUND, NOT_FOUND, RETIRED, CLOSED],
    ),
    (
        "the round closes, and a draft is changed",
        Bounds { arrivals: [1, 1], changes: 1, finds: 0, faults: 0, timeouts: 0, last_tick: 2 },
        &[TOGETHER, TWO_PROCESSES, CLOSED, CONFLICT],
    ),
    (
        "a draft is changed, and a server breaks",
        Bounds { arrivals: [1, 1], changes: 1, finds: 0, faults: 1, timeouts: 0, last_tick: 1 },
        &[TOGETHER, TWO_PROCESSES, FOUND, NOT_FOUND, RETIRED, CONFLICT],
    ),
    (
        "one client: the round closes, its draft is changed, and a server breaks",
        Bounds { arrivals: [1, 0], changes: 1, finds: 1, faults: 1, timeouts: 0, last_tick: 2 },
        &[FOUND, FOUND_CONFIRMED, NOT_FOUND, RETIRED],
    ),
    (
        "one client: two servers break, one gives up waiting, and a receipt is found twice",
        Bounds { arrivals: [1, 0], changes: 0, finds: 2, faults: 2, timeouts: 1, last_tick: 2 },
        &[FOUND, FOUND_CONFIRMED, NOT_FOUND, RETIRED, UNCONFIRMED],
    ),
];

/// What is left out, in which bounds, and what breaks. Of two that are left out together, each alone is enough there.
const CONTROLS: [(&[Protection], Bounds, &str); 13] = [
    (&[Protection::Confirmation], BREAKS, NONE_LOST),
    (
        &[Protection::ConfirmationOfFinds, Protection::WaitBeforeVisible],
        Bounds { arrivals: [2, 0], ..BREAKS },
        NONE_LOST,
    ),
    (&[Protection::QuestionAfterCommit], Bounds { timeouts: 1, ..BREAKS }, NONE_LOST),
    (&[Protection::ReplicasStopFirst], BREAKS, NONE_LOST),
    (&[Protection::LongestLog], BREAKS, NONE_LOST),
    (&[Protection::ConfirmationOfFinds], Bounds { faults: 2, ..BREAKS }, NONE_LOST),
    (&[Protection::AttemptLookup], Bounds { arrivals: [2, 0], ..QUIET }, NONE_DOUBLED),
    (&[Protection::AttemptLookup], Bounds { arrivals: [2, 0], ..QUIET }, ONE_RECEIPT),
    (&[Protection::HeadLock], QUIET, CHAIN_WHOLE),
    (&[Protection::OrderOfInstants], Bounds { last_tick: 1, ..QUIET }, IN_ORDER),
    (&[Protection::PreviousSeal], Bounds { last_tick: 1, ..QUIET }, NEVER_BACK),
    (&[Protection::ConflictOfChange], Bounds { changes: 1, last_tick: 1, ..QUIET }, NOT_NEWER),
    (&[Protection::ReceptionAgainstClosing], Bounds { last_tick: 2, ..QUIET }, CLOSING_HELD),
];
const QUIET: Bounds = Bounds { arrivals: [1, 1], changes: 0, finds: 1, faults: 0, timeouts: 0, last_tick: 0 };
const BREAKS: Bounds = Bounds { arrivals: [1, 0], faults: 1, ..QUIET };

#[test]
fn the_protocol_of_deposits_holds() {
    for (world, bounds, expected) in WORLDS {
        let began = Instant::now();
        let model = Protocol { bounds, without: &[] };
        let checker = model.checker().threads(THREADS).symmetry_fn(State::representative).spawn_dfs().join();
        println!("{world}: {} states in {:.1?}, {bounds:?}", checker.unique_state_count(), began.elapsed());
        for property in properties::all() {
            let name = property.name;
            match (property.expectation, checker.discovery(name)) {
                (Expectation::Always, Some(_)) => panic!("{world}: not so: {name}{}", counterexample(model, name)),
                (Expectation::Sometimes, None) => assert!(!expected.contains(&name), "{world}: never: {name}"),
                _ => {}
            }
        }
    }
    let forgotten =
        properties::all().into_iter().filter(|property| matches!(property.expectation, Expectation::Sometimes));
    let mut forgotten =
        forgotten.filter(|property| !WORLDS.iter().any(|(_, _, expected)| expected.contains(&property.name)));
    assert!(forgotten.next().is_none(), "every interesting state has a world");
}

#[test]
fn without_its_protections_it_breaks() {
    for (without, bounds, broken) in CONTROLS {
        let steps = counterexample(Protocol { bounds, without }, broken);
        assert!(!steps.is_empty(), "without {without:?} it still holds: {broken}");
        println!("without {without:?}, not so: {broken}{steps}");
        // With any of them back, it holds.
        let mut fewer = vec![&without[1..], &without[..without.len() - 1]];
        fewer.dedup();
        for without in fewer {
            let steps = counterexample(Protocol { bounds, without }, broken);
            assert!(steps.is_empty(), "without {without:?} already, not so: {broken}{steps}");
        }
    }
}

/// The steps to a state in which a property is broken, one a line; empty if there is none.
fn counterexample(model: Protocol, property: &'static str) -> String {
    let checker = model.checker().finish_when(HasDiscoveries::AnyOf([property].into())).spawn_bfs().join();
    let mut steps = String::new();
    for step in checker.discovery(property).into_iter().flat_map(|path| path.into_actions()) {
        write!(steps, "\n  {step:?}").ok();
    }
    steps
}
