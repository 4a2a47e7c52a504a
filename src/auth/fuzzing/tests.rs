//! Runs the fuzz targets for a few seconds, always on the same mutations of the seeds.

use super::*;
use crate::mutations::{mutated, seeds};
use biscuit_auth::format::schema;
use prost_biscuit::Message;

/// Encodes blocks as the fuzz target expects them.
fn wrap(blocks: &[&[u8]]) -> Vec<u8> {
    blocks.iter().flat_map(|block| [&(block.len() as u16).to_le_bytes()[..], block].concat()).collect()
}

#[test]
fn arbitrary_tokens_are_refused_in_time() {
    let seeds = seeds("admission");
    mutated(&seeds, 3000, 5, admission);
}

#[test]
fn appended_blocks_never_widen_a_token_and_are_decided_in_time() {
    let seeds = seeds("appended");
    let world = WORLD.as_ref().unwrap();
    let admitted = |seed: &Vec<u8>| world.rights(&URL_SAFE.encode(world.appended(&blocks(seed)).unwrap())).is_ok();
    let good = seeds.iter().filter(|seed| admitted(seed)).count();
    assert!(good >= 3 && good < seeds.len(), "seeds of both kinds: {good} of {} are admitted", seeds.len());
    mutated(&seeds, 3000, 5, appended);
}

/// The target decodes blocks as they were encoded; otherwise the seeds would be useless.
#[test]
fn blocks_are_cut_where_they_were_joined() {
    assert_eq!(blocks(&wrap(&[b"one", b"", b"three"])), [&b"one"[..], b"", b"three"]);
    assert_eq!(blocks(&[9, 0, b'x']), [b"x"]);
    assert!(blocks(&[1]).is_empty());
    let empty = schema::Block::default().encode_to_vec();
    appended(&wrap(&[&empty]));
}
