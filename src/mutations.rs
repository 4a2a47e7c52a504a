//! Mutations of the seeds in `fuzz/corpus`, the same ones in every run.

use proptest::{
    prelude::*,
    sample::Index,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use std::path::Path;

/// A mutation of bytes.
#[derive(Clone, Debug)]
enum Edit {
    Flip(Index, u8),
    Cut(Index, usize),
    Insert(Index, Vec<u8>),
    Repeat(Index, usize, usize),
}

impl Edit {
    fn any() -> impl Strategy<Value = Self> {
        let at = any::<Index>;
        prop_oneof![
            (at(), 1..=255_u8).prop_map(|(at, bits)| Self::Flip(at, bits)),
            (at(), 1..40_usize).prop_map(|(at, length)| Self::Cut(at, length)),
            (at(), prop::collection::vec(any::<u8>(), 1..12)).prop_map(|(at, bytes)| Self::Insert(at, bytes)),
            (at(), 1..60_usize, 1..30_usize).prop_map(|(at, length, times)| Self::Repeat(at, length, times)),
        ]
    }

    fn apply(&self, bytes: &mut Vec<u8>) {
        let length = bytes.len();
        let end = |at: usize, part: usize| (at + part).min(length);
        match self {
            _ if bytes.is_empty() => {}
            Self::Flip(at, bits) => bytes[at.index(length)] ^= bits,
            Self::Cut(at, part) => drop(bytes.drain(at.index(length)..end(at.index(length), *part))),
            Self::Insert(at, new) => drop(bytes.splice(at.index(length)..at.index(length), new.iter().copied())),
            Self::Repeat(at, part, times) => {
                let (from, to) = (at.index(length), end(at.index(length), *part));
                let more = bytes[from..to].repeat(*times);
                drop(bytes.splice(to..to, more));
            }
        }
    }
}

/// Returns the seeds of a fuzz target, ordered by name.
pub fn seeds(target: &str) -> Vec<Vec<u8>> {
    let root = std::env::var("CARGO_MANIFEST_DIR").unwrap();
    let folder = Path::new(&root).join("fuzz/corpus").join(target);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 3, "{target} has seeds");
    files.iter().map(|file| std::fs::read(file).unwrap()).collect()
}

/// Calls a target with each seed and with `cases` mutations. It must not panic, must take less than `milliseconds` of
/// CPU time on average, and less than a hundred times that in the worst case.
pub fn mutated(seeds: &[Vec<u8>], cases: u32, milliseconds: i64, door: fn(&[u8])) {
    let (mut spent, mut worst, mut calls) = (0, 0, 0);
    let mut timed = |bytes: &[u8]| {
        let before = cpu();
        door(bytes);
        let took = cpu() - before;
        (spent, calls) = (spent + took, calls + 1);
        worst = worst.max(took);
    };
    seeds.iter().for_each(|seed| timed(seed));
    let timed = std::cell::RefCell::new(timed);
    let mutation = (any::<Index>(), prop::collection::vec(Edit::any(), 1..6));
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let outcome = runner.run(&mutation, |(seed, edits)| {
        let mut bytes = seed.get(seeds).clone();
        edits.iter().for_each(|edit| edit.apply(&mut bytes));
        (timed.borrow_mut())(&bytes);
        Ok(())
    });
    outcome.unwrap();
    let millisecond = 1_000_000;
    assert!(spent < milliseconds * millisecond * calls, "{calls} calls took {} ms", spent / millisecond);
    assert!(worst < 100 * milliseconds * millisecond, "one call took {} ms", worst / millisecond);
}

/// CPU time of this thread in nanoseconds, which does not depend on the load of the machine.
fn cpu() -> i64 {
    let spent = nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID.now().unwrap();
    spent.tv_sec() * 1_000_000_000 + spent.tv_nsec()
}
